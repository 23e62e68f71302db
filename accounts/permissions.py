"""One mechanism for portal, API and Django admin: what a view needs is declared on it, and what declares nothing is denied.

    @require_permission("ticket:confirm")   # also: @login_only (any signed-in user), @public (anyone)

works on function views, on classes (Django's and REST framework's), on their methods (`get`, `post`, a viewset's action)
and on `@api_view` functions, above or below it. A method's declaration takes the place of its class's.

The decorator checks by itself, so that a view is safe wherever it is called from. Two others make sure that nothing goes
without a declaration: `accounts.middleware.DenyByDefaultMiddleware` for every address, `DeclaredPermission` for API views,
whose user is known only after their token was read. Code below this app declares with a plain attribute instead:
`view.voc_permission = "public"`; these two read and enforce it.
"""

import functools
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import resolve_url
from django.utils.translation import gettext as _
from rest_framework.exceptions import NotAuthenticated
from rest_framework.exceptions import PermissionDenied as ApiPermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.models import User
from accounts.roles import PERMISSIONS, Role, grants

__all__ = [
    "ATTRIBUTE",
    "LOGIN",
    "PERMISSIONS",
    "PUBLIC",
    "REQUIRED",
    "DeclaredPermission",
    "Role",
    "enforces",
    "get_current_user",
    "has_permission",
    "is_allowed",
    "login_only",
    "public",
    "refusal",
    "require_permission",
    "requirement_of",
]

ATTRIBUTE = "voc_permission"
PUBLIC = "public"
LOGIN = "login"
# What the middleware found declared for this request; it sees declarations on functions, which an API view does not.
REQUIRED = "voc_required"

V = TypeVar("V", bound=Callable[..., Any])
AnyUser = User | AnonymousUser


def has_permission(user: AnyUser, permission: str) -> bool:
    """Whether the user's role grants `permission` ("ticket:read"). Nobody who is inactive or not signed in has any.

    Who calls with an API key has what both the role and the key grant.
    """
    if not isinstance(user, User) or not user.is_active or not grants(Role(user.role), permission):
        return False
    return user.scopes is None or "*" in user.scopes or permission in user.scopes


def get_current_user(request: HttpRequest | Request) -> User:
    """The signed-in user of this request; raises when there is none (401 in the API, 403 elsewhere)."""
    if isinstance(request.user, User) and request.user.is_active:
        return request.user
    if isinstance(request, Request):
        raise NotAuthenticated
    raise PermissionDenied


def require_permission(permission: str) -> Callable[[V], V]:
    """Declare that a view needs `permission`, and enforce it. The view knows it as `voc_permission`."""
    if ":" not in permission:
        raise ValueError(f"A permission is written area:act, not {permission!r}")
    return functools.partial(_declare, permission)


def public(view: V) -> V:
    """Declare that anyone may call this view."""
    return _declare(PUBLIC, view)


def login_only(view: V) -> V:
    """Declare that any signed-in user may call this view."""
    return _declare(LOGIN, view)


def is_allowed(user: AnyUser, required: str) -> bool:
    """Whether the user satisfies a declaration: a permission, LOGIN or PUBLIC."""
    if required == PUBLIC:
        return True
    if required == LOGIN:
        return isinstance(user, User) and user.is_active
    return has_permission(user, required)


def refusal(request: HttpRequest, required: str) -> HttpResponseBase | None:
    """The answer to who may not, None to who may. Raises PermissionDenied where the site's 403 page is the answer.

    Anonymous visitors of a page are led to the login and back. A page's fragment (HTMX) would put the login into the
    middle of the page: it answers 401 and tells the browser to go there as a whole.
    """
    user: AnyUser = request.user
    if is_allowed(user, required):
        return None
    if request.path.startswith("/api/"):
        if user.is_authenticated:
            return JsonResponse({"detail": _("You are not allowed to do this.")}, status=403)
        answer: HttpResponse = JsonResponse({"detail": _("Sign in first.")}, status=401)
        answer["WWW-Authenticate"] = 'Bearer realm="api"'
        return answer
    if user.is_authenticated:
        raise PermissionDenied
    login = redirect_to_login(_page_to_return_to(request), resolve_url(settings.LOGIN_URL))
    if request.headers.get("HX-Request") == "true":
        answer = HttpResponse(status=401)
        answer["HX-Redirect"] = login.url
        return answer
    return login


