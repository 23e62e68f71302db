"""Puts very many tickets into the database, quickly: COPY, with the indexes built afterwards, the entries made on all cores."""

import multiprocessing
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final

from django.db import connection
from psycopg.types.json import Jsonb

from benchmarks.complaints import Complaints

# The newest is from now, the others one every so often before it: a million in three years.
BETWEEN: Final = timedelta(seconds=95)
INDEXES: Final = {
    "entry_grams": "CREATE INDEX entry_grams ON tickets_searchentry USING gin (grams) WITH (gin_pending_list_limit = 1024)",
}
STATUSES: Final = ("DONE",) * 6 + ("REJECTED", "WAITING_CONFIRM", "IN_PROGRESS", "MANUAL_REQUIRED")
TICKET: Final = (
    "ticket_id status created_at updated_at raw_voc customer_name channel received_at summary customer_contact analyst "
    "urgency agent_decision_primary decision_confidence affected_system reject_reason placeholders"
)
ENTRY: Final = "ticket_id text public_text grams words"
# One ticket of each block is enough to have it built.
OPEN: Final = """
INSERT INTO tickets_opencase (ticket_id, stamp, since)
SELECT min(id), gen_random_uuid(), now() FROM tickets_ticket WHERE id > %s GROUP BY id >> 16
ON CONFLICT DO NOTHING
"""


def fill(first: int, last: int, *, seed: int) -> float:
    """Tickets number `first` to `last`, numbered from the newest back. Returns the seconds that it took."""
    started = time.monotonic()
    supply = Complaints(seed).take(last - first + 1)
    now = datetime.now(UTC)
    with multiprocessing.get_context("fork").Pool() as pool, connection.cursor() as cursor:
        for name in INDEXES:
            cursor.execute(f"DROP INDEX IF EXISTS {name}")
        cursor.execute("SELECT coalesce(max(id), 0) FROM tickets_ticket")
        key = before = cursor.fetchone()[0]
        # Oldest first, as real ones come.
        for begin in range(last, first - 1, -20_000):
            numbers = range(begin, max(begin - 20_000, first - 1), -1)
            rows = [_ticket(number, next(supply), now) for number in numbers]
            _copy(cursor, "tickets_ticket", f"id {TICKET}", ((key + n, *row) for n, row in enumerate(_plain(rows), 1)))
            _copy(
                cursor,
                "tickets_searchentry",
                ENTRY,
                ((key + n, *each) for n, each in enumerate(pool.imap(_entry, rows, 500), 1)),
            )
            key += len(rows)
        cursor.execute("SELECT setval(pg_get_serial_sequence('tickets_ticket', 'id'), %s)", [key])
        _sealed(cursor, before)
        cursor.execute("SET maintenance_work_mem = '1GB'")
        for statement in INDEXES.values():
            cursor.execute(statement)
        cursor.execute("ANALYZE tickets_ticket, tickets_searchentry")
    return time.monotonic() - started


def _ticket(number: int, complaint: Any, now: datetime) -> SimpleNamespace:
    at = now - BETWEEN * number
    status = STATUSES[number % len(STATUSES)]
    return SimpleNamespace(
        ticket_id=f"VOC-{at:%Y%m%d}-{number:07d}",
        status=status,
        created_at=at,
        updated_at=at,
        raw_voc=complaint.text,
        customer_name=complaint.customer,
        channel="web",
        received_at=at,
        summary=complaint.text[:80],
        customer_contact="",
        analyst="bench",
        urgency=("low", "medium", "high")[number % 3],
        agent_decision_primary=("code_error", "integration_error", "business_improvement")[number % 3],
        decision_confidence=0.8,
        affected_system=("PaymentService", "OrderService", "RefundService", "MainService")[number % 4],
        reject_reason="Wrong" if status == "REJECTED" else None,
        external_id=None,
        placeholders={},
    )


def _plain(rows: list[SimpleNamespace]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        values = (getattr(row, name) for name in TICKET.split())
        yield tuple(Jsonb(each) if isinstance(each, dict) else each for each in values)


def _entry(row: SimpleNamespace) -> tuple[Any, ...]:
    # Models can be imported only once Django is set up.
    from tickets.indexing import entry_of

    return tuple(entry_of(row).values())


def _sealed(cursor: Any, before: int) -> None:
    # Models can be imported only once Django is set up.
    from tickets.sealing import seal

    cursor.execute(OPEN, [before])
    while seal(at_once=True) is not None:
        pass


def _copy(cursor: Any, table: str, columns: str, rows: Iterator[tuple[Any, ...]]) -> None:
    with cursor.copy(f"COPY {table} ({', '.join(columns.split())}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
