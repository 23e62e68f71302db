"""Which external system stands behind an incident: whom to ask."""

import re

from llm.offline.concepts import BROAD, concepts_in
from llm.offline.decide import Decision
from llm.offline.incidents import Incident
from llm.offline.peers import Side
from llm.offline.systems import rank_systems
from voc.core.vocabulary import SystemInfo

# Parts of host names that belong to nobody.
_COMMON_LABELS = frozenset(
    [
        "api",
        "www",
        "com",
        "net",
        "org",
        "example",
        "test",
        "invalid",
        "open",
        "gateway",
        "gw",
        "dev",
        "cloud",
        "mail",
        "smtp",
        "pay",
        "app",
    ]
)


def partner_system(decision: Decision) -> str:
    """The external system behind the chosen incident, "" when there is none.

    A name of the catalogue where the logs fit one: by its name, by its contact's domain, by the words for it, or because
    it does outside what the failing service does inside. Else the host that the logs name.
    """
    if decision.chosen is None:
        return ""
    incident = decision.chosen.incident
    directory = decision.directory
    named = directory.system_of(incident.peer.name)
    if named is not None and not named.internal:
        return named.name
    if directory.is_external(incident.service):
        return decision.system
    external = tuple(system for system in directory.systems if not system.internal)
    told = " ".join(finding.entry.message[:300] for finding in incident.findings[:5])
    known = (
        _by_domain(told, external)
        or next(iter(rank_systems(told, external)), "")
        or _by_field(incident, told, external)
    )
    return known or (incident.peer.name if incident.peer.side is Side.EXTERNAL else "")


def _by_domain(told: str, external: tuple[SystemInfo, ...]) -> str:
    """api.hanbitpay.example belongs to whoever is written to at hanbitpay."""
    labels = _labels(told)
    return next((system.name for system in external if labels & _labels(system.contact.rpartition("@")[2])), "")


def _labels(text: str) -> frozenset[str]:
    hosts = re.findall(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+", text.lower())
    return frozenset(label for host in hosts for label in host.split(".") if len(label) > 3) - _COMMON_LABELS


def _by_field(incident: Incident, told: str, external: tuple[SystemInfo, ...]) -> str:
    """The payment service's partner for payments, when the lines are about payments."""
    field = concepts_in(incident.service) & concepts_in(f"{told} {incident.service}") & BROAD
    return next((system.name for system in external if field & concepts_in(system.name)), "")
