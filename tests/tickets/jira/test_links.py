"""Issues that people link, share and unlink, and second issues of one ticket."""

import pytest

from integrations.jira.base import JiraIssue
from tests.factories import TicketFactory, UserFactory
from tests.tickets.calls import client_of
from tickets import services
from tickets.jira import links
from tickets.models import EventKind, JiraLink, JiraState, Status, Ticket
from tickets.services import JiraChoice
from voc.core.errors import InvalidInput, NotAllowed
from voc.core.models import Alert
from voc.core.outbox.api import drain_all

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def manager():
    return UserFactory(manager=True, first_name="Kim", last_name="Manager")


def approved(manager, **said):
    ticket = TicketFactory(waiting=True)
    services.confirm_ticket(ticket_id=ticket.ticket_id, actor=manager, **said)
    drain_all()
    return Ticket.objects.get(pk=ticket.pk)


def known_outage(jira):
    [made] = jira.post("issues", {"issues": [{"project": "VOC", "type": "10001", "summary": "Known outage"}]})["issues"]
    return made


def link_of(ticket):
    return JiraLink.objects.get(ticket__ticket_id=ticket.ticket_id)


def kinds(ticket):
    return list(ticket.events.values_list("kind", flat=True))


def test_tickets_of_one_outage_share_an_issue_that_is_offered_and_lose_it_apart(jira, manager):
    first = approved(manager)
    waiting = TicketFactory(waiting=True)
    [offer] = links.shareable(waiting)
    assert (offer.issue_key, offer.ticket_id) == (first.jira_issue_key, first.ticket_id)

    services.confirm_ticket(ticket_id=waiting.ticket_id, actor=manager, jira=JiraChoice(issue_key=offer.issue_key))
    drain_all()
    second = Ticket.objects.get(pk=waiting.pk)
    assert second.jira_issue_key == first.jira_issue_key
    assert len(jira.issues) == 1
    assert [link.remote_linked_at is not None for link in JiraLink.objects.all()] == [True, True]
    assert len(jira.requests("POST", "/remotelink")) == 2

    services.unlink_issue(ticket_id=second.ticket_id, actor=manager)
    drain_all()
    assert [link_of(each).state for each in (first, second)] == [JiraState.LINKED, JiraState.UNLINKED]
    assert len(jira.requests("DELETE", "/remotelink")) == 1
    assert Ticket.objects.get(pk=second.pk).jira_issue_key is None


def test_an_existing_issue_is_linked_by_its_address_and_marked_as_ours(jira, manager):
    made = known_outage(jira)
    ticket = approved(manager)
    services.unlink_issue(ticket_id=ticket.ticket_id, actor=manager)

    address = f"https://jira.example.com/browse/{made['key']}?focused=1"
    services.link_issue(ticket_id=ticket.ticket_id, actor=manager, key=address)
    drain_all()

    link = link_of(ticket)
    assert (link.state, link.issue_key, link.origin) == (JiraState.LINKED, made["key"], "linked")
    assert (link.issue_summary, link.status) == ("Known outage", "To Do")
    assert "voc" in jira.issue(made["key"])["labels"]
    assert kinds(ticket)[-3:] == [EventKind.JIRA_CREATED, EventKind.JIRA_UNLINKED, EventKind.JIRA_LINKED]


def test_an_issue_that_is_not_there_is_said_to_be_missing_and_may_be_linked_again(jira, manager):
    ticket = approved(manager)
    services.unlink_issue(ticket_id=ticket.ticket_id, actor=manager)
    services.link_issue(ticket_id=ticket.ticket_id, actor=manager, key="voc-99")
    drain_all()
    assert link_of(ticket).state == JiraState.BLOCKED
    assert link_of(ticket).error

    made = known_outage(jira)
    services.link_issue(ticket_id=ticket.ticket_id, actor=manager, key=made["key"])
    drain_all()
    assert link_of(ticket).issue_key == made["key"]


def test_what_cannot_be_linked_or_unlinked_is_refused_and_changes_nothing(jira, manager, settings):
    waiting = TicketFactory(waiting=True)
    ticket = approved(manager)
    before = link_of(ticket)

    for act in (
        lambda: services.link_issue(ticket_id=ticket.ticket_id, actor=manager, key="VOC-1"),
        lambda: services.create_issue_again(ticket_id=ticket.ticket_id, actor=manager),
        lambda: services.link_issue(ticket_id=waiting.ticket_id, actor=manager, key="VOC-1"),
        lambda: services.unlink_issue(ticket_id=waiting.ticket_id, actor=manager),
        lambda: services.complete_ticket(ticket_id=ticket.ticket_id, actor=manager, manual_resolution="Done."),
    ):
        with pytest.raises(NotAllowed):
            act()
    with pytest.raises(InvalidInput):
        services.link_issue(ticket_id=ticket.ticket_id, actor=manager, key="../../myself")
    assert link_of(ticket).updated_at == before.updated_at

    settings.JIRA_BASE_URL = ""
    done = services.complete_ticket(ticket_id=ticket.ticket_id, actor=manager, manual_resolution="Done.")
    assert done.status == Status.DONE


