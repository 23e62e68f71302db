"""In which order the review queue offers its work, on the page and from one ticket to the next."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from tests.factories import TicketFactory, UserFactory
from tests.tickets.test_views import browser, ids_on, page
from tickets import queries
from tickets.models import Ticket
from tickets.paging import following, page_of
from tickets.queries import TicketFilter
from tickets.views_trail import WAITING

pytestmark = pytest.mark.django_db
QUEUE = TicketFilter(statuses=WAITING)


@pytest.fixture
def waiting():
    """Name → ticket: an urgency and for how many hours it has waited. Handed in in an order that says nothing."""
    return {
        f"{urgency}-{hours}": TicketFactory(waiting=True, urgency=urgency, age=timedelta(hours=hours))
        for urgency, hours in [("low", 9), ("high", 1), ("medium", 5), ("high", 7), ("low", 30), ("medium", 2)]
    } | {"unknown-50": TicketFactory(manual=True, age=timedelta(hours=50))}


def names(tickets, shown):
    by_id = {ticket.ticket_id: name for name, ticket in tickets.items()}
    return [by_id[ticket_id] for ticket_id in shown]


def skipped_through(client, tickets, first, sort=""):
    """The names from `first` on, as "Skip to the next" leads."""
    url, shown = f"{reverse('ticket', args=[tickets[first].ticket_id])}?queue=1{sort}", []
    for _step in tickets:
        html = client.get(url).content.decode()
        url = re.search(r'class="skip-next" data-key="j" href="([^"]+)"', html).group(1).replace("&amp;", "&")
        shown.append(url.split("/")[2])
    return names(tickets, shown)


OWN = ["high-7", "high-1", "medium-5", "medium-2", "low-30", "low-9", "unknown-50"]
ORDERS = {
    "": OWN,
    "urgency": ["high-1", "high-7", "medium-2", "medium-5", "low-9", "low-30", "unknown-50"],
    "oldest": ["unknown-50", "low-30", "low-9", "high-7", "medium-5", "medium-2", "high-1"],
    "newest": ["high-1", "medium-2", "medium-5", "high-7", "low-9", "low-30", "unknown-50"],
    "nonsense": OWN,
}


@pytest.mark.parametrize(("sort", "order"), ORDERS.items())
def test_the_most_urgent_come_first_and_of_those_who_has_waited_longest_unless_another_order_is_chosen(
    waiting, sort, order
):
    client = browser("manager")
    listed = page(client, "queue", query=f"?sort={sort}" if sort else "")
    assert names(waiting, ids_on(listed)) == order
    link = re.search(r'class="row-link" href="[^"]+(\?[^"]+)"', listed.content.decode()).group(1)
    assert link.replace("&amp;", "&") == (
        f"?queue=1&sort={sort}" if sort in ("urgency", "oldest", "newest") else "?queue=1"
    )


@pytest.mark.parametrize(("sort", "order"), ORDERS.items())
def test_the_next_ticket_is_the_one_that_follows_in_the_queue_as_it_was_sorted(waiting, sort, order):
    shown = skipped_through(browser("manager"), waiting, order[0], f"&sort={sort}" if sort else "")
    assert shown == [*order[1:], order[0]]


def test_the_way_back_leads_to_the_queue_as_it_was_sorted(waiting):
    client, ticket = browser("manager"), waiting["high-7"]
    for sort, back in (("&sort=oldest", "/queue/?sort=oldest"), ("", "/queue/"), ('&sort="><b>', "/queue/")):
        html = client.get(f"{reverse('ticket', args=[ticket.ticket_id])}?queue=1{sort}").content.decode()
        assert f'<a href="{back}"' in html


def test_how_long_a_customer_waits_counts_from_when_the_complaint_was_received(waiting):
    late = TicketFactory(waiting=True, urgency="high", received_at=timezone.now() - timedelta(days=3))
    assert ids_on(page(browser("manager"), "queue"))[0] == late.ticket_id


def test_other_lists_are_newest_first_and_offer_no_order_that_is_meant_for_the_queue(waiting):
    client = browser("manager")
    newest = names(waiting, ids_on(page(client, "ticket_list")))
    assert newest == ORDERS["newest"]
    assert names(waiting, ids_on(page(client, "ticket_list", query="?sort=waiting"))) == newest
    assert 'value="waiting"' not in page(client, "ticket_list").content.decode()


def test_pages_by_number_and_by_cursor_agree_also_among_equals():
    manager, moment = UserFactory(manager=True), timezone.now()
    for number in range(17):
        urgency = (None, "low", "medium", "high")[number % 4]
        TicketFactory(manual=True, urgency=urgency, created_at=moment - timedelta(minutes=number // 5))
    how = {"sort": "waiting", "order": "asc", "limit": 4}
    by_number = [ticket.pk for number in range(1, 6) for ticket in page_of(manager, QUEUE, page=number, **how).tickets]
    found = page_of(manager, QUEUE, **how)
    by_cursor = [ticket.pk for ticket in found.tickets]
    while found.next_cursor:
        found = page_of(manager, QUEUE, cursor=found.next_cursor, **how)
        by_cursor += [ticket.pk for ticket in found.tickets]
    assert by_number == by_cursor
    assert len(set(by_number)) == 17


def test_the_queue_is_read_from_an_index_of_what_waits_however_much_is_finished():
    moment = timezone.now()
    finished = TicketFactory.build_batch(1500, approved=True, created_at=moment)
    Ticket.objects.bulk_create(finished + TicketFactory.build_batch(300, waiting=True, created_at=moment))
    manager = UserFactory(manager=True)
    here = Ticket.objects.filter(status="WAITING_CONFIRM").order_by("id")[100]
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE tickets_ticket")
    tickets = queries.filter_tickets(queries.visible_tickets(manager), QUEUE, reader=manager)
    for ask in (
        lambda: page_of(manager, QUEUE, sort="waiting", order="asc"),
        lambda: following(tickets, here, sort="waiting", order="asc"),
    ):
        assert "Index Scan using ticket_waiting" in plan_of(ask)


def plan_of(ask):
    """How the database does the last query of `ask`."""
    asked = []

    def watch(execute, sql, params, many, context):
        asked.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        ask()
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {asked[-1][0]}", asked[-1][1])
        return "\n".join(row[0] for row in cursor.fetchall())
