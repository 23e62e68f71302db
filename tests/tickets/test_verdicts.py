from datetime import UTC, datetime, timedelta

import pytest
from django.utils import translation

from tests.factories import TicketFactory
from tickets import queries, services
from tickets.models import EventKind, Status, Ticket
from tickets.services import UNSET, CorrectedDecision
from voc.core.errors import InvalidInput, NotAllowed
from voc.core.outbox.models import Job, JobState

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def at_noon(set_clock, settings):
    settings.VOC_GRACE_SECONDS = 10
    set_clock(NOW)


def states_of(event):
    return Job.objects.filter(event=event).values_list("state", flat=True)


def stored(ticket):
    return Ticket.objects.get(pk=ticket.pk)


def confirm(ticket, manager, **more):
    return services.confirm_ticket(ticket_id=ticket.ticket_id, actor=manager, **more)


def reject(ticket, manager, **more):
    return services.reject_ticket(ticket_id=ticket.ticket_id, actor=manager, **({"reject_reason": "No"} | more))


def complete(ticket, manager, **more):
    values = {"manual_resolution": "Refunded by hand"} | more
    return services.complete_ticket(ticket_id=ticket.ticket_id, actor=manager, **values)


def undo(ticket, manager):
    return services.undo_verdict(ticket_id=ticket.ticket_id, actor=manager)


def test_approving_ends_the_ticket_and_keeps_who_and_when(manager):
    ticket = TicketFactory(waiting=True)
    confirm(ticket, manager, assignee="  Park Jiho ")
    now = stored(ticket)
    assert (now.status, now.assignee, now.confirmed_at, now.decided_by) == (Status.DONE, "Park Jiho", NOW, manager)
    assert now.correction is None
    assert now.updated_at == NOW
    event = now.events.get()
    assert (event.kind, event.actor_name, event.data["assignee"]) == (EventKind.CONFIRMED, "Kim Manager", "Park Jiho")


def test_a_verdict_is_told_after_the_grace_and_its_job_names_the_verdicts_event(manager):
    ticket = TicketFactory(waiting=True)
    confirm(ticket, manager)
    job = Job.objects.get(event="ticket.decided", queue="notify")
    event = stored(ticket).events.get()
    assert (job.subject, job.due_at) == (ticket.ticket_id, NOW + timedelta(seconds=10))
    assert job.key == f"ticket.decided:{event.pk}"
    assert job.payload == {"event_id": event.pk, "verdict": "confirmed"}


def test_a_correction_is_kept_beside_what_the_analyst_said(manager):
    ticket = TicketFactory(waiting=True)
    decision = CorrectedDecision(
        primary_type="integration_error", secondary_type="code_error", urgency="high", affected_system="PaymentGateway"
    )
    confirm(ticket, manager, decision=decision)
    now = stored(ticket)
    assert now.correction == {
        "primary_type": ["code_error", "integration_error"],
        "secondary_type": [None, "code_error"],
        "urgency": ["medium", "high"],
        "affected_system": ["RefundService", "PaymentGateway"],
    }
    assert (now.agent_decision_primary, now.agent_decision_secondary) == ("code_error", None)
    assert (now.decided_primary, now.decided_secondary) == ("integration_error", "code_error")
    assert (now.urgency, now.affected_system) == ("high", "PaymentGateway")


def test_repeating_what_the_analyst_said_is_no_correction(manager):
    ticket = TicketFactory(waiting=True)
    confirm(ticket, manager, decision=CorrectedDecision(primary_type="code_error", urgency="medium"))
    assert stored(ticket).correction is None


def test_a_second_type_can_be_taken_away_and_is_left_alone_when_nobody_speaks_of_it(manager):
    first = TicketFactory(waiting=True, agent_decision_secondary="integration_error")
    confirm(first, manager, decision=CorrectedDecision(secondary_type=UNSET))
    assert stored(first).decided_secondary == "integration_error"
    second = TicketFactory(waiting=True, agent_decision_secondary="integration_error")
    confirm(second, manager, decision=CorrectedDecision(secondary_type=None))
    assert stored(second).decided_secondary is None
    assert stored(second).correction == {"secondary_type": ["integration_error", None]}


