"""What repeats among the failing lines of a ticket's last analysis, for the ticket's page."""

from datetime import datetime
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from llm.redaction import Redactor
from tickets.models import AnalysisStep, Ticket
from tickets.personal import hidden

LABELS: Final[dict[str, Promise]] = {
    "code": _("Error code"),
    "trace": _("Stack trace"),
    "outside": _("External calls fail"),
}


def patterns_of(ticket: Ticket, *, redactor: Redactor | None) -> list[dict[str, Any]]:
    """The rows of the table, each with `most`, the highest count, against which its own is drawn. One query.

    With a `redactor`, what is personal in log lines is hidden.
    """
    steps = AnalysisStep.objects.filter(run__ticket=ticket, stage="retrieve").order_by("-run_id")
    output = steps.values_list("output", flat=True).first() or {}
    rows = output.get("patterns") or []
    most = max((row["count"] for row in rows), default=0)
    shown = [
        row
        | {"label": LABELS.get(row["kind"], row["kind"]), "most": most}
        | {"services": ", ".join(name for name in row["services"] if name != row["key"])}
        | {name: datetime.fromisoformat(row[name]).replace(microsecond=0) for name in ("first", "last")}
        for row in (hidden(rows, redactor) if redactor else rows)
    ]
    return sorted(shown, key=lambda row: -row["count"])
