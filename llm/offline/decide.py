"""Which type of problem it is, from the incidents in the logs and the words of the complaint. Logs outrank words."""

from dataclasses import dataclass, field

from llm.base import Case
from llm.offline.incidents import Incident, group
from llm.offline.keywords import Sense
from llm.offline.lines import read_line
from llm.offline.normalise import is_wish, suspected_types
from llm.offline.peers import Directory
from llm.offline.reading import Reading, read
from llm.offline.relevance import Relevance, relevance
from llm.offline.systems import rank_systems
from voc.core.vocabulary import LogEntry, ProblemType, Urgency

# Strength times relevance from which an incident explains the complaint.
ACCEPTED = 0.3
# Strength of an incident that is a failure beyond doubt.
SURE = 0.8


@dataclass(frozen=True, slots=True)
class Judged:
    """An incident and how far it fits the complaint; `score` orders them."""

    incident: Incident
    relevance: Relevance

    @property
    def score(self) -> float:
        """Repetition decides between equals: what keeps failing is likelier to have hit this customer."""
        return self.incident.strength * self.relevance.total + 0.01 * min(self.incident.count - 1, 4)


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided and what it rests on. `chosen` is None when no incident explains the complaint."""

    reading: Reading
    directory: Directory
    primary: ProblemType
    secondary: ProblemType | None
    system: str
    urgency: Urgency
    chosen: Judged | None
    others: tuple[Judged, ...] = ()
    suspected: ProblemType | None = None
    mentioned: tuple[str, ...] = ()
    quiet: tuple[LogEntry, ...] = field(default=())


def decide(case: Case) -> Decision:
    reading = read(case.complaint.text)
    directory = Directory(case.complaint.systems)
    mentioned = _mentioned(case)
    judged = _judge(case, reading, directory, mentioned)
    chosen = _choose(judged, reading, mentioned)
    system = _system(chosen, directory, mentioned)
    quiet = tuple(entry for entry in case.logs if _is_of(entry, system, directory))
    primary, secondary = _types(chosen, reading, has_logs=bool(quiet))
    return Decision(
        reading=reading,
        directory=directory,
        primary=primary,
        secondary=secondary,
        system=system,
        urgency=_urgency(primary, reading, chosen),
        chosen=chosen,
        others=tuple(other for other in judged if not _belongs(other, chosen)),
        suspected=suspected_types(reading)[0],
        mentioned=mentioned,
        quiet=quiet,
    )


def _mentioned(case: Case) -> tuple[str, ...]:
    """The system that the complaint was normalised to, then the others that its words point to."""
    by_words = rank_systems(case.complaint.text, case.complaint.systems)
    first = (case.normalised.affected_system,) if case.normalised.affected_system else ()
    return tuple(dict.fromkeys((*first, *by_words)))


def _judge(case: Case, reading: Reading, directory: Directory, mentioned: tuple[str, ...]) -> list[Judged]:
    findings = [finding for entry in case.logs if (finding := read_line(entry, directory)) is not None]
    incidents = [incident for incident in group(findings, directory) if incident.cause is None]
    judged = [
        Judged(incident, relevance(incident, reading, case.complaint.received_at, mentioned, directory))
        for incident in incidents
    ]
    return sorted(
        judged,
        key=lambda item: (-round(item.score, 6), -item.incident.last.timestamp(), item.incident.lead.entry.entry_id),
    )


def _choose(judged: list[Judged], reading: Reading, mentioned: tuple[str, ...]) -> Judged | None:
    """The incident that the complaint is about. A wish, and a complaint that says nothing, are not pinned on what else fails."""
    for candidate in judged:
        if candidate.score < ACCEPTED:
            return None
        if is_wish(reading):
            fits = _outweighs_the_wish(candidate)
        elif candidate.relevance.is_particular:
            fits = True
        elif mentioned:
            fits = _fits_the_system(candidate, reading)
        else:
            fits = bool(reading.symptoms) and _stands_alone(candidate, judged)
        if fits:
            return candidate
    return None


def _fits_the_system(candidate: Judged, reading: Reading) -> bool:
    """It failed where the customer was. Who reports no symptom at all must at least not be vague."""
    fits = candidate.relevance
    if not reading.symptoms and (reading.said(Sense.ODD) or candidate.incident.strength < SURE):
        return False
    return fits.is_at_home or fits.subject > 0


def _stands_alone(candidate: Judged, judged: list[Judged]) -> bool:
    """Nothing else failed, so that it explains a failure in a system nobody recognised."""
    return candidate.incident.strength >= SURE and not any(
        other.incident.strength >= SURE for other in judged if other is not candidate
    )


def _outweighs_the_wish(candidate: Judged) -> bool:
    """The customer asks for a change, yet speaks of the very thing that failed."""
    fits = candidate.relevance
    if fits.ids:
        return True
    if candidate.incident.strength < SURE or not fits.is_particular:
        return False
    return fits.symptom >= 0.2 or fits.subject >= 0.18


def _types(chosen: Judged | None, reading: Reading, *, has_logs: bool) -> tuple[ProblemType, ProblemType | None]:
    if chosen is None:
        return _types_by_words(reading, has_logs=has_logs)
    if not chosen.incident.outside:
        return ProblemType.CODE_ERROR, None
    effect = chosen.incident.code_effect
    return ProblemType.INTEGRATION_ERROR, (ProblemType.CODE_ERROR if effect else None)


def _types_by_words(reading: Reading, *, has_logs: bool) -> tuple[ProblemType, ProblemType | None]:
    """With quiet logs: a wish as soon as there is a hint of one, else a guess that will not be confident."""
    wishes = is_wish(reading) or (has_logs and reading.wish > 0)
    if reading.symptoms and not wishes:
        primary, secondary = suspected_types(reading)
        return primary or ProblemType.CODE_ERROR, secondary
    return ProblemType.BUSINESS_IMPROVEMENT, None


def _system(chosen: Judged | None, directory: Directory, mentioned: tuple[str, ...]) -> str:
    """Where it went wrong by the logs, else by the customer's words."""
    if chosen is not None:
        system = directory.system_of(chosen.incident.service)
        return system.name if system else chosen.incident.service
    return mentioned[0] if mentioned else ""


def _urgency(primary: ProblemType, reading: Reading, chosen: Judged | None) -> Urgency:
    if primary is ProblemType.BUSINESS_IMPROVEMENT:
        return Urgency.LOW
    if reading.said(Sense.MONEY) or reading.said(Sense.DOWN):
        return Urgency.HIGH
    if (
        reading.is_about_paying
        and not reading.concepts & {"refund", "receipt", "newsletter", "history"}
        and _hits_paying(chosen)
    ):
        return Urgency.HIGH
    return Urgency.MEDIUM


def _hits_paying(chosen: Judged | None) -> bool:
    return (
        chosen is None
        or "payment" in chosen.incident.concepts
        or "card" in chosen.incident.concepts
        or "pay" in chosen.incident.service.lower()
    )


def _belongs(other: Judged, chosen: Judged | None) -> bool:
    return chosen is not None and other.incident is chosen.incident


def _is_of(entry: LogEntry, system: str, directory: Directory) -> bool:
    found = directory.system_of(entry.service)
    return (found.name if found else entry.service) == system
