from functools import partial

import pytest
from django.db import connection, transaction

from tests.factories import TicketFactory, UserFactory
from tests.tickets.crowd import share
from tickets import queries
from tickets.models import Status, Ticket, TicketCount
from tickets.tasks import compact_counts

pytestmark = pytest.mark.django_db


def kept():
    counts = queries.counts()
    real = {str(status): Ticket.objects.filter(status=status).count() for status in Status}
    assert counts == real
    return {status: number for status, number in counts.items() if number}


def test_the_database_keeps_the_counts_whatever_way_a_row_is_written():
    TicketFactory.create_batch(3)
    TicketFactory(waiting=True)
    assert kept() == {"OPEN": 3, "WAITING_CONFIRM": 1}
    Ticket.objects.filter(status=Status.OPEN).update(status=Status.ANALYZING, urgency="high")
    assert kept() == {"ANALYZING": 3, "WAITING_CONFIRM": 1}
    Ticket.objects.bulk_create([TicketFactory.build(ticket_id="A"), TicketFactory.build(ticket_id="B")])
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM tickets_ticket WHERE ticket_id = 'A'")
    assert kept() == {"OPEN": 1, "ANALYZING": 3, "WAITING_CONFIRM": 1}


def test_a_write_that_changes_neither_status_nor_urgency_adds_no_row():
    TicketFactory()
    rows = TicketCount.objects.count()
    Ticket.objects.update(summary="New")
    assert TicketCount.objects.count() == rows


def test_what_is_rolled_back_is_not_counted():
    with transaction.atomic():
        TicketFactory()
        transaction.set_rollback(True)
    assert kept() == {}


@pytest.mark.django_db(transaction=True)
def test_emptying_the_table_empties_the_counts():
    TicketFactory()
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE tickets_ticket CASCADE")
    assert kept() == {}


def test_the_counts_stay_exact_when_their_rows_are_folded():
    for _ in range(3):
        TicketFactory()
        TicketFactory(urgency="high")
    Ticket.objects.filter(urgency="high").update(status=Status.ANALYZING)
    before = kept()
    compact_counts()
    assert kept() == before
    assert TicketCount.objects.count() == 2
    compact_counts()
    assert kept() == before


def test_a_submitters_counts_are_of_his_own_tickets():
    submitter = UserFactory(submitter=True)
    TicketFactory(submitted_by=submitter)
    TicketFactory()
    assert queries.counts(submitter)["OPEN"] == 1
    assert queries.counts(UserFactory())["OPEN"] == 2


@pytest.mark.django_db(transaction=True)
def test_the_counts_stay_exact_while_many_write_and_others_fold():
    def move(n):
        ticket = TicketFactory(ticket_id=f"T-{n}")
        Ticket.objects.filter(pk=ticket.pk).update(status=Status.ANALYZING, urgency=("low", "high")[n % 2])
        if n % 5 == 0:
            ticket.delete()
        return None if n % 3 else compact_counts()

    results = share(8, [partial(move, n) for n in range(120)])
    assert [each for each in results if isinstance(each, Exception)] == []
    assert kept() == {"ANALYZING": 96}
    compact_counts()
    assert kept() == {"ANALYZING": 96}
    assert TicketCount.objects.count() == 2
