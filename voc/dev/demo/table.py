"""The table of outcomes: one line per complaint, aligned where Korean text takes two columns a character."""

import unicodedata
from collections.abc import Mapping
from typing import Any

RESTING = ("WAITING_CONFIRM", "MANUAL_REQUIRED", "IN_PROGRESS", "DONE", "REJECTED")
COLUMNS = (("", 7), ("ticket", 17), ("status", 15), ("type", 20), ("conf", 4), ("urgency", 7), ("system", 15))
GAP = "  "


def width(text: str) -> int:
    """How many columns of a terminal the text takes."""
    total = 0
    for character in text:
        if unicodedata.combining(character) or unicodedata.category(character) in ("Cf", "Mn", "Me"):
            continue
        total += 2 if unicodedata.east_asian_width(character) in "WF" else 1
    return total


def cut(text: str, columns: int) -> str:
    """The text, shortened with … where it takes more columns than there are."""
    if width(text) <= columns:
        return text
    kept = ""
    for character in text:
        if width(kept + character) > columns - 1:
            break
        kept += character
    return kept + "…"


def fit(text: str, columns: int) -> str:
    """Exactly so many columns: cut, or filled with spaces."""
    shown = cut(text, columns)
    return shown + " " * (columns - width(shown))


class Table:
    """Lines of at most `columns` columns, the summary taking what the others leave."""

    def __init__(self, columns: int) -> None:
        used = sum(size for _, size in COLUMNS) + len(GAP) * len(COLUMNS)
        self._summary = max(20, columns - used)

    def head(self) -> str:
        names = [fit(name, size) for name, size in COLUMNS]
        return GAP.join([*names, "summary"])

    def row(self, ticket: Mapping[str, Any], *, number: int, total: int) -> str:
        """A ticket as the API gives it."""
        confidence = ticket.get("decision_confidence")
        kind = ticket.get("agent_decision_primary") or ticket.get("suspected_type_primary")
        texts = (
            f"{number}/{total}",
            ticket["ticket_id"],
            ticket["status"],
            kind or "–",
            "–" if confidence is None else f"{float(confidence):.2f}",
            ticket.get("urgency") or "–",
            ticket.get("affected_system") or "–",
        )
        cells = [fit(str(text), size) for text, (_, size) in zip(texts, COLUMNS, strict=True)]
        summary = " ".join(str(ticket.get("summary") or ticket.get("raw_voc") or "").split())
        return GAP.join([*cells, cut(summary, self._summary)]).rstrip()
