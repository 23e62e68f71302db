"""The analyst that asks models. What they say is checked: enums, names, citations; the grades are given in code.

When none answers, or the budget is spent, the built-in analyst decides instead and the solution says so.
"""

import json
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import structlog
from django.conf import settings
from django.utils.translation import gettext as _

from llm import budget, citations, gateway
from llm.activation import prompt_for
from llm.base import Analyst, Case, Complaint, Grades, Normalised, PastCase, Solution, Unclear
from llm.citations import Checked, ShownLine
from llm.gateway import Answer, NoAnswer, Question
from llm.hostile import brings_evidence, speaks_to_the_analyst
from llm.offline.peers import Directory
from llm.prompts import Prompt
from llm.proposals import action_of
from llm.redaction import Redactor
from llm.router import ROOM, LLMRouter
from llm.schemas import NormaliserAnswer, SolverAnswer, problem_type, urgency
from llm.tokens import Shortened, estimate, shorten_logs
from voc.core.vocabulary import LogEntry, ProblemType, SystemInfo, Urgency

MAX_TRACE = 1200
# Tokens that prompt and answer need beside the complaint and the logs.
OVERHEAD = 2000 + gateway.MAX_OUTPUT
# What the built-in analyst's judgement counts for when it reads the same case another way.
DISAGREEMENT = 0.3
# Urgencies, the model's and the built-in analyst's, that contradict each other: no failure is of low urgency.
CONTRADICTIONS = {(Urgency.LOW, Urgency.MEDIUM), (Urgency.LOW, Urgency.HIGH), (Urgency.HIGH, Urgency.LOW)}

log = structlog.get_logger(__name__)
S = TypeVar("S", NormaliserAnswer, SolverAnswer)


class ModelAnalyst:
    """One per analysis: the versions of its prompts are chosen when it is made, and stay whatever is activated meanwhile."""

    def __init__(self, *, subject: str, fallback: Analyst, router: LLMRouter | None = None) -> None:
        self.router = router or LLMRouter()
        self.name = self.router.select_model("solve", None, 0)
        self._subject = subject
        self._fallback = fallback
        self._normalizer = prompt_for("normalizer", subject)
        self._solver = prompt_for("solver", subject)
        self._redactor = Redactor()

    def normalise(self, complaint: Complaint) -> Normalised:
        """Noise is told apart without a model; so is a complaint that tries to instruct it, which goes to people."""
        offline = self._fallback.normalise(complaint)
        if not offline.understood:
            return replace(offline, by=self._fallback.name)
        if speaks_to_the_analyst(complaint.text) or brings_evidence(complaint.text):
            return Normalised(understood=False, unclear=Unclear.INSTRUCTIONS, by=self._fallback.name)
        self._redactor = Redactor(complaint.names)
        variables = {
            "systems": _systems(complaint.systems),
            "complaint": self._redactor.redact(complaint.text),
        }
        try:
            answer = self._ask("normalise", self._normalizer, NormaliserAnswer, variables, None)
        except NoAnswer as error:
            log.warning("llm.no_answer", task="normalise", reasons=error.reasons)
            return replace(offline, by=self._fallback.name)
        found = _normalised(answer, complaint, offline, prompt=_name_of(self._normalizer))
        return replace(found, hidden=self._redactor.behind([found.summary, found.reason, found.signals]))

    def solve(self, case: Case) -> Solution:
        """The model's decision, as far as it can be shown; the built-in analyst's when no model answers."""
        offline = self._fallback.solve(case)
        self._redactor = Redactor(case.complaint.names)
        complaint = self._redactor.redact(case.complaint.text)
        lines, withheld = self._lines(case, used=estimate(complaint))
        shown = {f"L{number}": (entry, text) for number, (entry, text) in enumerate(lines.lines, 1)}
        variables = {
            "systems": _systems(case.complaint.systems),
            "understood": self._redactor.redact(_understood(case.normalised), keep=bool(case.normalised.prompt)),
            "complaint": complaint,
            "logs": "\n".join(f"[{key}] {_indented(text)}" for key, (_entry, text) in shown.items()) or "-",
            "patterns": self._redactor.redact(_patterns(case.patterns)) or "-",
            "past_cases": self._redactor.redact(_past(case.past_cases)) or "-",
        }
        try:
            answer = self._ask("solve", self._solver, SolverAnswer, variables, case.normalised.urgency)
        except NoAnswer as error:
            log.warning("llm.no_answer", task="solve", reasons=error.reasons)
            return offline
        keyed = {key: ShownLine(key, entry, text) for key, (entry, text) in shown.items()}
        checked = citations.check(answer.value.evidence, keyed, self._redactor)
        log_summary = _log_summary(offline, lines, withheld)
        solution = _solution(answer, case, offline, checked, log_summary=log_summary, by=self._solver)
        return replace(solution, hidden=self._redactor.behind(_said(solution, checked, keyed)))

    def _lines(self, case: Case, *, used: int) -> tuple[Shortened, int]:
        """The log lines as the model will see them: redacted, the hostile ones withheld, as many as its window takes."""
        texts = [(entry, self._redactor.redact(_line(entry))) for entry in case.logs]
        kept = [(entry, text) for entry, text in texts if not speaks_to_the_analyst(text)]
        length = used + OVERHEAD + sum(estimate(text) for _entry, text in kept)
        model = self.router.model_for("solve", case.normalised.urgency, length)
        # The smallest window of those that may be asked: whoever steps in must be able to read it too.
        window = min(each.window for each in self.router.chain(model))
        room = int(window * ROOM) - OVERHEAD - used
        return shorten_logs(kept, tokens=max(room, 0)), len(texts) - len(kept)

    def _ask(
        self, task: str, prompt: Prompt, schema: type[S], variables: dict[str, str], urgent: Urgency | None
    ) -> Answer[S]:
        delimiter = f"DATA-{secrets.token_hex(8)}"
        # Older versions, which can be in force, know fewer.
        variables = {name: value for name, value in variables.items() if name in prompt.variables}
        system, user = prompt.parts(variables | {"delimiter": delimiter})
        length = estimate(system) + estimate(user) + gateway.MAX_OUTPUT
        model = self.router.model_for(task, urgent, length, cheaper=budget.is_tight())
        return gateway.ask(
            Question(
                task=task,
                subject=self._subject,
                prompt=prompt,
                system=system,
                user=user,
                fingerprint=json.dumps(variables, sort_keys=True, ensure_ascii=False),
                schema=schema,
                models=self.router.chain(model),
                deadline=time.monotonic() + settings.LLM_AGENT_SECONDS,
            )
        )


