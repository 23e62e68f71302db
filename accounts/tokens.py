"""JSON Web Tokens of the API: a short-lived access token and a refresh token that works once.

All pairs that come from one sign-in are a family, a row of its own. The row knows the hash of the refresh token that may be
used next, never a token. A refresh is one UPDATE that names it: of any number of calls at once exactly one finds it.
A token that was used before is a copy in the wrong hands, or its owner is the one who comes too late: the family ends.

Whoever signed in is read from the database with each call, together with the family: a sign-out, a new password or a
disabled account takes effect with the next call, a new role too.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import Token

from accounts.jwt_keys import VocRefreshToken
from accounts.models import TokenFamily, User
from accounts.origin import Origin
from voc.core import clock
from voc.core.errors import VocError

MARK = "mark"
FAMILY = "family"
NOWHERE = Origin()


class TokenRefused(VocError):
    """Expired, used, revoked, forged, or of a user who may no longer sign in: which of these is nobody's business."""

    def __init__(self) -> None:
        super().__init__(_("The token is not valid or has expired."))


@dataclass(frozen=True, slots=True)
class TokenPair:
    access: str
    refresh: str


def issue(user: User, *, origin: Origin = NOWHERE) -> TokenPair:
    """A first pair for somebody who has just proved who they are, at `origin`."""
    family_id = secrets.token_hex(16)
    refresh = _refresh_token(user, family_id)
    now = clock.now()
    TokenFamily.objects.create(
        id=family_id,
        user=user,
        role=user.role,
        address=origin.address,
        agent=origin.agent,
        current=_hash_of(refresh),
        started_at=now,
        rotated_at=now,
        expires_at=_end_of(now, now),
    )
    return TokenPair(access=str(refresh.access_token), refresh=str(refresh))


def rotate(refresh: str, *, origin: Origin = NOWHERE) -> TokenPair:
    """Swap a refresh token for a new pair. Of any number of simultaneous calls with one token exactly one succeeds.

    Raises TokenRefused. A token that was swapped more than JWT_REUSE_SECONDS ago also ends its family; before that it is
    taken for a second tab or a repeated call, whose loss is no theft.
    """
    token = _parse(refresh)
    family = _family_of(token)
    presented, now = _hash_of(token), clock.now()
    new = _refresh_token(family.user, family.pk)
    won = TokenFamily.objects.filter(
        pk=family.pk, current=presented, role=family.user.role, ended_at=None, expires_at__gt=now
    ).update(
        current=_hash_of(new),
        previous=presented,
        rotated_at=now,
        expires_at=_end_of(family.started_at, now),
        address=origin.address,
        agent=origin.agent,
    )
    if not won:
        _end_if_reused(family.pk, presented)
        raise TokenRefused
    return TokenPair(access=str(new.access_token), refresh=str(new))


def revoke(refresh: str) -> None:
    """Sign out: this token, its access tokens and all that came of the same sign-in are worthless from now on.

    One that is worthless already is left alone (RFC 7009).
    """
    try:
        token = _parse(refresh)
    except TokenRefused:
        return
    _end(TokenFamily.objects.filter(pk=str(token.get(FAMILY, ""))), TokenFamily.End.SIGNED_OUT)


def revoke_all(user: User, reason: "TokenFamily.End") -> int:
    """End every sign-in of a user in the API; returns how many were open."""
    return _end(TokenFamily.objects.filter(user=user), reason)


def revoke_one(user: User, family_id: str) -> int:
    """End one sign-in of this user's; returns 0 when there is none such."""
    return _end(TokenFamily.objects.filter(user=user, pk=family_id), TokenFamily.End.SIGNED_OUT)


def families_of(user: User) -> "QuerySet[TokenFamily]":
    """Where a user is signed in to the API, the sign-in that was used last first."""
    open_ones = TokenFamily.objects.filter(user=user, role=user.role, ended_at=None, expires_at__gt=clock.now())
    return open_ones.order_by("-rotated_at", "pk")


def user_of(token: Token) -> User:
    """Whose token this is. Raises TokenRefused if they signed out, are gone, disabled or have another password by now."""
    return _family_of(token).user


def prune() -> int:
    """Forget the families whose tokens have all expired; returns how many."""
    return TokenFamily.objects.filter(expires_at__lte=clock.now()).delete()[0]


def _family_of(token: Token) -> TokenFamily:
    """The sign-in that the token came of, with its user: one query. Raises TokenRefused."""
    identity, family_id = str(token.get(api_settings.USER_ID_CLAIM, "")), str(token.get(FAMILY, ""))
    open_ones = TokenFamily.objects.select_related("user").filter(ended_at=None, user__is_active=True)
    family = open_ones.filter(pk=family_id).first()
    if family is None or str(family.user_id) != identity or not _is_marked(token, family.user):
        raise TokenRefused
    return family


def _refresh_token(user: User, family_id: str) -> VocRefreshToken:
    token = VocRefreshToken()
    token[api_settings.USER_ID_CLAIM] = str(user.pk)
    token[FAMILY] = family_id
    token[MARK] = _mark(user.get_session_auth_hash())
    return token


def _parse(refresh: str) -> VocRefreshToken:
    try:
        return VocRefreshToken(refresh)  # type: ignore[arg-type]  # annotated as a token, it takes the text of one
    except TokenError as error:
        raise TokenRefused from error


def _end_of(started_at: datetime, now: datetime) -> datetime:
    """When a family's newest refresh token is the last one: a sign-in does not live for ever by being used."""
    lifetime: timedelta = api_settings.REFRESH_TOKEN_LIFETIME
    return min(now + lifetime, started_at + timedelta(days=settings.JWT_LONGEST_DAYS))


def _end_if_reused(family_id: str, presented: str) -> None:
    """What was presented is none that may be used: end the family unless it was superseded a moment ago."""
    moment_ago = clock.now() - timedelta(seconds=settings.JWT_REUSE_SECONDS)
    family = TokenFamily.objects.filter(pk=family_id)
    _end(
        family.exclude(current=presented).exclude(previous=presented, rotated_at__gt=moment_ago), TokenFamily.End.REUSED
    )


def _end(families: "QuerySet[TokenFamily]", reason: "TokenFamily.End") -> int:
    return families.filter(ended_at=None).update(ended_at=clock.now(), end_reason=reason)


def _hash_of(token: Token) -> str:
    return hashlib.sha256(str(token[api_settings.JTI_CLAIM]).encode()).hexdigest()


def _is_marked(token: Token, user: User) -> bool:
    """Whether the user still has the password they had then; with the site's key or one that it had before."""
    given = str(token.get(MARK, "")).encode()
    right = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    return any(hmac.compare_digest(given, _mark(each).encode()) for each in right)


def _mark(auth_hash: Any) -> str:
    return str(auth_hash)[:32]
