"""What an analysis hands over to be stored; and why people must act, by codes that each reader is told in his language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from voc.core.vocabulary import ProblemType, Urgency

# By code. Codes are stored: a sentence may be worded anew, its code and the names in it stay.
SENTENCES: Final[dict[str, Promise]] = {
    "unclear.empty": _("The complaint cannot be understood: there is no text in it."),
    "unclear.laughter": _("The complaint cannot be understood: it is only laughter or single letters."),
    "unclear.symbols": _("The complaint cannot be understood: it is only symbols, figures or emoji."),
    "unclear.spam": _("The complaint looks like advertising or spam."),
    "unclear.other_language": _("The complaint cannot be read: it is neither in Korean nor in English."),
    "unclear.instructions": _("The complaint holds instructions to whoever analyses it; people must read it."),
    "unclear.gibberish": _("The complaint cannot be understood: there are no words in it that make sense."),
    "no_decision": _("The analysis came to no decision."),
    "low_confidence": _("The confidence, %(confidence)s, is below the threshold of %(threshold)s."),
    "out_of_time": _("The analysis ran out of time before the step “%(stage)s”."),
    "given_up": _("The analysis was given up after %(attempts)s attempt(s): %(error)s"),
    "given_up.overran": _("The analysis was given up after %(attempts)s attempt(s): it ran longer than %(seconds)s s."),
    "given_up.interrupted": _("The analysis was given up: it was interrupted %(times)s times."),
    "failed": _("The analysis failed."),
    "jira.no_issue": _("No issue is to be made for this ticket."),
    "jira.sent_in_vain": _("It was sent %(times)s times, and each time Jira neither made it nor said why."),
    "jira.refused": _("Jira refuses the issue."),
    "jira.would_refuse": _("Jira would refuse the issue."),
    "jira.no_project": _(
        "There is no project %(project)s, or our account may not create issues in it. Jira says: %(said)s"
    ),
    "jira.no_type": _("The project %(project)s has no issue type %(type)s. It has: %(names)s."),
    "jira.field_required": _("It is required. Set %(field)s in JIRA_FIELDS for %(project)s."),
    "jira.no_field": _("This project and issue type have no such field."),
    "jira.no_labels": _("It is not on the screen for new issues, and without it an issue cannot be found again."),
}


@dataclass(frozen=True, slots=True)
class Reason:
    """Why people must decide, or mend something; `str` says it in the language of whoever reads.

    `code` names one of `SENTENCES`, `values` fill it. `text` is an analyst's own words, and what is said where there is no
    such sentence any more.
    """

    code: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    text: str = ""

    def __str__(self) -> str:
        sentence = SENTENCES.get(self.code)
        if sentence is None:
            return self.text
        try:
            return str(sentence) % self.values
        except KeyError:
            return self.text

    @property
    def outside(self) -> "Reason":
        """For who handed the complaint in: what broke inside is for the staff."""
        return Reason("failed") if self.code.startswith("given_up") else self

    def to_json(self) -> dict[str, Any] | None:
        """None for words that cannot be translated: they are all in the text that is stored beside this."""
        return {"code": self.code, "values": dict(self.values)} if self.code else None

    @classmethod
    def from_json(cls, stored: object, *, text: str | None) -> "Reason":
        """What `to_json` gave; anything else says `text`."""
        if not isinstance(stored, Mapping) or not isinstance(stored.get("values"), Mapping):
            return cls(text=text or "")
        values = {str(name): str(value) for name, value in stored["values"].items()}
        return cls(code=str(stored.get("code")), values=values, text=text or "")


def told(record: Mapping[str, Any], *, name: str = "reason") -> dict[str, Any]:
    """A stored record with the text under `name` in the reader's language, if what stands under "cause" allows it."""
    shown = {key: value for key, value in record.items() if key != "cause"}
    if name in shown:
        shown[name] = str(Reason.from_json(record.get("cause"), text=shown[name]))
    return shown


def stored_fields(fields: Mapping[str, Reason | str]) -> dict[str, Any]:
    """Why each field was refused, to be kept: another system's words as they are, ours as {code, values, text}."""
    return {
        name: {**(why.to_json() or {}), "text": str(why)} if isinstance(why, Reason) else why
        for name, why in fields.items()
    }


def told_fields(stored: Mapping[str, Any]) -> dict[str, str]:
    """What `stored_fields` gave, in the reader's language."""
    return {
        name: str(Reason.from_json(why, text=str(why.get("text") or "")) if isinstance(why, Mapping) else why)
        for name, why in stored.items()
    }


@dataclass(frozen=True, slots=True)
class StepRecord:
    """One stage as it ran: JSON-ready input and output, duration in milliseconds, who did it."""

    stage: str
    started_at: datetime
    milliseconds: int
    input: dict[str, Any]
    output: dict[str, Any]
    analyst: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class AnalysisResult:
    """The end of a run. With `manual_reason` it goes to people, whatever else is known.
    `primary` is None when nothing was decided.

    `decision_reason` and `action_proposal` have the shapes of the API; `confidence` is 0–1,
    `prompt` the version of the prompt that led to the decision. `placeholders` (such as [PHONE_1]) in its texts stand for
    personal data: by placeholder, the forms in which it was written.
    """

    manual_reason: Reason | None = None
    summary: str = ""
    suspected_type_primary: ProblemType | None = None
    suspected_type_secondary: ProblemType | None = None
    affected_system: str = ""
    urgency: Urgency | None = None
    primary: ProblemType | None = None
    secondary: ProblemType | None = None
    confidence: float | None = None
    decision_reason: dict[str, Any] | None = None
    action_proposal: dict[str, Any] | None = None
    analyst: str = ""
    prompt: str = ""
    placeholders: Mapping[str, Sequence[str]] = field(default_factory=dict)
    steps: tuple[StepRecord, ...] = field(default=())
