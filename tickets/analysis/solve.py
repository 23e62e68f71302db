"""Stage 3: which type of problem it is, on which evidence, and what to do about it."""

from dataclasses import asdict, replace

from llm.base import Case, Normalised
from tickets.analysis.retrieve import pattern_lines
from tickets.analysis.work import Noted, Work


def run(work: Work) -> Noted:
    case = Case(
        complaint=work.complaint,
        normalised=work.normalised or Normalised(understood=True),
        logs=work.retrieved.entries,
        contexts=work.retrieved.contexts,
        past_cases=work.past_cases,
        missing_sources=work.retrieved.missing,
        patterns=pattern_lines(work.retrieved.summary),
    )
    solution = work.analyst.solve(case)
    work.solution = solution
    work.result = replace(
        work.result,
        primary=solution.primary,
        secondary=solution.secondary,
        affected_system=solution.affected_system or work.result.affected_system,
        urgency=solution.urgency,
        action_proposal=solution.action,
        analyst=solution.analyst,
        prompt=solution.prompt,
        placeholders={**work.result.placeholders, **solution.hidden},
    )
    return Noted(
        input={
            "logs": len(case.logs),
            "contexts": len(case.contexts),
            "patterns": list(case.patterns),
            "past_cases": [past.ticket_id for past in case.past_cases],
            "missing_sources": list(case.missing_sources),
        },
        output={
            "primary": solution.primary,
            "secondary": solution.secondary,
            "affected_system": solution.affected_system,
            "urgency": solution.urgency,
            "summary": solution.summary,
            "evidence": [evidence.entry_id for evidence in solution.evidence],
            "grades": asdict(solution.grades),
            "action_type": solution.action.get("action_type"),
            "prompt": solution.prompt,
        },
        by=solution.analyst,
    )
