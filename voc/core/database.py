"""What the rest of the core needs to know about the database connection beneath the ORM."""

import threading
import time
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections, transaction

# What the ORM raises when the database went away or does not answer; it may be back a moment later.
DATABASE_AWAY = (OperationalError, InterfaceError)
CHECK_SECONDS = 1.0

_thread = threading.local()


def in_transaction() -> bool:
    """Whether the code itself has opened a transaction (the one that a test case wraps around everything does not count)."""
    blocks: list[Any] = transaction.get_connection().atomic_blocks
    return any(not block._from_testcase for block in blocks)


def release_connection() -> None:
    """Give this thread's connection back to the pool: before long I/O, and so that the next use gets one that is alive."""
    connection = transaction.get_connection()
    if not connection.in_atomic_block:
        connection.close()


def fresh_connection() -> None:
    """Make sure that the next query meets a live connection: the pool checks one when it hands it out.

    To be called where a thread may have been busy elsewhere for long. Costs nothing when that was less than a second ago.
    """
    connection = transaction.get_connection()
    now = time.monotonic()
    if connection.errors_occurred or now - getattr(_thread, "checked_at", -CHECK_SECONDS) >= CHECK_SECONDS:
        release_connection()
        _thread.checked_at = now


def raw_connection(*, name: str, connect_seconds: float, statement_seconds: float) -> psycopg.Connection[Any]:
    """A connection beside the ORM and its pool, for helper threads. Autocommit; every statement has a deadline.

    `name` is what the database's own lists call it.

    Raises psycopg.Error when the database does not answer in time.
    """
    parameters = dict(connections[DEFAULT_DB_ALIAS].get_connection_params())
    for ours in ("pool", "cursor_factory", "context"):
        parameters.pop(ours, None)
    parameters["application_name"] = name
    parameters["connect_timeout"] = max(1, round(connect_seconds))
    parameters["tcp_user_timeout"] = round(statement_seconds * 1000)
    given = parameters.get("options", "")
    parameters["options"] = f"{given} -c statement_timeout={round(statement_seconds * 1000)}".strip()
    return psycopg.connect(**parameters, autocommit=True)
