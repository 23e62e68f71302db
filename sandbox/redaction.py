"""What a record may keep of credentials: that they were there, not what they were."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import parse_qsl, quote

HIDDEN = "[redacted]"
_SECRET = re.compile(
    r"auth|cookie|credential|passw|secret|session|signature|token|(api|app|application|routing|access)[-_]?key|^(sig|key)$",
    re.IGNORECASE,
)


def headers(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Headers by name; a credential's value is replaced, its scheme (Bearer, Basic) kept."""
    return {name: _hide(value) if _SECRET.search(name) else value for name, value in pairs}


def query(text: str) -> str:
    """A query string with the values of secret parameters replaced; otherwise as it came."""
    pairs = parse_qsl(text, keep_blank_values=True)
    if not any(_SECRET.search(name) for name, _ in pairs):
        return text
    return "&".join(f"{quote(name)}={HIDDEN if _SECRET.search(name) else quote(value)}" for name, value in pairs)


def _hide(value: str) -> str:
    scheme, space, rest = value.partition(" ")
    return f"{scheme} {HIDDEN}" if space and rest and scheme.isalpha() else HIDDEN
