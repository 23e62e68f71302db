"""What messages say: of each occasion, in both languages, and nothing that configuration does not allow."""

import pytest
from django.utils import timezone

from notifications.message import Incident
from notifications.routing.occasions import OCCASIONS
from tests.factories import TicketFactory, UserFactory
from tickets.messages import TITLES, News, button_value, compose, occasion_of
from tickets.models import EventKind, JiraLink, JiraState, Status, TicketEvent
from voc.core.vocabulary import Urgency

pytestmark = pytest.mark.django_db

EVENTS = [name for name in TITLES if str(name).startswith("ticket.")]


@pytest.fixture(autouse=True)
def configured(settings):
    settings.SITE_URL = "https://voc.example.com"


def make(event, ticket, *, language="en", **data):
    return compose(ticket, News(event=event, key="k", data=data), language)


@pytest.mark.parametrize("event", EVENTS)
def test_each_occasion_has_words_in_korean_and_in_english(event):
    ticket = TicketFactory(waiting=True)
    titles = {language: make(event, ticket, language=language, seconds=60).title for language in ("ko", "en")}
    assert all(ticket.ticket_id in title for title in titles.values())
    assert any("가" <= letter <= "힣" for letter in titles["ko"])
    assert titles["en"].isascii()


def test_whatever_rules_offer_about_tickets_can_be_said():
    offered = {name for name in OCCASIONS if name.startswith("ticket.")}
    assert offered <= {*EVENTS, "ticket.decided"}


def test_a_finished_analysis_says_how_sure_it_is_and_offers_the_choice():
    ticket = TicketFactory(waiting=True, decision_confidence=0.874)
    message = make("ticket.analysed", ticket)
    assert message.title == f"{ticket.ticket_id} is analysed"
    assert ("Confidence", "87%") in message.fields
    assert [(button.action, button.value) for button in message.buttons] == [
        ("voc.approve", button_value(ticket)),
        ("voc.reject", button_value(ticket)),
    ]
    assert message.thread == ticket.ticket_id


def test_an_analysis_without_a_decision_says_why_people_must_decide_and_offers_nothing():
    ticket = TicketFactory(manual=True)
    message = make("ticket.analysed", ticket)
    assert message.title == f"{ticket.ticket_id} needs a person"
    assert "Why people must decide" in dict(message.fields)
    assert message.buttons == ()


def test_a_jira_issue_is_named_with_its_address_and_a_blocked_one_with_the_reason(settings):
    settings.JIRA_BROWSE_URL = "https://jira.example.com"
    ticket = TicketFactory(waiting=True, customer_name="홍길동", jira_issue_key="VOC-12")
    created = make("ticket.jira_created", ticket)
    assert ("Jira issue", "VOC-12 https://jira.example.com/browse/VOC-12") in created.fields
    now = timezone.now()
    JiraLink.objects.create(
        ticket=ticket, state=JiraState.BLOCKED, project_key="VOC", issue_type="Bug", created_at=now, updated_at=now,
        error="홍길동 (010-1234-5678) is no reporter",
    )  # fmt: skip
    blocked = make("ticket.jira_blocked", ticket)
    reason = dict(blocked.fields)["Reason"]
    assert reason.endswith("is no reporter")
    assert "홍길동" not in reason
    assert "010-1234-5678" not in reason


@pytest.mark.parametrize("event", EVENTS)
def test_no_occasion_says_more_than_is_allowed(event, settings):
    settings.NOTIFY_FIELDS = []
    ticket = TicketFactory(
        waiting=True, customer_name="홍길동", customer_contact="010-1234-5678", affected_system="Till"
    )
    everything = str(make(event, ticket, seconds=60).to_json())
    for secret in ("홍길동", "010-1234-5678", "Till", ticket.raw_voc, ticket.summary):
        assert secret not in everything


def test_a_verdict_names_who_gave_it_even_when_the_ticket_has_moved_on():
    ticket = TicketFactory(waiting=True)
    event = TicketEvent.objects.create(
        ticket=ticket, kind=EventKind.REJECTED, at=timezone.now(), actor_name="Kim Manager"
    )
    message = compose(ticket, News(event="ticket.decided", key="k", verdict=event, data={}), "en")
    assert message.title == f"{ticket.ticket_id} rejected"
    assert ("Decided by", "Kim Manager") in message.fields


@pytest.mark.parametrize(
    ("status", "incident"),
    [
        (Status.WAITING_CONFIRM, Incident.TRIGGER),
        (Status.MANUAL_REQUIRED, Incident.TRIGGER),
        (Status.IN_PROGRESS, Incident.ACKNOWLEDGE),
        (Status.DONE, Incident.RESOLVE),
        (Status.REJECTED, Incident.RESOLVE),
    ],
)
def test_an_incident_goes_the_way_of_the_ticket(status, incident):
    ticket = TicketFactory(waiting=True, urgency=Urgency.HIGH)
    ticket.status = status
    assert make("ticket.resolved", ticket).incident == incident


def test_how_things_stand_names_who_decided():
    ticket = TicketFactory(waiting=True)
    ticket.status, ticket.decided_by = Status.DONE, UserFactory(first_name="Kim", last_name="Manager")
    assert make("ticket.resolved", ticket).status == "Done · Kim Manager"


def test_rules_look_at_the_type_in_force():
    ticket = TicketFactory(waiting=True, urgency=Urgency.HIGH, affected_system="RefundService")
    ticket.correction = {"primary_type": [ticket.agent_decision_primary, "business_improvement"]}
    found = occasion_of(ticket, "ticket.decided")
    assert (found.urgency, found.problem_type, found.system) == ("high", "business_improvement", "RefundService")
