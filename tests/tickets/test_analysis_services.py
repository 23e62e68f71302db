from datetime import UTC, datetime, timedelta

import pytest
from django.utils import translation
from django.utils.translation import gettext_lazy

from tests.factories import TicketFactory
from tickets import services
from tickets.models import AnalysisRun, EventKind, RunState, Status, Ticket
from tickets.results import AnalysisResult, Reason, StepRecord
from voc.core.errors import NotAllowed
from voc.core.outbox.models import Job
from voc.core.vocabulary import ProblemType, Urgency

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
STEP = StepRecord(
    stage="normalise",
    started_at=NOW,
    milliseconds=12,
    input={"text": "It fails"},
    output={"summary": "Fails", "score": float("nan"), "raw": "a\x00b", "label": gettext_lazy("Low")},
    analyst="offline",
)


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


def result(**more):
    return AnalysisResult(
        **{
            "summary": "Payment fails",
            "suspected_type_primary": ProblemType.INTEGRATION_ERROR,
            "affected_system": "PaymentService",
            "urgency": Urgency.MEDIUM,
            "primary": ProblemType.INTEGRATION_ERROR,
            "secondary": ProblemType.CODE_ERROR,
            "confidence": 0.86,
            "decision_reason": {"summary": "Gateway timeout"},
            "action_proposal": {"action_type": "integration_inquiry"},
            "analyst": "offline",
            "steps": (STEP,),
        }
        | more
    )


def begin(ticket, job_id=1):
    return services.begin_analysis(ticket_id=ticket.ticket_id, job_id=job_id, analyst="offline")


def analyse(ticket, job_id=1, **more):
    return services.finish_analysis(run=begin(ticket, job_id), result=result(**more))


def stored(ticket):
    return Ticket.objects.get(pk=ticket.pk)


def kinds(ticket):
    return [event.kind for event in ticket.events.all()]


def test_a_confident_decision_awaits_a_manager():
    ticket = TicketFactory()
    run = begin(ticket)
    assert stored(ticket).status == Status.ANALYZING
    services.finish_analysis(run=run, result=result())
    now = stored(ticket)
    assert now.status == Status.WAITING_CONFIRM
    assert (now.summary, now.affected_system, now.urgency) == ("Payment fails", "PaymentService", "medium")
    assert (now.agent_decision_primary, now.agent_decision_secondary) == ("integration_error", "code_error")
    assert (now.decision_confidence, now.analyst, now.manual_reason) == (0.86, "offline", None)
    assert now.decision_reason == {"summary": "Gateway timeout"}
    assert kinds(ticket) == [EventKind.ANALYSIS_STARTED, EventKind.ANALYSED]
    assert "payment fails" in now.entry.text
    assert not Job.objects.filter(event="ticket.urgent").exists()


def test_a_run_keeps_what_went_in_and_came_out_but_for_what_postgresql_cannot_hold():
    ticket = TicketFactory()
    analyse(ticket)
    run = AnalysisRun.objects.get()
    assert (run.state, run.confidence, run.threshold, run.job_id) == (RunState.FINISHED, 0.86, 0.6, 1)
    assert run.result["primary"] == "integration_error"
    step = run.steps.get()
    assert (step.stage, step.milliseconds, step.analyst) == ("normalise", 12, "offline")
    assert step.output == {"summary": "Fails", "score": None, "raw": "a�b", "label": "Low"}


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"confidence": 0.59}, "0.59"),
        ({"confidence": None}, "no decision"),
        ({"primary": None}, "no decision"),
        ({"manual_reason": Reason("unclear.spam")}, "spam"),
        ({"manual_reason": Reason(text="x" * 600)}, "x" * 500),
        ({"manual_reason": Reason(text="\x00")}, "\ufffd"),
        ({"manual_reason": Reason()}, "failed"),
    ],
)
def test_what_is_not_worth_confirming_goes_to_people_with_the_reason(more, reason):
    ticket = TicketFactory()
    analyse(ticket, **more)
    now = stored(ticket)
    assert now.status == Status.MANUAL_REQUIRED
    assert reason in now.manual_reason
    assert now.reject_reason is None
    assert kinds(ticket)[-1] == EventKind.MANUAL_REQUIRED


def test_the_threshold_itself_is_enough(settings):
    settings.VOC_CONFIDENCE_THRESHOLD = 0.7
    ticket = TicketFactory()
    analyse(ticket, confidence=0.7)
    assert stored(ticket).status == Status.WAITING_CONFIRM


def test_values_out_of_bounds_are_brought_into_them():
    ticket = TicketFactory()
    analyse(ticket, confidence=1.7, summary="x" * 300, affected_system="y" * 200)
    now = stored(ticket)
    assert (now.decision_confidence, len(now.summary), len(now.affected_system)) == (1.0, 200, 100)


def test_nothing_understood_leaves_nothing_of_an_earlier_decision():
    ticket = TicketFactory(analysed=True, status=Status.ANALYZING)
    analyse(
        ticket,
        manual_reason=Reason(text="Not understandable"),
        summary="",
        primary=None,
        secondary=None,
        confidence=None,
        urgency=None,
        affected_system="",
        decision_reason=None,
        action_proposal=None,
        suspected_type_primary=None,
    )
    now = stored(ticket)
    assert (now.agent_decision_primary, now.decision_confidence, now.urgency, now.affected_system) == (None,) * 4
    assert now.decision_reason is None


