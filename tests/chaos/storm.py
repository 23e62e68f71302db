"""Kills web, worker and beat at random while complaints go through the whole system, and tells what came of it."""

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import redis

from tests.stack import Database, Stack
from voc.dev.processes import wait_until

CASES = Path(__file__).resolve().parent.parent / "corpus" / "dev"
VICTIMS = ("worker", "web", "worker", "beat", "worker")
# Short, so that what a killed process held is taken up again within seconds; all else is as in production.
QUICK = {
    "OUTBOX_LEASE_SECONDS": "3",
    "OUTBOX_SWEEP_SECONDS": "1",
    "OUTBOX_MAX_INTERRUPTIONS": "1000",
    "NOTIFY_TIMEOUT_SECONDS": "2",
    "SLACK_MESSAGES_PER_SECOND": "0",
    "SLACK_BOT_TOKEN": "xoxb-storm-token",
    "SLACK_API_URL": "{sandbox}/slack/api/",
    "SLACK_CHANNEL": "CSTORM",
}

# What a decision is made of, but for what other tickets contribute and for when it was made.
DECISION = """
    SELECT external_id, status, summary, urgency, affected_system, agent_decision_primary, agent_decision_secondary,
           decision_confidence, manual_reason, decision_reason->'evidence' AS evidence, decision_reason->'ruled_out' AS ruled_out,
           action_proposal
    FROM tickets_ticket ORDER BY external_id
"""


@dataclass(frozen=True)
class Complaint:
    external_id: str
    body: dict[str, Any]


def complaints(count: int, *, seed: int) -> list[Complaint]:
    """The labelled cases again and again, each time from another customer."""
    cases = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(CASES.glob("*.json"))]
    rng = random.Random(seed)
    made = []
    for number in range(count):
        case = rng.choice(cases)
        external_id = f"storm-{number:05d}"
        body = {
            "raw_voc": case["raw_voc"],
            "customer_name": f"Customer {number}",
            "channel": case["channel"],
            "received_at": case["received_at"],
            "external_id": external_id,
        }
        made.append(Complaint(external_id, body))
    return made


