"""Stage 4: how far the decision can be trusted, and the reasons in the shape of the API."""

from dataclasses import asdict, replace
from typing import Any

from llm.base import Evidence, Grades, PastCase, Solution
from llm.services import confidence_ceiling
from tickets.analysis.calibration import Calibration, current_calibration
from tickets.analysis.work import Noted, Work
from voc.core.vocabulary import ProblemType, SystemInfo

WEIGHTS = Grades(log_evidence=0.4, pattern_match=0.3, correlation=0.2, type_consistency=0.1)
# A site that has a real log system should not decide on stand-ins as if they were the real thing.
MOCK_DISCOUNT = 0.7
# Below this similarity a past ticket says nothing about this one.
RELATED = 0.35
# How far past verdicts can move the pattern match, up or down.
PAST_SWAY = 0.3
REJECTED = "rejected"


def run(work: Work) -> Noted:
    solution = work.solution
    if solution is None:
        raise ValueError("nothing was solved")
    grades = weigh(solution, work.past_cases, has_real_source=work.log_search.has_real_source)
    calibration = current_calibration()
    raw, confidence = confidence_of(grades, analyst=solution.analyst, calibration=calibration)
    system = work.complaint.system(work.result.affected_system)
    breakdown = _breakdown(grades, solution.primary, work.past_cases, system)
    work.result = replace(
        work.result, confidence=confidence, decision_reason=_reason(solution, breakdown, work.past_cases)
    )
    return Noted(
        input={"grades": asdict(solution.grades), "past_cases": [past.ticket_id for past in work.past_cases]},
        output={
            "grades": asdict(grades),
            "raw": raw,
            "calibration": calibration.name,
            "confidence": confidence,
        },
        by="score",
    )


def weigh(solution: Solution, past_cases: tuple[PastCase, ...], *, has_real_source: bool) -> Grades:
    """The analyst's grades with what past verdicts and the origin of the evidence do to them."""
    grades = solution.grades
    mock = has_real_source and bool(solution.evidence) and all(evidence.mock for evidence in solution.evidence)
    sway = PAST_SWAY * past_verdicts(solution.primary, past_cases)
    return replace(
        grades,
        log_evidence=round(grades.log_evidence * (MOCK_DISCOUNT if mock else 1.0), 4),
        pattern_match=round(min(1.0, max(0.0, grades.pattern_match + sway)), 4),
    )


def past_verdicts(primary: ProblemType, past_cases: tuple[PastCase, ...]) -> float:
    """-1 (they speak against this type) to 1 (for it), 0 without a verdict on a similar ticket.

    A rejected decision speaks against its own type, since nobody said which would have been right, and half as much.
    """
    for_it = weight = 0.0
    for past in past_cases:
        if past.outcome == "open" or past.problem_type is None or past.similarity < RELATED:
            continue
        if past.outcome == REJECTED:
            vote = -0.5 if past.problem_type is primary else 0.0
        else:
            vote = 1.0 if past.problem_type is primary else -1.0
        for_it += vote * past.similarity
        weight += past.similarity
    # One verdict is not yet a habit: the votes are drawn towards 0 by a ticket's worth of doubt.
    return for_it / (weight + 1.0) if weight else 0.0


def confidence_of(grades: Grades, *, analyst: str, calibration: Calibration) -> tuple[float, float]:
    """The raw weighted score, and the confidence: calibrated and never above what the analyst may claim."""
    raw = (
        WEIGHTS.log_evidence * grades.log_evidence
        + WEIGHTS.pattern_match * grades.pattern_match
        + WEIGHTS.correlation * grades.correlation
        + WEIGHTS.type_consistency * grades.type_consistency
    )
    confidence = min(max(calibration.apply(raw), 0.0), confidence_ceiling(analyst))
    return round(raw, 4), round(confidence, 4)


def _breakdown(
    grades: Grades, primary: ProblemType, past_cases: tuple[PastCase, ...], system: SystemInfo | None
) -> dict[str, float]:
    """The grades by their own names and by those that the old clients know."""
    agreeing = [
        past.similarity
        for past in past_cases
        if past.problem_type is primary and past.outcome not in ("open", REJECTED)
    ]
    known = 0.0 if system is None else 1.0 if system.contact else 0.5
    return {
        "error_pattern_clarity": grades.log_evidence,
        "log_voc_correlation": grades.correlation,
        "similar_case_match": round(max(agreeing, default=0.0), 4),
        "system_info_availability": known,
        "log_evidence": grades.log_evidence,
        "pattern_match": grades.pattern_match,
        "type_consistency": grades.type_consistency,
    }


def _reason(solution: Solution, breakdown: dict[str, float], past_cases: tuple[PastCase, ...]) -> dict[str, Any]:
    known = {past.ticket_id for past in past_cases}
    return {
        "summary": solution.summary,
        "evidence": [_evidence(evidence) for evidence in solution.evidence],
        "ruled_out": list(solution.ruled_out),
        "root_cause_analysis": solution.root_cause,
        "evidence_summary": solution.evidence_summary,
        "similar_cases_used": [ticket_id for ticket_id in solution.similar_cases_used if ticket_id in known],
        "log_summary": solution.log_summary,
        "confidence_breakdown": breakdown,
    }


def _evidence(evidence: Evidence) -> dict[str, Any]:
    return asdict(evidence) | {"timestamp": evidence.timestamp.isoformat()}
