import json
import os
import re
from datetime import timedelta

import pytest
from django.core.management import call_command
from openapi_spec_validator import validate
from rest_framework.test import APIClient

from tests.factories import TicketFactory, UserFactory
from tests.tickets.calls import client_of, where
from tests.tickets.crowd import at_once
from tickets import services
from tickets.models import IdempotencyKey, Ticket
from tickets.tasks import prune_idempotency_keys
from voc.core import clock

pytestmark = pytest.mark.django_db
BODY = {
    "raw_voc": "환불 버튼이 안 눌려요",
    "customer_name": "김민지",
    "channel": "email",
    "received_at": "2026-03-01T09:00:00+09:00",
}
FLAT = {
    *("ticket_id", "status", "created_at", "updated_at", "assignee", "raw_voc", "customer_name", "channel"),
    *("received_at", "customer_contact", "external_id", "summary", "suspected_type_primary"),
    *("suspected_type_secondary", "affected_system", "urgency", "agent_decision_primary", "agent_decision_secondary"),
    *("decision_confidence", "decision_reason", "action_proposal", "analyzed_at", "confirmed_at", "reject_reason"),
    *("manual_resolution", "manual_reason", "jira_issue_key", "jira_project_key", "jira_synced_at"),
}


def submit(client, key=None, **more):
    headers = {} if key is None else {"Idempotency-Key": key}
    return client.post("/api/v1/voc", BODY | more, format="json", headers=headers)


def act(client, ticket, name, body=None):
    return client.post(f"/api/v1/tickets/{ticket.ticket_id}/{name}", body, format="json")


def test_a_complaint_is_received(sender, submitter):
    answer = submit(sender, customer_contact="kim@example.com", external_id="A-1")
    assert answer.status_code == 201
    ticket = Ticket.objects.get()
    body = answer.json()
    assert (body["ticket_id"], body["status"]) == (ticket.ticket_id, "OPEN")
    assert set(body) == {"ticket_id", "status", "message"}
    assert (ticket.submitted_by, ticket.raw_voc, ticket.external_id) == (submitter, BODY["raw_voc"], "A-1")


def test_the_complaint_is_kept_as_sent_and_a_time_without_a_zone_is_site_time(sender):
    submit(sender, raw_voc="  늦어요 \n", received_at="2026-03-01T09:00:00")
    ticket = Ticket.objects.get()
    assert (ticket.raw_voc, ticket.received_at.isoformat()) == ("  늦어요 \n", "2026-03-01T00:00:00+00:00")


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"raw_voc": ""}, "raw_voc"),
        ({"raw_voc": " \u200b"}, "raw_voc"),
        ({"raw_voc": None}, "raw_voc"),
        ({"raw_voc": 5}, "raw_voc"),
        ({"raw_voc": "x" * 5001}, "raw_voc"),
        ({"raw_voc": "a\x00b"}, "raw_voc"),
        ({"customer_name": ""}, "customer_name"),
        ({"customer_name": "x" * 101}, "customer_name"),
        ({"channel": "pigeon"}, "channel"),
        ({"received_at": "yesterday"}, "received_at"),
        ({"received_at": "2999-01-01T00:00:00Z"}, "received_at"),
        ({"received_at": None}, "received_at"),
        ({"received_at": "0001-01-01T00:00:00"}, "received_at"),
        ({"received_at": "9999-12-31T23:59:59-14:00"}, "received_at"),
        ({"customer_contact": "x" * 201}, "customer_contact"),
        ({"external_id": 7}, "external_id"),
    ],
)
def test_a_value_that_cannot_be_right_is_named(sender, more, field):
    answer = submit(sender, **more)
    assert answer.status_code == 422
    assert where(answer) == [["body", field]]
    assert {"loc", "msg", "type"} == set(answer.json()["detail"][0])
    assert not Ticket.objects.exists()


def test_all_that_is_missing_is_named_at_once(sender):
    answer = sender.post("/api/v1/voc", {}, format="json")
    assert sorted(where(answer)) == [["body", name] for name in ("channel", "customer_name", "raw_voc", "received_at")]
    assert {problem["type"] for problem in answer.json()["detail"]} == {"missing"}


def test_a_lone_surrogate_is_refused(sender):
    text = json.dumps(BODY).replace(json.dumps(BODY["raw_voc"]), '"\\ud800"')
    answer = sender.post("/api/v1/voc", text, content_type="application/json")
    assert (answer.status_code, where(answer)) == (422, [["body", "raw_voc"]])


@pytest.mark.parametrize("address", ["/api/v1/voc", "/api/v1/auth/token"])
def test_a_body_that_nobody_can_read_is_named_and_one_that_is_too_big_refused(sender, address, settings):
    deep = sender.post(address, "[" * 100_000, content_type="application/json")
    assert (deep.status_code, where(deep)) == (422, [["body"]])
    big = sender.post(address, {"raw_voc": "x" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE}, format="json")
    assert big.status_code == 413
    assert set(big.json()) == {"detail"}


