"""The system's vital signs, read beside the ORM so that a database which hangs or is gone can be told about too."""

from dataclasses import dataclass, field
from typing import Any

import psycopg

from voc.core import clock
from voc.core.database import raw_connection

# A branch per partial index: the done jobs, which are many, are never looked at.
COUNTS = """
SELECT queue, state, count(*) FROM outbox_job WHERE state = 'pending' GROUP BY queue, state
UNION ALL SELECT queue, state, count(*) FROM outbox_job WHERE state = 'running' GROUP BY queue, state
UNION ALL SELECT queue, state, count(*) FROM outbox_job WHERE state IN ('dead', 'blocked') GROUP BY queue, state
"""
# What a closed gate holds back is not late.
OLDEST = """
SELECT queue, extract(epoch FROM %(now)s - min(due_at))::float8 FROM outbox_job AS job
WHERE state = 'pending' AND due_at <= %(now)s AND NOT EXISTS (
    SELECT FROM outbox_gate AS gate
    WHERE gate.queue = job.queue AND (gate.closed_until IS NULL OR gate.closed_until > %(now)s)
)
GROUP BY queue
"""
LAPSED = """
SELECT queue, count(*) FROM outbox_job WHERE state = 'running' AND lease_until < clock_timestamp() GROUP BY queue
"""
GATES = "SELECT queue FROM outbox_gate WHERE closed_until IS NULL OR closed_until > %(now)s"
PULSES = "SELECT name, extract(epoch FROM %(now)s - seen_at)::float8 FROM outbox_pulse"
ALERTS = "SELECT level, count(*) FROM core_alert WHERE cleared_at IS NULL GROUP BY level"


@dataclass(frozen=True, slots=True)
class Vitals:
    """Ages are in seconds. `jobs` by (queue, state), `oldest_due` and `lapsed` by queue, `pulses` by name."""

    oldest_due: dict[str, float]
    pulses: dict[str, float]
    jobs: dict[tuple[str, str], int] = field(default_factory=dict)
    lapsed: dict[str, int] = field(default_factory=dict)
    closed: frozenset[str] = frozenset()
    alerts: dict[str, int] = field(default_factory=dict)


def read(*, seconds: float, everything: bool = True) -> Vitals:
    """Read them on a connection of its own; each wait takes `seconds` at most. Raises psycopg.Error."""
    with raw_connection(name="voc-vitals", connect_seconds=seconds, statement_seconds=seconds) as connection:
        oldest, pulses = _pairs(connection, OLDEST), _pairs(connection, PULSES)
        if not everything:
            return Vitals(oldest_due=oldest, pulses=pulses)
        return Vitals(
            oldest_due=oldest,
            pulses=pulses,
            jobs={(queue, state): count for queue, state, count in _rows(connection, COUNTS)},
            lapsed=_pairs(connection, LAPSED),
            closed=frozenset(queue for (queue,) in _rows(connection, GATES)),
            alerts=_pairs(connection, ALERTS),
        )


def _rows(connection: psycopg.Connection[Any], query: str) -> list[tuple[Any, ...]]:
    return connection.execute(query.encode(), {"now": clock.now()}).fetchall()


def _pairs(connection: psycopg.Connection[Any], query: str) -> dict[Any, Any]:
    return dict(_rows(connection, query))
