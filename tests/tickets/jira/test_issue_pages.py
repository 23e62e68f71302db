"""The issue on the ticket's page: shown to the staff, worked on by whoever may approve."""

import pytest
from django.test import Client
from django.utils import translation

from tests.factories import SystemFactory, TicketFactory, UserFactory
from tickets import services, views_ticket
from tickets.jira import links
from tickets.models import JiraLink, JiraState, Ticket
from tickets.services import JiraChoice
from tickets.similar import similar_cases
from voc.core.outbox.api import drain_all

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def manager():
    return UserFactory(manager=True, first_name="Kim", last_name="Manager")


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


def address(ticket, act=""):
    return f"/tickets/{ticket.ticket_id}/" + (f"{act}/" if act else "")


def test_the_approval_offers_place_kind_and_an_issue_to_share(jira, manager):
    first, second = (TicketFactory(waiting=True) for _ in range(2))
    client = signed_in(manager)
    client.post(address(first, "confirm"), {"primary_type": "code_error", "project_key": "OPS", "issue_type": "Task"})
    drain_all()
    key = Ticket.objects.get(pk=first.pk).jira_issue_key
    assert key.startswith("OPS-")

    page = client.get(address(second)).content.decode()
    assert f'<option value="{key}">' in page
    assert 'placeholder="VOC"' in page
    assert 'placeholder="Bug"' in page

    client.post(address(second, "confirm"), {"primary_type": "code_error", "issue_key": key})
    drain_all()
    assert Ticket.objects.get(pk=second.pk).jira_issue_key == key
    page = client.get(address(second)).content.decode()
    assert f'href="{jira.sandbox.url(f"/jira/browse/{key}")}"' in page
    assert first.ticket_id in page


def test_a_refusal_is_shown_in_its_words_with_another_try(jira, manager):
    ticket = TicketFactory(waiting=True)
    services.confirm_ticket(ticket_id=ticket.ticket_id, actor=manager, jira=JiraChoice(project_key="NOPE"))
    drain_all()
    client = signed_in(manager)
    page = client.get(address(ticket)).content.decode()
    assert "There is no project NOPE" in page
    assert address(ticket, "issue") in page
    assert address(ticket, "complete") in page

    client.post(address(ticket, "issue"), {"project_key": "VOC", "issue_type": "Bug"})
    drain_all()
    assert JiraLink.objects.get().state == JiraState.LINKED
    page = client.get(address(ticket)).content.decode()
    assert address(ticket, "complete") not in page
    assert "To Do" in page

    client.post(address(ticket, "unlink"))
    answer = client.post(address(ticket, "link"), {"issue_key": "what?"})
    assert answer.status_code == 422
    assert "An issue is named like PAY-12." in answer.content.decode()
    answer = client.post(address(ticket, "unlink"))
    assert answer.status_code == 409


@pytest.mark.parametrize(
    ("language", "said", "field"),
    [
        ("en", "Jira would refuse the issue.", "Set customfield_10050 in JIRA_FIELDS for VOC."),
        ("ko", "Jira가 이 이슈를 거부할 것입니다.", "JIRA_FIELDS"),
    ],
)
def test_a_refusal_of_ours_is_told_in_the_readers_language_whatever_the_workers_was(jira, language, said, field):
    jira.configure(custom=[{"id": "customfield_10050", "name": "Team", "required": True}])
    ticket, reader = TicketFactory(waiting=True), UserFactory(admin=True, language=language)
    services.confirm_ticket(ticket_id=ticket.ticket_id, actor=reader)
    with translation.override("ko" if language == "en" else "en"):
        drain_all()

    client = signed_in(reader)
    page = client.get(address(ticket)).content.decode()
    assert page.count(said) == 2  # where it stands now, and in the timeline
    assert page.count(field) == 2
    assert said in client.get("/jira/").content.decode()
    event = ticket.events.get(kind="jira_blocked")
    with translation.override(language):
        assert event.told["error"] == said
        assert field in event.told["fields"]["Team"]
    assert "cause" not in event.told


def test_a_waiting_tickets_page_looks_for_similar_tickets_once(jira, manager, monkeypatch):
    looked = []

    def noted(**how):
        looked.append(how)
        return similar_cases(**how)

    for place in (views_ticket, links):
        monkeypatch.setattr(place, "similar_cases", noted)
    ticket = TicketFactory(waiting=True)
    assert signed_in(manager).get(address(ticket)).status_code == 200
    assert len(looked) == 1


def test_who_may_not_approve_sees_it_and_changes_nothing(jira, manager):
    ticket = TicketFactory(waiting=True, submitted_by=(submitter := UserFactory(submitter=True)))
    services.confirm_ticket(ticket_id=ticket.ticket_id, actor=manager)
    drain_all()
    key = Ticket.objects.get(pk=ticket.pk).jira_issue_key

    viewer = signed_in(UserFactory())
    page = viewer.get(address(ticket)).content.decode()
    assert f"/browse/{key}" in page
    assert address(ticket, "unlink") not in page
    for act in ("issue", "link", "unlink"):
        assert viewer.post(address(ticket, act)).status_code == 403
    assert "/browse/" not in signed_in(submitter).get(address(ticket)).content.decode()
    assert JiraLink.objects.get().state == JiraState.LINKED


def test_without_jira_the_page_says_nothing_of_it(manager, settings):
    settings.JIRA_BASE_URL = ""
    done, waiting = TicketFactory(approved=True), TicketFactory(waiting=True)
    client = signed_in(manager)

    for ticket in (done, waiting):
        page = client.get(address(ticket)).content.decode()
        assert 'id="issue"' not in page
        assert "project_key" not in page


def test_an_admin_says_where_a_systems_issues_go(jira):
    system = SystemFactory(name="Shop")
    client = signed_in(UserFactory(admin=True))
    form = client.get(f"/admin/tickets/system/{system.pk}/change/").context["adminform"].form

    values = {name: value or "" for name, value in form.initial.items()} | {"words": "", "recent_incidents": "[]"}
    values |= {"jira_project": "OPS", "jira_issue_type": "Story", "is_active": "on"}
    client.post(f"/admin/tickets/system/{system.pk}/change/", values)

    system.refresh_from_db()
    assert (system.jira_project, system.jira_issue_type) == ("OPS", "Story")
