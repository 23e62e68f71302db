"""Faults that can be switched on, per vendor and route: what they are, and which request meets which."""

from __future__ import annotations

import fnmatch
import itertools
import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

MAX_SECONDS = 120.0

KINDS: dict[str, str] = {
    "status": "answer this status, do nothing",
    "status_after": "do it, then answer this status",
    "delay": "wait, then do it and answer",
    "hang": "wait, then close without an answer, do nothing",
    "hang_after": "do it, wait, close without an answer",
    "drop": "close without an answer, do nothing",
    "drop_after": "do it, then close without an answer",
    "truncated": "do it, send half of the answer",
    "malformed": "do it, answer what cannot be parsed",
}

_BODY_KINDS = {"status", "status_after", "malformed"}
_STATUS_KINDS = {"status", "status_after"}
_WAIT_KINDS = {"delay", "hang", "hang_after"}


class FaultError(ValueError):
    """A fault that cannot be switched on; ``field`` names what is wrong with it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass
class Fault:
    """One fault. ``seen`` counts the requests it was asked about, ``hits`` those it was applied to."""

    id: int
    vendor: str
    kind: str
    route: str = "*"
    method: str = ""
    status: int = 500
    retry_after: float | None = None
    retry_after_format: str = "seconds"
    headers: dict[str, str] = field(default_factory=dict)
    body: str | None = None
    content_type: str | None = None
    seconds: float = 30.0
    probability: float = 1.0
    seed: int = 0
    count: int | None = None
    skip: int = 0
    seen: int = 0
    hits: int = 0
    dice: random.Random = field(default_factory=random.Random, repr=False)
    released: threading.Event = field(default_factory=threading.Event, repr=False)

    @property
    def effect(self) -> str:
        """The kind without its moment: status, delay, hang, drop, truncated, malformed, or a vendor's own."""
        return self.kind.removesuffix("_after")

    @property
    def after(self) -> bool:
        """Whether the vendor does what it was asked before this fault shows."""
        return self.kind.endswith("_after")

    @property
    def used_up(self) -> bool:
        return self.count is not None and self.hits >= self.count

    def matches(self, vendor: str, method: str, path: str) -> bool:
        return self.vendor == vendor and self.method in ("", method) and fnmatch.fnmatchcase(path, self.route)

    def draw(self) -> bool:
        """Whether this matching request meets the fault; counts it."""
        self.seen += 1
        if self.seen <= self.skip or self.used_up:
            return False
        if self.probability < 1 and self.dice.random() >= self.probability:
            return False
        self.hits += 1
        return True

    def wait(self) -> None:
        """Wait as long as the fault says, or until it is switched off."""
        self.released.wait(self.seconds)

    def retry_after_header(self) -> str | None:
        if self.retry_after is None:
            return None
        if self.retry_after_format == "date":
            return format_datetime(datetime.now(UTC) + timedelta(seconds=self.retry_after), usegmt=True)
        return f"{self.retry_after:g}"

    def public(self) -> dict[str, Any]:
        """The fault as JSON."""
        names = ("id", "vendor", "kind", "route", "method", "probability", "seed", "count", "skip", "seen", "hits")
        shown = {name: getattr(self, name) for name in names}
        for name, kinds in _ONLY_FOR.items():
            if self.kind in kinds or (name == "body" and self.body is not None):
                shown[name] = getattr(self, name)
        return shown


