"""Guessing is slow: so many failed sign-ins of one account, from wherever they come, then a pause. Counted in PostgreSQL alone.

One slate per account for everybody whom we do not know, so that changing addresses is no way around; a slate of its own for each
device from which the account was used before, so that a stranger's guesses do not keep its owner out (nor out of single sign-on,
which asks nobody here). One more slate per address, for who tries many accounts. Passwords and second factors count alike.
"""

import ipaddress
import math
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from accounts.models import LoginAttempt, folded
from voc.core import clock
from voc.core.errors import VocError


class TooManyAttempts(VocError):
    """Nothing was evaluated. `wait` is in seconds."""

    def __init__(self, wait: int) -> None:
        super().__init__(
            _("Too many failed attempts. Try again in %(minutes)d min.") % {"minutes": math.ceil(wait / 60)}
        )
        self.wait = wait


@dataclass(frozen=True, slots=True)
class Attempt:
    """What `begin` has counted: the account's slate, and the row on the address' one."""

    slate: str
    address_row: int


def begin(*, account: str, address: str, device: str = "") -> Attempt:
    """Count an attempt before its secret is looked at, so that parallel guesses cannot slip through together.

    `device` names one that is known for this account, "" any other. Raises TooManyAttempts when the account's slate holds
    LOGIN_ATTEMPTS within the window, or the address' LOGIN_ATTEMPTS_ADDRESS; such a refusal is not counted itself.
    """
    slate = _key("account", folded(account), device)
    with transaction.atomic():
        # Always in this order: two attempts that share one of the two never wait for each other.
        _wait_for_a_place(slate, settings.LOGIN_ATTEMPTS)
        of_address = _key("address", place_of(address))
        _wait_for_a_place(of_address, settings.LOGIN_ATTEMPTS_ADDRESS)
        now = clock.now()
        LoginAttempt.objects.create(key=slate, at=now)
        return Attempt(slate=slate, address_row=LoginAttempt.objects.create(key=of_address, at=now).pk)


def forgive(attempt: Attempt) -> None:
    """A right secret wipes the account's slate, and this attempt off the address' one."""
    LoginAttempt.objects.filter(key=attempt.slate).delete()
    LoginAttempt.objects.filter(pk=attempt.address_row).delete()


def prune() -> int:
    """Delete the attempts that no longer count; returns how many."""
    past = clock.now() - timedelta(seconds=settings.LOGIN_ATTEMPTS_SECONDS)
    return LoginAttempt.objects.filter(at__lte=past).delete()[0]


def client_address(request: HttpRequest) -> str:
    """Where the request came from. X-Forwarded-For can be written by anybody: of its entries only those count that our own
    proxies have appended (TRUSTED_PROXIES of them), and the first of these is the client."""
    direct = str(request.META.get("REMOTE_ADDR", ""))
    if not settings.TRUSTED_PROXIES:
        return direct
    entries = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    if len(entries) < settings.TRUSTED_PROXIES:
        return direct
    return _plain_address(entries[-settings.TRUSTED_PROXIES]) or direct


def place_of(address: str) -> str:
    """What is counted as one place: an IPv4 address, or an IPv6 network of 64 bits, all of which one machine can have."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    found = getattr(found, "ipv4_mapped", None) or found
    return str(found) if found.version == 4 else str(ipaddress.ip_network((found, 64), strict=False))


def _plain_address(entry: str) -> str:
    """An entry without the port that some proxies append; "" for what is no address."""
    entry = entry.strip()
    if entry.startswith("["):
        entry = entry[1:].partition("]")[0]
    elif entry.count(":") == 1:
        entry = entry.partition(":")[0]
    try:
        return str(ipaddress.ip_address(entry))
    except ValueError:
        return ""


def _wait_for_a_place(key: str, most: int) -> None:
    window = timedelta(seconds=settings.LOGIN_ATTEMPTS_SECONDS)
    # One at a time per slate; without it parallel attempts would not see each other's rows.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])
    now = clock.now()
    recent = LoginAttempt.objects.filter(key=key, at__gt=now - window).order_by("-at").values_list("at", flat=True)
    counted = list(recent[:most])
    if len(counted) >= most:
        raise TooManyAttempts(max(1, math.ceil((counted[-1] + window - now).total_seconds())))


def _key(*parts: str) -> str:
    return salted_hmac("accounts.throttle", "\n".join(parts), algorithm="sha256").hexdigest()