def test_an_unlinked_ticket_gets_a_new_issue_when_somebody_asks_for_one(jira, manager):
    ticket = approved(manager)
    first = link_of(ticket)
    services.unlink_issue(ticket_id=ticket.ticket_id, actor=manager)
    services.create_issue_again(ticket_id=ticket.ticket_id, actor=manager, issue_type="Story")
    drain_all()

    second = link_of(ticket)
    assert second.issue_key != first.issue_key
    assert second.label != first.label
    assert second.issue_type == "Story"
    assert len(jira.issues) == 2


def test_while_nobody_knows_whether_there_is_an_issue_it_cannot_be_unlinked(jira, manager):
    jira.fault("drop_after", route="*/issue", method="POST", count=1)
    ticket = approved(manager)

    with pytest.raises(NotAllowed, match="just being found out"):
        services.unlink_issue(ticket_id=ticket.ticket_id, actor=manager)


def as_found(made):
    return JiraIssue(id=str(made["id"]), key=made["key"], project_key="VOC")


class TestASecondIssue:
    def copy(self, jira, ticket, **fields):
        """An issue with the ticket's label; with the property, too, it is one that we made."""
        link = link_of(ticket)
        labels = ["voc", link.label]
        [made] = jira.post(
            "issues", {"issues": [{"project": "VOC", "type": "10001", "summary": "Again", "labels": labels, **fields}]}
        )["issues"]
        return made

    def test_that_we_made_is_remarked_on_there_and_told_to_the_admins_once(self, jira, manager):
        ticket = approved(manager)
        link = link_of(ticket)
        mark = {"voc": {"ticket": ticket.ticket_id, "label": link.label}}
        second = self.copy(jira, ticket, properties=mark)

        for _ in range(2):
            links.report_others(link, [as_found(second)])
            drain_all(twice=True)

        link.refresh_from_db()
        assert link.duplicates == [{"id": str(second["id"]), "key": second["key"]}]
        assert Alert.objects.filter(key=f"jira-duplicate:{ticket.ticket_id}", cleared_at=None).count() == 1
        assert kinds(ticket).count(EventKind.JIRA_DUPLICATE) == 1
        [remark] = jira.requests("POST", f"/issue/{second['id']}/comment")
        assert link.issue_key in remark.body
        assert link.issue_key != second["key"]

    def test_that_a_person_copied_in_jira_is_not_ours_to_remark_on(self, jira, manager):
        ticket = approved(manager)
        link = link_of(ticket)
        links.report_others(link, [as_found(self.copy(jira, ticket))])
        drain_all()

        link.refresh_from_db()
        assert link.duplicates == []
        assert not Alert.objects.filter(key__startswith="jira-duplicate").exists()

    def test_found_while_looking_for_the_first_leaves_the_older_one_as_the_tickets(self, jira, manager):
        jira.fault("drop_after", route="*/issue", method="POST", count=1)
        ticket = approved(manager)
        link = link_of(ticket)
        mark = {"voc": {"ticket": ticket.ticket_id, "label": link.label}}
        second = self.copy(jira, ticket, properties=mark)
        jira.later(61)

        link.refresh_from_db()
        [first] = [issue for issue in jira.issues if issue["key"] != second["key"]]
        assert (link.state, link.issue_key) == (JiraState.LINKED, first["key"])
        assert link.duplicates == [{"id": str(second["id"]), "key": second["key"]}]


class TestTheApi:
    def test_says_where_the_issue_goes_and_shows_its_address(self, jira, manager, settings):
        settings.JIRA_BROWSE_URL = "https://issues.example.com"
        ticket = TicketFactory(waiting=True)
        api = client_of(manager)
        answer = api.post(
            f"/api/v1/tickets/{ticket.ticket_id}/confirm",
            {"jira": {"project_key": "OPS", "issue_type": "Story"}},
            format="json",
        )
        assert (answer.status_code, answer.json()["status"]) == (200, "IN_PROGRESS")
        drain_all()

        flat = api.get(f"/api/v1/tickets/{ticket.ticket_id}").json()
        assert flat["jira_project_key"] == "OPS"
        assert flat["jira_issue_url"] == f"https://issues.example.com/browse/{flat['jira_issue_key']}"

        address = f"/api/v1/tickets/{ticket.ticket_id}/issue"
        assert api.delete(address).json()["jira_issue_key"] is None
        assert api.delete(address).status_code == 400
        assert api.post(address, {"issue_key": "nonsense"}, format="json").status_code == 422
        assert api.post(address, {"issue_key": flat["jira_issue_key"]}, format="json").status_code == 200
        drain_all()
        assert Ticket.objects.get(pk=ticket.pk).jira_issue_key == flat["jira_issue_key"]