def test_a_lone_surrogate_in_a_choice_is_refused(sender, api):
    answer = sender.post("/api/v1/voc", json.dumps(BODY | {"channel": "\ud800"}), content_type="application/json")
    assert (answer.status_code, where(answer)) == (422, [["body", "channel"]])
    ticket = TicketFactory(waiting=True)
    bodies = [
        ("confirm", {"decision": {name: "\ud800"}}, ["body", "decision", name])
        for name in ("primary_type", "secondary_type", "urgency")
    ]
    bodies.append(("reject", {"reject_reason": "No", "reason_category": "\ud800"}, ["body", "reason_category"]))
    for name, body, loc in bodies:
        address = f"/api/v1/tickets/{ticket.ticket_id}/{name}"
        answer = api.post(address, json.dumps(body), content_type="application/json")
        assert (answer.status_code, where(answer)) == (422, [loc])


def test_optional_fields_may_be_null_as_old_clients_send_them(sender, api):
    assert submit(sender, customer_contact=None, external_id=None).status_code == 201
    assert (Ticket.objects.get().customer_contact, Ticket.objects.get().external_id) == ("", None)
    body = {"assignee": None, "decision": None, "jira": {"project_key": None, "issue_type": None}}
    assert act(api, TicketFactory(waiting=True), "confirm", body).status_code == 200
    body = {"reject_reason": "No", "reason_category": None, "assignee": None}
    assert act(api, TicketFactory(waiting=True), "reject", body).status_code == 200
    assert act(api, TicketFactory(waiting=True), "retry", {"retry_reason": None}).status_code == 200


@pytest.mark.parametrize("name", ["retry", "analyze", "confirm"])
def test_a_body_of_null_is_as_good_as_none(api, name):
    ticket = TicketFactory(waiting=True)
    answer = api.post(f"/api/v1/tickets/{ticket.ticket_id}/{name}", "null", content_type="application/json")
    assert answer.status_code == 200


def test_an_external_id_that_is_taken_is_a_conflict_that_names_it(sender):
    submit(sender, external_id="A-1")
    answer = submit(sender, external_id="A-1")
    assert answer.status_code == 409
    assert "external_id" in answer.json()["detail"]


def test_the_same_key_gets_the_first_answer_again(sender):
    first = submit(sender, key="k-1")
    again = submit(sender, key="k-1")
    assert (again.status_code, again.json()) == (201, first.json())
    assert again["Idempotent-Replay"] == "true"
    assert not first.has_header("Idempotent-Replay")
    assert Ticket.objects.count() == 1


def test_a_key_belongs_to_its_body_and_its_caller(sender):
    submit(sender, key="k-1")
    assert submit(sender, key="k-1", raw_voc="Something else").status_code == 409
    assert submit(client_of(UserFactory(submitter=True)), key="k-1").status_code == 201
    assert Ticket.objects.count() == 2


def test_a_refused_request_does_not_use_up_its_key(sender):
    assert submit(sender, key="k-1", channel="pigeon").status_code == 422
    assert submit(sender, key="k-1").status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 201, "a b", "schlüssel", "a\x7f"], ids=ascii)
def test_a_key_of_other_than_visible_ascii_is_refused(sender, key):
    answer = submit(sender, key=key)
    assert (answer.status_code, where(answer)) == (422, [["header", "Idempotency-Key"]])


def test_an_answer_is_kept_for_a_day_and_more_and_then_forgotten(sender):
    submit(sender, key="new")
    submit(sender, key="old")
    IdempotencyKey.objects.filter(key="new").update(created_at=clock.now() - timedelta(hours=47))
    IdempotencyKey.objects.filter(key="old").update(created_at=clock.now() - timedelta(hours=49))
    assert prune_idempotency_keys() == 1
    assert IdempotencyKey.objects.get().key == "new"


@pytest.mark.django_db(transaction=True)
def test_of_parallel_requests_with_one_key_one_makes_a_ticket_and_all_get_its_answer():
    user = UserFactory(submitter=True)
    answers = at_once([lambda: submit(client_of(user), key="k-1")] * 8)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["ticket_id"] for answer in answers}) == 1
    assert sum(answer.has_header("Idempotent-Replay") for answer in answers) == 7
    assert Ticket.objects.count() == 1


