"""Guessing is slow: so many failed sign-ins of one account from one address, then a pause. Counted in PostgreSQL alone."""

import math
from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from accounts.models import LoginAttempt
from voc.core import clock
from voc.core.errors import VocError


class TooManyAttempts(VocError):
    """Nothing was evaluated. `wait` is in seconds."""

    def __init__(self, wait: int) -> None:
        super().__init__(
            _("Too many failed attempts. Try again in %(minutes)d min.") % {"minutes": math.ceil(wait / 60)}
        )
        self.wait = wait


def begin(*, account: str, address: str) -> None:
    """Count an attempt before its password is looked at, so that parallel guesses cannot slip through together.

    Raises TooManyAttempts when the window holds LOGIN_ATTEMPTS of them; such a refusal is not counted itself.
    """
    key = _key(account, address)
    now = clock.now()
    window = timedelta(seconds=settings.LOGIN_ATTEMPTS_SECONDS)
    with transaction.atomic():
        # One at a time per account and address; without it parallel attempts would not see each other's rows.
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])
        recent = LoginAttempt.objects.filter(key=key, at__gt=now - window).order_by("-at").values_list("at", flat=True)
        counted = list(recent[: settings.LOGIN_ATTEMPTS])
        if len(counted) >= settings.LOGIN_ATTEMPTS:
            raise TooManyAttempts(max(1, math.ceil((counted[-1] + window - now).total_seconds())))
        LoginAttempt.objects.create(key=key, at=now)


def forgive(*, account: str, address: str) -> None:
    """A right password wipes the slate."""
    LoginAttempt.objects.filter(key=_key(account, address)).delete()


def prune() -> int:
    """Delete the attempts that no longer count; returns how many."""
    past = clock.now() - timedelta(seconds=settings.LOGIN_ATTEMPTS_SECONDS)
    return LoginAttempt.objects.filter(at__lte=past).delete()[0]


def client_address(request: HttpRequest) -> str:
    """Where the request came from. Headers can be written by anybody: they count only behind a proxy of ours."""
    if settings.TRUST_PROXY:
        forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")[-1].strip()
        if forwarded:
            return str(forwarded)
    return str(request.META.get("REMOTE_ADDR", ""))


def _key(account: str, address: str) -> str:
    return salted_hmac("accounts.throttle", f"{account.casefold()}\n{address}", algorithm="sha256").hexdigest()
