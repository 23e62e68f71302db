"""Keeping secrets out of logs and stored errors: by the name of a field, by the shape of a text, and by configured value."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from django.conf import settings

MASK = "[redacted]"
SECRET_NAME = re.compile(
    r"password|passwd|secret|token|api[-_]?key|authorization|cookie|credential|webhook|private[-_]?key|dsn|^auth$",
    re.IGNORECASE,
)
# Words such as "total_tokens" name counts, not secrets.
HARMLESS_NAME = re.compile(r"tokens$|_token_count$", re.IGNORECASE)
SHAPES = (
    # Authorization: Bearer …, Basic …
    (re.compile(r"\b(Bearer|Basic|Token)\s+[A-Za-z0-9._~+/=-]{6,}", re.IGNORECASE), rf"\1 {MASK}"),
    # user:password@ in an address
    (re.compile(r"(\b[a-z][a-z0-9+.-]*://)[^/\s:@]*:[^/\s@]+@", re.IGNORECASE), rf"\1{MASK}@"),
    # Slack's webhooks carry their secret in the path; its tokens have prefixes.
    (re.compile(r"(/services/)[A-Za-z0-9_/-]+"), rf"\1{MASK}"),
    (re.compile(r"\bxox[a-z]-[A-Za-z0-9-]{6,}"), MASK),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]+"), MASK),
    # Links that set a password; where they lead on to holds no secret any more.
    (re.compile(r"(/(?:password/reset|invitation)/[^/\s]+/)(?!set-password\b)[^/\s?\"']+"), rf"\1{MASK}"),
    # ?token=… &api_key=…
    (
        re.compile(r"([?&](?:[a-z_-]*(?:token|key|secret|signature|password|sig))=)[^&\s\"']+", re.IGNORECASE),
        rf"\1{MASK}",
    ),
)
CONFIGURED = re.compile(r"(_TOKEN|_SECRET|_PASSWORD|_KEY|_KEYS|_WEBHOOK_URL|_WEBHOOKS)$|^SECRET_KEY$")
SHORTEST = 8


def redact(text: str) -> str:
    """The text without what looks like a secret and without the values of configured ones."""
    for secret in _configured():
        text = text.replace(secret, MASK)
    for shape, replacement in SHAPES:
        text = shape.sub(replacement, text)
    return text


def redact_value(value: Any, name: str = "", depth: int = 0) -> Any:
    """A value for the logs: texts redacted, and whatever stands under a name that promises a secret masked."""
    if name and value and SECRET_NAME.search(name) and not HARMLESS_NAME.search(name):
        return MASK
    if isinstance(value, str):
        return redact(value)
    if depth > 5:
        return value
    if isinstance(value, Mapping):
        return {key: redact_value(item, str(key), depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [redact_value(item, "", depth + 1) for item in value]
    return value


def _configured() -> tuple[str, ...]:
    return _of(tuple(value for name in _names() for value in _values(getattr(settings, name, ""))))


def _values(setting: Any) -> list[str]:
    """The secrets of one setting: itself, or each of a list, where name=secret holds one too."""
    if isinstance(setting, list | tuple):
        return [value for entry in setting for value in (str(entry), str(entry).partition("=")[2]) if value]
    return [str(setting)]


@cache
def _names() -> tuple[str, ...]:
    return tuple(name for name in dir(settings) if CONFIGURED.search(name))


@cache
def _of(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({value for value in values if len(value) >= SHORTEST}, key=len, reverse=True))
