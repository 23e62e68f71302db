"""The acceptance scenarios through the real API, worker and database, each variant with logs of its own."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.deciding import write_logs
from tests.scenarios.generator import SCENARIOS, Variant, variants
from tests.stack import Database, Stack

pytestmark = pytest.mark.e2e

SEED = 20261122
SEOUL = timezone(timedelta(hours=9))
# Far enough apart that nobody's logs are within 24 hours of another's complaint.
APART = timedelta(days=3)
FIRST = datetime(2024, 1, 8, 11, 0, tzinfo=SEOUL)
COUNTS = {"S1": 50, "S2": 50, "S3": 50, "S4": 50, "S5": 3, "S6": 3}


def cases() -> Iterator[Variant]:
    moment = FIRST
    for scenario in SCENARIOS:
        for number in range(COUNTS[scenario]):
            yield variants(scenario, number + 1, SEED, received_at=moment)[number]
            moment += APART


def wrong(variant: Variant, ticket: dict[str, Any]) -> str:
    """What is not as specified; "" when all is."""
    wanted = variant.expectation
    found = {
        "status": (wanted.status, ticket["status"]),
        "text": (variant.raw_voc, ticket["raw_voc"]),
    }
    if wanted.primary:
        found |= {
            "primary": (wanted.primary, ticket["agent_decision_primary"]),
            "secondary": (wanted.secondary, ticket["agent_decision_secondary"]),
            "urgency": (wanted.urgency, ticket["urgency"]),
            "system": (wanted.system, ticket["affected_system"]),
            "action": (wanted.action, (ticket["action_proposal"] or {}).get("action_type")),
        }
    differences = [f"{name}: {want!r} != {got!r}" for name, (want, got) in found.items() if want != got]
    proposal = json.dumps(ticket["action_proposal"], ensure_ascii=False)
    differences += [f"{name!r} is not in the proposal" for name in wanted.names if name not in proposal]
    low, high = wanted.confidence
    confidence = ticket["decision_confidence"]
    if confidence is not None and not low <= confidence <= high:
        differences.append(f"confidence {confidence} is not within {low}–{high}")
    if ticket["status"] == "MANUAL_REQUIRED" and not ticket["manual_reason"]:
        differences.append("nobody says why people must decide")
    return "; ".join(differences)


def test_every_scenario_ends_as_specified_through_api_worker_and_database(tmp_path: Path, database: Database) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    batch = list(cases())
    write_logs(logs, [variant.log for variant in batch if variant.log])
    with Stack(tmp_path / "stack", database=database, settings={"MOCK_LOG_DIR": str(logs)}) as stack:
        submitter, manager = stack.api("submitter"), stack.api("manager")
        ids = {}
        for variant in batch:
            body = {
                "raw_voc": variant.raw_voc,
                "customer_name": variant.customer_name,
                "channel": variant.channel,
                "received_at": variant.received_at.isoformat(),
            }
            answer = submitter.post("/api/v1/voc", json=body)
            assert answer.status_code == 201, answer.text
            ids[variant.name] = answer.json()["ticket_id"]
        stack.until(lambda: stack.resting() == len(batch), seconds=400, what="all tickets to come to rest")
        tickets = {name: manager.get(f"/api/v1/tickets/{ticket_id}").json() for name, ticket_id in ids.items()}
    found = {variant.name: wrong(variant, tickets[variant.name]) for variant in batch}
    assert {name: text for name, text in found.items() if text} == {}
