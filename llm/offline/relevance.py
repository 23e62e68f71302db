"""How far an incident can be what the customer complains of."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from llm.offline.concepts import particular
from llm.offline.incidents import Incident
from llm.offline.keywords import Sense
from llm.offline.peers import Directory
from llm.offline.reading import Reading

# Each of these says something of its own about how the customer sees the failure; FAILS and ERROR fit nearly everything.
_SPECIFIC = frozenset({Sense.HANG, Sense.NOTHING_COMES, Sense.BLANK, Sense.REFUSED, Sense.MONEY, Sense.WRONG_VALUE})

MENTIONED = 0.3


@dataclass(frozen=True, slots=True)
class Relevance:
    """Parts of the correlation between complaint and incident; `total` is 0–1."""

    service: float
    time: float
    symptom: float
    subject: float
    ids: float

    @property
    def total(self) -> float:
        return max(0.0, min(1.0, self.service + self.time + self.symptom + self.subject + self.ids))

    @property
    def is_at_home(self) -> bool:
        """It happened in, or behind, a system that the complaint mentions."""
        return self.service >= MENTIONED

    @property
    def is_particular(self) -> bool:
        """The complaint speaks of this very thing, not just of the same system."""
        return self.ids > 0 or self.subject >= 0.14


def relevance(
    incident: Incident, reading: Reading, received_at: datetime, mentioned: tuple[str, ...], directory: Directory
) -> Relevance:
    return Relevance(
        service=_service(incident, mentioned, directory),
        time=_time(incident, received_at),
        symptom=_symptom(incident, reading),
        subject=_subject(incident, reading),
        ids=0.35 if any(identifier in ids for identifier in reading.ids for ids in (_all_ids(incident),)) else 0.0,
    )


def _all_ids(incident: Incident) -> frozenset[str]:
    return incident.ids.union(*(effect.ids for effect in incident.effects))


def _service(incident: Incident, mentioned: tuple[str, ...], directory: Directory) -> float:
    """0.4 for the system that the complaint is most about, less for others that it mentions or that stand behind it."""
    names = [
        system.name
        for system in (directory.system_of(incident.service), directory.system_of(incident.peer.name))
        if system
    ]
    services = names or [incident.service]
    ranks = [mentioned.index(name) for name in services if name in mentioned]
    if ranks:
        return 0.4 if min(ranks) == 0 else MENTIONED
    return 0.1 if not mentioned else 0.05


def _time(incident: Incident, received_at: datetime) -> float:
    """Nearest line to the receipt; failures that began after the complaint cannot be its cause."""
    before = [received_at - finding.entry.timestamp for finding in incident.findings]
    # A complaint's time may be off by minutes: phones, time zones of mail servers.
    past = [gap for gap in before if gap >= timedelta(minutes=-15)]
    if not past:
        return 0.05
    gap = min(past)
    return next((score for hours, score in ((3, 0.2), (12, 0.17), (24, 0.14)) if gap <= timedelta(hours=hours)), 0.1)


def _symptom(incident: Incident, reading: Reading) -> float:
    shown = incident.symptoms.union(*(effect.symptoms for effect in incident.effects))
    said = reading.symptoms
    if not said:
        return 0.05 if reading.said(Sense.ODD) else 0.0
    specific = said & _SPECIFIC
    if specific:
        fits = specific & shown
        # What the customer saw first tells the two apart: a hang is a timeout before it is an exception.
        return 0.25 if fits else 0.08
    if Sense.ERROR in said:
        return 0.25 if Sense.ERROR in shown else 0.12
    return 0.2 if said & shown else 0.1


def _subject(incident: Incident, reading: Reading) -> float:
    """Shared concepts: particular ones (coupon, partial) say more than the field of the whole system."""
    told = incident.concepts.union(*(effect.concepts for effect in incident.effects))
    shared = reading.concepts & told
    wanted = particular(reading.concepts)
    exact = particular(shared)
    score = 0.0
    if exact:
        score += 0.1 + 0.1 * len(exact) / max(len(wanted), 1)
    if shared - exact:
        score += 0.08
    return min(score, 0.25)