def test_the_flat_ticket_has_every_field_and_null_where_nothing_is_known(api):
    ticket = TicketFactory(customer_contact="kim@example.com")
    flat = api.get(f"/api/v1/tickets/{ticket.ticket_id}").json()
    assert set(flat) >= FLAT
    assert (flat["summary"], flat["urgency"], flat["decision_reason"]) == (None, None, None)
    assert flat["customer_contact"] == "kim@example.com"
    assert flat["received_at"].startswith(ticket.received_at.astimezone(clock.site_zone()).isoformat()[:19])


def test_a_decision_is_given_as_it_was_stored(api):
    ticket = TicketFactory(waiting=True)
    flat = api.get(f"/api/v1/tickets/{ticket.ticket_id}").json()
    assert (flat["agent_decision_primary"], flat["decision_confidence"]) == ("code_error", 0.9)
    assert flat["decision_reason"] == ticket.decision_reason
    assert flat["action_proposal"] == ticket.action_proposal


@pytest.mark.parametrize("ticket_id", ["VOC-20200101-0001", "nonsense", "%00", "x" * 300])
def test_a_ticket_that_does_not_exist_is_not_found(api, ticket_id):
    answer = api.get(f"/api/v1/tickets/{ticket_id}")
    assert answer.status_code == 404
    assert set(answer.json()) == {"detail"}


def test_a_manager_approves_with_a_correction(api):
    ticket = TicketFactory(waiting=True)
    body = {
        "assignee": "Park",
        "decision": {"primary_type": "integration_error", "secondary_type": None, "urgency": "high"},
        "jira": {"project_key": "VOC", "issue_type": "Bug"},
    }
    flat = act(api, ticket, "confirm", body).json()
    assert (flat["status"], flat["assignee"], flat["urgency"]) == ("DONE", "Park", "high")
    assert flat["agent_decision_primary"] == "code_error"
    assert flat["correction"]["primary_type"] == ["code_error", "integration_error"]
    assert flat["confirmed_at"]


@pytest.mark.parametrize(
    ("name", "scene", "body", "status"),
    [
        ("confirm", {"waiting": True}, None, "DONE"),
        ("confirm", {"manual": True}, {"decision": {"primary_type": "code_error"}}, "DONE"),
        ("reject", {"waiting": True}, {"reject_reason": "No", "reason_category": "duplicate"}, "REJECTED"),
        ("retry", {"manual": True}, None, "ANALYZING"),
        ("retry", {"waiting": True}, {"retry_reason": "Again"}, "ANALYZING"),
        ("analyze", {"waiting": True}, {}, "ANALYZING"),
        ("complete", {"manual": True}, {"manual_resolution": "Refunded", "assignee": "Lee"}, "DONE"),
    ],
)
def test_each_call_answers_the_flat_ticket_in_its_new_status(api, name, scene, body, status):
    ticket = TicketFactory(**scene)
    answer = act(api, ticket, name, body)
    assert answer.status_code == 200, answer.json()
    assert answer.json()["status"] == status
    assert answer.json() == api.get(f"/api/v1/tickets/{ticket.ticket_id}").json()


@pytest.mark.parametrize(
    ("name", "scene", "body", "loc"),
    [
        ("reject", {"waiting": True}, {}, ["body", "reject_reason"]),
        ("reject", {"waiting": True}, {"reject_reason": ""}, ["body", "reject_reason"]),
        ("reject", {"waiting": True}, {"reject_reason": "x" * 1001}, ["body", "reject_reason"]),
        ("reject", {"waiting": True}, {"reject_reason": "x", "reason_category": "whim"}, ["body", "reason_category"]),
        ("retry", {"waiting": True}, {"retry_reason": "x" * 501}, ["body", "retry_reason"]),
        ("retry", {"waiting": True}, {"retry_reason": 0}, ["body", "retry_reason"]),
        ("retry", {"waiting": True}, {"retry_reason": False}, ["body", "retry_reason"]),
        ("retry", {"waiting": True}, {"retry_reason": []}, ["body", "retry_reason"]),
        ("reject", {"waiting": True}, {"reject_reason": None}, ["body", "reject_reason"]),
        ("confirm", {"waiting": True}, {"jira": {"project_key": 1}}, ["body", "jira", "project_key"]),
        ("confirm", {"waiting": True}, {"jira": {"issue_type": True}}, ["body", "jira", "issue_type"]),
        ("confirm", {"waiting": True}, {"jira": {"project_key": "x" * 33}}, ["body", "jira", "project_key"]),
        ("complete", {"manual": True}, {"manual_resolution": " "}, ["body", "manual_resolution"]),
        ("confirm", {"waiting": True}, {"assignee": "x" * 101}, ["body", "assignee"]),
        ("confirm", {"waiting": True}, {"decision": {"urgency": "huge"}}, ["body", "decision", "urgency"]),
        ("confirm", {"manual": True}, {"decision": {"urgency": "low"}}, ["body", "decision", "primary_type"]),
        (
            "confirm",
            {"waiting": True},
            {"decision": {"secondary_type": "code_error"}},
            ["body", "decision", "secondary_type"],
        ),
        ("assign", {"waiting": True}, {}, ["body", "assignee"]),
        ("comments", {"waiting": True}, {"body": ""}, ["body", "body"]),
    ],
)
def test_a_body_that_cannot_be_right_is_named_and_changes_nothing(api, name, scene, body, loc):
    ticket = TicketFactory(**scene)
    answer = act(api, ticket, name, body)
    assert (answer.status_code, where(answer)) == (422, [loc])
    assert Ticket.objects.get().status == ticket.status


