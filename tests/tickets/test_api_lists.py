import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import TicketFactory
from tests.tickets.calls import where
from tickets.indexing import index_all
from tickets.models import SearchEntry, Ticket

pytestmark = pytest.mark.django_db


def test_a_list_has_short_rows_and_exact_numbers(api):
    TicketFactory.create_batch(3)
    answer = api.get("/api/v1/tickets?limit=2").json()
    assert {
        name: answer[name] for name in ("total_count", "total_count_is_capped", "page", "limit", "total_pages")
    } == {
        "total_count": 3,
        "total_count_is_capped": False,
        "page": 1,
        "limit": 2,
        "total_pages": 2,
    }
    assert set(answer["tickets"][0]) == {
        *("ticket_id", "status", "created_at", "updated_at", "summary", "urgency", "customer_name"),
        "decision_confidence",
    }
    assert len(api.get(f"/api/v1/tickets?limit=2&cursor={answer['next_cursor']}").json()["tickets"]) == 1


def test_a_search_says_that_it_stopped_counting_and_cursors_lead_on(api, monkeypatch):
    monkeypatch.setattr("tickets.paging.MOST_COUNTED", 3)
    monkeypatch.setattr("tickets.queries.MOST_COUNTED", 3)
    TicketFactory.create_batch(5, raw_voc="쿠폰이 안 돼요")
    first = api.get("/api/v1/tickets?q=쿠폰&limit=3").json()
    assert (first["total_count"], first["total_count_is_capped"], first["total_pages"]) == (3, True, 1)
    second = api.get(f"/api/v1/tickets?q=쿠폰&limit=3&cursor={first['next_cursor']}").json()
    assert (len(second["tickets"]), second["total_count_is_capped"], second["next_cursor"]) == (2, True, None)


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ("", 6),
        ("?status=&urgency=&q=&updated_since=&sort=&order=&page=&limit=&cursor=", 6),
        ("?status=OPEN", 2),
        ("?status=OPEN,DONE", 3),
        ("?status=OPEN&status=DONE&status=DONE", 3),
        ("?status=OPEN, DONE ,", 3),
        ("?urgency=medium,high", 4),
        ("?status=DONE&urgency=medium", 1),
        ("?q=쿠폰", 1),
        ("?q=%25", 0),
        ("?updated_since=2100-01-01T00:00:00", 0),
        ("?page=2&limit=5", 1),
        ("?page=99999999999999999999", 0),
    ],
)
def test_a_list_is_narrowed_by_its_parameters(api, query, number):
    TicketFactory.create_batch(2)
    TicketFactory.create_batch(2, waiting=True)
    TicketFactory(approved=True, raw_voc="쿠폰이 안 돼요")
    TicketFactory(rejected=True)
    answer = api.get(f"/api/v1/tickets{query}")
    assert answer.status_code == 200, answer.json()
    assert len(answer.json()["tickets"]) == number


@pytest.mark.parametrize(
    "query",
    [
        *(
            "status=LOST",
            "urgency=huge",
            "updated_since=soon",
            "updated_since=0001-01-01",
            "sort=name",
            "order=up",
            "page=0",
            "page=x",
        ),
        *("q=%00", "cursor=%00", "status=%00"),
        *("limit=0", "limit=101", "cursor=nonsense", "q=" + "x" * 201, "page=1.5"),
    ],
)
def test_a_parameter_that_cannot_be_right_is_named(api, query):
    answer = api.get(f"/api/v1/tickets?{query}")
    assert answer.status_code == 422
    assert where(answer)[0][:2] == ["query", query.split("=")[0]]


def test_a_list_takes_at_most_five_queries_whatever_the_number_of_rows(api):
    queries = ["?limit=100", "?q=refund&limit=100&sort=urgency", "?status=OPEN,DONE&page=2&limit=5"]

    def counted(query, rows):
        with CaptureQueriesContext(connection) as captured:
            answer = api.get(f"/api/v1/tickets{query}").json()
        assert answer["total_count"] == rows
        assert answer["tickets"]
        return len(captured)

    index_all(Ticket.objects.bulk_create(TicketFactory.build_batch(10)), SearchEntry.objects)
    few = [counted(query, 10) for query in queries]
    index_all(Ticket.objects.bulk_create(TicketFactory.build_batch(990)), SearchEntry.objects)
    assert [counted(query, 1000) for query in queries] == few
    assert max(few) <= 5
