"""Tickets that are linked to issues of the sandbox, and what Jira's people do there."""

import hashlib
import hmac
import json
from typing import Any

import httpx

from tests.factories import TicketFactory
from tests.tickets.jira.site import Site
from tickets.models import JiraLink, JiraOrigin, JiraState, Status, Ticket, TicketEvent
from voc.core import clock
from voc.core.outbox.models import Job

SECRET = "webhook-s3cret"


def linked(site: Site, count: int = 1, *, status: str = Status.IN_PROGRESS) -> list[Ticket]:
    """Approved tickets with an issue each, as after their creation."""
    tickets = [TicketFactory(analysed=True, status=status) for _ in range(count)]
    links = [
        JiraLink(ticket=ticket, project_key="VOC", issue_type="Bug", created_at=clock.now(), updated_at=clock.now())
        for ticket in tickets
    ]
    wanted = [
        {
            "project": "VOC",
            "type": "10001",
            "summary": ticket.ticket_id,
            "labels": ["voc", link.label],
            "who": "voc-bot",
        }
        for ticket, link in zip(tickets, links, strict=True)
    ]
    made = site.post("issues", {"issues": wanted})["issues"]
    for link, issue in zip(links, made, strict=True):
        link.state, link.origin, link.posts = JiraState.LINKED, JiraOrigin.CREATED, 1
        link.issue_id, link.issue_key = issue["id"], issue["key"]
        Ticket.objects.filter(pk=link.ticket_id).update(jira_issue_key=issue["key"], jira_project_key="VOC")
    JiraLink.objects.bulk_create(links)
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
    assert httpx.put(url, json={"body": body}, trust_env=False).is_success


def erase(site: Site, path: str) -> None:
    assert httpx.delete(site.sandbox.url(f"/_sandbox/jira/{path}"), trust_env=False).is_success


def deliveries(site: Site) -> list[dict[str, Any]]:
    """What Jira has told or tried to tell, once all of it has left."""
    answer = httpx.get(site.sandbox.url("/_sandbox/jira/webhooks"), params={"wait": 30}, timeout=60, trust_env=False)
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
