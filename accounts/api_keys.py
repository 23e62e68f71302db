"""API keys: made, used, revoked. The key itself is known to whoever made it and to nobody else.

A key is `voc_<prefix>_<secret>`: the prefix finds the row, and secret scanners recognise the whole. It never grants more than
its owner's role does at the time of the call.
"""

import hashlib
import hmac
import ipaddress
import re
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import ApiKey, User
from accounts.roles import Role, grantable
from voc.core import clock
from voc.core.errors import InvalidInput, NotAllowed, VocError

SHAPE = re.compile(r"voc_([0-9a-f]{10})_([0-9a-f]{48})")
LONGEST_DAYS = 730
# The last use is written at most this often: a row per call would cost more than the call.
USE_EVERY = timedelta(minutes=1)
MOST_NETWORKS = 50


class KeyRefused(VocError):
    """Unknown, revoked, expired, used from elsewhere, or its owner may no longer sign in: which is nobody's business."""

    def __init__(self) -> None:
        super().__init__(_("The API key is not valid or has expired."))


@dataclass(frozen=True, slots=True)
class NewKey:
    """`secret` is the whole key; it is nowhere else."""

    row: ApiKey
    secret: str


def create(
    *,
    user: User,
    name: str,
    scopes: Collection[str],
    days: int,
    networks: Sequence[str] = (),
    per_minute: int | None = None,
    created_by: User | None,
) -> NewKey:
    """A new key that ends in `days`. Raises InvalidInput; NotAllowed for a user who is switched off."""
    if not user.is_active:
        raise NotAllowed(_("%(name)s is switched off.") % {"name": user.get_username()})
    if not (name := name.strip()):
        raise InvalidInput(field="name", message=_("Say what the key is for."))
    if not 1 <= days <= LONGEST_DAYS:
        raise InvalidInput(field="days", message=_("A key lasts from 1 to %(most)d days.") % {"most": LONGEST_DAYS})
    prefix, secret = secrets.token_hex(5), secrets.token_hex(24)
    whole = f"voc_{prefix}_{secret}"
    now = clock.now()
    row = ApiKey.objects.create(
        user=user,
        name=name[:100],
        prefix=prefix,
        digest=_digest(whole),
        scopes=_checked_scopes(user, scopes),
        networks=_checked_networks(networks),
        per_minute=per_minute,
        created_at=now,
        created_by=created_by,
        expires_at=now + timedelta(days=days),
    )
    return NewKey(row=row, secret=whole)


def revoke(*, key: ApiKey, actor: User | None) -> None:
    """Worthless from the next call on. Raises NotAllowed for somebody else's key, unless the actor is an admin."""
    if actor is not None and key.user_id != actor.pk and not actor.is_admin:
        raise NotAllowed(_("This is somebody else's key."))
    ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=clock.now())


def revoke_all(user: User) -> int:
    """Every key of a user, worthless from the next call on; returns how many worked until now."""
    now = clock.now()
    return ApiKey.objects.filter(user=user, revoked_at=None, expires_at__gt=now).update(revoked_at=now)


def visible_to(user: User) -> QuerySet[ApiKey]:
    """One's own keys; all keys for admins."""
    keys = ApiKey.objects.select_related("user")
    return keys if user.is_admin else keys.filter(user=user)


def authenticate(presented: str, *, address: str) -> ApiKey:
    """The key with its user, who is limited to its scopes. Raises KeyRefused. `address` is where the call came from."""
    match = SHAPE.fullmatch(presented)
    now = clock.now()
    key = ApiKey.objects.select_related("user").filter(prefix=match[1]).first() if match else None
    right = hmac.compare_digest(_digest(presented), key.digest if key else "")
    if key is None or not right or not _is_in_force(key) or not _may_come_from(key, address):
        raise KeyRefused
    if key.last_used_at is None or key.last_used_at <= now - USE_EVERY:
        late = Q(last_used_at=None) | Q(last_used_at__lte=now - USE_EVERY)
        ApiKey.objects.filter(late, pk=key.pk).update(last_used_at=now)
    key.user.scopes = frozenset(key.scopes)
    return key


def _is_in_force(key: ApiKey) -> bool:
    return key.revoked_at is None and key.expires_at > clock.now() and key.user.is_active


def _may_come_from(key: ApiKey, address: str) -> bool:
    if not key.networks:
        return True
    try:
        caller = ipaddress.ip_address(address)
    except ValueError:
        return False
    caller = getattr(caller, "ipv4_mapped", None) or caller
    return any(caller in ipaddress.ip_network(network) for network in key.networks)


def _checked_scopes(user: User, scopes: Collection[str]) -> list[str]:
    wanted = sorted(set(scopes))
    if not wanted:
        raise InvalidInput(field="scopes", message=_("Choose what the key may do."))
    if beyond := [each for each in wanted if each not in grantable(Role(user.role))]:
        message = _("A key cannot do more than its owner: %(beyond)s.") % {"beyond": ", ".join(beyond)}
        raise InvalidInput(field="scopes", message=message)
    return wanted


def _checked_networks(networks: Sequence[str]) -> list[str]:
    if len(networks) > MOST_NETWORKS:
        raise InvalidInput(field="networks", message=_("At most %(most)d networks.") % {"most": MOST_NETWORKS})
    try:
        return [str(ipaddress.ip_network(each.strip(), strict=False)) for each in networks]
    except ValueError as error:
        message = _("Write networks as 10.20.0.0/16 or 203.0.113.7, one a line.")
        raise InvalidInput(field="networks", message=message) from error


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
