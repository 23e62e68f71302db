"""What no request of ours has, stopped before it reaches a view; and what every answer says of itself."""

from collections.abc import Callable
from urllib.parse import unquote_to_bytes

from django.conf import settings
from django.core.exceptions import BadRequest, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import translation
from django.utils.translation import gettext as _

# Its calls check their parameters and name the one that is wrong.
CHECKS_ITSELF = "/api/v1/"
# SECURE_REDIRECT_EXEMPT says the same.
FOR_PROGRAMS = ("/api/", "/hooks/", "/integrations/")


class LimitsMiddleware:
    """A body larger than it may be is refused by what it says of itself (413), before a byte of it is read.

    Without a length there is no body: WSGI servers pass on none. Answers tell browsers what pages here never do, and that they
    are to be kept nowhere, but for files that say otherwise. Programs are not led on from http: nobody would notice that they
    send their keys in the clear.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Until it is known who asks: the thread still speaks the language of whom it answered last.
        translation.activate(translation.get_language_from_request(request))
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdigit() and int(length) > most_bytes(request):
            raise RequestDataTooBig
        if settings.SECURE_SSL_REDIRECT and not request.is_secure() and request.path.startswith(FOR_PROGRAMS):
            return JsonResponse(
                {"detail": _("Call this by https. What you sent may have been read on the way.")}, status=403
            )
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "no-store, private")
        response.headers.setdefault("Permissions-Policy", settings.PERMISSIONS_POLICY)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response


def most_bytes(request: HttpRequest) -> int:
    """How large this request's body may be."""
    if request.content_type == "multipart/form-data":
        return int(settings.UPLOAD_MAX_BYTES)
    return int(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)


class NulMiddleware:
    """A NUL in an address never means anything, and PostgreSQL refuses it wherever it turns up in a query.

    In the path it is an address that does not exist (404), behind the question mark a request that makes no sense (400).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\x00" in request.path:
            raise Http404
        query = request.META.get("QUERY_STRING", "")
        if not request.path.startswith(CHECKS_ITSELF) and b"\x00" in unquote_to_bytes(query):
            raise BadRequest("NUL in the query string")
        return self.get_response(request)
