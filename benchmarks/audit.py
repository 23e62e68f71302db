"""What a page of the audit trail costs as the trail grows: each filter, the rare and the deep ones too; and the whole export.

    python -m benchmarks.audit [FEW] [MANY]

Starts a throw-away PostgreSQL and asks the view directly. The ratio is what counts: near 1, a page costs the same however long
the trail. Where a combination of filters matches next to nothing, a page may cost what looking at its window does, and no more.
"""

import sys
import time
import tracemalloc
from collections.abc import Callable

from django.db import connection
from django.test.utils import CaptureQueriesContext

from benchmarks.lists import database, measure, show

FEW, MANY = 1_000, 1_000_000

# A second apart, of 20 people. The only deletions are the oldest sixty; one person has done nothing but one thing, long ago.
FILL = """
INSERT INTO audit_entry ("at", "table", "row", act, subject, actor, actor_name, entry, address, request_id, role,
    before, after, personal)
SELECT now() - (%(last)s - n) * interval '1 second',
    (ARRAY['tickets_ticket', 'tickets_comment', 'accounts_user', 'routing_rule'])[1 + n %% 4], n::text,
    CASE WHEN n <= 60 THEN 'D' WHEN n %% 3 = 0 THEN 'I' ELSE 'U' END,
    'VOC-20250101-' || lpad((n / 5)::text, 6, '0'), n %% 20,
    CASE WHEN n = 12 THEN 'rare' ELSE 'user' || n %% 20 END, 'api PATCH /x', '203.0.113.9', md5(n::text), 'voc_app',
    jsonb_build_object('status', 'OPEN', 'assignee', 'user' || n %% 7), jsonb_build_object('status', 'DONE'), '{}'
FROM generate_series(%(first)s, %(last)s) AS n
"""


def main() -> None:
    given = [int(value) for value in sys.argv[1:3]]
    few, many = (*given, *(FEW, MANY)[len(given) :])
    with database():
        fill(few)
        asked = pages(few)
        before, blocks_before = {name: measure(page) for name, page in asked.items()}, read(asked)
        fill(many)
        asked = pages(many)
        after, blocks_after = {name: measure(page) for name, page in asked.items()}, read(asked)
        show(few, before, many, after)
        print("blocks of 8 KB that PostgreSQL looked at:")
        for name in asked:
            print(f"{name:34} {blocks_before[name]:10,} {blocks_after[name]:10,}")
        export(many)


def fill(last: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE audit_entry")
        cursor.execute(FILL, {"first": 1, "last": last})
        cursor.execute("VACUUM ANALYZE audit_entry")


def pages(last: int) -> dict[str, Callable[[], int]]:
    # Models can be imported only once Django is set up.
    from django.test import Client

    from accounts.models import User
    from voc.core.audit.models import Entry

    client = Client()
    client.force_login(User.objects.filter(role="admin").first() or User.objects.create_user("bench", role="admin"))
    deep = Entry.objects.order_by("at")[last // 10].pk
    asked = {
        "newest": "",
        "deep in it": f"?before={deep}",
        "a ticket": f"?subject=VOC-20250101-{last // 10:06}",
        "a person": "?actor=user7",
        "a person of one entry, long ago": "?actor=rare",
        "a table": "?table=accounts_user",
        "deletions, long ago": "?act=D",
        "changes": "?act=U",
        "a day": "?since=2020-01-01&until=2020-01-01",
        "a person and a table, common": "?actor=user7&table=routing_rule",
        "a person and a table, never": "?actor=user7&table=accounts_user",
        "a person's deletions": "?actor=user7&act=D",
        "emptied tables": "?act=T",
    }
    return {name: lambda query=query: client.get(f"/audit/{query}").status_code for name, query in asked.items()}  # type: ignore[misc]


def read(asked: dict[str, Callable[[], int]]) -> dict[str, int]:
    """Page → what its queries on the trail looked at: a figure that no other load of the machine changes."""
    found = {}
    for name, page in asked.items():
        with CaptureQueriesContext(connection) as queries:
            page()
        statements = [each["sql"] for each in queries.captured_queries if 'FROM "audit_entry"' in each["sql"]]
        found[name] = sum(_blocks(statement) for statement in statements)
    return found


def _blocks(statement: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}")
        [plan] = cursor.fetchone()[0]
    return int(plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"])


def export(many: int) -> None:
    """How long the whole trail takes as CSV, and the most memory that Python held meanwhile."""
    # Models can be imported only once Django is set up.
    from voc.core.audit import export as trail
    from voc.core.audit.queries import Wanted

    started = time.perf_counter()
    size = sum(len(line) for line in trail.lines(Wanted()))
    seconds = time.perf_counter() - started
    tracemalloc.start()
    held = sum(1 for _line in trail.lines(Wanted(), most=100_000))
    most = tracemalloc.get_traced_memory()[1]
    print(
        f"export: {many:,} entries, {size / 1e6:.0f} MB in {seconds:.1f} s; {most / 1e6:.1f} MB held for {held:,} lines"
    )


if __name__ == "__main__":
    main()