def test_an_urgent_complaint_is_told_once_however_often_it_is_analysed(manager):
    ticket = TicketFactory()
    analyse(ticket, urgency=Urgency.HIGH)
    services.retry_ticket(ticket_id=ticket.ticket_id, actor=manager, retry_reason="Again")
    analyse(ticket, job_id=2, urgency=Urgency.HIGH)
    assert Job.objects.filter(event="ticket.urgent").count() == 1


def test_an_interrupted_run_is_followed_by_another_one_that_tells_no_second_start():
    ticket = TicketFactory()
    first = begin(ticket)
    second = begin(ticket)
    services.finish_analysis(run=second, result=result())
    first.refresh_from_db()
    assert (first.state, second.pk != first.pk) == (RunState.INTERRUPTED, True)
    assert kinds(ticket) == [EventKind.ANALYSIS_STARTED, EventKind.ANALYSED]


def test_a_run_that_was_replaced_writes_nothing_on_the_ticket():
    ticket = TicketFactory()
    first = begin(ticket)
    begin(ticket)
    services.finish_analysis(run=first, result=result())
    assert stored(ticket).status == Status.ANALYZING
    first.refresh_from_db()
    assert (first.state, first.result["summary"]) == (RunState.INTERRUPTED, "Payment fails")


def test_a_result_that_comes_after_the_ticket_was_handed_to_people_does_not_overwrite_that(manager):
    ticket = TicketFactory()
    run = begin(ticket)
    Ticket.objects.filter(pk=ticket.pk).update(status=Status.MANUAL_REQUIRED)
    services.finish_analysis(run=run, result=result(urgency=Urgency.HIGH))
    now = stored(ticket)
    assert (now.status, now.summary) == (Status.MANUAL_REQUIRED, "")
    assert AnalysisRun.objects.get().state == RunState.FINISHED
    assert not Job.objects.filter(event="ticket.urgent").exists()


def test_a_new_analysis_names_who_asked_for_it_and_why(manager):
    ticket = TicketFactory(waiting=True)
    services.retry_ticket(ticket_id=ticket.ticket_id, actor=manager, retry_reason="The logs are back")
    run = begin(ticket, job_id=7)
    assert (run.asked_by, run.asked_reason) == (manager, "The logs are back")
    assert kinds(ticket) == [EventKind.RETRIED, EventKind.ANALYSIS_STARTED]


@pytest.mark.parametrize("scene", [{}, {"analysing": True}])
def test_an_analysis_that_is_given_up_hands_the_ticket_to_people(scene):
    ticket = TicketFactory(**scene)
    services.give_up_analysis(ticket_id=ticket.ticket_id, reason=Reason(text="No analyst answered"))
    now = stored(ticket)
    assert (now.status, now.manual_reason) == (Status.MANUAL_REQUIRED, "No analyst answered")


def test_giving_up_ends_the_open_run_and_leaves_a_ticket_alone_that_is_past_it():
    ticket = TicketFactory()
    begin(ticket)
    Ticket.objects.filter(pk=ticket.pk).update(status=Status.MANUAL_REQUIRED, manual_reason="Before")
    services.give_up_analysis(ticket_id=ticket.ticket_id, reason=Reason(text="Broken"))
    run = AnalysisRun.objects.get()
    assert (run.state, run.error) == (RunState.FAILED, "Broken")
    assert stored(ticket).manual_reason == "Before"


def test_a_job_that_is_set_going_again_after_it_was_given_up_analyses_the_ticket():
    ticket = TicketFactory()
    begin(ticket)
    services.give_up_analysis(ticket_id=ticket.ticket_id, reason=Reason(text="Broken"))
    analyse(ticket)
    assert (stored(ticket).status, stored(ticket).manual_reason) == (Status.WAITING_CONFIRM, None)


def test_there_is_nothing_to_analyse_in_a_ticket_that_is_past_it():
    for scene in ({"waiting": True}, {"manual": True}, {"approved": True}, {"rejected": True}):
        ticket = TicketFactory(**scene)
        with pytest.raises(NotAllowed):
            begin(ticket)
    assert not AnalysisRun.objects.exists()


def test_what_was_told_stands_in_the_timeline():
    ticket = TicketFactory()
    services.record_told(ticket_id=ticket.ticket_id, event="ticket.urgent", channel="slack")
    services.record_told(ticket_id=ticket.ticket_id, event="ticket.urgent", channel="slack", ok=False, detail="404")
    assert kinds(ticket) == [EventKind.TOLD, EventKind.NOT_TOLD]
    assert ticket.events.last().data == {"event": "ticket.urgent", "channel": "slack", "detail": "404"}


def test_an_assignment_without_a_decision_is_noted_once(manager, set_clock):
    ticket = TicketFactory(approved=True, age=timedelta(days=1))
    for name in ("Park", "Park", ""):
        services.assign_ticket(ticket_id=ticket.ticket_id, actor=manager, assignee=name)
    assert [event.data for event in ticket.events.all()] == [
        {"assignee": "Park", "before": None},
        {"assignee": None, "before": "Park"},
    ]
    assert stored(ticket).assignee is None


def test_a_comment_stands_in_the_timeline_with_its_words(manager):
    ticket = TicketFactory()
    comment = services.add_comment(ticket_id=ticket.ticket_id, actor=manager, body=" She called again ")
    assert (comment.body, comment.author_name) == ("She called again", "Kim Manager")
    assert ticket.events.get().data == {"comment_id": comment.pk, "body": "She called again"}
