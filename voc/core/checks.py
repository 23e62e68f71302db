"""What a site that others can reach must not be: looked at before web, worker and beat start (see `voc.core.boot`).

DEBUG and DEMO are for the machine of whoever works on the system: with them the checks ask for less, but then the site must
not be reachable from elsewhere.
"""

import ipaddress
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from voc.core import crypto

LOCAL_NAMES = ("localhost", "testserver", "")
FACTORY_PASSWORDS = ("voc", "postgres", "password", "")
MAKE_KEY = 'Make one with: python -c "import secrets; print(secrets.token_urlsafe(32))"'
# Where clouds hand out a machine's credentials.
METADATA = [ipaddress.ip_address(each) for each in ("169.254.169.254", "169.254.170.2", "fd00:ec2::254")]
# The largest private networks have these prefixes.
WIDEST = {4: 8, 6: 7}
SHORTEST_TOKEN = 16
# Setting → the smallest number that it may be.
LEAST = {
    "LOGIN_ATTEMPTS": 1,
    "LOGIN_ATTEMPTS_ADDRESS": 1,
    "LOGIN_ATTEMPTS_SECONDS": 1,
    "PASSWORD_RESET_TIMEOUT": 60,  # nosec B105
    "JWT_LONGEST_DAYS": 1,
    "JWT_REUSE_SECONDS": 0,
    "UPLOAD_MAX_BYTES": 1,
    "TRUSTED_PROXIES": 0,
    "AUDIT_KEEP_DAYS": 0,
    "CUSTOMER_KEEP_DAYS": 0,
    "OUTBOX_KEEP_DAYS": 1,
}


def is_local(url: str) -> bool:
    """Whether an address of the site leads no further than this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host in LOCAL_NAMES or host.endswith(".localhost")


@register(Tags.security)
def check_encryption(**_: Any) -> list[CheckMessage]:
    """There are keys of the site's own to encrypt with, and they are keys."""
    if not settings.ENCRYPTION_KEYS:
        if settings.DEBUG or settings.DEMO:
            return []
        hint = f"Set ENCRYPTION_KEYS (or ENCRYPTION_KEYS_FILE) to the same for web, worker and beat. {MAKE_KEY}"
        return [Error("ENCRYPTION_KEYS is not set.", hint=hint, id="core.E010")]
    try:
        crypto.read_keys(settings.ENCRYPTION_KEYS)
    except crypto.BadKey as error:
        return [Error(str(error), hint=MAKE_KEY, id="core.E011")]
    return []


@register(Tags.security)
def check_site(**_: Any) -> list[CheckMessage]:
    """Nothing meant for one's own machine is open to others."""
    return list(_check_site()) if not is_local(settings.SITE_URL) else []


def _check_site() -> Iterator[CheckMessage]:
    if settings.DEBUG:
        hint = "Set DEBUG=false: its pages show settings and data to whoever meets an error."
        yield Error(f"DEBUG is on for {settings.SITE_URL}.", hint=hint, id="core.E012")
    if settings.DEMO:
        hint = "Set DEMO=false: the demo's users share one password."
        yield Error(f"DEMO is on for {settings.SITE_URL}.", hint=hint, id="core.E013")
    if not settings.SITE_URL.startswith("https://"):
        hint = "Set SITE_URL to its https address and put a proxy with TLS in front: else passwords and cookies travel readable."
        yield Error(f"SITE_URL is {settings.SITE_URL}.", hint=hint, id="core.E014")
    if "*" in settings.ALLOWED_HOSTS:
        hint = (
            "Set ALLOWED_HOSTS to the site's names: with * anybody can put an address of theirs into the links we mail."
        )
        yield Error("ALLOWED_HOSTS allows every name.", hint=hint, id="core.E015")
    for name in ("CORS_ALLOWED_ORIGINS", "CSRF_TRUSTED_ORIGINS"):
        for origin in getattr(settings, name):
            if "*" in origin or not (origin.startswith("https://") or is_local(origin)):
                hint = f"Name whole https origins in {name}: such a one can be taken over on the way."
                yield Error(f"{name} trusts {origin}.", hint=hint, id="core.E016")
    yield from _check_outbound()
    if settings.METRICS_TOKEN and len(settings.METRICS_TOKEN) < SHORTEST_TOKEN:
        hint = f"Set METRICS_TOKEN to {SHORTEST_TOKEN} random characters or more, or to none. {MAKE_KEY}"
        yield Error("METRICS_TOKEN can be guessed.", hint=hint, id="core.E020")
    database = settings.DATABASES["default"]
    if database.get("PASSWORD", "") in FACTORY_PASSWORDS:
        hint = "Set DATABASE_URL (or DATABASE_URL_FILE) with a password of its own."
        yield Error("The database's password is one that everybody tries first.", hint=hint, id="core.E017")


@register(Tags.security)
def check_numbers(**_: Any) -> list[CheckMessage]:
    """No limit is switched off, and nothing is deleted, by a number that makes no sense."""
    return [
        Error(f"{name} is {getattr(settings, name)}.", hint=f"Set {name} to {least} or more.", id="core.E018")
        for name, least in LEAST.items()
        if getattr(settings, name) < least
    ]


def _check_outbound() -> Iterator[CheckMessage]:
    """An allow-list that lets through what the guard is there for. Entries that are none are told of elsewhere."""
    for entry in settings.OUTBOUND_ALLOWED_NETWORKS:
        with suppress(ValueError):
            network = ipaddress.ip_network(entry, strict=False)
            if network.prefixlen < WIDEST[network.version] or any(
                each in network for each in METADATA if each.version == network.version
            ):
                hint = "Name the networks or hosts of the systems that are called, in OUTBOUND_ALLOWED_NETWORKS, and no more."
                yield Error(f"OUTBOUND_ALLOWED_NETWORKS allows {entry}.", hint=hint, id="core.E019")


@register(Tags.security, deploy=True)
def check_neighbours(**_: Any) -> list[CheckMessage]:
    """What is advised, and may have its reasons."""
    found: list[CheckMessage] = []
    redis = urlsplit(settings.REDIS_URL)
    if not redis.password and not is_local(settings.REDIS_URL):
        hint = "Set a password in Redis and in REDIS_URL: whoever reaches it can stop the workers."
        found.append(Warning("Redis has no password.", hint=hint, id="core.W010"))
    if not is_local(settings.SITE_URL) and not settings.TRUSTED_PROXIES:
        hint = "Set TRUST_PROXY=true when a proxy of yours stands in front: without it every caller has the proxy's address."
        found.append(Warning("TRUST_PROXY is off.", hint=hint, id="core.W011"))
    encrypted = settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL
    if (
        settings.EMAIL_BACKEND.endswith("smtp.EmailBackend")
        and not encrypted
        and not is_local(f"//{settings.EMAIL_HOST}")
    ):
        hint = "Begin EMAIL_URL with smtp+tls:// or smtp+ssl://: password links and the mail server's password travel readable."
        found.append(Warning("Mail is sent without TLS.", hint=hint, id="core.W012"))
    return found
