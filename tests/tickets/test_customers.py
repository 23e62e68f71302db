"""What customers are told: only where it is on, only by mail, only what a manager approved, and once."""

import unicodedata
from datetime import timedelta

import pytest
from django.db import transaction

from notifications.models import Delivery, DeliveryState
from notifications.routing import services as routing
from tests.factories import TicketFactory
from tickets import services
from tickets.models import EventKind, Status, Ticket, TicketEvent
from voc.core import clock
from voc.core.errors import InvalidInput
from voc.core.outbox.api import emit
from voc.core.outbox.claim import claim
from voc.core.outbox.models import Job
from voc.core.outbox.runner import run

pytestmark = pytest.mark.django_db

ANSWER = "We have refunded you <today> & are sorry."


@pytest.fixture(autouse=True)
def configured(settings):
    settings.LANGUAGE_CODE = "en"
    settings.VOC_GRACE_SECONDS = 0
    settings.NOTIFY_CHANNELS = []
    settings.NOTIFY_CUSTOMERS = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"


def submitted(contact, raw_voc="The refund button fails"):
    return services.submit_voc(raw_voc=raw_voc, customer_name="Emily", channel="web", customer_contact=contact)


def waiting(contact="emily@example.com", **values):
    return TicketFactory(waiting=True, customer_contact=contact, **values)


def work():
    """Run what telling has to do, and send nothing."""
    while claimed := claim("notify"):
        run(claimed)


def told():
    work()
    return list(Delivery.objects.order_by("id"))


def test_a_receipt_goes_to_the_address_that_the_customer_left():
    ticket = submitted("emily@example.com")
    [row] = told()
    assert (row.event, row.channel, row.target) == ("customer.received", "email", "emily@example.com")
    assert row.title == f"We have received your message ({ticket.ticket_id})"
    assert (row.message["url"], row.message["fields"]) == ("", [])


def test_an_old_complaint_that_is_moved_in_gets_no_receipt():
    services.submit_voc(
        raw_voc="The refund button fails",
        customer_name="Emily",
        channel="web",
        customer_contact="emily@example.com",
        received_at=clock.now() - timedelta(days=2),
    )
    assert told() == []


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_who_writes_in_korean_is_answered_in_korean(form):
    submitted("kim@example.com", raw_voc=unicodedata.normalize(form, "환불 버튼이 안 돼요"))
    [row] = told()
    assert row.message["language"] == "ko"
    assert any("가" <= letter <= "힣" for letter in row.title)


@pytest.mark.parametrize(
    "contact", ["", "010-1234-5678", "call emily@example.com", "emily@example.com, kim@example.com"]
)
def test_who_left_no_single_address_is_not_written_to(contact):
    submitted(contact)
    assert told() == []


def test_while_it_is_off_no_customer_hears_anything(settings, manager):
    settings.NOTIFY_CUSTOMERS = False
    submitted("emily@example.com")
    ticket = waiting()
    services.confirm_ticket(ticket_id=ticket.ticket_id, actor=manager, customer_answer=ANSWER)
    assert told() == []


@pytest.mark.parametrize(
    "decide",
    [
        lambda of: services.confirm_ticket(**of),
        lambda of: services.reject_ticket(**of, reject_reason="internal words"),
    ],
)
def test_the_answer_that_a_manager_wrote_goes_out_as_it_stands_when_the_ticket_is_closed(decide, manager):
    ticket = waiting()
    decide({"ticket_id": ticket.ticket_id, "actor": manager, "customer_answer": f"  {ANSWER}\n"})
    [row] = told()
    assert (row.event, row.target, row.message["body"]) == ("customer.closed", "emily@example.com", ANSWER)
    assert "internal words" not in str(row.message)
    assert "Kim" not in str(row.message)


def test_a_completion_by_hand_carries_an_answer_too(manager):
    ticket = TicketFactory(manual=True, customer_contact="emily@example.com")
    services.complete_ticket(
        ticket_id=ticket.ticket_id, actor=manager, manual_resolution="Refunded", customer_answer=ANSWER
    )
    [row] = told()
    assert row.message["body"] == ANSWER


def test_without_an_answer_nothing_goes_out(manager):
    services.confirm_ticket(ticket_id=waiting().ticket_id, actor=manager)
    assert told() == []


def test_an_answer_to_a_verdict_that_was_undone_is_not_sent(manager, settings):
    settings.VOC_GRACE_SECONDS = 60
    ticket = waiting()
    services.confirm_ticket(ticket_id=ticket.ticket_id, actor=manager, customer_answer="The first answer")
    services.undo_verdict(ticket_id=ticket.ticket_id, actor=manager)
    settings.VOC_GRACE_SECONDS = 0
    services.confirm_ticket(ticket_id=ticket.ticket_id, actor=manager)
    assert told() == []


