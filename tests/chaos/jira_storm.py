"""Approvals while workers die and connections to Jira break, and changes in Jira while its webhooks get lost."""

import random
import time
from collections import Counter
from dataclasses import dataclass
from itertools import islice
from typing import Any

import httpx

from tests.chaos.storm import QUICK
from tests.stack import Stack
from voc.dev.processes import wait_until

# Run by `manage.py shell` in the stack's own database.
MAKE = """
from django.utils import timezone
from tickets.models import Ticket
from tests.factories import TicketFactory
from copy import copy
first = TicketFactory.build(waiting=True)
def one(number):
    ticket = copy(first)
    ticket._state = copy(first._state)
    ticket.ticket_id = f"VOC-20250101-{{number:05d}}"
    return ticket
Ticket.objects.bulk_create(one(number) for number in range(1, {count} + 1))
"""
DONE, IN_PROGRESS = "10003", "10001"


@dataclass
class Report:
    approved: int = 0
    kills: int = 0
    dropped_before: int = 0
    dropped_after: int = 0
    issues: int = 0
    posts: int = 0
    adopted: int = 0
    seconds: float = 0.0

    def __str__(self) -> str:
        return (
            f"{self.approved} approvals, {self.kills} workers killed, {self.dropped_before} connections dropped before and "
            f"{self.dropped_after} after Jira's commit: {self.issues} issues from {self.posts} requests, {self.adopted} "
            f"found again; {self.seconds:.0f} s"
        )


def settings(*, index_delay: float) -> dict[str, str]:
    """Looked for once before and once after the index has caught up; else as in production."""
    looks = (index_delay / 3, index_delay * 1.05 + 1, index_delay * 1.2 + 3)
    return QUICK | {
        "VOC_GRACE_SECONDS": "0",
        "JIRA_LOOK_SECONDS": ",".join(f"{look:.1f}" for look in looks),
        "JIRA_POLL_SECONDS": "2",
        "JIRA_WEBHOOK_SECRET": "only-for-this-storm",
        # Slack takes only so many changes a minute, and is not what this storm is about.
        **dict.fromkeys(("SLACK_WEBHOOK_URL", "SLACK_BOT_TOKEN", "SLACK_CHANNEL", "SLACK_SIGNING_SECRET"), ""),
    }


def configure(stack: Stack, **changes: Any) -> None:
    httpx.post(f"{stack.sandbox_url}/_sandbox/jira/config", json=changes, verify=False).raise_for_status()


def make_tickets(stack: Stack, count: int) -> list[str]:
    done = stack.manage("shell", "-c", MAKE.format(count=count))
    assert done.returncode == 0, done.stderr
    return [f"VOC-20250101-{number:05d}" for number in range(1, count + 1)]


