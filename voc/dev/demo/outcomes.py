"""Follows imported complaints until each has come to rest."""

import json
import time
from collections import Counter, deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from voc.dev.demo.api import Api
from voc.dev.demo.table import RESTING, Table

OVERLAP = timedelta(seconds=2)
LOOK_AGAIN_AFTER = 5.0


class Outcomes:
    """Reads the import's report as it grows, asks the API, and shows each ticket once, when it rests.

    The report has one JSON object a line: `line`, `external_id`, `ticket_id`, `status` (created, existing, error), `error`.
    """

    def __init__(self, api: Api, report: Path, table: Table, show: Callable[[str], None]) -> None:
        self._api = api
        self._report = report
        self._table = table
        self._show = show
        self._read = 0
        self._since = datetime.now(UTC) - OVERLAP
        self._unknown: deque[str] = deque()
        self.pending: dict[str, None] = {}
        self.total = 0
        self.refused = 0
        self.rested: Counter[str] = Counter()
        self.last_arrival = time.monotonic()

    def look(self) -> None:
        """One round. While web is away there is nothing to see, and the next round tries again."""
        self._read_report()
        try:
            while self._unknown:
                self._check(self._unknown[0])
                self._unknown.popleft()
            if self.pending:
                self._look_at_changes()
        except httpx.HTTPError:
            return

    def _read_report(self) -> None:
        if not self._report.exists():
            return
        with self._report.open("rb") as file:
            file.seek(self._read)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                self._read += len(line)
                self._take_in(json.loads(line))

    def _take_in(self, row: dict[str, Any]) -> None:
        ticket_id = row.get("ticket_id")
        if row["status"] == "error" or not ticket_id:
            self.refused += 1
            self._show(f"line {row.get('line')}: not imported: {row.get('error')}")
            return
        if ticket_id in self.pending:
            return
        self.total += 1
        self.pending[ticket_id] = None
        self.last_arrival = time.monotonic()
        if row["status"] == "existing":
            self._unknown.append(ticket_id)

    def _look_at_changes(self) -> None:
        for row in self._api.changed_since(self._since.isoformat()):
            self._since = max(self._since, datetime.fromisoformat(row["updated_at"]) - OVERLAP)
            if row["status"] in RESTING and row["ticket_id"] in self.pending:
                self._check(row["ticket_id"])
        if time.monotonic() - self.last_arrival > LOOK_AGAIN_AFTER:
            # Nothing has come for a while: ask for some directly rather than trust the list alone.
            self._unknown.extend(list(self.pending)[:10])

    def _check(self, ticket_id: str) -> None:
        if ticket_id not in self.pending:
            return
        ticket = self._api.ticket(ticket_id)
        if ticket["status"] not in RESTING:
            return
        del self.pending[ticket_id]
        self.rested[ticket["status"]] += 1
        self.last_arrival = time.monotonic()
        self._show(self._table.row(ticket, number=self.rested.total(), total=self.total))

    def summary(self) -> str:
        shown = ", ".join(f"{count} {status}" for status, count in sorted(self.rested.items()))
        refused = f"; {self.refused} lines not imported" if self.refused else ""
        return f"{self.rested.total()} of {self.total} complaints at rest: {shown or 'none'}{refused}."
