"""The built-in analyst: no model, no network, no chance. Takes a few milliseconds."""

from llm.base import Case, Complaint, Normalised, Solution
from llm.offline.actions import category_of, propose
from llm.offline.advice import PROPOSALS
from llm.offline.decide import Decision, decide
from llm.offline.evidence import evidence_summary, gather, log_summary, moment, ruled_out, title_of
from llm.offline.grades import grade
from llm.offline.history import recent_incidents
from llm.offline.incidents import Incident
from llm.offline.normalise import normalise, summarise
from llm.offline.partner import partner_system
from llm.offline.texts import PLACE, ROOT_CAUSE, SAYS, SUMMARY, UNKNOWN_SYSTEM, say
from voc.core.text import shorten
from voc.core.vocabulary import ProblemType


class OfflineAnalyst:
    """Decides from keywords and log patterns; the same case always gets the same solution."""

    def __init__(self, name: str) -> None:
        self.name = name

    def normalise(self, complaint: Complaint) -> Normalised:
        return normalise(complaint)

    def solve(self, case: Case) -> Solution:
        decision = decide(case)
        said = case.normalised.summary or summarise(decision.reading)
        return Solution(
            primary=decision.primary,
            secondary=decision.secondary,
            affected_system=decision.system,
            urgency=decision.urgency,
            summary=_summary(decision),
            root_cause=_root_cause(decision, said),
            evidence=gather(decision),
            ruled_out=ruled_out(decision),
            evidence_summary=" ".join(filter(None, (evidence_summary(decision), recent_incidents(case, decision)))),
            log_summary=log_summary(case, decision.reading.language),
            grades=grade(decision),
            analyst=self.name,
            action=propose(decision, said),
            similar_cases_used=tuple(
                past.ticket_id for past in case.past_cases if past.problem_type is decision.primary
            )[:5],
        )


def _summary(decision: Decision) -> str:
    language = decision.reading.language
    system = decision.system or say(language, UNKNOWN_SYSTEM)
    if decision.chosen is not None:
        title = title_of(decision.chosen.incident, language)
        return shorten(say(language, SUMMARY["incident"], title=title, service=system), 200)
    if decision.primary is ProblemType.BUSINESS_IMPROVEMENT and decision.reading.wish:
        category = say(language, PROPOSALS[category_of(decision)].category)
        return say(language, SUMMARY["wish"], category=category, system=system)
    return say(language, SUMMARY["unknown"], system=system)


def _root_cause(decision: Decision, said: str) -> str:
    language = decision.reading.language
    if decision.chosen is None:
        if decision.primary is not ProblemType.BUSINESS_IMPROVEMENT or not decision.reading.wish:
            return say(language, ROOT_CAUSE["unknown"])
        category = say(language, PROPOSALS[category_of(decision)].category)
        system = decision.system or say(language, UNKNOWN_SYSTEM)
        return say(language, ROOT_CAUSE["wish"], system=system, category=category, summary=shorten(said, 200))
    incident = decision.chosen.incident
    effect = incident.code_effect if decision.secondary else None
    places = (effect or incident).places
    place = say(language, PLACE, place=places[0]) if places else ""
    partner = partner_system(decision) or incident.peer.name or say(language, UNKNOWN_SYSTEM)
    key = _kind(incident, is_partners_own=partner == decision.system)
    sentence = say(
        language,
        ROOT_CAUSE[key],
        service=incident.service,
        partner=partner,
        title=title_of(incident, language),
        count=incident.count,
        last=moment(incident.last),
        place=place,
        words=say(language, SAYS, quote=shorten(incident.lead.entry.message, 200)),
    )
    return f"{sentence} {say(language, ROOT_CAUSE['code effect'], place=place)}" if effect else sentence


def _kind(incident: Incident, *, is_partners_own: bool) -> str:
    if not incident.outside:
        return "code"
    return "external" if is_partners_own else "integration"
