"""Tickets that are linked to issues of the sandbox, and what Jira's people do there."""

import hashlib
import hmac
import json
from copy import copy
from typing import Any

import httpx

from tests.factories import TicketFactory
from tests.tickets.jira.site import Site
from tickets.models import JiraLink, JiraOrigin, JiraState, Status, Ticket, TicketEvent
from tickets.models.jira import new_label
from voc.core import clock
from voc.core.outbox.models import Job

SECRET = "webhook-s3cret"


def linked(site: Site, count: int = 1, *, status: str = Status.IN_PROGRESS) -> list[Ticket]:
    """Approved tickets with an issue each, as after their creation."""
    first = TicketFactory.build(analysed=True, status=status)
    there = Ticket.objects.count()
    labels = [new_label() for _ in range(count)]
    wanted = [{"project": "VOC", "type": "10001", "labels": ["voc", label], "who": "voc-bot"} for label in labels]
    made = site.post("issues", {"issues": wanted})["issues"]
    tickets = []
    for number, issue in enumerate(made, there + 1):
        ticket = copy(first)
        ticket._state = copy(first._state)
        ticket.ticket_id = f"VOC-20250101-{number:05d}"
        ticket.jira_issue_key, ticket.jira_project_key = issue["key"], "VOC"
        tickets.append(ticket)
    Ticket.objects.bulk_create(tickets)
    now = clock.now()
    JiraLink.objects.bulk_create(
        JiraLink(
            ticket=ticket, label=label, state=JiraState.LINKED, origin=JiraOrigin.CREATED, posts=1, project_key="VOC",
            issue_type="Bug", issue_id=issue["id"], issue_key=issue["key"], created_at=now, updated_at=now,
        )
        for ticket, label, issue in zip(tickets, labels, made, strict=True)
    )  # fmt: skip
    return tickets


def link_of(ticket: Ticket) -> JiraLink:
    return JiraLink.objects.get(ticket=ticket)


def key_of(ticket: Ticket) -> str:
    return link_of(ticket).issue_key


def fresh(ticket: Ticket) -> Ticket:
    return Ticket.objects.get(pk=ticket.pk)


def kinds(ticket: Ticket) -> list[str]:
    return list(ticket.events.order_by("id").values_list("kind", flat=True))


def move(site: Site, ticket: Ticket, status: str, **more: Any) -> None:
    site.post(f"issues/{key_of(ticket)}/move", {"status": status, **more})


def say(site: Site, ticket: Ticket, body: str, **more: Any) -> str:
    return str(site.post(f"issues/{key_of(ticket)}/comments", {"body": body, **more})["id"])


def edit(site: Site, ticket: Ticket, comment_id: str, body: str) -> None:
    url = site.sandbox.url(f"/_sandbox/jira/issues/{key_of(ticket)}/comments/{comment_id}")
    assert httpx.put(url, json={"body": body}, verify=False).is_success


def erase(site: Site, path: str) -> None:
    assert httpx.delete(site.sandbox.url(f"/_sandbox/jira/{path}"), verify=False).is_success


def deliveries(site: Site) -> list[dict[str, Any]]:
    """What Jira has told or tried to tell, once all of it has left."""
    answer = httpx.get(site.sandbox.url("/_sandbox/jira/webhooks"), params={"wait": 60}, timeout=90, verify=False)
    assert answer.json()["idle"]
    return list(answer.json()["deliveries"])


def signed(body: bytes, secret: str = SECRET) -> str:
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"


def payload(issue_id: str, **more: Any) -> bytes:
    told = {"webhookEvent": "jira:issue_updated", "timestamp": int(clock.now().timestamp() * 1000)}
    return json.dumps({**told, "issue": {"id": issue_id, "key": "VOC-1", "fields": {"labels": []}}, **more}).encode()


def rows() -> tuple[int, int, list[Any]]:
    """Everything that a poll must leave alone when nothing changed: events, jobs, and every ticket as it is."""
    tickets = list(
        Ticket.objects.order_by("pk").values("pk", "status", "updated_at", "jira_synced_at", "jira_issue_key")
    )
    return TicketEvent.objects.count(), Job.objects.count(), tickets