def test_a_second_type_that_becomes_the_first_leaves_no_second_one(manager):
    ticket = TicketFactory(waiting=True, agent_decision_secondary="integration_error")
    confirm(ticket, manager, decision=CorrectedDecision(primary_type="integration_error"))
    assert (stored(ticket).decided_primary, stored(ticket).decided_secondary) == ("integration_error", None)


@pytest.mark.parametrize(
    ("decision", "field"),
    [
        (CorrectedDecision(primary_type="magic"), "decision.primary_type"),
        (CorrectedDecision(secondary_type="magic"), "decision.secondary_type"),
        (CorrectedDecision(secondary_type="code_error"), "decision.secondary_type"),
        (CorrectedDecision(urgency="huge"), "decision.urgency"),
        (CorrectedDecision(affected_system="x" * 101), "decision.affected_system"),
    ],
)
def test_a_decision_with_an_impossible_value_is_refused_and_changes_nothing(manager, decision, field):
    ticket = TicketFactory(waiting=True)
    with pytest.raises(InvalidInput) as refused:
        confirm(ticket, manager, decision=decision)
    assert refused.value.field == field
    assert stored(ticket).status == Status.WAITING_CONFIRM
    assert not Job.objects.exists()


def test_what_was_handed_to_people_is_approved_only_with_a_decision_of_their_own(manager):
    ticket = TicketFactory(manual=True)
    with pytest.raises(NotAllowed, match="choose the problem type"):
        confirm(ticket, manager)
    with pytest.raises(InvalidInput):
        confirm(ticket, manager, decision=CorrectedDecision(urgency="low"))
    confirm(ticket, manager, decision=CorrectedDecision(primary_type="code_error"))
    now = stored(ticket)
    assert (now.status, now.decided_primary, now.manual_reason) == (Status.DONE, "code_error", "Not understandable")
    assert now.correction == {"primary_type": [None, "code_error"]}


def test_rejecting_needs_a_reason_of_at_most_a_thousand_characters(manager):
    ticket = TicketFactory(waiting=True)
    for reason in ("", " \n", "\u200b", "x" * 1001):
        with pytest.raises(InvalidInput) as refused:
            reject(ticket, manager, reject_reason=reason)
        assert refused.value.field == "reject_reason"
    with pytest.raises(InvalidInput):
        reject(ticket, manager, reason_category="whim")
    reject(ticket, manager, reject_reason="x" * 1000, reason_category="wrong_type")
    now = stored(ticket)
    assert (now.status, now.reject_reason, now.reject_category) == (Status.REJECTED, "x" * 1000, "wrong_type")
    assert now.confirmed_at == NOW


def test_completing_by_hand_needs_a_resolution(manager):
    ticket = TicketFactory(manual=True)
    for resolution in ("", "x" * 2001):
        with pytest.raises(InvalidInput):
            complete(ticket, manager, manual_resolution=resolution)
    complete(ticket, manager, assignee="Lee")
    now = stored(ticket)
    assert (now.status, now.manual_resolution, now.assignee) == (Status.DONE, "Refunded by hand", "Lee")


def test_asking_again_puts_the_ticket_back_to_work_with_the_reason(manager):
    ticket = TicketFactory(manual=True)
    services.retry_ticket(ticket_id=ticket.ticket_id, actor=manager, retry_reason="The logs are back")
    now = stored(ticket)
    assert (now.status, now.manual_reason, now.confirmed_at) == (Status.ANALYZING, None, None)
    event = now.events.get()
    assert (event.kind, event.data) == (EventKind.RETRIED, {"reason": "The logs are back"})
    assert Job.objects.get(event="ticket.reanalyse").key == f"ticket.reanalyse:{event.pk}"
    with pytest.raises(InvalidInput):
        services.retry_ticket(ticket_id=ticket.ticket_id, actor=manager, retry_reason="x" * 501)