def _page_to_return_to(request: HttpRequest) -> str:
    """Where to go after the login: this page, or for a form or a fragment the page that held it."""
    fragment = request.headers.get("HX-Request") == "true"
    if request.method in ("GET", "HEAD") and not fragment:
        return request.get_full_path()
    page = urlsplit(request.headers.get("HX-Current-URL" if fragment else "Referer") or "")
    if page.netloc != request.get_host():
        return resolve_url(settings.LOGIN_REDIRECT_URL)
    return f"{page.path}?{page.query}" if page.query else page.path


class DeclaredPermission(BasePermission):
    """REST framework's side of the mechanism: what the view, its method or its wrapper declares; nothing declared, denied."""

    def has_permission(self, request: Request, view: Any) -> bool:
        declared = {
            getattr(request, REQUIRED, None),
            getattr(self, ATTRIBUTE, None),
            _class_requirement(type(view), str(request.method), getattr(view, "action_map", None)),
        } - {None}
        return bool(declared) and all(is_allowed(request.user, str(required)) for required in declared)


def requirement_of(view: Callable[..., Any], method: str) -> str | None:
    """What a view, as the URL resolver found it, declares for an HTTP method; None when it declares nothing."""
    declared: str | None = getattr(view, ATTRIBUTE, None)
    if declared is not None:
        return declared
    cls = getattr(view, "cls", None) or getattr(view, "view_class", None)
    return _class_requirement(cls, method, getattr(view, "actions", None)) if cls else None


def _class_requirement(cls: type, method: str, actions: dict[str, str] | None) -> str | None:
    for permission_class in getattr(cls, "permission_classes", ()):
        if declared := getattr(permission_class, ATTRIBUTE, None):
            return str(declared)  # an @api_view above the declaration
    of_class: str | None = getattr(cls, ATTRIBUTE, None)
    verb = method.lower()
    if verb == "options":
        return of_class or LOGIN
    names = [verb, "get"] if verb == "head" else [verb]
    names = [actions[name] for name in names if name in actions] if actions is not None else names
    handler = next((found for name in names if (found := getattr(cls, name, None))), None)
    if handler is None:
        return of_class or PUBLIC  # there is nothing to call: the answer is 405, and it says nothing else
    return getattr(handler, ATTRIBUTE, None) or of_class


def _declare(required: str, view: V) -> V:
    if isinstance(view, type):
        _declare_class(required, view)
        return view
    api_class = getattr(view, "cls", None)
    if api_class is not None and required != PUBLIC and not enforces(api_class):
        raise TypeError(f"{api_class.__name__} has permission classes of its own: declare on a subclass instead")

    @functools.wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        request = args[0] if isinstance(args[0], HttpRequest | Request) else args[1]
        if isinstance(request, Request):
            _check_api(request, required)
        elif api_class is not None:
            setattr(request, REQUIRED, required)
        elif refused := refusal(request, required):
            return refused
        return view(*args, **kwargs)

    setattr(guarded, ATTRIBUTE, required)
    if api_class is None:
        # @api_view copies this from the function that it is put on.
        guarded.permission_classes = [type("Declared", (DeclaredPermission,), {ATTRIBUTE: required})]  # type: ignore[attr-defined]
    return guarded  # type: ignore[return-value]


def _check_api(request: Request, required: str) -> None:
    if is_allowed(request.user, required):
        return
    if request.user.is_authenticated:
        raise ApiPermissionDenied
    raise NotAuthenticated


def _declare_class(required: str, cls: Any) -> None:
    setattr(cls, ATTRIBUTE, required)
    if hasattr(cls, "permission_classes"):
        if not enforces(cls):
            cls.permission_classes = [DeclaredPermission, *cls.permission_classes]
    elif not hasattr(cls.dispatch, "voc_guarded"):
        cls.dispatch = _guarded_dispatch(cls.dispatch)


def enforces(cls: Any) -> bool:
    """Whether an API view class reads declarations at all: its own permission classes may have left that out."""
    return any(isinstance(each, type) and issubclass(each, DeclaredPermission) for each in cls.permission_classes)


def _guarded_dispatch(dispatch: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    @functools.wraps(dispatch)
    def guarded(self: Any, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        # Looked up per request: a subclass or a method may have declared something else.
        required = _class_requirement(type(self), str(request.method), None)
        if required is None:
            raise PermissionDenied
        return refusal(request, required) or dispatch(self, request, *args, **kwargs)

    guarded.voc_guarded = True  # type: ignore[attr-defined]
    return guarded
