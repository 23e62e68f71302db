"""Webhooks of Jira: what is taken, what is not, and what follows. Sent over HTTP by the sandbox where that matters."""

import json
from datetime import timedelta

import pytest
from django.db import DatabaseError

from integrations.jira import webhook
from integrations.jira.models import WebhookDelivery
from tests.factories import TicketFactory
from tests.tickets.jira.inward import (
    SECRET,
    deliveries,
    erase,
    fresh,
    key_of,
    kinds,
    link_of,
    linked,
    move,
    payload,
    rows,
    signed,
)
from tickets.models import EventKind, JiraLink, JiraState, Status
from tickets.tasks import reconcile_jira
from voc.core import clock
from voc.core.outbox.api import drain_all
from voc.core.outbox.models import Job

HOOK = "/hooks/jira/"


@pytest.fixture(autouse=True)
def secret(settings):
    settings.JIRA_WEBHOOK_SECRET = SECRET


@pytest.fixture
def told(jira, live_server):
    """The site sends its webhooks to this system, over HTTP."""
    jira.configure(webhook_url=live_server.url + HOOK, webhook_secret=SECRET, webhook_retry_seconds=0.05)
    return jira


def send(client, body: bytes, *, signature: str | None = None, **headers: str):
    given = signed(body) if signature is None else signature
    return client.post(HOOK, body, content_type="application/json", headers={"X-Hub-Signature": given, **headers})


@pytest.mark.django_db
class TestTheDoor:
    def test_a_signed_delivery_is_stored_and_answered_before_anything_else_happens(self, client, jira):
        [ticket] = linked(jira)
        before = len(jira.sandbox.requests("jira"))

        answer = send(client, payload(link_of(ticket).issue_id), **{"X-Atlassian-Webhook-Identifier": "abc"})

        assert answer.status_code == 200
        [delivery] = WebhookDelivery.objects.all()
        assert (delivery.identifier, delivery.event, delivery.handled_at) == ("abc", "jira:issue_updated", None)
        assert len(jira.sandbox.requests("jira")) == before

    @pytest.mark.parametrize("wrong", ["", "sha256=", "sha256=00", "sha1=abc", "abc", "sha256=é"])
    def test_what_is_not_signed_with_the_secret_is_refused_and_leaves_nothing(self, client, wrong):
        assert send(client, payload("10100"), signature=wrong).status_code == 401
        assert send(client, payload("10100"), signature=signed(payload("10100"), "another")).status_code == 401
        assert not WebhookDelivery.objects.exists()

    def test_a_signature_belongs_to_the_bytes_and_not_to_what_they_mean(self, client):
        body = payload("10100")

        answer = send(client, body.replace(b": ", b":"), signature=signed(body))

        assert answer.status_code == 401

    def test_without_a_secret_there_is_no_door(self, client, settings):
        settings.JIRA_WEBHOOK_SECRET = ""

        assert send(client, payload("10100"), signature=signed(payload("10100"), "")).status_code == 404

    def test_the_same_body_again_is_known_whatever_its_headers_say(self, client):
        body = payload("10100")

        answers = [send(client, body, **{"X-Atlassian-Webhook-Identifier": name}).status_code for name in "aab"]

        assert answers == [200, 200, 200]
        assert WebhookDelivery.objects.count() == Job.objects.count() == 1

    def test_one_that_is_older_than_what_is_remembered_is_not_taken(self, client):
        old = int((clock.now() - webhook.OLDEST - timedelta(minutes=1)).timestamp() * 1000)

        assert send(client, payload("10100", timestamp=old)).status_code == 200
        assert not WebhookDelivery.objects.exists()

    def test_a_body_that_is_too_large_is_refused_unread(self, client):
        assert send(client, b" " * (webhook.MAX_BYTES + 1)).status_code == 413

    @pytest.mark.parametrize(
        "body",
        [b"", b"\xff", b"[]", b"{}", b'{"issue": 1}', b'{"issue": {"id": "1 OR 1=1"}}', b'{"issue": {"id": []}}'],
    )
    def test_what_tells_of_no_issue_is_not_stored(self, client, body):
        assert send(client, body).status_code == 422
        assert not WebhookDelivery.objects.exists()

    def test_when_nothing_can_be_stored_jira_is_asked_to_come_again(self, client, monkeypatch):
        def refuse(*_args, **_more):
            raise DatabaseError

        monkeypatch.setattr(webhook, "store", refuse)

        assert send(client, payload("10100")).status_code == 503

    def test_only_a_post_is_answered(self, client):
        assert client.get(HOOK).status_code == 405

    def test_what_was_told_long_ago_is_forgotten_at_night(self, client, time_passes):
        send(client, payload("10100"))
        time_passes.advance(webhook.KEPT_FOR.total_seconds() + 60)

        reconcile_jira()

        assert not WebhookDelivery.objects.exists()


