"""Every request that arrived, bounded in number, safe under threads, and waitable."""

from __future__ import annotations

import itertools
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any

MAX_BODY_CHARACTERS = 200_000


@dataclass
class Entry:
    """One request and what came of it.

    ``status`` is None while it is being answered and when the connection was closed without an answer;
    ``finished`` tells the two apart. ``fault`` is the kind of the fault that was applied, or empty.
    """

    id: int
    vendor: str
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: str
    received_at: str
    body_cut: bool = False
    status: int | None = None
    finished: bool = False
    seconds: float = 0.0
    fault: str = ""
    notes: list[str] = field(default_factory=list)


class Recorder:
    """The last ``limit`` requests. Every change raises ``version`` and wakes whoever waits."""

    def __init__(self, limit: int = 10_000) -> None:
        self.limit = limit
        self.version = 0
        self.forgotten = 0
        self._ids = itertools.count(1)
        self._entries: OrderedDict[int, Entry] = OrderedDict()
        self._started: dict[int, float] = {}
        self._changed = threading.Condition()

    def arrive(self, *, vendor: str, method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> int:
        """Record a request on arrival, so that one which hangs is seen too; returns its id."""
        text = body.decode("utf-8", "replace")
        with self._changed:
            entry = Entry(
                id=next(self._ids),
                vendor=vendor,
                method=method,
                path=path,
                query=query,
                headers=headers,
                body=text[:MAX_BODY_CHARACTERS],
                body_cut=len(text) > MAX_BODY_CHARACTERS,
                received_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
            )
            self._entries[entry.id] = entry
            self._started[entry.id] = time.monotonic()
            while len(self._entries) > self.limit:
                oldest, _ = self._entries.popitem(last=False)
                self._started.pop(oldest, None)
                self.forgotten += 1
            self._touch()
            return entry.id

    def apply_fault(self, entry_id: int, kind: str) -> None:
        """Say which fault the request met, before it takes effect."""
        with self._changed:
            if entry := self._entries.get(entry_id):
                entry.fault = kind
                self._touch()

    def finish(self, entry_id: int, *, status: int | None, notes: list[str]) -> None:
        """Record the answer; status None is a connection that was closed without one."""
        with self._changed:
            entry = self._entries.get(entry_id)
            if entry is None:  # a reset or newer requests pushed it out meanwhile
                return
            entry.status, entry.notes, entry.finished = status, notes, True
            entry.seconds = round(time.monotonic() - self._started.pop(entry_id), 4)
            self._touch()

    def touch(self) -> None:
        """Something else that people see has changed."""
        with self._changed:
            self._touch()

    def entries(self, vendor: str | None = None, *, last: int | None = None) -> list[dict[str, Any]]:
        """Copies, oldest first; the newest ``last`` ones if given."""
        with self._changed:
            chosen = self._select(vendor)
            return [_copy(entry) for entry in (chosen if last is None else chosen[-last:])]

    def count(self, vendor: str | None = None) -> int:
        with self._changed:
            return len(self._select(vendor))

    def wait(self, *, vendor: str | None, at_least: int, finished: bool, timeout: float) -> bool:
        """Wait until so many requests are there (and answered, if ``finished``); False when time ran out."""

        def enough() -> bool:
            chosen = self._select(vendor)
            return sum(entry.finished or not finished for entry in chosen) >= at_least

        with self._changed:
            return self._changed.wait_for(enough, timeout)

    def reset(self, vendor: str | None = None) -> None:
        """Forget all requests, or one vendor's; ids go on counting."""
        with self._changed:
            for entry in self._select(vendor):
                del self._entries[entry.id]
                self._started.pop(entry.id, None)
            if vendor is None:
                self.forgotten = 0
            self._touch()

    def load(self, entries: list[dict[str, Any]]) -> None:
        """Take back what `entries` gave, as finished requests of an earlier run."""
        names = {item.name for item in fields(Entry)}
        with self._changed:
            for data in entries[-self.limit :]:
                entry = Entry(**{name: value for name, value in data.items() if name in names})
                entry.finished = True
                self._entries[entry.id] = entry
            self._ids = itertools.count(max(self._entries, default=0) + 1)
            self._touch()

    def _select(self, vendor: str | None) -> list[Entry]:
        return [entry for entry in self._entries.values() if vendor in (None, entry.vendor)]

    def _touch(self) -> None:
        self.version += 1
        self._changed.notify_all()


def _copy(entry: Entry) -> dict[str, Any]:
    """As `dataclasses.asdict`, which takes half a second for all that is kept."""
    return {**vars(entry), "headers": dict(entry.headers), "notes": list(entry.notes)}
