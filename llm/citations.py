"""Each cited line must stand in what was fetched, word for word. Checked here, in code; what does not stand is dropped."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from llm.base import Evidence
from llm.redaction import Redactor
from llm.schemas import CitedLine
from voc.core.vocabulary import LogEntry, LogLevel

# Shorter than this a quote stands everywhere.
LEAST = 8
LONGEST = 300
_BLANKS = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line as the model saw it: its id in the prompt, the entry behind it, the redacted text."""

    key: str
    entry: LogEntry
    text: str


@dataclass(frozen=True, slots=True)
class Checked:
    """The evidence that holds, the entries behind it, and how many citations did not."""

    evidence: tuple[Evidence, ...]
    entries: tuple[LogEntry, ...]
    dropped: int


def check(cited: Sequence[CitedLine], shown: Mapping[str, ShownLine], redactor: Redactor) -> Checked:
    """Keeps what is quoted verbatim (blanks apart) from the very line that it names, each line once."""
    evidence: list[Evidence] = []
    entries: list[LogEntry] = []
    dropped = 0
    for citation in cited:
        line = shown.get(citation.line.strip("[] "))
        if line is None or not _stands(citation.quote, line.text):
            dropped += 1
        elif line.entry not in entries:
            entries.append(line.entry)
            evidence.append(_evidence(citation, line.entry, redactor))
    return Checked(tuple(evidence), tuple(entries), dropped)


def _stands(quote: str, text: str) -> bool:
    wanted = _flat(quote)
    return len(wanted) >= min(LEAST, len(_flat(text))) and wanted in _flat(text)


def _flat(text: str) -> str:
    return _BLANKS.sub(" ", text).strip()


def _evidence(citation: CitedLine, entry: LogEntry, redactor: Redactor) -> Evidence:
    """Quoted from the entry itself: where the redacted quote is not its wording, the line speaks for itself."""
    whole = f"{entry.message}\n{entry.stack_trace or ''}"
    quote = redactor.restore(citation.quote.strip())
    return Evidence(
        quote=quote[:LONGEST] if quote in whole else entry.message[:LONGEST],
        entry_id=entry.entry_id,
        source=entry.source,
        timestamp=entry.timestamp,
        why=citation.why,
        level=entry.level,
        service=entry.service,
        url=entry.url,
        mock=entry.mock,
    )


def strength(entries: Sequence[LogEntry]) -> float:
    """Log evidence on the product's scale: 1.0 an error with a trace, 0.8 a clear error, 0.4 indirect, 0 none."""
    grades = [
        (1.0 if entry.stack_trace else 0.8)
        if entry.level in (LogLevel.ERROR, LogLevel.FATAL)
        else 0.4
        if entry.level == LogLevel.WARN
        else 0.2
        for entry in entries
    ]
    return max(grades, default=0.0)
