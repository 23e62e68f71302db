"""An erasure leaves other people's tickets as they are, whatever the erased customer was called and whatever they wrote."""

from datetime import timedelta

import pytest
from django.db import transaction

from notifications.models import Delivery, DeliveryState
from tests import factories
from tickets import erasure, tasks
from tickets.models import Status, Ticket
from tickets.services import submit_voc
from voc.core.errors import NotAllowed
from voc.core.outbox.models import Job

pytestmark = pytest.mark.django_db

SAID = "결제가 안 됩니다. 확인 부탁드립니다."


def finished(**changes) -> Ticket:
    given = {
        "channel": "email",
        "raw_voc": SAID,
        "customer_name": "김가람",
        "customer_contact": "a@example.com",
    } | changes
    with transaction.atomic():
        ticket = submit_voc(received_at=None, **given)
    Job.objects.filter(subject=ticket.ticket_id).update(state="done")
    Ticket.objects.filter(pk=ticket.pk).update(status=Status.DONE)
    return ticket


def test_somebody_elses_complaint_in_the_very_same_words_stays():
    finished()
    other = factories.TicketFactory(raw_voc=SAID, summary=SAID, customer_contact="b@example.com", waiting=True)
    longer = factories.TicketFactory(raw_voc=f"{SAID} 월요일부터 그래요.", customer_contact="c@example.com")
    erasure.erase_customer(contact="a@example.com")
    for ticket in (other, longer):
        ticket.refresh_from_db()
    assert (other.raw_voc, other.summary) == (SAID, SAID)
    assert longer.raw_voc == f"{SAID} 월요일부터 그래요."


def test_the_nightly_clean_up_takes_no_word_from_a_complaint_that_waits(settings):
    settings.CUSTOMER_KEEP_DAYS = 30
    old = factories.TicketFactory(approved=True, age=timedelta(days=40), customer_contact="a@example.com")
    waiting = factories.TicketFactory(waiting=True, customer_contact="b@example.com")
    words, summary = waiting.raw_voc, waiting.summary
    assert tasks.erase_old() == 1
    old.refresh_from_db()
    waiting.refresh_from_db()
    assert (old.raw_voc, waiting.raw_voc, waiting.summary) == ("***", words, summary)


@pytest.mark.parametrize("name", ["A", "1", "email", "DONE", "0.9", "김"])
def test_a_customer_of_whatever_name_can_be_erased(name):
    ticket = finished(customer_name=name)
    factories.TicketEventFactory(ticket=ticket, data={"reason": f"{name} 고객", "confidence": 0.91, "run_id": 1})
    erasure.erase_customer(contact="a@example.com")
    now = Ticket.objects.get(pk=ticket.pk)
    assert (now.customer_name, now.raw_voc, now.channel, now.status) == ("***", "***", "email", "DONE")
    assert now.ticket_id == ticket.ticket_id
    assert now.events.get(data__has_key="run_id").data == {"confidence": 0.91, "run_id": 1}


def test_the_number_of_another_complaint_that_begins_alike_stays():
    mine = finished(external_id="ORDER-1000")
    other = finished(
        external_id="ORDER-10001", customer_contact="b@example.com", raw_voc="주문 ORDER-10001 취소해 주세요"
    )
    erasure.erase_customer(channel="email", external_id="ORDER-1000")
    assert Ticket.objects.get(pk=mine.pk).external_id is None
    now = Ticket.objects.get(pk=other.pk)
    assert (now.external_id, now.raw_voc) == ("ORDER-10001", "주문 ORDER-10001 취소해 주세요")


def test_the_same_number_in_two_other_channels_stays_theirs():
    finished(external_id="ORDER-1000")
    others = [
        finished(external_id="ORDER-1000", channel=channel, customer_contact=f"{channel}@example.com")
        for channel in ("web", "slack")
    ]
    erasure.erase_customer(channel="email", external_id="ORDER-1000")
    assert [Ticket.objects.get(pk=other.pk).external_id for other in others] == ["ORDER-1000"] * 2


def test_a_number_that_stands_in_json_as_a_number_goes_too():
    phone = "110-234-567890"
    finished(raw_voc=f"국민은행 {phone} 계좌로 환불해 주세요")
    other = factories.TicketFactory(
        approved=True,
        customer_contact="b@example.com",
        decision_reason={"account": 110234567890, "said": phone, "n": 3},
    )
    Ticket.objects.filter(customer_contact="a@example.com").update(
        placeholders={"[ACCOUNT_1]": [phone, "110234567890"]}
    )
    erasure.erase_customer(contact="a@example.com")
    assert Ticket.objects.get(pk=other.pk).decision_reason == {"account": "***", "said": "***", "n": 3}


def test_one_ticket_that_is_worked_on_keeps_no_other_from_its_retention(settings):
    settings.CUSTOMER_KEEP_DAYS = 30
    age = timedelta(days=40)
    busy = factories.TicketFactory(status=Status.DONE, age=age, customer_contact="a@example.com")
    idle = factories.TicketFactory(status=Status.DONE, age=age, customer_contact="b@example.com")
    Job.objects.create(
        event="jira.link_back", queue="jira", handler="h", subject=busy.ticket_id, key="k", due_at=idle.created_at,
        created_at=idle.created_at,
    )  # fmt: skip
    assert tasks.erase_old() == 1
    assert Ticket.objects.get(pk=idle.pk).customer_name == "***"
    assert Ticket.objects.get(pk=busy.pk).customer_name == "Kim Minji"
    with pytest.raises(NotAllowed):
        erasure.erase_customer(contact="a@example.com")


def test_what_still_waits_to_go_out_about_an_erased_customer_is_told_no_more():
    ticket = finished()
    message = {"key": "k", "event": "e", "subject": ticket.ticket_id, "title": SAID}
    row = Delivery.objects.create(
        subject=ticket.ticket_id, event="e", key="k", channel="slack", target="C1", title=SAID, message=message,
        created_at=ticket.created_at,
    )  # fmt: skip
    erasure.erase_customer(contact="a@example.com")
    assert Delivery.objects.get(pk=row.pk).state == DeliveryState.SUPERSEDED
