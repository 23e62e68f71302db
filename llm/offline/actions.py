"""What to do about it, by type: an inquiry to the partner, a fix of ours, or a proposal. All keys of the API are there."""

from typing import Any

from llm.offline import advice
from llm.offline.decide import Decision
from llm.offline.evidence import moment, title_of
from llm.offline.incidents import Incident
from llm.offline.keywords import Sense
from llm.offline.language import Language
from llm.offline.partner import partner_system
from llm.offline.texts import UNKNOWN_SYSTEM, say
from voc.core.text import shorten
from voc.core.vocabulary import ProblemType, Urgency

_FILES = 5


def propose(decision: Decision, summary: str) -> dict[str, Any]:
    """`action_proposal` in the shape of the API: the keys of the type, and those of the old clients, empty where unknown."""
    common: dict[str, Any] = {
        "action_type": "",
        "title": "",
        "description": "",
        "target_system": decision.system or None,
        "contact_info": None,
        "code_location": None,
        "error_details": None,
        "business_impact": None,
        "suggested_improvement": None,
    }
    if decision.primary is ProblemType.BUSINESS_IMPROVEMENT:
        return common | _proposal(decision, summary)
    if decision.primary is ProblemType.INTEGRATION_ERROR:
        return common | _inquiry(decision)
    return common | _fix(decision)


def _incident(decision: Decision) -> Incident | None:
    return decision.chosen.incident if decision.chosen else None


def _inquiry(decision: Decision) -> dict[str, Any]:
    language = decision.reading.language
    incident = _incident(decision)
    partner = partner_system(decision) or decision.system or say(language, UNKNOWN_SYSTEM)
    listed = next((system for system in decision.directory.systems if system.name == partner), None)
    contact = listed.contact if listed and listed.contact else say(language, advice.NO_CONTACT, partner=partner)
    title = title_of(incident, language) if incident else say(language, advice.FAILURE)
    effect = incident.code_effect if incident and decision.secondary else None
    place = effect.places[0] if effect and effect.places else None
    return {
        "action_type": "integration_inquiry",
        "title": say(language, advice.INQUIRY_TITLE, partner=partner, title=title),
        "description": say(language, advice.INQUIRY, partner=partner, title=title, service=decision.system or partner)
        + (" " + say(language, advice.ALSO_CODE, place=f" ({place})" if place else "") if effect else ""),
        "target_system": partner,
        "contact_info": contact,
        "email_draft": _mail(decision, incident, partner, title),
        "code_location": str(place) if place else None,
        "error_details": shorten(incident.lead.entry.message, 500) if incident else None,
        "business_impact": _impact(decision),
    }


def _mail(decision: Decision, incident: Incident | None, partner: str, title: str) -> dict[str, str]:
    """Only what the logs say goes out of the house: nothing of the complaint, which may hold personal data."""
    language = decision.reading.language
    if incident is None:
        body = say(language, advice.MAIL_WITHOUT_LOGS, partner=partner, service=decision.system or partner)
        return {"subject": say(language, advice.MAIL_SUBJECT, partner=partner, title=title), "body": body}
    lines = "\n".join(
        f"- {moment(finding.entry.timestamp)} {finding.entry.level.value} {shorten(finding.entry.message, 300)}"
        for finding in incident.findings[-5:]
    )
    return {
        "subject": say(language, advice.MAIL_SUBJECT, partner=partner, title=title),
        "body": say(
            language,
            advice.MAIL_BODY,
            partner=partner,
            service=incident.service,
            title=title,
            count=incident.count,
            first=moment(incident.first),
            last=moment(incident.last),
            peer=incident.peer.name or partner,
            lines=lines,
        ),
    }


def _fix(decision: Decision) -> dict[str, Any]:
    language = decision.reading.language
    incident = _incident(decision)
    system = decision.system or say(language, UNKNOWN_SYSTEM)
    title = title_of(incident, language) if incident else say(language, advice.FAILURE)
    places = incident.places if incident else ()
    direction, approach = advice.FIXES.get(
        incident.pattern.name if incident and incident.pattern else "", advice.FIX_ANY
    )
    location = str(places[0]) if places else ""
    where = location or system
    listed = next((known for known in decision.directory.systems if known.name == system), None)
    error = (
        shorten(" ".join(filter(None, (incident.lead.entry.message, _exception_line(incident)))), 500)
        if incident
        else title
    )
    return {
        "action_type": "code_fix",
        "title": say(language, advice.FIX_TITLE, where=where, title=title),
        "description": say(
            language, advice.FIX, title=title, service=system, count=incident.count if incident else 0, place=where
        ),
        "target_system": system,
        "contact_info": (listed.contact if listed else "") or None,
        "affected_files": list(dict.fromkeys(place.name for place in places))[:_FILES],
        "code_location": location or None,
        "error_summary": error,
        "error_details": error,
        "fix_direction": say(language, direction, place=where),
        "suggested_approach": say(language, approach, place=where),
        "severity": _severity(decision, incident),
        "business_impact": _impact(decision),
    }


def _exception_line(incident: Incident) -> str:
    trace = next((finding.trace for finding in incident.by_strength() if finding.trace.exception), None)
    if trace is None or (trace.exception in incident.lead.entry.message and not trace.message):
        return ""
    return f"[{trace.exception}: {trace.message}]" if trace.message else f"[{trace.exception}]"


def _severity(decision: Decision, incident: Incident | None) -> str:
    if decision.urgency is Urgency.HIGH:
        critical = decision.reading.said(Sense.MONEY) or decision.reading.said(Sense.DOWN)
        return "critical" if critical else "high"
    if decision.urgency is Urgency.LOW:
        return "low"
    return "high" if incident and incident.count >= 5 else "medium"


def _impact(decision: Decision) -> str:
    return say(decision.reading.language, advice.IMPACT[decision.urgency.value], system=decision.system or "-")


def _proposal(decision: Decision, summary: str) -> dict[str, Any]:
    language = decision.reading.language
    category = category_of(decision)
    texts = advice.PROPOSALS[category]
    system = decision.system or say(language, UNKNOWN_SYSTEM)
    proposal = say(language, texts.proposal, system=system)
    impact = say(language, texts.impact, system=system)
    return {
        "action_type": "business_proposal",
        "title": say(language, texts.title, system=system),
        "description": say(language, advice.PROPOSAL, system=system, summary=shorten(summary, 160)),
        "category": say(language, texts.category),
        "problem_pattern": say(language, texts.pattern, system=system),
        "proposal": proposal,
        "expected_impact": impact,
        "stakeholders": _stakeholders(decision, language),
        "business_impact": impact,
        "suggested_improvement": proposal,
    }


def category_of(decision: Decision) -> str:
    """discoverability, usability, policy, feature or, with nothing to go by, unclear."""
    reading = decision.reading
    if reading.said(Sense.CANNOT_FIND):
        return "discoverability"
    if advice.POLICY.search(reading.folded):
        return "policy"
    if reading.said(Sense.WISH):
        return "feature"
    return "usability" if reading.said(Sense.INCONVENIENT) else "unclear"


def _stakeholders(decision: Decision, language: Language) -> list[str]:
    listed = next((system for system in decision.directory.systems if system.name == decision.system), None)
    owner = [listed.contact] if listed and listed.contact else []
    return [*(say(language, pair) for pair in advice.STAKEHOLDERS), *owner]