def approve_all(stack: Stack, tickets: list[str], *, kills: int, faults: int, index_delay: float, seed: int) -> Report:
    """Approve everything while killing; returns once no job is open and every creation is settled.

    No webhook helps: what was cut off has to be found by search.
    """
    since = time.monotonic()
    rng = random.Random(seed)
    report = Report(approved=len(tickets))
    configure(stack, index_delay=index_delay, webhook_url="")
    path = "/jira/rest/api/3/issue"
    odds = min(0.5, 3 * faults / len(tickets))
    for kind in ("drop", "drop_after"):
        stack.sandbox.fault("jira", kind, route=path, method="POST", probability=odds, count=faults, seed=seed)
    manager = stack.api("manager")
    waves = iter(tickets)
    for number in range(kills + 1):
        wave = list(islice(waves, -(-len(tickets) // (kills + 1))))
        for ticket_id in wave:
            manager.post(f"/api/v1/tickets/{ticket_id}/confirm", json={}).raise_for_status()
        if number < kills:
            wait_until(lambda: False, seconds=rng.uniform(0, 0.5))
            stack.kill("worker")
            stack.start("worker")
            report.kills += 1
    stack.until_healed(
        lambda: stack.open_jobs() == 0,
        seconds=300 + 8 * index_delay + len(tickets),
        what="every approval to have its issue",
    )
    state = stack.sandbox.state("jira")
    report.dropped_before, report.dropped_after = (fault["hits"] for fault in stack.sandbox.faults())
    report.issues = len(state["issues"])
    report.posts = sum(r.path == path and r.method == "POST" for r in stack.sandbox.requests("jira"))
    report.adopted = int(stack.database.value("SELECT count(*) FROM tickets_jiralink WHERE origin = 'adopted'"))
    report.seconds = time.monotonic() - since
    stack.sandbox.clear_faults("jira")
    return report


def wrong(stack: Stack) -> dict[str, list[Any]]:
    """Issues that are doubled, lost, or whose key does not stand on their ticket, as Jira counts them."""
    by_ticket = Counter(issue["properties"]["voc"]["ticket"] for issue in stack.sandbox.state("jira")["issues"])
    keys = {issue["properties"]["voc"]["ticket"]: issue["key"] for issue in stack.sandbox.state("jira")["issues"]}
    rows = stack.database.rows("SELECT ticket_id, jira_issue_key, status FROM tickets_ticket")
    found = {
        "doubled": [ticket for ticket, count in by_ticket.items() if count > 1],
        "lost": [row["ticket_id"] for row in rows if row["ticket_id"] not in by_ticket],
        "other key": [row for row in rows if row["jira_issue_key"] != keys.get(row["ticket_id"])],
        "not in progress": [row for row in rows if row["status"] != "IN_PROGRESS"],
    }
    return {name: each for name, each in found.items() if each}


def change_all(stack: Stack, count: int, *, seed: int) -> Counter[str]:
    """Move `count` issues, some of them to and fro, while webhooks are lost, doubled and reordered; what became of them."""
    rng = random.Random(seed)
    httpx.post(f"{stack.sandbox_url}/_sandbox/jira/index", json={"advance": 3600}, verify=False).raise_for_status()
    configure(
        stack,
        index_delay=0,
        webhook_url=f"{stack.url}/hooks/jira/",
        webhook_secret=stack.env["JIRA_WEBHOOK_SECRET"],
        webhook_lost=0.3,
        webhook_doubled=0.2,
        webhook_reordered=True,
        webhook_seed=seed,
    )
    issues = [issue["key"] for issue in stack.sandbox.state("jira")["issues"]][:count]
    moves = [
        (key, rng.choice(["In Progress", "In Review", "Done"])) for key in (*issues, *rng.sample(issues, count // 3))
    ]
    with httpx.Client(base_url=f"{stack.sandbox_url}/_sandbox/jira/", timeout=60, trust_env=False) as desk:
        desk.post("webhooks/held", json={"held": True})
        for key, status in moves:
            desk.post(f"issues/{key}/move", json={"status": status}).raise_for_status()
        desk.post("webhooks/held", json={"held": False})
        while not (answer := desk.get("webhooks", params={"wait": 50}).json())["idle"]:
            stack.supervisor.tick()
    told = Counter(one["state"] for one in answer["deliveries"])
    told["twice"] = sum(one["twice"] for one in answer["deliveries"])
    return told


def wait_for_polls(stack: Stack, count: int) -> None:
    """Until so many polls have begun and ended from now on, and nothing is under way."""
    for _ in range(count):
        begun = stack.database.value("SELECT now()")
        query = (
            "SELECT count(*) FROM tickets_jirasync WHERE cursor > %s - interval '10 minutes' AND claimed_until IS NULL"
        )
        stack.until(
            lambda begun=begun, query=query: stack.database.value(query, begun) == 1, seconds=120, what="a poll"
        )
    stack.until(lambda: stack.open_jobs() == 0, seconds=120, what="an empty outbox")


def disagreement(stack: Stack) -> list[str]:
    """Tickets that do not say what their issue says."""
    issues = {issue["key"]: issue for issue in stack.sandbox.state("jira")["issues"]}
    rows = stack.database.rows(
        "SELECT t.ticket_id, t.status, l.issue_key, l.status AS theirs, l.resolution FROM tickets_ticket t "
        "JOIN tickets_jiralink l ON l.ticket_id = t.id"
    )
    names = {"10000": "To Do", "10001": "In Progress", "10002": "In Review", "10003": "Done"}
    found = []
    for row in rows:
        issue = issues[row["issue_key"]]
        expected = (
            "DONE" if issue["status"] == DONE else "IN_PROGRESS",
            names[issue["status"]],
            issue["resolution"] or "",
        )
        if (row["status"], row["theirs"], row["resolution"]) != expected:
            found.append(f"{row['ticket_id']}: {row} instead of {expected}")
    return found


def everything(stack: Stack) -> tuple[Any, ...]:
    """What a poll must leave alone when nothing changed."""
    return tuple(
        stack.database.value(query)
        for query in (
            "SELECT count(*) FROM tickets_ticketevent",
            "SELECT count(*) FROM outbox_job",
            "SELECT md5(string_agg(t::text, '|' ORDER BY id)) FROM tickets_ticket t",
        )
    )
