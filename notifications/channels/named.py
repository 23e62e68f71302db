"""Targets that are secrets, by name: what stands in settings as name=secret."""

import re
from collections.abc import Iterable

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
DEFAULT = "default"


def named(entries: Iterable[str]) -> dict[str, str]:
    """Name → secret, in the order of the entries. An entry without a name is called "default"."""
    found: dict[str, str] = {}
    for entry in filter(None, (entry.strip() for entry in entries)):
        name, equals, secret = entry.partition("=")
        if equals and NAME.fullmatch(name):
            found[name] = secret
        else:
            found[DEFAULT] = entry
    return found
