"""Who asks, by what way and from where, for the audit trail of what the request changes."""

from collections.abc import Callable

import structlog
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse

from accounts.models import User
from accounts.throttle import client_address
from voc.core.audit.context import Told, told_by

WAYS = (("/api/", "api"), ("/admin/", "admin"))

log = structlog.get_logger(__name__)


class AuditMiddleware:
    """Who it was is asked when something is written: an API's view reads its credentials late."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with told_by(lambda: _of(request)):
            return self.get_response(request)


def _of(request: HttpRequest) -> Told:
    user = getattr(request, "user", None)
    known = user is not None and user.is_authenticated
    return {
        "actor": user.pk if known and user else None,
        "actor_name": user.get_username() if known and user else "",
        "entry": f"{_way(request)} {request.method} {_page(request)}",
        "address": client_address(request),
        "request_id": str(structlog.contextvars.get_contextvars().get("request_id", "")),
    }


def _way(request: HttpRequest) -> str:
    return next((way for start, way in WAYS if request.path.startswith(start)), "portal")


def _page(request: HttpRequest) -> str:
    """The pattern of the address: the address itself may hold a secret, such as a password link."""
    return f"/{request.resolver_match.route}" if request.resolver_match else ""


# That a sign-in was refused, says `accounts.signin`; sign-ins to the API are rows, which the trail tells of.
@receiver(user_logged_in)
def _signed_in(request: HttpRequest | None, user: User, **_kwargs: object) -> None:
    log.info("signed in", user=user.pk, **(_whence(request) if request is not None else {}))


@receiver(user_logged_out)
def _signed_out(request: HttpRequest | None, user: User | None, **_kwargs: object) -> None:
    if user is not None:
        log.info("signed out", user=user.pk, **(_whence(request) if request is not None else {}))


def _whence(request: HttpRequest) -> dict[str, str]:
    """The page tells the kind of sign-in: by password, passkey or a provider."""
    return {"way": f"{_way(request)} {_page(request)}", "address": client_address(request)}
