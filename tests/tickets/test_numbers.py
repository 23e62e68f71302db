import os
from datetime import UTC, date, datetime
from functools import partial

import pytest
from django.db import connection, transaction

from tests.factories import TicketFactory
from tests.tickets.crowd import share
from tickets import numbers, services
from tickets.models import Ticket, TicketDay
from voc.core.outbox.models import Job

DAY = date(2026, 3, 2)
# `VOC_SUBMISSIONS=10000 pytest tests/tickets/test_numbers.py` is the long form: 33 s on two cores.
NUMBER_OF_SUBMISSIONS = int(os.environ.get("VOC_SUBMISSIONS", "1000"))


def submit(n=0, **more):
    return services.submit_voc(**{"raw_voc": f"Complaint {n}", "customer_name": "Kim", "channel": "api"} | more)


@pytest.mark.django_db
def test_serials_start_at_one_each_day_and_count_on():
    assert [numbers.draw(DAY) for _ in range(3)] == [f"VOC-20260302-000{n}" for n in (1, 2, 3)]
    assert numbers.draw(date(2026, 3, 3)) == "VOC-20260303-0001"
    assert numbers.draw(DAY) == "VOC-20260302-0005"


@pytest.mark.django_db
def test_serials_grow_past_four_digits():
    numbers.draw(DAY)
    TicketDay.objects.update(base=TicketDay.objects.get().base - 9_999)
    assert numbers.draw(DAY) == "VOC-20260302-10001"


@pytest.mark.django_db
def test_a_number_that_was_drawn_before_the_days_first_one_is_not_used():
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('tickets_number')")
        value = cursor.fetchone()[0]
    TicketDay.objects.create(day=DAY, base=value + 3)
    assert numbers.draw(DAY) == "VOC-20260302-0001"


@pytest.mark.django_db
def test_the_day_is_the_sites(set_clock, settings):
    settings.TIME_ZONE = "Asia/Seoul"
    set_clock(datetime(2026, 3, 1, 15, 0, tzinfo=UTC))
    assert submit().ticket_id == "VOC-20260302-0001"


@pytest.mark.django_db
def test_ids_that_are_taken_are_skipped(set_clock, settings):
    settings.TIME_ZONE = "Asia/Seoul"
    set_clock(datetime(2026, 3, 2, 3, 0, tzinfo=UTC))
    for n in (1, 2, 4):
        TicketFactory(ticket_id=f"VOC-20260302-000{n}")
    assert [submit().ticket_id, submit().ticket_id] == ["VOC-20260302-0003", "VOC-20260302-0005"]


@pytest.mark.django_db
def test_a_submission_that_is_rolled_back_leaves_a_gap_and_nothing_else(set_clock):
    set_clock(datetime(2026, 3, 2, 3, 0, tzinfo=UTC))
    first = submit().ticket_id
    with transaction.atomic():
        submit()
        transaction.set_rollback(True)
    assert (first, submit().ticket_id) == ("VOC-20260302-0001", "VOC-20260302-0003")


@pytest.mark.django_db(transaction=True)
def test_twenty_threads_double_no_id_and_none_fails():
    tickets = share(20, [partial(submit, n) for n in range(NUMBER_OF_SUBMISSIONS)])
    assert [each for each in tickets if isinstance(each, Exception)] == []
    assert len({each.ticket_id for each in tickets}) == NUMBER_OF_SUBMISSIONS
    assert Ticket.objects.count() == Job.objects.count() == NUMBER_OF_SUBMISSIONS


@pytest.mark.django_db(transaction=True)
def test_a_submission_under_way_keeps_no_other_one_waiting():
    submit()
    with transaction.atomic():
        submit()
        [other] = share(1, [partial(submit, 2)], seconds=60)
        assert isinstance(other, Ticket)
