"""From a received complaint to its decision: the flow's own jobs, database and services, without Celery."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import translation

from integrations.logs.base import LogAdapter, LogSourceError
from tests.factories import TicketFactory, UserFactory
from tests.scenarios.generator import variants
from tickets import handlers, services
from tickets.analysis import catalogue, pipeline, problems
from tickets.models import Status, System, Ticket
from tickets.results import Reason
from voc.core import clock
from voc.core.models import Alert
from voc.core.outbox.api import drain_all
from voc.core.outbox.claim import claim
from voc.core.outbox.models import Job, JobState

pytestmark = pytest.mark.django_db(transaction=True)

SYSTEMS = Path(__file__).parents[3] / "tickets/data/systems.json"
ANSWER_KEYS = {
    "summary",
    "evidence",
    "ruled_out",
    "root_cause_analysis",
    "evidence_summary",
    "similar_cases_used",
    "log_summary",
    "confidence_breakdown",
}
BREAKDOWN_KEYS = {
    "error_pattern_clarity",
    "log_voc_correlation",
    "similar_case_match",
    "system_info_availability",
    "log_evidence",
    "pattern_match",
    "type_consistency",
}
PROPOSAL_KEYS = {
    "action_type",
    "title",
    "description",
    "target_system",
    "contact_info",
    "code_location",
    "error_details",
    "business_impact",
    "suggested_improvement",
}
KEYS_BY_TYPE = {
    "S1": {"email_draft"},
    "S2": {"affected_files", "error_summary", "fix_direction", "suggested_approach", "severity"},
    "S3": {"category", "problem_pattern", "proposal", "expected_impact", "stakeholders"},
}


@pytest.fixture(autouse=True)
def site(settings, tmp_path, monkeypatch):
    settings.MOCK_LOG_DIR = tmp_path
    monkeypatch.setattr(problems, "_told", None)
    System.objects.all().delete()
    for raw in json.loads(SYSTEMS.read_text(encoding="utf-8")):
        System.objects.create(**raw)
    with translation.override("en"):
        yield


def submit(variant):
    return services.submit_voc(
        raw_voc=variant.raw_voc,
        customer_name=variant.customer_name,
        channel=variant.channel,
        received_at=variant.received_at,
    )


def analysed(variant, directory):
    if variant.log:
        (directory / "log.json").write_text(json.dumps(variant.log), encoding="utf-8")
    ticket = submit(variant)
    drain_all()
    return Ticket.objects.get(pk=ticket.pk)


@pytest.mark.parametrize("scenario", ["S1", "S2", "S3", "S4", "S5", "S6"])
def test_a_received_complaint_ends_as_its_scenario_must(scenario, tmp_path):
    variant = variants(scenario, 1, 11)[0]
    ticket = analysed(variant, tmp_path)
    wanted = variant.expectation
    assert ticket.status == wanted.status
    if wanted.primary:
        assert ticket.agent_decision_primary == wanted.primary
        assert ticket.agent_decision_secondary == wanted.secondary
        assert ticket.urgency == wanted.urgency
        low, high = wanted.confidence
        assert low <= ticket.decision_confidence <= high
    else:
        assert ticket.manual_reason
    assert ticket.raw_voc == variant.raw_voc


@pytest.mark.parametrize("scenario", ["S1", "S2", "S3"])
def test_decision_and_proposal_have_the_keys_of_the_api(scenario, tmp_path):
    ticket = analysed(variants(scenario, 1, 11)[0], tmp_path)
    assert set(ticket.decision_reason) == ANSWER_KEYS
    assert set(ticket.decision_reason["confidence_breakdown"]) == BREAKDOWN_KEYS
    assert set(ticket.action_proposal) == PROPOSAL_KEYS | KEYS_BY_TYPE[scenario]
    assert len(json.dumps(ticket.decision_reason)) + len(json.dumps(ticket.action_proposal)) < 30_000


def test_each_stage_leaves_a_record_of_what_went_in_and_came_out(tmp_path):
    ticket = analysed(variants("S1", 1, 11)[0], tmp_path)
    steps = list(ticket.runs.get().steps.all())
    assert [step.stage for step in steps] == [stage.name for stage in pipeline.STAGES]
    assert all(step.input and step.output and step.analyst for step in steps)
    assert steps[1].output["mock"] == steps[1].output["entries"] <= 100
    assert steps[0].analyst == steps[2].analyst == "offline"


def test_what_cannot_be_understood_stops_at_the_first_stage_with_the_reason():
    ticket = analysed(variants("S6", 1, 11)[0], Path("unused"))
    (step,) = ticket.runs.get().steps.all()
    assert step.stage == "normalise"
    assert step.error == ticket.manual_reason
    assert ticket.agent_decision_primary is None


def test_analysing_twice_gives_the_same_decision(tmp_path):
    ticket = analysed(variants("S4", 1, 11)[0], tmp_path)
    before = (ticket.decision_confidence, ticket.decision_reason, ticket.action_proposal)
    Job.objects.update(state=JobState.PENDING, attempts=0, finished_at=None)
    Ticket.objects.filter(pk=ticket.pk).update(status=Status.ANALYZING)
    drain_all()
    again = Ticket.objects.get(pk=ticket.pk)
    assert (again.decision_confidence, again.decision_reason, again.action_proposal) == before


def test_a_complaint_whose_time_is_up_goes_to_people_and_keeps_what_was_found(tmp_path, monkeypatch):
    monkeypatch.setattr(pipeline, "RESERVE_SECONDS", 1e9)
    ticket = analysed(variants("S1", 1, 11)[0], tmp_path)
    assert ticket.status == Status.MANUAL_REQUIRED
    assert ticket.manual_reason == "The analysis ran out of time before the step “normalise”."


class Broken:
    name = "broken"

    def normalise(self, complaint):
        raise RuntimeError("no idea")


def test_an_analysis_that_keeps_failing_goes_to_people_with_the_reason(tmp_path, monkeypatch):
    monkeypatch.setattr(handlers, "get_analyst", lambda _subject: Broken())
    ticket = submit(variants("S1", 1, 11)[0])
    drain_all(include_delayed=True)
    ticket.refresh_from_db()
    assert ticket.status == Status.MANUAL_REQUIRED
    assert "no idea" in ticket.manual_reason
    assert "5 attempt(s)" in ticket.manual_reason


def test_an_analysis_that_nobody_waits_for_any_more_is_left_alone():
    ticket = submit(variants("S1", 1, 11)[0])
    Ticket.objects.filter(pk=ticket.pk).update(status=Status.DONE)
    (job,) = [each for each in drain_all() if each.event == "ticket.received"]
    assert job.state == JobState.DONE
    assert not ticket.runs.exists()


def test_a_broken_log_file_is_told_to_the_admins_until_it_is_mended(tmp_path):
    (tmp_path / "broken.json").write_text("{")
    analysed(variants("S1", 1, 11)[0], tmp_path)
    alert = Alert.objects.get(key=problems.KEY)
    assert "broken.json" in alert.body
    assert alert.cleared_at is None
    (tmp_path / "broken.json").unlink()
    analysed(variants("S1", 2, 11)[1], tmp_path)
    alert.refresh_from_db()
    assert alert.cleared_at is not None


class Dead(LogAdapter):
    name = "elasticsearch"

    def search_logs(self, query, time_range, limit=100):
        raise LogSourceError("elasticsearch does not answer")

    def get_error_context(self, error_id, context_window=10):
        raise LogSourceError("elasticsearch does not answer")


def test_a_log_system_that_does_not_answer_costs_its_evidence_only_and_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("integrations.logs.services.configured_adapter", Dead)
    ticket = analysed(variants("S1", 1, 11)[0], tmp_path)
    assert ticket.agent_decision_primary == "integration_error"
    assert "elasticsearch" in ticket.decision_reason["log_summary"]
    # Stand-ins for a log system that exists are worth less.
    assert ticket.decision_reason["confidence_breakdown"]["log_evidence"] < 0.8


def test_an_approved_case_like_it_makes_a_decision_surer_and_is_named(tmp_path):
    variant = variants("S3", 1, 11)[0]
    alone = analysed(variant, tmp_path)
    TicketFactory(
        approved=True,
        ticket_id="VOC-20260101-9999",
        raw_voc=variant.raw_voc,
        agent_decision_primary="business_improvement",
    )
    helped = analysed(variant, tmp_path)
    assert helped.decision_confidence > alone.decision_confidence
    assert helped.decision_reason["similar_cases_used"] == ["VOC-20260101-9999"]


def test_incidents_and_words_of_the_catalogue_may_be_written_in_any_way():
    System.objects.all().delete()
    System.objects.create(
        name="A", words=["pay", "", 5], recent_incidents=[{"date": "2026-01-01", "summary": "slow"}, "x"]
    )
    System.objects.create(name="B", words="nonsense", recent_incidents=None or [])
    System.objects.create(name="C", is_active=False)
    first, second = catalogue.known_systems()
    assert (first.words, first.recent_incidents) == (("pay", "5"), ("2026-01-01 slow", "x"))
    assert second.words == ()


@pytest.mark.parametrize(
    ("ends", "english", "korean"),
    [
        ("interrupted", "The analysis was given up: it was interrupted 1 times.", "분석이 1번 끊겨 중단했습니다."),
        ("overran", "attempt(s): it ran longer than", "초가 넘게 걸렸습니다."),
    ],
)
def test_an_analysis_that_never_came_to_its_end_is_told_in_each_readers_language(settings, ends, english, korean):
    settings.OUTBOX_MAX_INTERRUPTIONS = 0
    ticket = services.submit_voc(raw_voc="결제가 안 돼요", customer_name="A", channel="web")
    claim("analysis")
    long_ago = clock.now() - timedelta(hours=2)
    ran = {"started_at": long_ago, "attempts": 100} if ends == "overran" else {}
    Job.objects.filter(queue="analysis").update(lease_until=clock.now() - timedelta(seconds=1), **ran)
    with translation.override("ko"):
        drain_all()

    ticket.refresh_from_db()
    assert ticket.status == Status.MANUAL_REQUIRED
    for language, said in (("en", english), ("ko", korean)):
        with translation.override(language):
            assert said in ticket.why_people
            assert ticket.why_people_outside == str(Reason("failed"))


def test_why_a_stage_stopped_is_told_to_the_admin_in_his_language(client):
    with translation.override("ko"):
        services.submit_voc(raw_voc="ㅋㅋㅋㅋㅋ", customer_name="A", channel="web")
        drain_all()
    run = Ticket.objects.get().runs.get()
    client.force_login(UserFactory(admin=True, language="en"))
    page = client.get(reverse("admin:tickets_analysisrun_change", args=[run.pk])).content.decode()
    assert page.count("it is only laughter or single letters") == 2
    assert "웃음" not in page
