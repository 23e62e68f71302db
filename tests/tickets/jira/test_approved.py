"""What becomes of an approval beside its issue: what people are told of it, and that others may have dealt with it."""

import pytest

from integrations.jira.client import browse_url
from notifications.models import Delivery
from notifications.routing.models import Rule
from tests.factories import UserFactory
from tests.tickets.jira.inward import link_of
from tickets import services
from tickets.jira import polling
from tickets.models import JiraState, Status, Ticket
from voc.core.outbox.api import drain_all

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def manager():
    return UserFactory(manager=True)


def approve(ticket, manager):
    return services.confirm_ticket(ticket_id=ticket.ticket_id, actor=manager)


class TestWhatIsTold:
    @pytest.fixture(autouse=True)
    def in_english(self, settings):
        settings.SLACK_LANGUAGE = "en"

    def test_names_the_issue_with_its_address(self, jira, ticket, manager):
        Rule.objects.create(name="all", events=["ticket.jira_created", "ticket.resolved"], targets=["slack:C1"])
        approve(ticket, manager)
        drain_all()
        key = jira.issues[0]["key"]
        jira.post(f"issues/{key}/move", {"status": "Done"})
        polling.poll()
        drain_all()

        told = dict(Delivery.objects.values_list("event", "message"))
        for event in ("ticket.jira_created", "ticket.resolved"):
            assert dict(told[event]["fields"])["Jira issue"] == f"{key} {browse_url(key)}"

    def test_says_why_jira_refuses(self, jira, ticket, manager):
        Rule.objects.create(name="all", events=["ticket.jira_blocked"], targets=["slack:C1"])
        jira.configure(denied=["CREATE_ISSUES"])
        approve(ticket, manager)
        drain_all()

        [message] = Delivery.objects.filter(event="ticket.jira_blocked").values_list("message", flat=True)
        why = " ".join(f"{name}: {said}" for name, said in link_of(ticket).field_refusals.items())
        assert dict(message["fields"])["Reason"] == f"{link_of(ticket).refusal} {why}"


class TestAnApprovalThatOthersHaveDealtWith:
    def test_makes_no_issue_when_people_completed_the_ticket_while_jira_was_switched_off(
        self, jira, ticket, manager, settings
    ):
        address = settings.JIRA_BASE_URL
        approve(ticket, manager)
        settings.JIRA_BASE_URL = ""
        drain_all()
        services.complete_ticket(ticket_id=ticket.ticket_id, actor=manager, manual_resolution="Done by hand")
        settings.JIRA_BASE_URL = address
        jira.later(700)

        assert jira.issues == []
        assert link_of(ticket).state == JiraState.UNLINKED
        assert Ticket.objects.get(pk=ticket.pk).status == Status.DONE
