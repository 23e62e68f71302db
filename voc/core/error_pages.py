"""Django's handlers for what fails outside a view (`voc.urls` names them): JSON below /api/, pages elsewhere."""

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views import defaults

from voc.core.api import something_failed, too_big


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Also for a body over the limit, which Django counts among these."""
    if isinstance(exception, RequestDataTooBig):
        if _is_api(request):
            return JsonResponse({"detail": too_big()}, status=413)
        return HttpResponse(
            render_to_string("413.html", {"most": settings.DATA_UPLOAD_MAX_MEMORY_SIZE}, request), status=413
        )
    if _is_api(request):
        return JsonResponse({"detail": _("The request cannot be understood.")}, status=400)
    return defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if _is_api(request):
        return JsonResponse({"detail": _("You are not allowed to do this.")}, status=403)
    return defaults.permission_denied(request, exception)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if _is_api(request):
        return JsonResponse({"detail": _("Not found.")}, status=404)
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django has logged the error."""
    if _is_api(request):
        return JsonResponse(something_failed(), status=500)
    return defaults.server_error(request)


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")
