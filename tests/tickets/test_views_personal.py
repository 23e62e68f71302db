"""Who may not decide on a ticket reads nothing personal on its page, wherever on it that stands."""

import pytest
from django.utils import timezone

from tests.factories import TicketFactory, UserFactory
from tickets.models import AnalysisRun, AnalysisStep, JiraLink, JiraState, RunState, Ticket
from tickets.queries import as_seen_by

pytestmark = pytest.mark.django_db

NAME, PHONE = "홍길동", "010-2468-1357"
WHO = f"{NAME} ({PHONE})"


@pytest.fixture
def ticket(settings):
    settings.JIRA_BASE_URL, settings.JIRA_API_TOKEN = "https://jira.example.com", "t"
    ticket = TicketFactory(waiting=True, status="IN_PROGRESS", customer_name=NAME, customer_contact=PHONE)
    now = timezone.now()
    JiraLink.objects.create(
        ticket=ticket, state=JiraState.BLOCKED, project_key="VOC", issue_type="Bug", created_at=now, updated_at=now,
        error=f"{WHO} is no reporter", field_errors={"Reporter": f"no {WHO}"}, issue_key="VOC-1",
        issue_summary=f"of {WHO}",
    )  # fmt: skip
    for state in (RunState.FAILED, RunState.FINISHED):
        run = AnalysisRun.objects.create(
            ticket=ticket, job_id=1, analyst="offline", started_at=now, threshold=0.6, state=state,
            asked_reason=f"{WHO} called again", error=f"no {WHO}", result={"primary": "code_error"},
        )  # fmt: skip
    pattern = {"kind": "code", "key": "E-1", "count": 2, "first": now.isoformat(), "last": now.isoformat()}
    AnalysisStep.objects.create(
        run=run, stage="retrieve", position=1, started_at=now, milliseconds=1,
        output={"patterns": [{**pattern, "services": ["Till"], "sample": f"refused {WHO}"}]},
    )  # fmt: skip
    return ticket


def page(client, ticket, **who) -> str:
    client.force_login(UserFactory(**who))
    answer = client.get(f"/tickets/{ticket.ticket_id}/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_viewer_is_told_no_name_and_no_number_and_a_manager_is(client, ticket):
    told = page(client, ticket, manager=True)
    for words in ("is no reporter", "called again", "refused", "E-1", "VOC-1"):
        assert words in told
    assert told.count(WHO) >= 5

    told = page(client, ticket)
    for words in ("is no reporter", "called again", "refused", "E-1", "VOC-1"):
        assert words in told
    assert (NAME in told, PHONE in told) == (False, False)


def test_why_people_must_decide_names_nobody_to_a_viewer(client, ticket):
    Ticket.objects.filter(pk=ticket.pk).update(
        status="MANUAL_REQUIRED",
        manual_reason=f"given up: {WHO}",
        manual_cause={"code": "given_up", "values": {"attempts": "5", "error": f"no room for {WHO}"}},
    )
    told = page(client, ticket)
    assert "no room for" in told
    assert (NAME in told, PHONE in told) == (False, False)
    assert WHO in page(client, ticket, manager=True)
    assert "2468" not in as_seen_by(UserFactory(), Ticket.objects.get(pk=ticket.pk)).why_people
