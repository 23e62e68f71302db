"""Telling people about a ticket: through the outbox and the service to a peer that speaks Slack's protocol."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction

from notifications.message import ALLOWABLE
from notifications.models import Delivery, DeliveryState
from tests.factories import TicketFactory, UserFactory
from tests.notifications.conftest import time_passes
from tickets import messages, services
from tickets.models import EventKind, TicketEvent
from voc.core import clock
from voc.core.outbox.api import drain_all, emit
from voc.core.outbox.claim import claim
from voc.core.outbox.flow import routes
from voc.core.outbox.models import Job, JobState
from voc.core.outbox.runner import run
from voc.core.vocabulary import Urgency
from voc.dev.ports import free_port

pytestmark = pytest.mark.django_db(transaction=True)

SECRET = "xq7Zs3cr3tXq7Z"


@pytest.fixture(autouse=True)
def english(settings):
    settings.LANGUAGE_CODE = "en"


@pytest.fixture
def sandbox(sandbox_process, settings):
    """Slack, reset, with a webhook of this test alone: no breaker of another test stands before it."""
    sandbox_process.reset()
    settings.SLACK_WEBHOOK_URL = sandbox_process.url(f"/slack/services/T{uuid.uuid4().hex[:8]}/B0/{SECRET}")
    settings.OUTBOUND_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    settings.SLACK_LANGUAGE = "en"
    settings.SITE_URL = "https://voc.example.com"
    settings.VOC_GRACE_SECONDS = 0
    return sandbox_process


@pytest.fixture
def ticket():
    return TicketFactory(waiting=True, urgency=Urgency.HIGH, customer_contact="010-1234-5678", customer_name="홍길동")


def urgent(ticket):
    with transaction.atomic():
        [job] = emit("ticket.urgent", subject=ticket.ticket_id, key=f"ticket.urgent:{ticket.ticket_id}")
    return job


def sent(sandbox):
    return sandbox.state("slack")["messages"]


def told(ticket, *kinds):
    return list(TicketEvent.objects.filter(ticket=ticket, kind__in=kinds or [EventKind.TOLD, EventKind.NOT_TOLD]))


def carrier():
    """The job that carries the message to Slack."""
    return Job.objects.get(event="notification.slack")


def due_now():
    time_passes()
    Job.objects.filter(state=JobState.PENDING).update(due_at=clock.now())
    Delivery.objects.filter(state=DeliveryState.SENDING).update(lease_until=clock.now() - timedelta(hours=1))


def test_an_urgent_ticket_is_told_once_and_noted_once_though_the_job_runs_twice(sandbox, ticket):
    urgent(ticket)

    drain_all(twice=True)

    [message] = sent(sandbox)
    assert message["blocks"][0]["text"]["text"] == f"🔴 Urgent complaint {ticket.ticket_id}"
    [event] = told(ticket)
    assert event.kind == EventKind.TOLD
    assert event.data["event"] == "ticket.urgent"
    assert event.data["channel"] == "slack"
    assert Delivery.objects.get().subject == ticket.ticket_id


def test_the_message_says_what_is_configured_and_leads_to_the_ticket(sandbox, ticket):
    urgent(ticket)

    drain_all()

    [message] = sent(sandbox)
    text = str(message["blocks"])
    assert "The refund button fails" in text
    assert "*Urgency*\\nHigh" in text
    assert "*Problem type*\\nOur bug" in text
    assert "*System*\\nRefundService" in text
    assert f"<https://voc.example.com/tickets/{ticket.ticket_id}/|" in text


def test_a_message_never_holds_the_contact_and_by_default_not_the_customers_name(sandbox, ticket):
    urgent(ticket)

    drain_all()

    everything = str(sent(sandbox))
    assert ticket.customer_contact not in everything
    assert ticket.customer_name not in everything
    assert ticket.raw_voc not in everything


def test_with_nothing_allowed_a_message_holds_the_occasion_and_the_link(sandbox, ticket, settings):
    settings.NOTIFY_FIELDS = []
    urgent(ticket)

    drain_all()

    [message] = sent(sandbox)
    assert [block["type"] for block in message["blocks"]] == ["header", "section"]
    assert ticket.ticket_id in message["blocks"][1]["text"]["text"]
    assert "refund" not in str(message).lower()


def test_the_customers_name_is_told_where_that_is_allowed(sandbox, ticket, settings):
    settings.NOTIFY_FIELDS = list(ALLOWABLE)
    urgent(ticket)

    drain_all()

    assert "*Customer*\\n홍길동" in str(sent(sandbox)[0]["blocks"])


def test_all_that_can_be_allowed_can_be_told():
    assert {"summary", *messages._FIELDS} == set(ALLOWABLE)


def test_messages_are_in_the_language_of_the_channel(sandbox, ticket, settings):
    settings.SLACK_LANGUAGE = "ko"
    urgent(ticket)

    drain_all()

    title = sent(sandbox)[0]["blocks"][0]["text"]["text"]
    assert ticket.ticket_id in title
    assert any("가" <= letter <= "힣" for letter in title), title


@pytest.mark.parametrize(
    ("decide", "title"),
    [
        (lambda of: services.confirm_ticket(**of), "approved"),
        (lambda of: services.reject_ticket(**of, reject_reason="Duplicate of another"), "rejected"),
    ],
)
def test_a_verdict_is_told_with_who_gave_it(sandbox, ticket, decide, title):
    decide({"ticket_id": ticket.ticket_id, "actor": UserFactory(manager=True, first_name="Kim", last_name="Manager")})

    drain_all(twice=True)

    [message] = sent(sandbox)
    assert message["blocks"][0]["text"]["text"] == f"🔴 {ticket.ticket_id} {title}"
    assert "*Decided by*\\nKim Manager" in str(message["blocks"])
    assert "Duplicate of another" not in str(message)
    [event] = told(ticket)
    assert (event.kind, event.data["event"]) == (EventKind.TOLD, "ticket.decided")


def test_a_completion_by_hand_is_told(sandbox, manager):
    ticket = TicketFactory(manual=True)
    services.complete_ticket(ticket_id=ticket.ticket_id, actor=manager, manual_resolution="Refunded by hand")

    drain_all()

    assert sent(sandbox)[0]["blocks"][0]["text"]["text"] == f"🔵 {ticket.ticket_id} completed by hand"


def test_a_verdict_that_was_undone_in_time_is_not_told(sandbox, ticket, manager, settings):
    settings.VOC_GRACE_SECONDS = 10
    services.confirm_ticket(ticket_id=ticket.ticket_id, actor=manager)
    services.undo_verdict(ticket_id=ticket.ticket_id, actor=manager)

    drain_all(include_delayed=True)

    assert sent(sandbox) == []
    assert told(ticket) == []


def test_without_a_webhook_the_job_is_done_and_the_timeline_is_quiet(sandbox, ticket, settings):
    settings.SLACK_WEBHOOK_URL = ""
    job = urgent(ticket)

    drain_all()

    job.refresh_from_db()
    assert job.state == JobState.DONE
    assert told(ticket) == []
    assert sandbox.requests() == []
    assert Delivery.objects.get().state == DeliveryState.SUPPRESSED


def test_too_many_requests_puts_the_job_off_to_the_time_that_slack_named(sandbox, ticket):
    sandbox.fault("slack", "status", status=429, retry_after=30, count=1)
    urgent(ticket)

    drain_all()

    job = carrier()
    assert job.state == JobState.PENDING
    assert timedelta(seconds=20) < job.due_at - clock.now() < timedelta(seconds=31)
    assert told(ticket) == []

    due_now()
    drain_all()
    assert len(sent(sandbox)) == 1
    assert [event.kind for event in told(ticket)] == [EventKind.TOLD]


def test_a_refusal_blocks_the_job_shows_on_the_ticket_and_can_be_tried_again_when_mended(sandbox, ticket):
    sandbox.fault("slack", "status", status=410)
    urgent(ticket)

    drain_all()

    job = carrier()
    assert job.state == JobState.BLOCKED
    assert "channel_is_archived" in job.error
    [event] = told(ticket)
    assert event.kind == EventKind.NOT_TOLD
    assert "channel_is_archived" in event.data["detail"]
    assert Delivery.objects.get().state == DeliveryState.DEAD

    sandbox.clear_faults()
    Job.objects.filter(pk=job.pk).update(state=JobState.PENDING, attempts=0, finished_at=None)
    due_now()
    drain_all()
    assert [event.kind for event in told(ticket)] == [EventKind.NOT_TOLD, EventKind.TOLD]
    assert [ticket.ticket_id in message["text"] for message in sent(sandbox)].count(True) == 1


def test_a_message_that_never_gets_through_is_given_up_visibly(sandbox, ticket):
    sandbox.fault("slack", "status", status=429, retry_after=1)
    urgent(ticket)

    drain_all()
    # As after hours of this: but for one, all tries are spent.
    most = routes("notification.slack")[0].max_attempts
    Job.objects.filter(pk=carrier().pk).update(attempts=most - 1)
    due_now()
    drain_all()

    job = carrier()
    assert job.state == JobState.DEAD
    assert Delivery.objects.get().state == DeliveryState.DEAD
    [event] = told(ticket)
    assert event.kind == EventKind.NOT_TOLD
    assert "429" in event.data["detail"]


def test_a_lost_answer_to_an_urgent_message_is_sent_again_and_the_timeline_says_it_may_be_twice(sandbox, ticket):
    sandbox.fault("slack", "drop_after", count=1)
    urgent(ticket)

    drain_all()
    due_now()
    drain_all()

    assert len(sent(sandbox)) == 2
    [event] = told(ticket)
    assert event.kind == EventKind.TOLD
    assert "more than once" in event.data["detail"]


def test_a_lost_answer_to_another_message_is_left_and_the_timeline_says_that_nobody_knows(sandbox, manager):
    ticket = TicketFactory(waiting=True, urgency=Urgency.LOW)
    sandbox.fault("slack", "drop_after", count=1)
    services.confirm_ticket(ticket_id=ticket.ticket_id, actor=manager)

    drain_all()
    due_now()
    drain_all()

    assert len(sent(sandbox)) == 1
    [event] = told(ticket)
    assert event.kind == EventKind.NOT_TOLD
    assert "not known whether it arrived" in event.data["detail"]
    assert Job.objects.get(event="ticket.decided", queue="notify").state == JobState.DONE


def test_two_workers_tell_it_once(sandbox, ticket):
    sandbox.fault("slack", "delay", seconds=0.2)
    urgent(ticket)

    def work(_):
        try:
            drain_all()
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, range(2)))

    assert len(sent(sandbox)) == 1
    assert [event.kind for event in told(ticket)] == [EventKind.TOLD]


def test_a_run_that_finds_another_sender_waits_for_it_and_spends_nothing(sandbox, ticket):
    urgent(ticket)
    [tell] = Job.objects.all()
    run(claim(tell.queue))
    Delivery.objects.update(state=DeliveryState.SENDING, attempts=1, lease_until=clock.now() + timedelta(seconds=20))

    drain_all()

    job = carrier()
    assert (job.state, job.attempts) == (JobState.PENDING, 0)
    assert sent(sandbox) == []

    due_now()
    drain_all()
    assert len(sent(sandbox)) == 1


def test_a_slack_that_stays_away_costs_no_attempt_once_the_breaker_is_open(sandbox, ticket, settings):
    settings.SLACK_WEBHOOK_URL = f"http://127.0.0.1:{free_port()}/services/T{uuid.uuid4().hex[:8]}/B0/{SECRET}"
    urgent(ticket)

    for _ in range(6):
        due_now()
        drain_all()

    job = carrier()
    assert (job.state, job.attempts) == (JobState.PENDING, 3)
    assert job.due_at > clock.now() + timedelta(seconds=10)
    assert told(ticket) == []


def test_a_ticket_that_is_gone_is_not_told(sandbox, ticket):
    job = urgent(ticket)
    ticket.delete()

    drain_all()

    job.refresh_from_db()
    assert job.state == JobState.DONE
    assert sandbox.requests() == []


def test_the_webhooks_secret_is_in_no_job_and_on_no_timeline(sandbox, ticket, manager):
    sandbox.fault("slack", "status", status=404, body=f"no route {SECRET}")
    urgent(ticket)
    services.confirm_ticket(ticket_id=ticket.ticket_id, actor=manager)

    drain_all()
    due_now()
    drain_all()

    assert Job.objects.filter(state=JobState.BLOCKED).count() == 2
    assert SECRET not in repr(list(Job.objects.values())) + repr([event.data for event in told(ticket)])
