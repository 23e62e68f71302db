"""Stage 2: the logs of what the complaint may be about, and similar tickets with their outcome."""

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from integrations.logs.base import LogQuery
from integrations.logs.retrieval import (
    CONTEXTS,
    LIMIT,
    TELLING,
    WORST,
    EnhancedRAGService,
    Retrieved,
    newest_first,
    unique,
)
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


def run(work: Work) -> Noted:
    complaint = work.complaint
    time_range = TimeRange(complaint.received_at - AROUND, complaint.received_at + AROUND)
    services = services_of(work)
    ids = ids_of(work)
    work.retrieved = fetch(work.log_search, services=services, ids=ids, time_range=time_range)
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
    search: EnhancedRAGService, *, services: tuple[str, ...], ids: tuple[str, ...], time_range: TimeRange
) -> Retrieved:
    """At most 100 entries: those that name an id of the complaint, then the telling ones of its systems, then ordinary ones.

    Where its systems tell of no failure, or none is known, the failures of all others are looked at too: customers name
    the page they were on, not the service behind it.
    """
    queries = [LogQuery(ids=ids)] if ids else []
    queries += [LogQuery(service=service) for service in services]
    found = [search.retrieve(query, time_range, limit=LIMIT) for query in queries]
    if not any(entry.level in WORST for part in found for entry in part.entries):
        found.append(search.retrieve(LogQuery(levels=TELLING), time_range, limit=LIMIT))
    if not services:
        found.append(search.retrieve(LogQuery(), time_range, limit=LIMIT))
    return _merged(found, has_ids=bool(ids))


def _merged(parts: list[Retrieved], *, has_ids: bool) -> Retrieved:
    named = parts[0].entries if has_ids else ()
    everything = [entry for part in parts for entry in part.entries]
    telling = [entry for entry in everything if entry.level in TELLING]
    entries = unique([*named, *telling, *everything])[:LIMIT]
    kept = {(entry.source, entry.entry_id) for entry in entries}
    contexts = {context.entry.entry_id: context for part in parts for context in part.contexts}
    answered = _names(name for part in parts for name in part.answered)
    return Retrieved(
        entries=newest_first(entries),
        contexts=tuple(c for c in contexts.values() if (c.entry.source, c.entry.entry_id) in kept)[:CONTEXTS],
        answered=answered,
        missing=_names(name for part in parts for name in part.missing),
        problems=_names(problem for part in parts for problem in part.problems),
    )


def _names(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


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
        "contexts": [context.entry.entry_id for context in retrieved.contexts],
        "similar": [
            {"ticket_id": case.ticket_id, "outcome": case.outcome, "similarity": case.similarity}
            for case in work.past_cases
        ],
    }


def _line(entry: LogEntry) -> dict[str, Any]:
    return {
        "id": entry.entry_id,
        "at": entry.timestamp.isoformat(),
        "level": entry.level.value,
        "service": entry.service,
        "message": entry.message[:SHOWN_LENGTH],
    }
