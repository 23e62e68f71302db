"""What no request of ours has, stopped before it reaches a view."""

from collections.abc import Callable
from urllib.parse import unquote_to_bytes

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse

# Its calls check their parameters and name the one that is wrong.
CHECKS_ITSELF = "/api/v1/"


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
