"""The page of one ticket: what it shows to whom."""

import re

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.factories import TicketFactory, UserFactory
from tests.tickets.test_views import HOSTILE, HTMX, browser, page
from tickets import services
from tickets.models import AnalysisRun, AnalysisStep, Status
from tickets.services import CorrectedDecision

pytestmark = pytest.mark.django_db
REASON = {
    "summary": "s",
    "root_cause_analysis": "The gateway did not answer in time.",
    "evidence_summary": "A timeout three minutes before.",
    "log_summary": "ERROR 2",
    "ruled_out": ["The card: no refusal was logged."],
    "evidence": [
        {
            "quote": "Gateway timeout took 12.3s",
            "why": "The customer waited as long",
            "level": "ERROR",
            "service": "PaymentService",
            "source": "elasticsearch",
            "timestamp": "2026-01-01T00:00:00.250+00:00",
            "url": "https://logs.example.com/1",
            "mock": False,
        },
        {"quote": "pretended line", "level": "WARN", "timestamp": "2026-01-01T09:00:00", "mock": True},
    ],
    "confidence_breakdown": {
        "log_evidence": 0.8,
        "pattern_match": 1,
        "log_voc_correlation": 0.9,
        "type_consistency": 1.0,
    },
}
MAIL = {
    "action_type": "integration_inquiry",
    "title": "Ask the gateway",
    "target_system": "PaymentGateway",
    "email_draft": {"subject": "Timeout on 1 January", "body": "Dear team,\n\nwhat happened?"},
}


def show(role, ticket, **fields):
    return page(browser(role, **fields), "ticket", ticket.ticket_id).content.decode()


def act(client, name, ticket, **values):
    return client.post(reverse(name, args=[ticket.ticket_id]), values)


@pytest.mark.parametrize("role", ["admin", "manager", "viewer"])
def test_everything_a_decision_needs_is_on_one_page(role):
    ticket = TicketFactory(waiting=True, decision_reason=REASON, action_proposal=MAIL)
    html = show(role, ticket)
    for shown in (
        "The refund button shows an error every time.",
        "offline analyst",
        "Gateway timeout took 12.3s",
        "The customer waited as long",
        "2026-01-01 09:00:00.250",  # in the site's zone
        'href="https://logs.example.com/1"',
        "elasticsearch",
        "from mock logs",
        "The gateway did not answer in time.",
        "The card: no refusal was logged.",
        "Ask the gateway",
        "Timeout on 1 January",
        "what happened?",
        'width="90%"',
        "0.90",
    ):
        assert shown in html


@pytest.mark.parametrize(
    ("proposal", "shown"),
    [
        (
            {
                "action_type": "code_fix",
                "code_location": "Refund.java:88",
                "affected_files": ["Refund.java"],
                "severity": "high",
            },
            ["Code fix", "Refund.java:88", "<code>Refund.java</code>", "High"],
        ),
        (
            {"action_type": "business_proposal", "proposal": "Show the button", "stakeholders": ["Orders", "Support"]},
            ["Proposal to the business", "Show the button", "Orders, Support"],
        ),
    ],
)
def test_a_proposal_is_shown_by_its_kind(proposal, shown):
    html = show("manager", TicketFactory(waiting=True, action_proposal=proposal))
    for text in shown:
        assert text in html


def test_what_a_proposal_says_twice_is_shown_once():
    same = {"action_type": "code_fix", "error_summary": "NullPointerException", "error_details": "NullPointerException"}
    html = show("manager", TicketFactory(waiting=True, action_proposal=same, decision_reason=None))
    assert html.count("NullPointerException") == 1


@pytest.mark.parametrize(
    "reason",
    [
        None,
        [],
        "text",
        {
            "evidence": "no list",
            "ruled_out": [None, {"a": 1}],
            "confidence_breakdown": {"log_evidence": "x", "pattern_match": 7},
        },
        {"evidence": ["a plain line", None, {"timestamp": "2026-99-99", "url": "javascript:alert(1)"}, 5]},
        {"similar_cases_used": [{"ticket_id": "VOC-1"}, 4]},
    ],
)
def test_a_decision_of_any_shape_does_not_break_the_page(reason):
    html = show(
        "manager", TicketFactory(waiting=True, decision_reason=reason, action_proposal={"email_draft": "x", "title": 3})
    )
    assert "javascript:" not in html