@pytest.mark.django_db(transaction=True)
class TestWhatFollows:
    def test_a_person_finishes_the_issue_and_the_ticket_is_done(self, told):
        [ticket] = linked(told)
        move(told, ticket, "Done", resolution="Won't Do")

        assert {one["state"] for one in deliveries(told)} == {"sent"}
        drain_all()

        assert fresh(ticket).status == Status.DONE
        assert link_of(ticket).resolution == "Won't Do"
        [event] = ticket.events.filter(kind=EventKind.JIRA_DONE)
        assert (event.data["resolution"], event.status_before, event.status_after) == (
            "Won't Do",
            "IN_PROGRESS",
            "DONE",
        )

    def test_many_tellings_of_one_issue_are_answered_by_one_reading(self, told):
        [ticket] = linked(told)
        for status in ("In Progress", "In Review", "In Progress", "Done"):
            move(told, ticket, status)
        deliveries(told)

        drain_all()

        reads = told.requests("GET", f"/issue/{link_of(ticket).issue_id}")
        assert len(reads) == 1
        assert not WebhookDelivery.objects.filter(handled_at=None).exists()
        assert fresh(ticket).status == Status.DONE

    def test_doubled_and_reordered_tellings_end_where_jira_is(self, told):
        told.configure(webhook_doubled=1.0, webhook_reordered=True)
        tickets = linked(told, 3)
        for ticket in tickets:
            for status in ("Done", "In Progress", "Done", "In Progress"):
                move(told, ticket, status)
        deliveries(told)

        drain_all(twice=True)

        assert [fresh(ticket).status for ticket in tickets] == [Status.IN_PROGRESS] * 3
        assert {link_of(ticket).status for ticket in tickets} == {"In Progress"}
        before = rows()
        drain_all()
        assert rows() == before

    def test_what_is_older_than_what_stands_changes_nothing(self, jira, client):
        [ticket] = linked(jira)
        move(jira, ticket, "Done")
        send(client, payload(link_of(ticket).issue_id))
        drain_all()
        stands = link_of(ticket)
        JiraLink.objects.update(issue_updated_at=stands.issue_updated_at + timedelta(seconds=5), status="Newer")

        send(client, payload(link_of(ticket).issue_id))
        drain_all()

        assert link_of(ticket).status == "Newer"

    def test_an_issue_of_somebody_else_is_not_asked_for(self, jira, client):
        [made] = jira.post("issues", {"issues": [{"project": "OPS", "type": "10001", "summary": "x"}]})["issues"]
        before = len(jira.sandbox.requests("jira"))

        send(client, payload(made["id"]))
        drain_all()

        assert len(jira.sandbox.requests("jira")) == before

    def test_a_deleted_issue_is_told_on_its_ticket_once(self, told):
        [ticket] = linked(told)
        erase(told, f"issues/{key_of(ticket)}")
        deliveries(told)

        drain_all(twice=True)

        assert kinds(ticket).count(EventKind.JIRA_GONE) == 1
        assert link_of(ticket).gone_at is not None
        assert fresh(ticket).status == Status.IN_PROGRESS

    def test_jira_away_keeps_what_was_told_until_it_is_back(self, told):
        [ticket] = linked(told)
        move(told, ticket, "Done")
        deliveries(told)
        fault = told.fault("status", status=503, retry_after=60)
        drain_all()
        assert fresh(ticket).status == Status.IN_PROGRESS

        told.sandbox.remove_fault(fault)
        told.later(120)

        assert fresh(ticket).status == Status.DONE

    def test_it_may_overtake_the_answer_to_our_own_creation(self, jira, client):
        ticket = TicketFactory(analysed=True, status=Status.IN_PROGRESS)
        now = clock.now()
        link = JiraLink.objects.create(
            ticket=ticket,
            state=JiraState.UNKNOWN,
            posts=1,
            posted_at=now,
            project_key="VOC",
            created_at=now,
            updated_at=now,
        )
        body = {
            "project": "VOC",
            "type": "10001",
            "summary": "x",
            "labels": ["voc", link.label],
            "properties": {"voc": {"ticket": ticket.ticket_id, "label": link.label}},
        }
        [made] = jira.post("issues", {"issues": [body]})["issues"]
        told = json.loads(payload(made["id"]))
        told["issue"]["fields"]["labels"] = ["voc", link.label]

        send(client, json.dumps(told).encode())
        drain_all()

        link.refresh_from_db()
        assert (link.state, link.issue_key, link.origin) == (JiraState.LINKED, made["key"], "adopted")
        assert fresh(ticket).jira_issue_key == made["key"]
        assert len(jira.issues) == 1

    def test_a_copy_that_a_person_made_in_jira_is_not_adopted(self, jira, client):
        [ticket] = linked(jira)
        link = link_of(ticket)
        JiraLink.objects.update(state=JiraState.UNKNOWN, issue_id="", issue_key="")
        copy = {"project": "VOC", "type": "10001", "summary": "CLONE - x", "labels": ["voc", link.label]}
        [made] = jira.post("issues", {"issues": [copy]})["issues"]
        told = json.loads(payload(made["id"]))
        told["issue"]["fields"]["labels"] = ["voc", link.label]

        send(client, json.dumps(told).encode())
        drain_all()

        assert link_of(ticket).state == JiraState.UNKNOWN
