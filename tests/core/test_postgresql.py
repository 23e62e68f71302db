"""The pool of database connections, when the database goes away beneath it."""

import os
import threading
import time
from contextlib import closing

import psycopg
import pytest
from django.db import connection

from tests.core.tools import together

CONNECTIONS = 8


@pytest.fixture
def pool_of_dead_connections() -> None:
    """A pool that a busy moment has filled, all of whose connections the database has then closed."""

    backends: list[int] = []
    all_here = threading.Barrier(CONNECTIONS)

    def query() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            backends.append(cursor.fetchone()[0])
            all_here.wait(120)

    together([query] * CONNECTIONS)
    connection.close()
    with closing(psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)) as admin:
        ended = admin.execute(
            "SELECT count(pg_terminate_backend(pid, 5000)) FROM unnest(%s) AS pid", [backends]
        ).fetchone()
    assert ended == (CONNECTIONS,)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("pool_of_dead_connections")
def test_a_pool_full_of_dead_connections_gives_a_live_one_without_waiting_for_each() -> None:
    began = time.monotonic()

    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)

    # One pause for each of them would be 1 + 2 + 4 + 8 … seconds.
    assert time.monotonic() - began < 15