@pytest.mark.parametrize("verdict", [confirm, reject])
def test_undoing_within_the_grace_restores_everything_and_stops_the_message(manager, set_clock, verdict):
    ticket = TicketFactory(waiting=True, assignee="Before")
    before = Ticket.objects.filter(pk=ticket.pk).values().get()
    verdict(ticket, manager, assignee="After")
    set_clock(NOW + timedelta(seconds=9))
    undo(ticket, manager)
    after = Ticket.objects.filter(pk=ticket.pk).values().get()
    assert before | {"updated_at": after["updated_at"]} == after
    assert set(states_of("ticket.decided")) == {JobState.CANCELLED}
    assert [event.kind for event in queries.timeline(ticket)][-1] == EventKind.UNDONE


def test_undoing_a_correction_brings_the_analysts_values_back(manager):
    ticket = TicketFactory(waiting=True)
    confirm(ticket, manager, decision=CorrectedDecision(urgency="high", affected_system="OrderService"))
    undo(ticket, manager)
    now = stored(ticket)
    assert (now.urgency, now.affected_system, now.correction) == ("medium", "RefundService", None)


def test_undoing_a_completion_returns_to_where_it_was(manager):
    ticket = TicketFactory(analysed=True, status=Status.IN_PROGRESS, confirmed_at=NOW - timedelta(days=1))
    complete(ticket, manager)
    undo(ticket, manager)
    now = stored(ticket)
    assert (now.status, now.confirmed_at) == (Status.IN_PROGRESS, NOW - timedelta(days=1))
    assert now.manual_resolution is None


def test_a_verdict_after_an_undone_one_is_told_again(manager):
    ticket = TicketFactory(waiting=True)
    confirm(ticket, manager)
    undo(ticket, manager)
    reject(ticket, manager)
    assert sorted(set(states_of("ticket.decided"))) == [JobState.CANCELLED, JobState.PENDING]


def test_who_was_assigned_after_the_verdict_stays_so_when_it_is_undone(manager):
    ticket = TicketFactory(waiting=True)
    confirm(ticket, manager, assignee="Kim")
    services.assign_ticket(ticket_id=ticket.ticket_id, actor=manager, assignee="Park")
    undo(ticket, manager)
    assert stored(ticket).assignee == "Park"


def test_after_the_grace_it_is_too_late(manager, set_clock):
    ticket = TicketFactory(waiting=True)
    confirm(ticket, manager)
    assert queries.undo_until(stored(ticket)) == NOW + timedelta(seconds=10)
    set_clock(NOW + timedelta(seconds=10))
    assert queries.undo_until(stored(ticket)) is None
    with pytest.raises(NotAllowed, match="too late"):
        undo(ticket, manager)
    assert stored(ticket).status == Status.DONE
    assert set(states_of("ticket.decided")) == {JobState.PENDING}


def test_a_message_that_is_on_its_way_cannot_be_called_back(manager):
    ticket = TicketFactory(waiting=True)
    confirm(ticket, manager)
    Job.objects.update(state=JobState.DONE)
    with pytest.raises(NotAllowed, match="too late"):
        undo(ticket, manager)


def test_with_a_grace_of_nothing_a_verdict_is_final(manager, settings):
    settings.VOC_GRACE_SECONDS = 0
    ticket = TicketFactory(waiting=True)
    confirm(ticket, manager)
    assert queries.undo_until(stored(ticket)) is None
    with pytest.raises(NotAllowed):
        undo(ticket, manager)


def test_there_is_nothing_to_undo_where_nobody_decided(manager):
    for ticket in (TicketFactory(waiting=True), TicketFactory(approved=True)):
        assert queries.undo_until(ticket) is None
        with pytest.raises(NotAllowed, match="no verdict"):
            undo(ticket, manager)