def test_what_comes_from_outside_is_shown_as_text():
    ticket = TicketFactory(
        waiting=True,
        raw_voc=HOSTILE,
        summary=HOSTILE[:60],
        decision_reason={
            "root_cause_analysis": HOSTILE,
            "evidence": [{"quote": HOSTILE, "why": HOSTILE, "service": HOSTILE, "url": 'https://x/"><script>alert(1)'}],
            "ruled_out": [HOSTILE],
        },
        action_proposal={"title": HOSTILE, "email_draft": {"subject": HOSTILE, "body": HOSTILE}},
    )
    client = browser("manager")
    services.add_comment(ticket_id=ticket.ticket_id, actor=client.user, body=HOSTILE)
    html = page(client, "ticket", ticket.ticket_id).content.decode()
    assert "<script>alert" not in html
    assert "<img" not in html.split('<main id="content"')[1]
    assert "{{ 7*7 }}" in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;\n{{ 7*7 }}" in html


# --- who sees what of it ---


def test_a_submitter_follows_his_complaint_without_what_the_staff_says_and_finds():
    client = browser("submitter")
    ticket = TicketFactory(
        waiting=True,
        submitted_by=client.user,
        decision_reason=REASON,
        action_proposal=MAIL,
        customer_contact="me@example.com",
    )
    manager = UserFactory(manager=True, first_name="Sora", last_name="Park")
    services.add_comment(ticket_id=ticket.ticket_id, actor=manager, body="between us")
    services.assign_ticket(ticket_id=ticket.ticket_id, actor=manager, assignee="Team B")
    services.reject_ticket(ticket_id=ticket.ticket_id, actor=manager, reject_reason="Known since Monday")
    html = page(client, "ticket", ticket.ticket_id).content.decode()
    for shown in (ticket.raw_voc, "Rejected", "Known since Monday", "me@example.com"):
        assert shown in html
    for hidden in (
        "between us",
        "Team B",
        "Gateway timeout",
        "Timeout on 1 January",
        "Sora",
        "offline analyst",
        'id="decide"',
        "/undo/",
    ):
        assert hidden not in html


def test_a_submitter_does_not_see_the_tickets_of_others():
    response = page(browser("submitter"), "ticket", TicketFactory().ticket_id)
    assert response.status_code == 404


def test_a_ticket_that_does_not_exist_is_not_found():
    assert page(browser("admin"), "ticket", "VOC-20260101-9999").status_code == 404


def test_a_contact_is_for_those_who_decide_and_for_who_handed_it_in():
    ticket = TicketFactory(waiting=True, customer_contact="010-1234-5678")
    assert "010-1234-5678" in show("manager", ticket)
    assert "010-1234-5678" not in show("viewer", ticket)


@pytest.mark.parametrize("role", ["viewer", "submitter"])
@pytest.mark.parametrize("name", ["confirm", "reject", "retry", "complete", "undo", "assign", "comment", "mute"])
def test_who_may_not_decide_cannot_by_address_either(role, name):
    client = browser(role)
    ticket = TicketFactory(waiting=True, submitted_by=client.user)
    response = act(client, f"ticket_{name}", ticket, reject_reason="x", body="x", manual_resolution="x", assignee="x")
    assert response.status_code == 403
    ticket.refresh_from_db()
    assert ticket.status == Status.WAITING_CONFIRM
    assert not ticket.events.exists()


@pytest.mark.parametrize(
    ("status", "offered"),
    [
        ("open", {"assign", "comment", "mute"}),
        ("analysing", {"assign", "comment", "mute"}),
        ("waiting", {"confirm", "reject", "retry", "assign", "comment", "mute"}),
        ("manual", {"confirm", "reject", "retry", "complete", "assign", "comment", "mute"}),
        ("approved", {"assign", "comment", "mute"}),
        ("rejected", {"assign", "comment", "mute"}),
    ],
)
def test_the_page_offers_what_the_status_allows(status, offered):
    html = show("manager", TicketFactory(**{status: True}))
    assert set(re.findall(r'action="/tickets/[^/]+/(\w+)/', html)) == offered


