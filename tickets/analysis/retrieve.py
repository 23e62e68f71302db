"""Stage 2: the logs of what the complaint may be about, and similar tickets with their outcome."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from integrations.logs.base import LogQuery
from integrations.logs.patterns import Summary
from integrations.logs.ranking import About
from integrations.logs.retrieval import LIMIT, TELLING, WORST, EnhancedRAGService, Retrieved
from llm.services import mentioned_ids, mentioned_systems
from tickets.analysis import problems
from tickets.analysis.work import Noted, Work
from tickets.similar import similar_cases
from voc.core.vocabulary import LogEntry, TimeRange

AROUND = timedelta(hours=24)
SYSTEMS = 4
PAST_CASES = 5
SHOWN_LINES = 12
SHOWN_LENGTH = 300
SHOWN_PATTERNS = 5


def run(work: Work) -> Noted:
    complaint = work.complaint
    time_range = TimeRange(complaint.received_at - AROUND, complaint.received_at + AROUND)
    services = services_of(work)
    ids = ids_of(work)
    work.retrieved = fetch(
        work.log_search,
        services=services,
        ids=ids,
        time_range=time_range,
        text=complaint.text,
        at=complaint.received_at,
    )
    problems.tell(work.retrieved.problems)
    # Only verdicts count: what other analyses are deciding at this moment must not sway this one.
    work.past_cases = similar_cases(
        text=complaint.text, exclude_ticket_id=work.ticket_id, limit=PAST_CASES, decided_only=True
    )
    return Noted(
        input={
            "services": list(services),
            "ids": list(ids),
            "from": time_range.start.isoformat(),
            "to": time_range.end.isoformat(),
            "mock_fallback": work.log_search.fallback.value,
        },
        output=_output(work),
        by="logs",
    )


def services_of(work: Work) -> tuple[str, ...]:
    """The affected system first, then others that the complaint mentions."""
    affected = work.normalised.affected_system if work.normalised else ""
    mentioned = mentioned_systems(work.complaint.text, work.complaint.systems)
    return tuple(dict.fromkeys(name for name in (affected, *mentioned) if name))[:SYSTEMS]


def ids_of(work: Work) -> tuple[str, ...]:
    """Order numbers and the like that the complaint names."""
    return mentioned_ids(work.complaint.text)


def fetch(
    search: EnhancedRAGService,
    *,
    services: tuple[str, ...],
    ids: tuple[str, ...],
    time_range: TimeRange,
    text: str = "",
    at: datetime | None = None,
) -> Retrieved:
    """At most 100 entries: those that name an id of the complaint, then the telling ones of its systems, then ordinary ones;
    among them those that share words with its `text` and are near to the moment `at` which it came.

    Where its systems tell of no failure, or none is known, the failures of all others are looked at too: customers name
    the page they were on, not the service behind it.
    """
    session = search.session(time_range, limit=LIMIT)
    queries = [LogQuery(ids=ids)] if ids else []
    queries += [LogQuery(service=service) for service in services]
    found = session.search(*queries) if queries else ()
    if not any(entry.level in WORST for entry in found):
        session.search(LogQuery(levels=TELLING))
    if not services:
        session.search(LogQuery())
    return session.retrieved(About(text=text, at=at, services=services, ids=ids))


def _output(work: Work) -> dict[str, Any]:
    retrieved = work.retrieved
    worst = [entry for entry in retrieved.entries if entry.level in TELLING][:SHOWN_LINES]
    return {
        "entries": len(retrieved.entries),
        "by_level": dict(sorted(Counter(entry.level.value for entry in retrieved.entries).items())),
        "by_service": dict(sorted(Counter(entry.service for entry in retrieved.entries).items())),
        "mock": sum(entry.mock for entry in retrieved.entries),
        "answered": list(retrieved.answered),
        "missing": list(retrieved.missing),
        "worst": [_line(entry) for entry in worst],
        "patterns": patterns_of(retrieved.summary),
        "contexts": [context.entry.entry_id for context in retrieved.contexts],
        "similar": [
            {"ticket_id": case.ticket_id, "outcome": case.outcome, "similarity": case.similarity}
            for case in work.past_cases
        ],
    }


def patterns_of(summary: Summary) -> list[dict[str, Any]]:
    """What repeats among the failing lines, as JSON: error codes, stack traces, and services whose partner fails."""
    kinds = (("code", summary.codes), ("trace", summary.traces), ("outside", summary.failing_outside))
    return [
        {
            "kind": kind,
            "key": pattern.key,
            "count": pattern.count,
            "first": pattern.first.isoformat(),
            "last": pattern.last.isoformat(),
            "services": sorted(pattern.services),
            "sample": pattern.sample[:SHOWN_LENGTH],
        }
        for kind, patterns in kinds
        for pattern in patterns[:SHOWN_PATTERNS]
    ]


def pattern_lines(summary: Summary) -> tuple[str, ...]:
    """The same for an analyst, a line each."""
    return tuple(
        f"{each['count']} × {each['kind']} {each['key']} ({', '.join(each['services'])}, {each['first']} – {each['last']}): "
        f"{each['sample']}"
        for each in patterns_of(summary)
    )


def _line(entry: LogEntry) -> dict[str, Any]:
    return {
        "id": entry.entry_id,
        "at": entry.timestamp.isoformat(),
        "level": entry.level.value,
        "service": entry.service,
        "message": entry.message[:SHOWN_LENGTH],
    }
