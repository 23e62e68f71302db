"""What the lists cost as tickets pile up: the review queue and GET /api/v1/tickets with few tickets and with many.

    python -m benchmarks.lists [FEW] [MANY]

Starts a throw-away PostgreSQL, and asks the views directly: no network, no web server. The ratio is what counts: near 1, a
list costs the same however many tickets there are.
"""

import os
import secrets
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import django
from django.core.management import call_command
from django.db import connection

from voc.dev.embedded import throwaway

FEW, MANY = 1_000, 200_000
ROUNDS = 30

# One statement, so that the counts' trigger runs once. A tenth of the tickets waits; the rest is done with.
FILL = """
INSERT INTO tickets_ticket (ticket_id, status, created_at, updated_at, raw_voc, customer_name, channel, received_at, summary,
    customer_contact, analyst, urgency, agent_decision_primary, decision_confidence)
SELECT 'VOC-20250101-' || lpad(n::text, 7, '0'),
    CASE WHEN n %% 10 = 0 THEN 'WAITING_CONFIRM' ELSE 'DONE' END,
    now() - n * interval '1 second', now(), 'The refund button fails ' || n, 'Customer ' || n, 'web',
    now() - n * interval '1 second', 'The refund button fails', '', 'bench',
    (ARRAY['low', 'medium', 'high'])[1 + n %% 3], 'code_error', 0.9
FROM generate_series(%s, %s) AS n
"""


def main() -> None:
    given = [int(value) for value in sys.argv[1:3]]
    few, many = (*given, *(FEW, MANY)[len(given) :])
    with database():
        pages = _pages()
        fill(1, few)
        before = {name: measure(page) for name, page in pages.items()}
        fill(few + 1, many)
        after = {name: measure(page) for name, page in pages.items()}
    show(few, before, many, after)


@contextmanager
def database() -> Iterator[None]:
    """A throw-away one with all tables, and Django set up on it."""
    with throwaway() as urls:
        os.environ.update(urls, SECRET_KEY=secrets.token_urlsafe(50), ENV_FILE=os.devnull, LOG_LEVEL="ERROR")
        os.environ |= {"DJANGO_SETTINGS_MODULE": "voc.settings", "ALLOWED_HOSTS": "testserver"}
        django.setup()
        call_command("migrate", verbosity=0, skip_checks=True)
        yield


def show(few: int, before: dict[str, float], many: int, after: dict[str, float]) -> None:
    """A line for each page: milliseconds with few rows, with many, and the ratio."""
    print(f"{'':34} {few:>10,} {many:>10,}   ratio")
    for name in before:
        ratio = after[name] / before[name]
        print(f"{name:34} {before[name]:7.1f} ms {after[name]:7.1f} ms {ratio:7.2f}")


def fill(first: int, last: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(FILL, [first, last])
        cursor.execute("ANALYZE tickets_ticket")


def measure(page: Callable[[], int]) -> float:
    """The median time of one answer, in milliseconds."""
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        status = page()
        times.append((time.perf_counter() - started) * 1000)
        if status != 200:
            raise RuntimeError(f"answered {status}")
    return statistics.median(times)


def _pages() -> dict[str, Callable[[], int]]:
    # Models can be imported only once Django is set up.
    from django.test import Client
    from rest_framework.test import APIClient

    from accounts.models import User

    manager = User.objects.create_user("bench", role="manager")
    portal, api = Client(), APIClient()
    portal.force_login(manager)
    api.force_authenticate(manager)
    return {
        "review queue": lambda: portal.get("/queue/").status_code,
        "all tickets, portal": lambda: portal.get("/tickets/").status_code,
        "GET /api/v1/tickets": lambda: api.get("/api/v1/tickets").status_code,
        "GET /api/v1/tickets?status=…": lambda: api.get("/api/v1/tickets?status=WAITING_CONFIRM").status_code,
    }


if __name__ == "__main__":
    main()
