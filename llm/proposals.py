"""The model's proposal in the shape of the API: its words where they can be believed, facts from the catalogue and the logs."""

from typing import Any

from llm.base import Case, Solution
from llm.schemas import ProposedAction, SolverAnswer
from voc.core.vocabulary import ProblemType

ACTIONS = {
    ProblemType.INTEGRATION_ERROR: "integration_inquiry",
    ProblemType.CODE_ERROR: "code_fix",
    ProblemType.BUSINESS_IMPROVEMENT: "business_proposal",
}
BLANK: dict[str, Any] = {
    "target_system": None,
    "contact_info": None,
    "code_location": None,
    "error_details": None,
    "business_impact": None,
    "suggested_improvement": None,
}


def action_of(
    said: SolverAnswer, primary: ProblemType, *, system: str, case: Case, offline: Solution
) -> dict[str, Any]:
    """`action_proposal`: the type follows from the problem, contacts come from the catalogue, files from the logs."""
    action = said.action
    common = BLANK | {
        "action_type": ACTIONS[primary],
        "title": action.title or said.summary,
        "description": action.description,
        "target_system": system or None,
        "error_details": action.error_summary or None,
    }
    if primary is ProblemType.INTEGRATION_ERROR:
        return common | _inquiry(action, case, system, offline)
    if primary is ProblemType.CODE_ERROR:
        return common | _fix(action, case, system)
    return common | {
        "category": action.category,
        "problem_pattern": action.problem_pattern,
        "proposal": action.proposal,
        "expected_impact": action.expected_impact,
        "stakeholders": list(action.stakeholders),
        "business_impact": action.expected_impact or None,
        "suggested_improvement": action.proposal or None,
        "error_details": None,
    }


def _inquiry(action: ProposedAction, case: Case, system: str, offline: Solution) -> dict[str, Any]:
    partner = case.complaint.system(action.partner)
    same = offline.action if offline.primary is ProblemType.INTEGRATION_ERROR else {}
    target = partner.name if partner else same.get("target_system") or system
    listed = case.complaint.system(target or "")
    return {
        "target_system": target or None,
        "contact_info": (listed.contact if listed else "") or same.get("contact_info"),
        "email_draft": {"subject": action.email_subject, "body": action.email_body},
    }


def _fix(action: ProposedAction, case: Case, system: str) -> dict[str, Any]:
    known = "\n".join(f"{entry.message}\n{entry.stack_trace or ''}" for entry in case.logs)
    # A file that no log names is invented.
    files = [name for name in action.affected_files if name and name in known]
    listed = case.complaint.system(system)
    return {
        "contact_info": (listed.contact if listed else "") or None,
        "affected_files": files,
        "code_location": files[0] if files else None,
        "error_summary": action.error_summary,
        "fix_direction": action.fix_direction,
        "suggested_approach": action.suggested_approach,
        "severity": action.severity,
    }
