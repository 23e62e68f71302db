"""Everybody who may turn up at an address, with what their browser or program sends along."""

from dataclasses import dataclass, field
from datetime import timedelta

import jwt
from django.conf import settings
from django.test import Client

from accounts import api_keys, services, tokens
from accounts.jwt_keys import fingerprint
from accounts.models import User
from tests.factories import UserFactory


@dataclass(frozen=True)
class Identity:
    """`role` is what they may do in the end, "" for nothing; `scopes` are those of their key, None without one."""

    name: str
    role: str = ""
    owner: bool = False
    page: bool = True
    scopes: frozenset[str] | None = None
    cookies: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


def everybody() -> tuple[list[Identity], User]:
    """All of them, and the submitter who owns the ticket."""
    users = {role: UserFactory(role=role, username=role) for role in ("admin", "manager", "viewer", "submitter")}
    other = UserFactory(submitter=True, username="other")
    found = [Identity("anonymous")]
    found += [_signed_in(role, user, owner=role == "submitter") for role, user in users.items()]
    found += [_signed_in("other submitter", other), *_keys(users), *_over(users["manager"]), _disabled()]
    return found, users["submitter"]


def _signed_in(name: str, user: User, *, owner: bool = False) -> Identity:
    return Identity(name, user.role, owner, cookies=_session(user), headers=_bearer(tokens.issue(user).access))


def _keys(users: dict[str, User]) -> list[Identity]:
    def made(user: User, *scopes: str) -> api_keys.NewKey:
        return api_keys.create(user=user, name="x", scopes=scopes, days=30, created_by=None)

    def identity(name: str, key: api_keys.NewKey, **more) -> Identity:
        return Identity(name, page=False, headers={"X-API-Key": key.secret}, **more)

    revoked, elsewhere = made(users["admin"], "*"), made(users["manager"], "ticket:read")
    api_keys.revoke(key=revoked.row, actor=None)
    type(elsewhere.row).objects.filter(pk=elsewhere.row.pk).update(networks=["203.0.113.0/24"])
    limited = {"admin": ("ticket:read",), "manager": ("ticket:read", "ticket:reject")}
    return [
        *(
            identity(
                f"{role}'s key for {', '.join(scopes)}", made(users[role], *scopes), role=role, scopes=frozenset(scopes)
            )
            for role, scopes in limited.items()
        ),
        identity("revoked key", revoked),
        identity("key from elsewhere", elsewhere),
    ]


def _over(user: User) -> list[Identity]:
    """A session and tokens that were good once."""
    expired = jwt.decode(tokens.issue(user).access, options={"verify_signature": False})
    expired |= {"exp": expired["iat"] - 1, "iat": expired["iat"] - 1000}
    key = settings.SECRET_KEY
    old = jwt.encode(expired, key, algorithm="HS256", headers={"kid": fingerprint(key)})
    client = Client()
    client.force_login(user)
    session = client.session
    session.set_expiry(timedelta(seconds=-10))
    session.save()
    pair = tokens.issue(user)
    tokens.revoke(pair.refresh)
    return [
        Identity("expired", cookies={"sessionid": client.cookies["sessionid"].value}, headers=_bearer(old)),
        Identity("signed out", headers=_bearer(pair.access)),
        Identity("refresh token for an access token", headers=_bearer(tokens.issue(user).refresh)),
    ]


def _disabled() -> Identity:
    user = UserFactory(manager=True, username="disabled")
    found = Identity("disabled", cookies=_session(user), headers=_bearer(tokens.issue(user).access))
    services.deactivate_user(user=user, actor=None)
    return found


def _session(user: User) -> dict[str, str]:
    client = Client()
    client.force_login(user)
    return {"sessionid": client.cookies["sessionid"].value}


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
