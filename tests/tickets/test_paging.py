from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from tests.factories import TicketFactory, UserFactory
from tickets import queries
from tickets.models import Ticket
from tickets.paging import page_of
from tickets.queries import TicketFilter
from voc.core.errors import InvalidInput

pytestmark = pytest.mark.django_db
ALL = TicketFilter()


@pytest.fixture
def viewer(db):
    return UserFactory()


def ids(page):
    return [ticket.pk for ticket in page.tickets]


def walk(user, wanted=ALL, **more):
    """All pages by cursor, as ids."""
    page = page_of(user, wanted, **more)
    seen = ids(page)
    while page.next_cursor:
        page = page_of(user, wanted, cursor=page.next_cursor, **more)
        seen += ids(page)
    return seen


def scatter():
    """Tickets of all urgencies, some of the same moment."""
    moment = timezone.now()
    for n in range(23):
        urgency = (None, "low", "medium", "high")[n % 4]
        TicketFactory(urgency=urgency, created_at=moment - timedelta(minutes=n // 3))


@pytest.mark.parametrize("sort", ["created_at", "urgency"])
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_pages_by_number_and_by_cursor_show_each_ticket_once_in_the_same_order(viewer, sort, order):
    scatter()
    by_number = [
        each
        for number in range(1, 6)
        for each in ids(page_of(viewer, ALL, sort=sort, order=order, page=number, limit=5))
    ]
    assert by_number == walk(viewer, sort=sort, order=order, limit=5)
    assert len(set(by_number)) == len(by_number) == 23
    reverse = "desc" if order == "asc" else "asc"
    assert walk(viewer, sort=sort, order=reverse, limit=7) == by_number[::-1]


def test_newest_first_and_by_urgency_the_highest_and_then_the_newest_first(viewer):
    scatter()
    newest = Ticket.objects.order_by("-created_at", "-pk").first()
    assert page_of(viewer, ALL).tickets[0] == newest
    urgent = page_of(viewer, ALL, sort="urgency", limit=100).tickets
    ranks = [("low", "medium", "high").index(ticket.urgency) if ticket.urgency else -1 for ticket in urgent]
    assert ranks == sorted(ranks, reverse=True)
    highs = [ticket.created_at for ticket in urgent if ticket.urgency == "high"]
    assert highs == sorted(highs, reverse=True)


def test_the_numbers_of_a_page_are_right(viewer):
    TicketFactory.create_batch(41)
    page = page_of(viewer, ALL, page=3)
    assert (page.total_count, page.page, page.limit, page.total_pages, len(page.tickets)) == (41, 3, 20, 3, 1)
    assert page.next_cursor is None


def test_a_page_past_the_end_is_empty_however_far(viewer):
    TicketFactory()
    for number in (2, 10**30):
        page = page_of(viewer, ALL, page=number)
        assert (page.tickets, page.total_count, page.total_pages) == ([], 1, 1)
    nothing = page_of(viewer, TicketFilter(q="nowhere to be found"))
    assert (nothing.total_count, nothing.total_pages) == (0, 0)


@pytest.mark.parametrize(
    ("wanted", "number"),
    [
        (ALL, 8),
        (TicketFilter(statuses=("OPEN",)), 2),
        (TicketFilter(statuses=("OPEN", "DONE")), 4),
        (TicketFilter(urgencies=("medium",)), 5),
        (TicketFilter(statuses=("DONE",), urgencies=("medium", "low")), 2),
        (TicketFilter(systems=("RefundService",)), 5),
        (TicketFilter(problem_types=("code_error",)), 4),
        (TicketFilter(problem_types=("integration_error",)), 1),
        (TicketFilter(assignee="Park"), 1),
        (TicketFilter(channels=("phone",)), 1),
        (TicketFilter(q="coupon"), 1),
        (TicketFilter(updated_since=datetime(2100, 1, 1, tzinfo=UTC)), 0),
        (TicketFilter(updated_since=datetime(2020, 1, 1, tzinfo=UTC), statuses=("DONE",)), 2),
    ],
)
def test_a_filter_and_its_count_agree_kept_or_counted(viewer, wanted, number):
    TicketFactory(channel="phone", raw_voc="The coupon fails")
    TicketFactory(assignee="Park")
    TicketFactory.create_batch(2, waiting=True)
    TicketFactory(manual=True)
    TicketFactory(approved=True)
    TicketFactory(approved=True, correction={"primary_type": ["code_error", "integration_error"]})
    TicketFactory(rejected=True)
    page = page_of(viewer, wanted, limit=100)
    assert page.total_count == len(page.tickets) == number
    cheap = queries.count_tickets(
        queries.filter_tickets(Ticket.objects.all(), wanted, reader=viewer), wanted, of_all=True
    )
    assert cheap == number


def test_a_page_takes_two_queries_and_one_whose_count_is_not_kept_takes_one_onwards(viewer, django_assert_num_queries):
    TicketFactory.create_batch(5)
    with django_assert_num_queries(2):
        first = page_of(viewer, TicketFilter(q="refund"), limit=2)
    with django_assert_num_queries(1):
        second = page_of(viewer, TicketFilter(q="refund"), limit=2, cursor=first.next_cursor)
    assert (second.total_count, second.page, second.total_pages) == (5, 2, 3)


@pytest.mark.parametrize("cursor", ["nonsense", "WyJhIl0:1abc:def", "\x00", "x" * 5000])
def test_a_cursor_that_is_none_is_refused(viewer, cursor):
    with pytest.raises(InvalidInput) as refused:
        page_of(viewer, ALL, cursor=cursor)
    assert refused.value.field == "cursor"


def test_a_cursor_of_another_list_is_refused(viewer):
    TicketFactory.create_batch(3)
    cursor = page_of(viewer, ALL, limit=1).next_cursor
    for more in ({"order": "asc"}, {"sort": "urgency"}):
        with pytest.raises(InvalidInput):
            page_of(viewer, ALL, cursor=cursor, **more)
    with pytest.raises(InvalidInput):
        page_of(viewer, TicketFilter(statuses=("OPEN",)), cursor=cursor)
    with pytest.raises(InvalidInput):
        page_of(UserFactory(), ALL, cursor=cursor)


def test_a_walk_by_cursor_neither_repeats_nor_misses_what_was_there_when_new_tickets_come(viewer):
    TicketFactory.create_batch(6)
    first = page_of(viewer, ALL, limit=3)
    TicketFactory.create_batch(3)
    second = page_of(viewer, ALL, limit=3, cursor=first.next_cursor)
    assert ids(first) + ids(second) == sorted(ids(first) + ids(second), reverse=True)
    assert len(set(ids(first) + ids(second))) == 6


def test_submitters_see_and_count_their_own_tickets_unless_a_setting_opens_all(settings):
    submitter = UserFactory(submitter=True)
    own = TicketFactory(submitted_by=submitter)
    other = TicketFactory()
    page = page_of(submitter, ALL)
    assert (ids(page), page.total_count) == ([own.pk], 1)
    assert page_of(submitter, TicketFilter(statuses=("OPEN",))).total_count == 1
    with pytest.raises(Ticket.DoesNotExist):
        queries.get_visible(submitter, other.ticket_id)
    settings.VOC_SUBMITTERS_SEE_ALL = True
    assert page_of(submitter, ALL).total_count == 2
    assert queries.get_visible(submitter, other.ticket_id) == other


def test_who_is_disabled_sees_nothing():
    TicketFactory()
    assert page_of(UserFactory(is_active=False), ALL).total_count == 0


def test_what_the_staff_says_among_itself_is_not_in_a_submitters_timeline(manager):
    from tickets import services

    ticket = TicketFactory(waiting=True)
    services.add_comment(ticket_id=ticket.ticket_id, actor=manager, body="He calls every week")
    services.assign_ticket(ticket_id=ticket.ticket_id, actor=manager, assignee="Park")
    services.confirm_ticket(ticket_id=ticket.ticket_id, actor=manager)
    assert [event.kind for event in queries.timeline(ticket)] == ["commented", "assigned", "confirmed"]
    assert [event.kind for event in queries.timeline(ticket, internal=False)] == ["confirmed"]
    assert queries.sees_internal(manager)
    assert not queries.sees_internal(UserFactory(submitter=True))
