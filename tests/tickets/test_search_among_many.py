"""Search and similar cases among some thousands of tickets: by the index, with as many queries, and finding what they should.
`make bench` measures the same among a million."""

import json
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from benchmarks.filling import fill
from benchmarks.search import recall
from tests.factories import TicketFactory, UserFactory
from tickets.models import Ticket
from tickets.paging import page_of
from tickets.queries import TicketFilter, search
from tickets.similar import similar_cases

MANY = 2000
PAIRS = Path(__file__).parent.parent / "corpus" / "paraphrases.jsonl"


@pytest.fixture
def many(db):
    # Checked at once, so that the indexes can be built in the same transaction.
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    fill(1, MANY, seed=7)


@pytest.mark.django_db
def test_among_thousands_the_index_is_used_pages_are_right_and_past_cases_are_found(many):
    manager = UserFactory(manager=True)
    plan = search(Ticket.objects.all(), "예수금이 취소", reader=manager).explain()
    assert "entry_grams" in plan
    assert "Seq Scan on tickets_searchentry" not in plan
    common = page_of(manager, TicketFilter(q="요"), limit=25)
    assert (common.total_count, common.is_more, len(common.tickets)) == (1000, True, 25)
    newest = Ticket.objects.filter(entry__text__contains="요").order_by("-created_at", "-id")
    assert [each.pk for each in common.tickets] == [each.pk for each in newest[:25]]
    following = page_of(manager, TicketFilter(q="요"), limit=25, cursor=common.next_cursor)
    assert [each.pk for each in following.tickets] == [each.pk for each in newest[25:50]]
    some = page_of(manager, TicketFilter(q="로트번호"), limit=25)
    assert some.total_count == Ticket.objects.filter(entry__text__contains="로트번호").count() > 0
    pairs = [json.loads(line) for line in PAIRS.read_text(encoding="utf-8").splitlines()]
    known = {each["id"]: TicketFactory(approved=True, raw_voc=each["past"]).ticket_id for each in pairs}
    with CaptureQueriesContext(connection) as asked:
        similar_cases(text=pairs[0]["again"])
    assert len(asked) == 9
    probe = next(query["sql"] for query in asked if "pairs" in query["sql"])
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")
        cursor.execute(f"EXPLAIN {probe}")
        assert "entry_pairs" in str(cursor.fetchall())
    assert recall(pairs, known, at=3) >= 0.5
