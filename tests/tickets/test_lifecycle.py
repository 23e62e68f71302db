from itertools import product

import pytest
from django.db import transaction
from django.utils import translation

from tests.factories import TicketFactory
from tickets import lifecycle, services
from tickets.lifecycle import TRANSITIONS, Act
from tickets.models import EventKind, Status, Ticket
from voc.core.errors import NotAllowed

pytestmark = pytest.mark.django_db

# The specification's table, with who does it; undoing within the grace restores the status before.
ALLOWED = {
    (Status.OPEN, Act.START): {Status.ANALYZING},
    (Status.OPEN, Act.GIVE_UP): {Status.MANUAL_REQUIRED},
    (Status.ANALYZING, Act.CONCLUDE): {Status.WAITING_CONFIRM, Status.MANUAL_REQUIRED},
    (Status.ANALYZING, Act.GIVE_UP): {Status.MANUAL_REQUIRED},
    (Status.WAITING_CONFIRM, Act.CONFIRM): {Status.DONE, Status.IN_PROGRESS},
    (Status.WAITING_CONFIRM, Act.REJECT): {Status.REJECTED},
    (Status.WAITING_CONFIRM, Act.RETRY): {Status.ANALYZING},
    (Status.MANUAL_REQUIRED, Act.COMPLETE): {Status.DONE},
    (Status.MANUAL_REQUIRED, Act.RETRY): {Status.ANALYZING},
    (Status.MANUAL_REQUIRED, Act.START): {Status.ANALYZING},
    (Status.MANUAL_REQUIRED, Act.REJECT): {Status.REJECTED},
    (Status.MANUAL_REQUIRED, Act.CONFIRM): {Status.DONE, Status.IN_PROGRESS},
    (Status.IN_PROGRESS, Act.COMPLETE): {Status.DONE},
    (Status.IN_PROGRESS, Act.JIRA_DONE): {Status.DONE},
    (Status.IN_PROGRESS, Act.UNDO): {Status.WAITING_CONFIRM, Status.MANUAL_REQUIRED},
    (Status.DONE, Act.JIRA_REOPENED): {Status.IN_PROGRESS},
    (Status.DONE, Act.UNDO): {Status.WAITING_CONFIRM, Status.MANUAL_REQUIRED, Status.IN_PROGRESS},
    (Status.REJECTED, Act.UNDO): {Status.WAITING_CONFIRM, Status.MANUAL_REQUIRED},
}
SCENES = {
    Status.OPEN: {"open": True},
    Status.ANALYZING: {"analysing": True},
    Status.WAITING_CONFIRM: {"waiting": True},
    Status.MANUAL_REQUIRED: {"manual": True},
    Status.IN_PROGRESS: {"analysed": True, "status": Status.IN_PROGRESS},
    Status.DONE: {"approved": True},
    Status.REJECTED: {"rejected": True},
}


def step(ticket, act, to):
    changes = {"reject_reason": "No"} if to == Status.REJECTED else {}
    if to == Status.WAITING_CONFIRM:
        changes = {"agent_decision_primary": "code_error", "decision_confidence": 0.9}
    return lifecycle.transition(ticket, act=act, to=to, kind=EventKind.ANALYSED, changes=changes)


@pytest.mark.parametrize("before", list(Status))
def test_every_step_of_the_specification_is_allowed_and_every_other_one_changes_nothing(before):
    for act, to in product(Act, Status):
        ticket = TicketFactory(**SCENES[before])
        allowed = to in ALLOWED.get((before, act), set())
        with transaction.atomic():
            locked = lifecycle.lock(ticket.ticket_id)
            if allowed:
                event = step(locked, act, to)
                assert (event.status_before, event.status_after) == (before, to)
            else:
                with pytest.raises(NotAllowed):
                    step(locked, act, to)
        stored = Ticket.objects.get(pk=ticket.pk)
        assert stored.status == (to if allowed else before)
        assert stored.events.count() == (1 if allowed else 0)


def test_each_status_is_in_the_table():
    assert set(TRANSITIONS) | {Status.REJECTED} == set(Status)


def test_a_refusal_says_who_did_what_when(manager, set_clock, settings):
    settings.TIME_ZONE = "Asia/Seoul"
    ticket = TicketFactory(waiting=True)
    from datetime import UTC, datetime

    set_clock(datetime(2026, 3, 1, 15, 30, 5, tzinfo=UTC))
    services.confirm_ticket(ticket_id=ticket.ticket_id, actor=manager)
    with pytest.raises(NotAllowed) as refused, translation.override("en"):
        services.reject_ticket(ticket_id=ticket.ticket_id, actor=manager, reject_reason="No")
    assert refused.value.message == (
        "This ticket cannot be rejected now. Its status is “Done”. Kim Manager approved it at 2026-03-02 00:30:05."
    )


def test_a_status_is_not_written_outside_a_transaction_nor_past_the_lifecycle():
    ticket = TicketFactory()
    with pytest.raises(RuntimeError, match="only through"):
        lifecycle.update(ticket, {"status": Status.DONE})


def test_a_ticket_that_somebody_else_changed_is_not_overwritten():
    ticket = TicketFactory(waiting=True)
    Ticket.objects.filter(pk=ticket.pk).update(status=Status.DONE)
    with pytest.raises(RuntimeError, match="not locked"), transaction.atomic():
        step(ticket, Act.RETRY, Status.ANALYZING)
    assert Ticket.objects.get(pk=ticket.pk).status == Status.DONE
