"""Devices that we know: a browser from which somebody has signed in before, told by a signed cookie.

It opens nothing. It only gives its owner a slate of their own when strangers guess at their password (see `accounts.throttle`).
"""

import secrets
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase
from django.utils.crypto import salted_hmac

from accounts.models import User, folded

COOKIE = "voc_device"
SALT = "accounts.devices"
KEPT_SECONDS = 180 * 24 * 3600
# People who share a browser; the oldest is forgotten.
MOST_ACCOUNTS = 8


def device_of(request: HttpRequest, username: str) -> str:
    """The device's name if this account has been used on it, else ""."""
    cookie = _read(request)
    return str(cookie["id"]) if _mark(username) in cookie["accounts"] else ""


def remember(request: HttpRequest, response: HttpResponseBase, user: User) -> None:
    """Let the browser show next time that this account was used on it."""
    cookie = _read(request)
    mark = _mark(user.get_username())
    others = [each for each in cookie["accounts"] if each != mark]
    cookie["accounts"] = [*others[1 - MOST_ACCOUNTS :], mark]
    response.set_cookie(
        _name(),
        signing.dumps(cookie, salt=SALT),
        max_age=KEPT_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _name() -> str:
    """With the prefix, browsers take it from this very host alone, over https alone."""
    return f"__Host-{COOKIE}" if settings.SESSION_COOKIE_SECURE else COOKIE


def _read(request: HttpRequest) -> dict[str, Any]:
    try:
        cookie: dict[str, Any] = signing.loads(request.COOKIES.get(_name(), ""), salt=SALT, max_age=KEPT_SECONDS)
    except signing.BadSignature:
        return {"id": secrets.token_hex(8), "accounts": []}
    return cookie


def _mark(username: str) -> str:
    return salted_hmac(SALT, folded(username)).hexdigest()[:16]