def test_while_work_goes_on_elsewhere_the_answer_waits_until_that_is_done(manager):
    ticket = waiting()
    services.confirm_ticket(ticket_id=ticket.ticket_id, actor=manager, customer_answer=ANSWER)
    Ticket.objects.update(status=Status.IN_PROGRESS)
    assert told() == []

    Ticket.objects.update(status=Status.DONE)
    with transaction.atomic():
        emit("ticket.resolved", subject=ticket.ticket_id)
        emit("ticket.resolved", subject=ticket.ticket_id)
    assert [row.event for row in told()] == ["customer.closed"]


def test_an_answer_that_is_too_long_is_refused_and_nothing_changes(manager):
    ticket = waiting()
    with pytest.raises(InvalidInput):
        services.confirm_ticket(ticket_id=ticket.ticket_id, actor=manager, customer_answer="x" * 4001)
    ticket.refresh_from_db()
    assert ticket.status == Status.WAITING_CONFIRM
    assert not Job.objects.exists()


def test_the_form_offers_an_answer_only_where_the_customer_can_be_told(client, manager, settings):
    client.force_login(manager)
    reachable, silent = waiting(), waiting(contact="")
    assert b'name="customer_answer"' in client.get(f"/tickets/{reachable.ticket_id}/").content
    assert b'name="customer_answer"' not in client.get(f"/tickets/{silent.ticket_id}/").content

    client.post(f"/tickets/{reachable.ticket_id}/reject/", {"reject_reason": "No", "customer_answer": ANSWER})
    client.post(f"/tickets/{silent.ticket_id}/reject/", {"reject_reason": "No", "customer_answer": ANSWER})
    events = TicketEvent.objects.filter(kind=EventKind.REJECTED).order_by("id")
    assert [event.data.get("customer_answer") for event in events] == [ANSWER, None]
    page = client.get(f"/tickets/{reachable.ticket_id}/").content.decode()
    assert "To the customer: We have refunded you &lt;today&gt; &amp; are sorry." in page


def test_a_customers_mail_is_not_held_back_by_a_mute(manager):
    ticket = waiting()
    routing.mute(subject=ticket.ticket_id, actor=manager)
    services.confirm_ticket(ticket_id=ticket.ticket_id, actor=manager, customer_answer=ANSWER)
    assert [row.state for row in told()] == [DeliveryState.PENDING]


def test_a_message_that_is_late_does_not_send_the_answer_before_the_grace_is_over(manager, settings):
    settings.VOC_GRACE_SECONDS = 60
    ticket = waiting()
    with transaction.atomic():
        emit("ticket.analysed", subject=ticket.ticket_id)
    services.reject_ticket(
        ticket_id=ticket.ticket_id, actor=manager, reject_reason="Too early", customer_answer="We cannot help you"
    )
    assert told() == []
    services.undo_verdict(ticket_id=ticket.ticket_id, actor=manager)
    assert told() == []


def test_the_answer_to_an_older_verdict_does_not_take_the_place_of_the_one_that_is_given_now(manager, settings):
    ticket = waiting()
    services.confirm_ticket(ticket_id=ticket.ticket_id, actor=manager, customer_answer="We are on it")
    Ticket.objects.update(status=Status.IN_PROGRESS)
    settings.VOC_GRACE_SECONDS = 60
    services.complete_ticket(
        ticket_id=ticket.ticket_id, actor=manager, manual_resolution="By hand", customer_answer="It is done"
    )
    assert told() == [], "the approval is told while the completion can still be undone"


def test_an_answer_that_was_undone_is_not_sent_when_the_approved_work_is_done(manager, settings):
    ticket = waiting()
    services.confirm_ticket(ticket_id=ticket.ticket_id, actor=manager, customer_answer=ANSWER)
    Ticket.objects.update(status=Status.IN_PROGRESS)
    assert told() == []
    settings.VOC_GRACE_SECONDS = 60
    services.complete_ticket(
        ticket_id=ticket.ticket_id, actor=manager, manual_resolution="By hand", customer_answer="Done by hand"
    )
    services.undo_verdict(ticket_id=ticket.ticket_id, actor=manager)
    Ticket.objects.update(status=Status.DONE)
    with transaction.atomic():
        emit("ticket.resolved", subject=ticket.ticket_id)
    [row] = told()
    assert row.message["body"] == ANSWER
