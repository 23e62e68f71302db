"""What an issue says of its ticket: all that helps to mend it, no person beyond what is configured, within Jira's limits."""

import re

import pytest

from integrations.jira.document import units
from tests.factories import TicketFactory, UserFactory
from tickets import services
from tickets.models import JiraLink, JiraState
from voc.core.outbox.api import drain_all
from voc.core.vocabulary import Urgency

pytestmark = pytest.mark.django_db(transaction=True)

REASON = {
    "summary": "The gateway of 홍길동 timed out",
    "root_cause_analysis": "A timeout of 12.3 s over a limit of 5 s",
    "evidence": [
        {"quote": "ERROR gateway timeout for 010-1234-5678", "service": "PaymentService", "why": "the payment"}
    ],
}
PROPOSAL = {"title": "Ask the gateway", "description": "Mail them", "target_system": "PaymentGateway"}


@pytest.fixture
def manager():
    return UserFactory(manager=True, first_name="Kim", last_name="Manager")


def told(**fields):
    values = {
        "waiting": True,
        "urgency": Urgency.HIGH,
        "summary": "Payment of 홍길동\nfails",
        "customer_name": "홍길동",
        "customer_contact": "gildong@example.com",
        "raw_voc": "My card 4111-1111-1111-1111 hung. Call 010-1234-5678, 홍길동",
        "decision_reason": REASON,
        "action_proposal": PROPOSAL,
    }
    return TicketFactory(**(values | fields))


def approve(ticket, manager):
    services.confirm_ticket(ticket_id=ticket.ticket_id, actor=manager)
    drain_all()
    return JiraLink.objects.get(ticket=ticket)


def texts(node):
    """All text of a document in ADF."""
    if isinstance(node, dict):
        return node.get("text", "") + "\n" + "".join(texts(each) for each in node.get("content", []))
    return ""


def test_the_issue_has_summary_evidence_proposal_attribution_labels_priority_and_the_way_back(jira, manager):
    ticket = told()
    link = approve(ticket, manager)

    [sent] = jira.creations()
    fields = sent.json["fields"]
    assert fields["summary"] == f"[{ticket.ticket_id}] Payment of [NAME_1] fails"
    assert fields["labels"] == ["voc", link.label]
    assert fields["priority"] == {"name": "High"}
    said = texts(fields["description"])
    for words in (
        "timeout of 12.3 s",
        "ERROR gateway timeout",
        "Ask the gateway",
        "PaymentGateway",
        "Approved by Kim Manager",
    ):
        assert words in said
    assert sent.json["properties"] == [{"key": "voc", "value": {"ticket": ticket.ticket_id, "label": link.label}}]
    [remote] = jira.requests("POST", "/remotelink")
    assert remote.json["object"]["url"] == f"https://voc.example.com/tickets/{ticket.ticket_id}/"


def test_no_personal_data_leaves_beyond_what_is_configured(jira, manager, settings):
    for share in (["summary", "analysis", "evidence", "proposal"], ["summary", "complaint"], []):
        settings.JIRA_SHARE = share
        approve(told(), manager)
    for sent in jira.sandbox.requests("jira"):
        # Labels are random: now and then one has these four digits.
        body = re.sub(r"[0-9a-f]{32}", "", sent.body)
        for secret in ("홍길동", "010-1234-5678", "4111", "gildong", "s3cr3t"):
            assert secret not in body
    assert "hung" in texts(jira.creations()[1].json["fields"]["description"])
    assert "gateway timed out" not in jira.creations()[2].body

    settings.JIRA_SHARE = ["customer_name", "customer_contact"]
    approve(told(), manager)
    said = texts(jira.creations()[3].json["fields"]["description"])
    assert "홍길동" in said
    assert "gildong@example.com" in said


@pytest.mark.parametrize("deployment", ["cloud", "datacenter"])
def test_forty_thousand_characters_emoji_and_wiki_markup_arrive_as_text(jira, manager, settings, deployment):
    jira.configure(deployment=deployment)
    settings.JIRA_EMAIL = "voc@example.com" if deployment == "cloud" else ""
    markup = "{code}x{code} [link|http://evil.example] *bold* !image.png! h1. Head {noformat} 😀\x07"
    reason = {
        "summary": f"{markup} 😀 " + "가" * 500,
        "evidence": [{"quote": f"{markup} " + "😀" * 4_000} for _ in range(10)],
    }
    ticket = told(decision_reason=reason, summary="😀" * 200)
    link = approve(ticket, manager)

    assert link.state == JiraState.LINKED
    fields = jira.creations()[0].json["fields"]
    assert units(fields["summary"]) <= 255
    description = fields["description"]
    if deployment == "cloud":
        said = texts(description)
        assert "{code}x{code} [link|http://evil.example] *bold*" in said
    else:
        said = description
        assert "\\{code\\}x\\{code\\} \\[link\\|http://evil.example\\]" in said
        assert said.count("{noformat}") % 2 == 0
    assert units(said) <= 32_767
    assert "The rest was too long for Jira" in said
    assert "\x07" not in said


def test_a_priority_that_the_project_does_not_have_is_left_out(jira, manager, settings):
    settings.JIRA_PRIORITIES = {"high": "Blocker"}
    link = approve(told(), manager)

    assert link.state == JiraState.LINKED
    assert "priority" not in jira.creations()[0].json["fields"]
