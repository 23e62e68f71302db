"""Text of others, made safe to show anywhere."""

import re
from urllib.parse import unquote

HIDDEN = "[redacted]"
SHORTEST_SECRET = 8
MAX_ERROR = 300
# Parts of addresses that give nothing away, and that an error is easier to read with.
HARMLESS = ("services", "workflows", "triggers", "api-version", "hooks.slack.com", "logic.azure.com")
_SEPARATORS = re.compile(r"[/?&=:-]+")
_INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def clean(text: str) -> str:
    """Without control characters, and without those that turn the direction of what is read."""
    return _INVISIBLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def one_line(text: str) -> str:
    return " ".join(clean(text).split())


def cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def hide(text: object, *secrets: str) -> str:
    """An error or an answer as text: short, and without these or their longer parts, such as a signature in an address."""
    shown = str(text) or type(text).__name__
    parts = {part for secret in secrets for part in (secret, unquote(secret), *_SEPARATORS.split(secret))}
    for part in sorted(parts, key=len, reverse=True):
        if len(part) >= SHORTEST_SECRET and part not in HARMLESS:
            shown = shown.replace(part, HIDDEN)
    return shown[:MAX_ERROR]