class FaultBook:
    """All faults that are switched on, in the order in which they were; a request meets at most one."""

    def __init__(self, vendors: Mapping[str, tuple[str, ...]]) -> None:
        self._vendors = vendors
        self._ids = itertools.count(1)
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def kinds(self, vendor: str) -> list[str]:
        """Kinds that this vendor takes: everybody's and its own."""
        return [*KINDS, *self._vendors[vendor]]

    def add(self, data: Any) -> Fault:
        """Switch on the fault that ``data`` describes; raises FaultError with the field that is wrong."""
        fields = self._checked(data)
        fault = Fault(id=next(self._ids), **fields)
        if "seed" not in fields:
            fault.seed = random.SystemRandom().randrange(2**31)
        fault.dice = random.Random(fault.seed)  # noqa: S311 - a die for tests that can be thrown again
        with self._lock:
            self._faults.append(fault)
        return fault

    def pick(self, *, vendor: str, method: str, path: str) -> Fault | None:
        """The fault that this request meets, if any: the first that matches and whose dice say so."""
        with self._lock:
            for fault in self._faults:
                if fault.matches(vendor, method, path) and fault.draw():
                    return fault
        return None

    def all(self) -> list[dict[str, Any]]:
        with self._lock:
            return [fault.public() for fault in self._faults]

    def remove(self, *, vendor: str | None = None, fault_id: int | None = None) -> int:
        """Switch faults off, all if nothing is named, and let go of the requests that wait in them; returns how many."""
        with self._lock:
            gone = [f for f in self._faults if vendor in (None, f.vendor) and fault_id in (None, f.id)]
            self._faults = [f for f in self._faults if f not in gone]
        for fault in gone:
            fault.released.set()
        return len(gone)

    def _checked(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            raise FaultError("", "a fault is a JSON object with at least vendor and kind")
        for name in data:
            if name not in _CHECKS:
                raise FaultError(name, f"unknown field; a fault has {', '.join(_CHECKS)}")
        for name in ("vendor", "kind"):
            if name not in data:
                raise FaultError(name, "is required")
        fields = {name: _CHECKS[name](name, value) for name, value in data.items()}
        vendor, kind = fields["vendor"], fields["kind"]
        if vendor not in self._vendors:
            raise FaultError("vendor", f"unknown vendor {vendor!r}; there are {', '.join(self._vendors)}")
        if kind not in self.kinds(vendor):
            raise FaultError("kind", f"unknown kind {kind!r}; {vendor} has {', '.join(self.kinds(vendor))}")
        for name in fields:
            # What `body` means for a kind of a vendor's own is that vendor's affair.
            if name in _ONLY_FOR and kind not in _ONLY_FOR[name] and not (name == "body" and kind not in KINDS):
                raise FaultError(name, f"means nothing for the kind {kind}")
        return fields


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise FaultError(name, "must be a text")
    return value


def _one_of(*choices: str) -> Callable[[str, Any], str]:
    def check(name: str, value: Any) -> str:
        if value not in choices:
            raise FaultError(name, f"must be one of {', '.join(choices)}")
        return str(value)

    return check


def _number(low: float, high: float) -> Callable[[str, Any], float]:
    def check(name: str, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise FaultError(name, f"must be a number from {low:g} to {high:g}")
        return float(value)

    return check


def _whole(low: int, high: int) -> Callable[[str, Any], int]:
    def check(name: str, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise FaultError(name, f"must be a whole number from {low} to {high}")
        return value

    return check


def _route(name: str, value: Any) -> str:
    text = _text(name, value)
    if not text.startswith(("/", "*")):
        raise FaultError(name, "must be a path or a pattern such as /slack/services/*")
    return text


def _method(name: str, value: Any) -> str:
    return _text(name, value).upper()


def _headers(name: str, value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(text, str) for pair in value.items() for text in pair):
        raise FaultError(name, "must be an object of texts")
    if any("\n" in text or "\r" in text for pair in value.items() for text in pair):
        raise FaultError(name, "must not contain line breaks")
    return value


_CHECKS: dict[str, Callable[[str, Any], Any]] = {
    "vendor": _text,
    "kind": _text,
    "route": _route,
    "method": _method,
    "status": _whole(200, 599),
    "retry_after": _number(0, 86_400),
    "retry_after_format": _one_of("seconds", "date"),
    "headers": _headers,
    "body": _text,
    "content_type": _text,
    "seconds": _number(0, MAX_SECONDS),
    "probability": _number(0, 1),
    "seed": _whole(0, 2**63),
    "count": _whole(1, 1_000_000),
    "skip": _whole(0, 1_000_000),
}
_ONLY_FOR: dict[str, set[str]] = {
    "status": _STATUS_KINDS,
    "retry_after": _STATUS_KINDS,
    "retry_after_format": _STATUS_KINDS,
    "headers": _STATUS_KINDS,
    "body": _BODY_KINDS,
    "content_type": _BODY_KINDS,
    "seconds": _WAIT_KINDS,
}