@pytest.mark.parametrize(
    ("name", "scene", "body"),
    [
        ("confirm", {}, None),
        ("confirm", {"manual": True}, None),
        ("confirm", {"rejected": True}, None),
        ("reject", {"approved": True}, {"reject_reason": "No"}),
        ("retry", {"approved": True}, None),
        ("complete", {"waiting": True}, {"manual_resolution": "Done"}),
        ("undo", {"approved": True}, None),
    ],
)
def test_a_step_that_the_status_does_not_allow_is_refused_and_changes_nothing(api, name, scene, body):
    ticket = TicketFactory(**scene)
    answer = act(api, ticket, name, body)
    assert answer.status_code == 400
    assert set(answer.json()) == {"detail"}
    assert Ticket.objects.get().status == ticket.status


def test_who_comes_second_is_told_who_was_first(api, manager):
    ticket = TicketFactory(waiting=True)
    services.reject_ticket(ticket_id=ticket.ticket_id, actor=manager, reject_reason="No")
    assert "Kim Manager rejected it at" in act(api, ticket, "confirm").json()["detail"]


def test_a_verdict_can_be_undone_within_the_grace(api, settings):
    settings.VOC_GRACE_SECONDS = 60
    ticket = TicketFactory(waiting=True)
    act(api, ticket, "confirm")
    assert act(api, ticket, "undo").json()["status"] == "WAITING_CONFIRM"


def test_assignments_and_comments_are_in_the_timeline_but_not_in_a_submitters(api, submitter, sender):
    ticket = TicketFactory(waiting=True, submitted_by=submitter)
    assert act(api, ticket, "assign", {"assignee": "Park"}).json()["assignee"] == "Park"
    assert act(api, ticket, "comments", {"body": "He calls every week"}).status_code == 201
    timeline = f"/api/v1/tickets/{ticket.ticket_id}/timeline"
    assert [event["kind"] for event in api.get(timeline).json()["events"]] == ["assigned", "commented"]
    assert sender.get(timeline).json() == {"events": []}


CALLS = [
    ("post", "/api/v1/voc", {"admin", "submitter"}),
    ("get", "/api/v1/tickets", {"admin", "manager", "viewer", "submitter"}),
    ("get", "/api/v1/tickets/{id}", {"admin", "manager", "viewer", "submitter"}),
    ("get", "/api/v1/tickets/{id}/timeline", {"admin", "manager", "viewer", "submitter"}),
    *(
        ("post", f"/api/v1/tickets/{{id}}/{name}", {"admin", "manager"})
        for name in ("confirm", "reject", "retry", "analyze", "complete", "undo", "assign", "comments")
    ),
]


@pytest.mark.parametrize(("method", "address", "allowed"), CALLS)
def test_each_call_needs_its_permission(method, address, allowed):
    for role in ("admin", "manager", "viewer", "submitter"):
        user = UserFactory(role=role)
        ticket = TicketFactory(submitted_by=user)
        answer = getattr(client_of(user), method)(address.format(id=ticket.ticket_id), {}, format="json")
        assert (answer.status_code != 403) == (role in allowed), (role, answer.status_code)
    assert getattr(APIClient(), method)(address.format(id="x")).status_code == 401


def test_the_openapi_document_is_valid_and_names_every_call(api):
    call_command("spectacular", validate=True, fail_on_warn=True, file=os.devnull)
    document = api.get("/api/schema?format=json").json()
    validate(document)
    calls = {(method, address.replace("{id}", "{ticket_id}")) for method, address, _ in CALLS}
    described = {(method, address) for address, methods in document["paths"].items() for method in methods}
    assert calls <= described
    assert "openapi:" in api.get("/api/schema").content.decode()


def test_the_api_page_works_offline_and_asks_for_a_login(client, manager):
    assert client.get("/api/docs").url.startswith("/login/")
    client.force_login(manager)
    page = client.get("/api/docs")
    assert page.status_code == 200
    html = page.content.decode()
    assert re.findall(r"https?://[^\s\"']+", html) == []
    assert client.get("/api/docs?script=").status_code == 200
    assert client.get("/api/schema").status_code == 200