# --- the page at its stages ---


def test_why_people_must_decide_is_said():
    assert "Not understandable" in show("manager", TicketFactory(manual=True))


def test_a_running_analysis_ticks_its_stages_and_polls():
    ticket = TicketFactory(analysing=True)
    run = AnalysisRun.objects.create(
        ticket=ticket, job_id=1, analyst="offline", started_at=timezone.now(), threshold=0.6
    )
    AnalysisStep.objects.create(run=run, stage="normalise", position=0, started_at=run.started_at, milliseconds=3)
    html = show("viewer", ticket)
    assert 'hx-trigger="every 2s"' in html
    assert re.findall(r'class="stage stage-(\w+)"', html) == ["done", "running", "open", "open"]


def test_the_live_fragment_polls_until_the_ticket_rests_and_then_fetches_the_page():
    ticket = TicketFactory(analysing=True)
    client = browser("viewer")
    live = page(client, "ticket_live", ticket.ticket_id, **HTMX).content.decode()
    assert 'hx-trigger="every 2s"' in live
    assert "<html" not in live
    ticket.delete()
    rested = TicketFactory(waiting=True)
    last = page(client, "ticket_live", rested.ticket_id, **HTMX).content.decode()
    assert "every 2s" not in last
    assert f'hx-get="{reverse("ticket", args=[rested.ticket_id])}"' in last
    assert 'hx-trigger="load"' in last


def test_the_live_fragments_address_leads_to_the_page_when_opened_as_one():
    ticket = TicketFactory(analysing=True)
    response = page(browser("viewer"), "ticket_live", ticket.ticket_id)
    assert response["Location"] == reverse("ticket", args=[ticket.ticket_id])


def test_nothing_polls_once_the_ticket_rests():
    assert "every 2s" not in show("viewer", TicketFactory(waiting=True))


def test_earlier_analyses_are_shown_with_what_the_later_one_changed():
    ticket = TicketFactory(waiting=True)
    at = timezone.now()
    common = {
        "ticket": ticket,
        "job_id": 1,
        "analyst": "offline",
        "threshold": 0.6,
        "state": "finished",
        "finished_at": at,
    }
    old = {"primary": "code_error", "urgency": "low", "affected_system": "RefundService"}
    AnalysisRun.objects.create(**common, started_at=at, confidence=0.4, result=old)
    new = old | {"primary": "integration_error"}
    AnalysisRun.objects.create(**common, started_at=at, confidence=0.9, result=new, asked_reason="logs came late")
    html = show("viewer", ticket)
    runs = html[html.index('class="runs"') :]
    assert re.findall(r"<del>([^<]+)</del> → <ins>([^<]+)</ins>", runs) == [
        ("Our bug", "External system failed"),
        ("40%", "90%"),
    ]


def test_similar_tickets_are_shown_with_what_became_of_them():
    past = TicketFactory(approved=True, raw_voc="The refund button shows an error every single time.")
    html = show("viewer", TicketFactory(waiting=True))
    similar = html[html.index('class="similar"') :]
    assert past.ticket_id in similar
    assert 'class="chip chip-approved"' in similar


def test_a_correction_is_shown_beside_the_decision():
    ticket = TicketFactory(waiting=True)
    manager = UserFactory(manager=True)
    decision = CorrectedDecision(primary_type="business_improvement", urgency="low")
    services.confirm_ticket(ticket_id=ticket.ticket_id, actor=manager, decision=decision)
    html = show("viewer", ticket)
    assert "<strong>Policy or usability</strong>" in html
    assert re.search(r"Problem type Our bug → <b>Policy or usability</b>", html)
    assert "Urgency: Medium → Low" in html  # in the timeline


def test_the_page_takes_few_queries_however_long_its_history(django_assert_max_num_queries):
    ticket = TicketFactory(waiting=True)
    client = browser("admin")
    for number in range(30):
        services.add_comment(ticket_id=ticket.ticket_id, actor=client.user, body=f"{number}")
    TicketFactory.create_batch(20, approved=True)
    with django_assert_max_num_queries(23):
        client.get(reverse("ticket", args=[ticket.ticket_id]) + "?queue=1")