def _said(solution: Solution, checked: Checked, shown: Mapping[str, ShownLine]) -> list[Any]:
    """All texts of a solution that may hold placeholders, with the redacted lines that it quotes from."""
    texts = [solution.summary, solution.root_cause, solution.evidence_summary, solution.ruled_out, solution.action]
    whys = [evidence.why for evidence in solution.evidence]
    return [texts, whys, [line.text for line in shown.values() if line.entry in checked.entries]]


def _name_of(prompt: Prompt) -> str:
    return f"{prompt.name} {prompt.version}"


def _systems(systems: Sequence[SystemInfo]) -> str:
    return "\n".join(
        f"- {system.name} ({'ours' if system.internal else 'external'}): {', '.join(system.words)}"
        for system in systems
    )


def _line(entry: LogEntry) -> str:
    parts = [entry.timestamp.isoformat(), entry.level.value, entry.service, entry.error_code or "", entry.message]
    trace = f"\n{entry.stack_trace[:MAX_TRACE]}" if entry.stack_trace else ""
    return " ".join(part for part in parts if part) + trace


def _indented(text: str) -> str:
    """No part of a line, whatever breaks it holds, can pass for the beginning of another one."""
    return "\n    ".join(text.splitlines())


def _understood(found: Normalised) -> str:
    facts = {
        "summary": found.summary,
        "suspected_type": found.suspected_type_primary,
        "affected_system": found.affected_system,
        "urgency": found.urgency,
    }
    return json.dumps(facts, ensure_ascii=False)


def _patterns(patterns: Sequence[str]) -> str:
    return "\n".join(f"- {each}" for each in patterns if not speaks_to_the_analyst(each))


def _past(cases: Sequence[PastCase]) -> str:
    """A line for each; their customers are others, whose names and numbers must not stand there either."""
    return "\n".join(
        f"- {past.ticket_id}: {_headline(past)} → {past.problem_type or '-'} ({past.outcome}, {past.similarity:.2f})"
        for past in cases
        if not speaks_to_the_analyst(past.summary)
    )


