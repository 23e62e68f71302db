"""What a record may keep of credentials: that they were there, not what they were."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import parse_qsl, quote

HIDDEN = "[redacted]"
_SECRET = re.compile(r"(auth|cookie|credential|password|secret|session|signature|token|api[-_]?key|app[-_]?key|application[-_]?key|^sig$|^key$)", re.I)


def headers(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Headers by name; a credential's value is replaced, its scheme (Bearer, Basic) kept."""
    return {name: _hide(value) if _SECRET.search(name) else value for name, value in pairs}


def query(text: str) -> str:
    """A query string with the values of secret parameters replaced."""
    if not _SECRET.search("".join(name for name, _ in parse_qsl(text, keep_blank_values=True))) and "key" not in text:
        return text
    return "&".join(
        f"{quote(name)}={HIDDEN if _SECRET.search(name) else quote(value)}"
        for name, value in parse_qsl(text, keep_blank_values=True)
    )


def _hide(value: str) -> str:
    scheme, space, rest = value.partition(" ")
    return f"{scheme} {HIDDEN}" if space and rest and scheme.isalpha() else HIDDEN
