"""Reminders and escalation of urgent tickets that wait, by the rules, each once."""

from datetime import timedelta

import pytest

from notifications.models import Delivery, DeliveryState
from notifications.routing import services as routing
from notifications.routing.models import Held, Rule
from tests.factories import TicketFactory
from tickets import lifecycle, reminders, services
from tickets.models import EventKind, Status, TicketEvent
from voc.core import clock
from voc.core.outbox.claim import claim
from voc.core.outbox.models import Job, JobState
from voc.core.outbox.runner import run
from voc.core.vocabulary import Urgency

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def configured(settings):
    settings.LANGUAGE_CODE = settings.SLACK_LANGUAGE = "en"
    settings.SLACK_BOT_TOKEN = "xoxb-none"
    settings.SLACK_CHANNEL = "C01"


@pytest.fixture
def rule():
    return Rule.objects.create(
        name="urgent",
        events=["ticket.urgent"],
        targets=["slack:C01"],
        remind_minutes=30,
        escalate_minutes=120,
        escalate_to=["slack:CBOSS"],
    )


def waiting(*, minutes, urgency=Urgency.HIGH):
    ticket = TicketFactory(waiting=True, urgency=urgency)
    TicketEvent.objects.create(
        ticket=ticket,
        kind=EventKind.ANALYSED,
        at=clock.now() - timedelta(minutes=minutes),
        status_before=Status.ANALYZING,
        status_after=Status.WAITING_CONFIRM,
    )
    return ticket


def work():
    """Run what telling has to do, and send nothing."""
    while claimed := claim("notify"):
        run(claimed)


def told():
    return sorted(Delivery.objects.values_list("event", "target"))


def test_nobody_is_reminded_before_the_time(rule):
    waiting(minutes=29)
    assert reminders.emit_due() == 0


def test_a_reminder_goes_to_the_rules_targets_and_says_how_long_it_has_waited(rule):
    ticket = waiting(minutes=95)
    assert reminders.emit_due() == 1
    work()
    [row] = Delivery.objects.all()
    assert row.title == f"{ticket.ticket_id} still waits for a decision"
    assert ["Has waited", "1 hour 35 minutes"] in row.message["fields"]
    assert [button["action"] for button in row.message["buttons"]] == ["voc.approve", "voc.reject"]


def test_each_reminder_is_made_once_however_often_beat_asks(rule):
    waiting(minutes=31)
    assert [reminders.emit_due() for _ in range(3)] == [1, 0, 0]
    work()
    assert reminders.emit_due() == 0
    assert told() == [("ticket.reminder", "C01")]


def test_the_next_reminder_comes_after_another_such_time(rule, set_clock):
    waiting(minutes=31)
    now = clock.now()
    reminders.emit_due()
    set_clock(now + timedelta(minutes=30))
    assert reminders.emit_due() == 1
    set_clock(now + timedelta(minutes=30, seconds=30))
    assert reminders.emit_due() == 0


def test_after_a_long_silence_the_latest_reminder_is_made_and_not_all_of_them(rule):
    Rule.objects.update(escalate_minutes=0)
    waiting(minutes=300)
    assert reminders.emit_due() == 1


def test_a_ticket_that_waits_too_long_is_escalated_once_to_others(rule, set_clock):
    waiting(minutes=121)
    now = clock.now()
    assert reminders.emit_due() == 2
    work()
    assert told() == [("ticket.escalated", "CBOSS"), ("ticket.reminder", "C01")]
    set_clock(now + timedelta(minutes=10))
    assert reminders.emit_due() == 0


@pytest.mark.parametrize("urgency", [Urgency.MEDIUM, Urgency.LOW, None])
def test_only_urgent_tickets_are_reminded_of(rule, urgency):
    waiting(minutes=500, urgency=urgency)
    assert reminders.emit_due() == 0


def test_a_rule_about_another_system_reminds_nobody(rule):
    Rule.objects.update(systems=["OrderService"])
    waiting(minutes=500)
    assert reminders.emit_due() == 0


def test_a_ticket_that_is_decided_before_its_reminder_is_told_is_not_reminded_of(rule, manager):
    ticket = waiting(minutes=31)
    reminders.emit_due()
    services.confirm_ticket(ticket_id=ticket.ticket_id, actor=manager)
    work()
    assert ("ticket.reminder", "C01") not in told()


def test_nobody_is_reminded_of_a_muted_ticket(rule):
    ticket = waiting(minutes=31)
    routing.mute(subject=ticket.ticket_id, actor=None)
    reminders.emit_due()
    work()
    assert told() == []


def test_a_reminder_that_was_on_its_way_is_overtaken_by_the_verdict(rule, manager):
    ticket = waiting(minutes=31)
    reminders.emit_due()
    work()
    held = Delivery.objects.get()
    Held.objects.create(
        target="slack:C02",
        key=held.key,
        event=held.event,
        subject=held.subject,
        message=held.message,
        created_at=clock.now(),
        due_at=clock.now(),
    )
    services.reject_ticket(ticket_id=ticket.ticket_id, actor=manager, reject_reason="No")
    work()
    held.refresh_from_db()
    assert held.state == DeliveryState.SUPERSEDED
    assert not Held.objects.exists()


def test_a_ticket_that_waits_anew_is_not_reminded_of_for_the_time_before(rule):
    ticket = waiting(minutes=31)
    reminders.emit_due()
    TicketEvent.objects.create(
        ticket=ticket,
        kind=EventKind.ANALYSED,
        at=clock.now(),
        status_before=Status.ANALYZING,
        status_after=Status.WAITING_CONFIRM,
    )
    work()
    assert told() == []
    assert lifecycle.last_step(ticket)
    assert Job.objects.get().state == JobState.DONE