def _headline(past: PastCase) -> str:
    return Redactor(past.names, hidden=past.hidden).redact(past.summary)[:200]


def _normalised(
    answer: Answer[NormaliserAnswer], complaint: Complaint, offline: Normalised, *, prompt: str
) -> Normalised:
    said = answer.value
    if not said.understood:
        reason = said.reason or _("The model could not make sense of it.")
        return Normalised(understood=False, reason=reason, by=answer.model, prompt=prompt)
    known = complaint.system(said.affected_system)
    return Normalised(
        understood=True,
        summary=said.summary or offline.summary,
        suspected_type_primary=problem_type(said.suspected_type_primary),
        suspected_type_secondary=problem_type(said.suspected_type_secondary),
        affected_system=known.name if known else offline.affected_system,
        urgency=urgency(said.urgency) or offline.urgency,
        signals=tuple(said.signals),
        by=answer.model,
        prompt=prompt,
    )


def _solution(
    answer: Answer[SolverAnswer], case: Case, offline: Solution, checked: Checked, *, log_summary: str, by: Prompt
) -> Solution:
    said = answer.value
    primary = ProblemType(said.primary)
    secondary = problem_type(said.secondary)
    system = _system(said, case, offline, checked)
    return Solution(
        primary=primary,
        secondary=secondary if secondary is not primary else None,
        affected_system=system,
        urgency=Urgency(said.urgency),
        summary=said.summary,
        root_cause=said.root_cause,
        evidence=checked.evidence,
        ruled_out=tuple(said.ruled_out),
        evidence_summary=said.evidence_summary,
        log_summary=log_summary,
        grades=_grades(said, case, offline, checked),
        analyst=answer.model,
        action=action_of(said, primary, system=system, case=case, offline=offline),
        similar_cases_used=tuple(past.ticket_id for past in case.past_cases if past.problem_type is primary)[:5],
        prompt=_name_of(by),
    )


def _system(said: SolverAnswer, case: Case, offline: Solution, checked: Checked) -> str:
    """The model's, where the built-in analyst names no other or a line that the model cites is of it."""
    known = case.complaint.system(said.affected_system)
    if known is None:
        return offline.affected_system
    directory = Directory(case.complaint.systems)
    cited = {found.name for entry in checked.entries if (found := directory.system_of(entry.service))}
    return known.name if known.name in cited or not offline.affected_system else offline.affected_system


def _grades(said: SolverAnswer, case: Case, offline: Solution, checked: Checked) -> Grades:
    """Given here and not by the model: by the citations that hold, and by whether an independent reading agrees."""
    primary = ProblemType(said.primary)
    agrees = primary is offline.primary and (said.urgency, offline.urgency) not in CONTRADICTIONS
    cited = len(checked.evidence) + checked.dropped
    honest = len(checked.evidence) / cited if cited else 1.0
    evidence = citations.strength(checked.entries) * honest
    if primary is ProblemType.BUSINESS_IMPROVEMENT:
        # A clear wish with quiet logs is evidence of its own kind; lines that tell of errors prove no wish.
        evidence = offline.grades.log_evidence if agrees and not checked.dropped else 0.0
    same_as_suspected = primary is case.normalised.suspected_type_primary
    return Grades(
        log_evidence=round(min(evidence, 1.0), 4),
        pattern_match=offline.grades.pattern_match if agrees else min(offline.grades.pattern_match, DISAGREEMENT),
        correlation=offline.grades.correlation if agrees else min(offline.grades.correlation, DISAGREEMENT),
        # That the same model suspected it before counts for nothing where the independent reading contradicts it.
        type_consistency=(1.0 if same_as_suspected else 0.5) if agrees else 0.0,
    )


def _log_summary(offline: Solution, lines: Shortened, withheld: int) -> str:
    """What the logs hold, and what of them the model did not see."""
    notes = [offline.log_summary]
    if lines.left_out:
        notes.append(
            _("%(count)d line(s) did not fit into the model's window; the worst were kept.") % {"count": lines.left_out}
        )
    if withheld:
        notes.append(_("%(count)d line(s) held instructions to the analyst and were withheld.") % {"count": withheld})
    return " ".join(notes)
