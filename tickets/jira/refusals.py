"""Why an issue is not made, where it is we who say so: as codes, which each reader is told in his language."""

from collections.abc import Mapping, Sequence

from integrations.jira.base import JiraRefused
from tickets.results import Reason


class Refusal(JiraRefused):
    """A no of our own, or Jira's with fields that it names. `reasons` are {name of the field: why}, some in Jira's words."""

    def __init__(
        self,
        reason: Reason,
        *,
        status: int = 400,
        messages: Sequence[str] = (),
        reasons: Mapping[str, Reason | str] | None = None,
    ) -> None:
        self.reason = reason
        self.reasons = dict(reasons or {})
        super().__init__(
            str(reason),
            status=status,
            messages=messages,
            field_errors={name: str(why) for name, why in self.reasons.items()},
        )


def reason_of(error: Exception) -> Reason:
    """Why, as it is to be kept: words that are not ours stay as they are."""
    return error.reason if isinstance(error, Refusal) else Reason(text=str(error))


def reasons_of(error: Exception) -> Mapping[str, Reason | str]:
    """Which fields, and why."""
    if isinstance(error, Refusal):
        return error.reasons
    return error.field_errors if isinstance(error, JiraRefused) else {}
