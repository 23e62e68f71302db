"""JSON Web Tokens of the API: a short-lived access token and a refresh token that works once.

The database knows which refresh tokens are out (their ids, never the tokens) and which are used up. Both kinds carry a
keyed hash of the password's hash, so a new password ends them; user and role are read from the database each time.
"""

import hmac
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from rest_framework_simplejwt.tokens import RefreshToken, Token
from rest_framework_simplejwt.utils import datetime_from_epoch

from accounts.models import User
from voc.core import clock
from voc.core.errors import VocError

MARK = "mark"


class TokenRefused(VocError):
    """Expired, used, revoked, forged, or of a user who may no longer sign in: which of these is nobody's business."""

    def __init__(self) -> None:
        super().__init__(_("The token is not valid or has expired."))


@dataclass(frozen=True, slots=True)
class TokenPair:
    access: str
    refresh: str


def issue(user: User) -> TokenPair:
    """A new pair for somebody who has just proved who they are."""
    refresh = RefreshToken()
    refresh[api_settings.USER_ID_CLAIM] = str(user.pk)
    refresh[MARK] = _password_mark(user)
    OutstandingToken.objects.create(
        user=user,
        jti=refresh[api_settings.JTI_CLAIM],
        token="",  # a copy of the database must not be a bunch of keys
        created_at=refresh.current_time,
        expires_at=datetime_from_epoch(refresh["exp"]),
    )
    return TokenPair(access=str(refresh.access_token), refresh=str(refresh))


def rotate(refresh: str) -> TokenPair:
    """Swap a refresh token for a new pair. Of any number of simultaneous calls with one token exactly one succeeds.

    Raises TokenRefused.
    """
    with transaction.atomic():
        token = _parse(refresh)
        user = user_of(token)
        if not _claim(token):
            raise TokenRefused
        return issue(user)


def revoke(refresh: str) -> None:
    """Make a refresh token worthless. One that is worthless already is left alone (RFC 7009)."""
    try:
        token = _parse(refresh)
    except TokenRefused:
        return
    _claim(token)


def user_of(token: Token) -> User:
    """Whose token this is. Raises TokenRefused if they are gone, disabled or have another password by now."""
    identity = str(token.get(api_settings.USER_ID_CLAIM, ""))
    user = User.objects.filter(pk=identity, is_active=True).first() if identity.isdecimal() else None
    if user is None or not hmac.compare_digest(str(token.get(MARK, "")), _password_mark(user)):
        raise TokenRefused
    return user


def prune() -> int:
    """Forget the refresh tokens that have expired; returns how many."""
    return OutstandingToken.objects.filter(expires_at__lte=clock.now()).delete()[0]


def _parse(refresh: str) -> RefreshToken:
    try:
        # What the class checks: signature, expiry, kind and that it is not used up.
        return RefreshToken(refresh)  # type: ignore[arg-type]
    except TokenError as error:
        raise TokenRefused from error


def _claim(token: RefreshToken) -> bool:
    """Use the token up; False when somebody was faster. The unique row decides, not the look at it before."""
    outstanding = OutstandingToken.objects.filter(jti=token[api_settings.JTI_CLAIM]).first()
    if outstanding is None:
        return False
    _row, claimed = BlacklistedToken.objects.get_or_create(token=outstanding)
    return claimed


def _password_mark(user: User) -> str:
    mark: Any = user.get_session_auth_hash()
    return str(mark)[:32]
