"""Where somebody is signed in, browsers and API alike, and how that ends: one of them, all others, or everything."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db import transaction

from accounts import api_keys, tokens
from accounts.models import TokenFamily, User
from accounts.origin import device_of_agent
from accounts.sessions import sessions_of

log = logging.getLogger(__name__)
Kind = Literal["browser", "api"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """`device` is "" for a program that does not say what it is; `here` marks the one that is looking."""

    kind: Kind
    number: str
    device: str
    address: str
    started_at: datetime
    seen_at: datetime
    here: bool = False


def sign_ins_of(user: User, *, here: str = "") -> list[SignIn]:
    """This one first, then those used last. `here` is the row of the session that asks, "" for none."""
    return sorted([*_browsers(user, here), *_programs(user)], key=lambda each: (each.here, each.seen_at), reverse=True)


def end_one(*, user: User, kind: str, number: str) -> bool:
    """Whether there was one to end. It works no more with the next request."""
    if kind == "api":
        return bool(tokens.revoke_one(user, number))
    return bool(sessions_of(user).filter(pk=number).delete()[0])


def end_all(*, user: User, keep: str = "") -> int:
    """End all sign-ins of a user, but for the session whose row is called `keep`; returns how many. Keys are none."""
    with transaction.atomic():
        browsers = sessions_of(user).exclude(pk=keep).delete()[0]
        return int(browsers + tokens.revoke_all(user, TokenFamily.End.SIGNED_OUT))


def end_access(*, user: User, actor: User | None) -> tuple[int, int]:
    """Take everything away that somebody is signed in with: (sign-ins, API keys) that were ended. They may sign in anew."""
    with transaction.atomic():
        ended = end_all(user=user)
        keys = api_keys.revoke_all(user)
    log.info(
        "access ended", extra={"changed": user.pk, "by": actor.pk if actor else None, "sign_ins": ended, "keys": keys}
    )
    return ended, keys


def _browsers(user: User, here: str) -> Iterator[SignIn]:
    for row in sessions_of(user):
        yield SignIn(
            kind="browser",
            number=row.pk,
            device=device_of_agent(row.agent),
            address=row.address,
            started_at=row.started_at,
            seen_at=row.seen_at,
            here=row.pk == here,
        )


def _programs(user: User) -> Iterator[SignIn]:
    for row in tokens.families_of(user):
        yield SignIn(
            kind="api",
            number=row.pk,
            device=device_of_agent(row.agent),
            address=row.address,
            started_at=row.started_at,
            seen_at=row.rotated_at,
        )
