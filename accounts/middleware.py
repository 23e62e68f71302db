"""What every request goes through: no view without a declaration, limits, and the language of the person who asks."""

import logging
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.signals import user_logged_in
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, resolve_url
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _

from accounts import mfa
from accounts.devices import remember
from accounts.limits import hit, who
from accounts.models import User
from accounts.origin import origin_of
from accounts.permissions import LOGIN, PUBLIC, REQUIRED, enforces, has_permission, refusal, requirement_of
from accounts.sessions import SessionStore

JUST_SIGNED_IN = "voc_just_signed_in"
# Asked by machines of our own, many of them from one address.
UNLIMITED = ("/health", "/metrics")
# What somebody who has yet to set up a second factor may call all the same.
WITHOUT_SECOND_FACTOR = {"logout", "set_language", "account_reauthenticate", "health", "metrics"}

log = logging.getLogger(__name__)
GetResponse = Callable[[HttpRequest], HttpResponse]


class DenyByDefaultMiddleware:
    """Denies every view that declares nothing (see `accounts.permissions`) and enforces what the others declare.

    The user is read from the database with each request, so a new role or a disabled account takes effect at once.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], _args: tuple[Any, ...], _kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        if request.resolver_match and "admin" in request.resolver_match.app_names:
            return self._admin(request)
        required = requirement_of(view, str(request.method))
        api_class = getattr(view, "cls", None)
        if required is None or (api_class and required != PUBLIC and not enforces(api_class)):
            return self._undeclared(request, view)
        setattr(request, REQUIRED, required)
        # An API view reads its own credentials; DeclaredPermission takes it from there.
        return None if api_class else refusal(request, required)

    @staticmethod
    def _admin(request: HttpRequest) -> HttpResponseBase | None:
        """The Django admin is for those who decide on tickets; each of its pages then asks for its own permission.

        Its login page is never shown: there is one login, with one protection against guessing.
        """
        user = request.user
        if isinstance(user, User):
            if user.is_staff and has_permission(user, "ticket:confirm"):
                return None
            raise PermissionDenied
        at_login = request.resolver_match is not None and request.resolver_match.url_name == "login"
        page = request.GET.get("next", resolve_url("admin:index")) if at_login else request.get_full_path()
        return redirect_to_login(page, resolve_url(settings.LOGIN_URL))

    @staticmethod
    def _undeclared(request: HttpRequest, view: Callable[..., Any]) -> HttpResponseBase:
        log.warning("denied a view that declares no permission: %s.%s", view.__module__, view.__qualname__)
        if request.path.startswith("/api/"):
            return JsonResponse({"detail": _("You are not allowed to do this.")}, status=403)
        if refused := refusal(request, LOGIN):
            return refused
        raise PermissionDenied


class PresenceMiddleware:
    """Notes when and from where each session is used, for the page on which its owner can end it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated and isinstance(request.session, SessionStore):
            request.session.seen(origin_of(request))
        return self.get_response(request)


class KnownDeviceMiddleware:
    """Gives the browser of whoever has just signed in its cookie (see `accounts.devices`)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if isinstance(user := getattr(request, JUST_SIGNED_IN, None), User):
            remember(request, response, user)
        return response


@receiver(user_logged_in)
def _signed_in(request: HttpRequest | None, user: User, **_kwargs: Any) -> None:
    if request is not None:
        setattr(request, JUST_SIGNED_IN, user)
        if isinstance(request.session, SessionStore):
            request.session.begin(origin_of(request))


class RateLimitMiddleware:
    """Limits how often pages are asked for. API views count for themselves, once they know who calls."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], _args: tuple[Any, ...], _kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        if getattr(view, "cls", None) or request.path in UNLIMITED:
            return None
        wait = hit(*who(request.user, None, request))
        if not wait:
            return None
        text = _("You ask too often. Try again in %(seconds)d s.") % {"seconds": wait}
        return HttpResponse(
            text, status=429, content_type="text/plain; charset=utf-8", headers={"Retry-After": str(wait)}
        )


class SecondFactorMiddleware:
    """Leads who must have a second factor and has none to where they set it up, from every page (MFA_REQUIRED_ROLES)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], _args: tuple[Any, ...], _kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        user, match = request.user, request.resolver_match
        if not isinstance(user, User) or getattr(view, "cls", None) or not mfa.is_required_of(user):
            return None
        name = str(match.url_name) if match else ""
        if name.startswith("mfa_") or name in WITHOUT_SECOND_FACTOR or mfa.is_set_up(user):
            return None
        if request.headers.get("HX-Request") == "true":
            return HttpResponse(status=403, headers={"HX-Redirect": resolve_url("mfa_index")})
        messages.warning(request, _("You need a second step to log in before you go on. Set one up here."))
        return redirect("mfa_index")


class UserLocaleMiddleware:
    """Answers in the user's language, else that of the cookie (set by the language switch), else the browser's, else ours."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = getattr(request.user, "language", "") or translation.get_language_from_request(request)
        translation.activate(language)
        request.LANGUAGE_CODE = language
        response = self.get_response(request)
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        response.headers.setdefault("Content-Language", translation.get_language() or language)
        return response