def write_logs(folder: Path) -> Path:
    """The cases' logs as a mock log directory."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(CASES.glob("*.json")):
        for number, scenario in enumerate(json.loads(path.read_text(encoding="utf-8"))["logs"]):
            (folder / f"{path.stem}-{number}.json").write_text(json.dumps(scenario, ensure_ascii=False))
    return folder


class Submitter:
    """Hands complaints in as a careful client does: the same request with the same key until there is an answer."""

    def __init__(self, stack: Stack) -> None:
        self._client = stack.api("submitter")
        self.retries = 0
        self.ids: dict[str, str] = {}

    def submit(self, complaint: Complaint, *, patience: float = 60) -> None:
        end = time.monotonic() + patience
        while True:
            try:
                answer = self._client.post(
                    "/api/v1/voc", json=complaint.body, headers={"Idempotency-Key": complaint.external_id}
                )
            except httpx.HTTPError:
                answer = None
            if answer is not None and answer.status_code == 201:
                self.ids[complaint.external_id] = answer.json()["ticket_id"]
                return
            if answer is not None and answer.status_code < 500:
                raise AssertionError(f"{answer.status_code} {answer.text}")
            if time.monotonic() > end:
                raise TimeoutError(f"no answer to {complaint.external_id} within {patience:g} s")
            self.retries += 1
            wait_until(lambda: False, seconds=0.1)

    @contextmanager
    def in_background(self, batch: Sequence[Complaint]) -> Iterator[None]:
        failures: list[BaseException] = []

        def work() -> None:
            try:
                for complaint in batch:
                    self.submit(complaint)
            except BaseException as error:  # noqa: BLE001 - raised again below, in the test's own thread
                failures.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield
        finally:
            thread.join()
        if failures:
            raise failures[0]


@dataclass
class Report:
    kills: Counter[str] = field(default_factory=Counter)
    interruptions: int = 0
    retries: int = 0
    doubled_messages: int = 0
    seconds: float = 0.0

    def __str__(self) -> str:
        kills = ", ".join(f"{count} × {name}" for name, count in sorted(self.kills.items()))
        return (
            f"{self.kills.total()} kills ({kills}); {self.interruptions} jobs interrupted; {self.retries} requests sent again; "
            f"{self.doubled_messages} messages that may have arrived twice; {self.seconds:.0f} s"
        )


def storm(stack: Stack, batch: list[Complaint], *, kills: int, seed: int, wipe_redis: bool) -> Report:
    """Submit everything while killing; returns once every ticket rests and no job is open."""
    since = time.monotonic()
    rng = random.Random(seed)
    report = Report()
    submitter = Submitter(stack)
    per_kill = max(1, len(batch) // (kills + 1))
    victims = [VICTIMS[number % len(VICTIMS)] for number in range(kills)]
    rng.shuffle(victims)
    for number, victim in enumerate(victims):
        part = batch[number * per_kill : (number + 1) * per_kill]
        with submitter.in_background(part):
            # Anywhere from the first request to after the last analysis of this part.
            wait_until(lambda: False, seconds=rng.uniform(0, 0.6))
            stack.kill(victim)
            report.kills[victim] += 1
            if wipe_redis and number == kills // 2:
                redis.Redis.from_url(stack.redis.url).flushall()
            stack.start(victim)
        if victim == "worker" and rng.random() < 0.7:
            before = stack.open_jobs()
            wait_until(lambda before=before: stack.open_jobs() < before or before == 0, seconds=15)
    for complaint in batch[kills * per_kill :]:
        submitter.submit(complaint)
    settle(stack, count=len(batch), seconds=400)
    report.retries = submitter.retries
    report.interruptions = int(stack.database.value("SELECT coalesce(sum(interruptions), 0) FROM outbox_job"))
    report.seconds = time.monotonic() - since
    return report


def settle(stack: Stack, *, count: int, seconds: float) -> None:
    stack.until(
        lambda: stack.resting() == count and stack.open_jobs() == 0,
        seconds=seconds,
        what=f"{count} tickets to come to rest",
    )


def decisions(database: Database) -> list[dict[str, Any]]:
    return database.rows(DECISION)


def doubled_effects(database: Database) -> dict[str, list[dict[str, Any]]]:
    """Every effect that happened more than once, or not at all, by its name."""
    checks = {
        "complaints with two tickets": "SELECT external_id FROM tickets_ticket GROUP BY 1 HAVING count(*) > 1",
        "tickets not analysed exactly once": """
            SELECT t.ticket_id, count(e.id) FROM tickets_ticket t
            LEFT JOIN tickets_ticketevent e ON e.ticket_id = t.id AND e.kind IN ('analysed', 'manual_required')
            GROUP BY 1 HAVING count(e.id) <> 1""",
        "tickets not received exactly once": """
            SELECT t.ticket_id FROM tickets_ticket t
            LEFT JOIN tickets_ticketevent e ON e.ticket_id = t.id AND e.kind = 'submitted'
            GROUP BY 1 HAVING count(e.id) <> 1""",
        "tickets without exactly one finished run": """
            SELECT t.ticket_id FROM tickets_ticket t
            LEFT JOIN tickets_analysisrun r ON r.ticket_id = t.id AND r.state = 'finished'
            GROUP BY 1 HAVING count(r.id) <> 1""",
        "urgent tickets without exactly one delivery": """
            SELECT t.ticket_id FROM tickets_ticket t
            LEFT JOIN notifications_delivery d ON d.subject = t.ticket_id AND d.event = 'ticket.urgent' AND d.state = 'accepted'
                AND d.channel = 'slack'
            WHERE t.urgency = 'high' AND t.status IN ('WAITING_CONFIRM', 'MANUAL_REQUIRED')
            GROUP BY 1 HAVING count(d.id) <> 1""",
        "jobs given up": "SELECT id, event, error FROM outbox_job WHERE state IN ('dead', 'blocked')",
    }
    found = {name: database.rows(query) for name, query in checks.items()}
    return {name: rows for name, rows in found.items() if rows}


def message_counts(stack: Stack) -> Counter[str]:
    """How often people in Slack see the urgent message of each ticket."""
    query = "SELECT uuid, subject FROM notifications_delivery WHERE channel = 'slack' AND event = 'ticket.urgent'"
    subjects = {str(row["uuid"]): row["subject"] for row in stack.database.rows(query)}
    shown = [post["metadata"]["event_payload"]["delivery"] for post in stack.sandbox.state("slack")["posts"]]
    return Counter(subjects[delivery] for delivery in shown if delivery in subjects)
