"""How good the grounds of a decision are, by the rules of the score: each grade 0–1."""

from llm.base import Grades
from llm.offline.decide import Decision
from llm.offline.incidents import Incident
from llm.offline.keywords import Sense
from llm.offline.normalise import is_wish
from voc.core.vocabulary import LogLevel, ProblemType

_WORST = (LogLevel.ERROR, LogLevel.FATAL)
# A pattern that leaves nothing to interpret, whatever the level somebody chose to log it at.
_PLAIN = frozenset({"timeout", "upstream_5xx", "rate_limit", "connection", "dns", "tls"})
# A wish that is more than hinted at.
CLEAR = 0.6


def grade(decision: Decision) -> Grades:
    return Grades(
        log_evidence=_log_evidence(decision),
        pattern_match=_pattern_match(decision),
        correlation=round(_correlation(decision), 3),
        type_consistency=_type_consistency(decision),
    )


def _log_evidence(decision: Decision) -> float:
    """1.0 error with stack trace, 0.8 clear error, 0.6 error with a guessed cause, 0.4 indirect, 0.2 almost nothing, 0 none.

    A clear wish with quiet logs is evidence of its own kind: as much as a guessed cause.
    """
    if decision.chosen is None:
        return _evidence_of_quiet(decision)
    incident = decision.chosen.incident
    if decision.secondary is not None:
        # Which of the two failures led to the other is inferred, however clear each of them is.
        return 0.6
    lead = incident.lead
    if lead.handled or lead.entry.level not in (*_WORST, LogLevel.WARN):
        return 0.4
    fits = decision.chosen.relevance
    if not fits.is_particular and not (fits.is_at_home and decision.reading.symptoms):
        # A clear failure, but the customer spoke of another system or of no failure: its part in this is guessed.
        return 0.6
    if _has_trace(incident):
        return 1.0
    if lead.entry.level in _WORST:
        return 0.8 if incident.pattern else 0.6
    return 0.8 if incident.pattern and incident.pattern.name in _PLAIN else 0.6


def _has_trace(incident: Incident) -> bool:
    """A stack trace, or an exception with file and line named in the message."""
    return any(
        finding.entry.level in _WORST
        and (finding.trace.has_frames or (finding.trace.exception and finding.trace.places))
        for finding in incident.findings
    )


def _evidence_of_quiet(decision: Decision) -> float:
    if not decision.quiet:
        return 0.0
    if _is_wish(decision):
        return 0.6 if decision.reading.wish >= CLEAR else 0.5
    return 0.2


def _is_wish(decision: Decision) -> bool:
    """More of a wish than of a failure; where it is the other way round, quiet logs make it only likelier."""
    return decision.primary is ProblemType.BUSINESS_IMPROVEMENT and is_wish(decision.reading)


def _pattern_match(decision: Decision) -> float:
    """How well the catalogue knows it; past cases are weighed in later, by the score."""
    if decision.chosen is None:
        if _is_wish(decision):
            return 0.7 if decision.reading.wish >= CLEAR else 0.5
        return 0.2 if decision.reading.symptoms else 0.0
    incident = decision.chosen.incident
    if decision.secondary is not None:
        return 0.9
    if incident.exception:
        return 1.0 if incident.pattern else 0.7
    if incident.pattern is None:
        return 0.4
    return incident.pattern.weight if incident.lead.entry.level in (*_WORST, LogLevel.WARN) else 0.7


def _correlation(decision: Decision) -> float:
    if decision.chosen is not None:
        return decision.chosen.relevance.total
    if not decision.mentioned:
        return 0.3 if decision.reading.wish else 0.1
    if _is_wish(decision):
        return 0.8 if decision.quiet else 0.3
    return 0.2


def _type_consistency(decision: Decision) -> float:
    """Whether the words suspected what the logs show."""
    if decision.secondary is not None:
        return 0.6
    if decision.chosen is None and not decision.reading.wish:
        return 0.3
    if decision.suspected is None:
        return 0.9
    if decision.suspected is decision.primary:
        return 1.0
    both_fail = ProblemType.BUSINESS_IMPROVEMENT not in (decision.suspected, decision.primary)
    # Customers cannot know whose failure it is; that they speak of a failure at all is what agrees.
    return 0.7 if both_fail and not decision.reading.said(Sense.BLAMES_PARTNER) else 0.5
