"""Incidents that the catalogue knows of, where they are recent enough to matter."""

import re
from datetime import date

from llm.base import Case
from llm.offline.decide import Decision
from llm.offline.partner import partner_system
from llm.offline.texts import RECENT_INCIDENT, say
from voc.core import clock

RECENT_DAYS = 7
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def recent_incidents(case: Case, decision: Decision) -> str:
    """A sentence for each incident of the last days of the affected system or its partner; "" without one."""
    if decision.chosen is None:
        return ""
    names = {decision.system, partner_system(decision)}
    received = clock.site_day(case.complaint.received_at)
    return " ".join(
        say(decision.reading.language, RECENT_INCIDENT, system=system.name, incident=incident)
        for system in case.complaint.systems
        if system.name in names
        for incident in system.recent_incidents
        if _is_recent(incident, received)
    )


def _is_recent(incident: str, received: date) -> bool:
    found = _DATE.search(incident)
    try:
        days = (received - date.fromisoformat(found.group())).days if found else None
    except ValueError:
        return False
    return days is not None and 0 <= days <= RECENT_DAYS
