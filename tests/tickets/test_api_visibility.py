"""What the API tells to whom."""

import json

import pytest

from tests.factories import TicketFactory, UserFactory
from tests.tickets.calls import client_of
from tests.tickets.test_api import FLAT
from tickets import services
from tickets.results import Reason

pytestmark = pytest.mark.django_db
GIVEN_UP = {"attempts": "5", "error": "db-7 is down"}


def test_a_submitter_sees_his_own_tickets_only(sender, submitter, settings):
    own = TicketFactory(submitted_by=submitter, customer_contact="own@example.com")
    other = TicketFactory(customer_contact="other@example.com")
    assert [row["ticket_id"] for row in sender.get("/api/v1/tickets").json()["tickets"]] == [own.ticket_id]
    assert sender.get(f"/api/v1/tickets/{own.ticket_id}").json()["customer_contact"] == "own@example.com"
    assert sender.get(f"/api/v1/tickets/{other.ticket_id}").status_code == 404
    settings.VOC_SUBMITTERS_SEE_ALL = True
    assert sender.get(f"/api/v1/tickets/{other.ticket_id}").json()["customer_contact"] is None


def test_a_submitter_is_told_no_more_by_the_api_than_by_the_portal(api, manager, submitter, sender):
    ticket = TicketFactory(submitted_by=submitter, waiting=True)
    services.retry_ticket(ticket_id=ticket.ticket_id, actor=manager, retry_reason="The analyst was drunk")
    services.give_up_analysis(ticket_id=ticket.ticket_id, reason=Reason("given_up", GIVEN_UP, "db-7 is down"))
    decision = services.CorrectedDecision(primary_type="integration_error")
    services.confirm_ticket(ticket_id=ticket.ticket_id, actor=manager, assignee="Park", decision=decision)
    timeline = f"/api/v1/tickets/{ticket.ticket_id}/timeline"
    told = sender.get(timeline).json()["events"]
    assert [event["kind"] for event in told] == ["retried", "manual_required", "confirmed"]
    assert {(event["actor_name"], json.dumps(event["data"])) for event in told} == {("", "{}")}
    whole = api.get(timeline).json()["events"]
    assert [event["actor_name"] for event in whole] == ["Kim Manager", "", "Kim Manager"]
    assert whole[0]["data"] == {"reason": "The analyst was drunk"}
    assert whole[2]["data"]["correction"]


def test_a_submitter_is_told_his_own_name_and_the_words_of_a_verdict(manager, submitter, sender):
    ticket = services.submit_voc(raw_voc="x", customer_name="Kim", channel="api", submitted_by=submitter)
    services.give_up_analysis(ticket_id=ticket.ticket_id, reason=Reason(text="x"))
    services.reject_ticket(
        ticket_id=ticket.ticket_id, actor=manager, reject_reason="Not ours", reason_category="not_a_problem"
    )
    told = sender.get(f"/api/v1/tickets/{ticket.ticket_id}/timeline").json()["events"]
    assert told[0]["actor_name"] == submitter.username
    assert (told[-1]["actor_name"], told[-1]["data"]) == ("", {"reason": "Not ours"})


def test_a_submitters_flat_ticket_has_every_field_but_nothing_internal(api, submitter, sender, settings):
    own = TicketFactory(submitted_by=submitter)
    other = TicketFactory()
    used = [own.ticket_id, other.ticket_id, {"ticket_id": other.ticket_id}, {"ticket_id": own.ticket_id}, 5]
    ticket = TicketFactory(
        submitted_by=submitter,
        manual=True,
        manual_reason="db-7 is down",
        manual_cause={"code": "given_up", "values": GIVEN_UP},
        assignee="Park",
        correction={"urgency": ["low", "high"]},
        decision_reason={"summary": "s", "similar_cases_used": used},
    )
    address = f"/api/v1/tickets/{ticket.ticket_id}"
    told = sender.get(address).json()
    assert set(told) >= FLAT
    assert (told["assignee"], told["correction"], told["manual_reason"]) == (None, None, "The analysis failed.")
    assert told["decision_reason"] == {
        "summary": "s",
        "similar_cases_used": [own.ticket_id, {"ticket_id": own.ticket_id}],
    }
    whole = api.get(address).json()
    assert (whole["assignee"], whole["correction"]) == ("Park", {"urgency": ["low", "high"]})
    assert "db-7" in whole["manual_reason"]
    assert whole["decision_reason"]["similar_cases_used"] == used
    settings.VOC_SUBMITTERS_SEE_ALL = True
    assert len(sender.get(address).json()["decision_reason"]["similar_cases_used"]) == 4


def test_a_submitter_cannot_find_tickets_by_who_works_on_them(submitter, sender):
    TicketFactory(submitted_by=submitter, assignee="Park Jiho")
    assert sender.get("/api/v1/tickets?assignee=Nobody").json()["total_count"] == 1
    assert sender.get("/api/v1/tickets?q=Park Jiho").json()["total_count"] == 0


def test_a_viewer_reads_but_not_how_to_reach_the_customer():
    ticket = TicketFactory(customer_contact="kim@example.com")
    assert client_of(UserFactory()).get(f"/api/v1/tickets/{ticket.ticket_id}").json()["customer_contact"] is None
