"""Stage 1: what the complaint says, in the system's words. One that cannot be understood goes to people."""

from dataclasses import replace

from llm.base import Normalised
from tickets.analysis.work import Noted, Work
from tickets.results import Reason

SHOWN = 1000


def run(work: Work) -> Noted:
    complaint = work.complaint
    found = work.analyst.normalise(complaint)
    work.normalised = found
    noted = Noted(
        input={"text": complaint.text[:SHOWN], "systems": [system.name for system in complaint.systems]},
        output={
            "understood": found.understood,
            "unclear": found.unclear,
            "reason": found.reason,
            "summary": found.summary,
            "suspected_type_primary": found.suspected_type_primary,
            "suspected_type_secondary": found.suspected_type_secondary,
            "affected_system": found.affected_system,
            "urgency": found.urgency,
            "signals": list(found.signals),
            "prompt": found.prompt,
        },
        by=found.by or work.analyst.name,
    )
    if not found.understood:
        work.result = replace(work.result, analyst=noted.by, placeholders=found.hidden)
        return replace(noted, stop=_why_not(found))
    work.result = replace(
        work.result,
        summary=found.summary,
        suspected_type_primary=found.suspected_type_primary,
        suspected_type_secondary=found.suspected_type_secondary,
        affected_system=found.affected_system,
        urgency=found.urgency,
        placeholders=found.hidden,
    )
    return noted


def _why_not(found: Normalised) -> Reason:
    if found.unclear:
        return Reason(f"unclear.{found.unclear}", text=found.reason)
    return Reason(text=found.reason) if found.reason else Reason("no_decision")
