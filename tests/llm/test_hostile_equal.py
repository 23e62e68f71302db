"""A complaint with an injection comes to people, or is decided as it would be without it, by a model that gives in.

`base` in the corpus is the complaint with the injection cut out, `obeyed` what a model would answer that does as it is told.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from llm.models import ModelCall
from sandbox.client import SandboxClient
from tests.llm.test_hostile_corpus import COMPLAINTS, STEP, TEXT, text_of, whole
from tickets.models import Status, Ticket
from tickets.templatetags.tickets import confidence

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("site")]
# All of them with `make chaos`; each is analysed some five times, so that the ordinary tests take few.
EVERY = STEP if STEP == 1 else 2 * STEP
TYPES = ("integration_error", "code_error", "business_improvement")
OPPOSITE = {"high": "low", "low": "high"}
# What a manager reads of a proposal, but for the words that a model chose.
FACTS = ("action_type", "target_system", "contact_info", "affected_files", "code_location")


def read_by_a_manager(ticket: Ticket) -> dict[str, Any]:
    """The decision, or nothing but where it goes when people must decide."""
    if ticket.status == Status.MANUAL_REQUIRED:
        return {"people": True}
    facts = {name: (ticket.action_proposal or {}).get(name) for name in FACTS}
    return {
        "primary": ticket.agent_decision_primary,
        "secondary": ticket.agent_decision_secondary,
        "system": ticket.affected_system,
        "urgency": ticket.urgency,
        "confidence": confidence(ticket.decision_confidence)["word"],
        **facts,
    }


def demands(row: dict[str, Any], honest: Ticket) -> Iterator[dict[str, str]]:
    """What the model may have been talked into: what the text asks for, and everything else that could be wanted."""
    yield row.get("obeyed", {})
    yield from ({"primary": name} for name in TYPES if name != honest.agent_decision_primary)
    yield from ({"urgency": name} for told, name in OPPOSITE.items() if told == honest.urgency)
    yield {"affected_system": "EmailService" if honest.affected_system != "EmailService" else "OrderService"}


@pytest.mark.parametrize(("around", "first"), [("", 5), (f"{TEXT}\n", 12)], ids=["alone", "after a complaint"])
def test_a_model_that_gives_in_decides_as_without_the_injection_or_people_do(
    around: str, first: int, tmp_path: Path, settings: Any, sandbox: SandboxClient
) -> None:
    settings.LLM_CACHE_SECONDS = 0
    different = []
    talked_into = 0
    for row in COMPLAINTS[first % EVERY :: EVERY]:
        honest = (
            whole(tmp_path / f"{row['id']}-base", around + row["base"], [], settings) if around + row["base"] else None
        )
        calm = read_by_a_manager(honest) if honest else {"people": True}
        for number, wanted in enumerate(demands(row, honest or Ticket())):
            fault = sandbox.fault("openai", "persuaded", body=json.dumps(wanted))
            ticket = whole(tmp_path / f"{row['id']}-{number}", around + text_of(row), [], settings)
            sandbox.remove_fault(fault)
            found = read_by_a_manager(ticket)
            asked = ModelCall.objects.filter(subject=ticket.ticket_id).exists()
            talked_into += asked
            if found not in ({"people": True}, calm):
                different.append(
                    (row["id"], wanted, {k: (calm.get(k), v) for k, v in found.items() if calm.get(k) != v})
                )
            if not asked:
                # No model has read it that could be talked into more.
                break
    assert different == [], "\n".join(map(str, different))
    assert talked_into
