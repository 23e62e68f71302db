"""Lines quoted from the logs, word for word, with why each tells; what was ruled out; what the logs look like as a whole."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from llm.base import Case, Evidence
from llm.offline.concepts import concepts_in
from llm.offline.decide import Decision, Judged
from llm.offline.incidents import Incident
from llm.offline.language import Language
from llm.offline.lines import Finding
from llm.offline.texts import (
    EVIDENCE,
    LOG_SUMMARY,
    NO_LOGS,
    NO_SOURCE,
    PATTERN_NONE,
    REPEATED,
    RULED_OUT,
    TYPE_NAMES,
    WHY,
    say,
)
from voc.core import clock
from voc.core.text import shorten
from voc.core.vocabulary import LogEntry, LogLevel, ProblemType

QUOTES = 6
QUOTE_LENGTH = 500


def moment(at: datetime) -> str:
    """Site time, to the second."""
    return at.astimezone(clock.site_zone()).strftime("%Y-%m-%d %H:%M:%S")


def title_of(incident: Incident, language: Language) -> str:
    """What failed, in a few words."""
    title = say(language, incident.pattern.title if incident.pattern else PATTERN_NONE)
    return f"{title} ({incident.exception})" if incident.exception and not incident.outside else title


def gather(decision: Decision) -> tuple[Evidence, ...]:
    if decision.chosen is None:
        return _quiet_lines(decision)
    language = decision.reading.language
    incident = decision.chosen.incident
    quotes = _of_incident(incident, "cause" if incident.effects else "failure", language, limit=3)
    for effect in incident.effects[:2]:
        quotes += _of_incident(effect, "effect", language, limit=1)
    return tuple({(quote.entry_id, quote.quote): quote for quote in quotes}.values())[:QUOTES]


def _of_incident(incident: Incident, role: str, language: Language, *, limit: int) -> list[Evidence]:
    """The telling line first, then repetitions, then the line of our source that the trace points to."""
    telling = incident.by_strength()
    told: list[Finding] = telling[:1] + [
        finding for finding in telling[1:] if finding.entry.message != telling[0].entry.message
    ]
    told = (told + [finding for finding in telling if finding not in told])[:limit]
    title = title_of(incident, language)
    quotes = [
        _quote(finding.entry, finding.entry.message, say(language, WHY[role if index == 0 else "again"], title=title))
        for index, finding in enumerate(told)
    ]
    return quotes + [
        _quote(finding.entry, line, say(language, WHY["place"]))
        for finding in telling[:1]
        for line in _trace_lines(finding)
    ]


def _trace_lines(finding: Finding) -> list[str]:
    """Lines of the trace, as they stand there: the exception, and the first of our frames."""
    trace = finding.entry.stack_trace or ""
    place = finding.trace.place
    found = []
    for wanted in (finding.trace.exception, place and place.file):
        if wanted:
            found += [
                line.strip()
                for line in trace.splitlines()
                if wanted in line and (wanted is finding.trace.exception or str(place and place.line) in line)
            ][:1]
    return list(dict.fromkeys(found))


def _quiet_lines(decision: Decision) -> tuple[Evidence, ...]:
    """Ordinary lines near the complaint: what the customer did, and that nothing failed."""
    language = decision.reading.language
    about = decision.reading.concepts
    ordinary = [entry for entry in decision.quiet if entry.level in (LogLevel.INFO, LogLevel.DEBUG)]
    ranked = sorted(
        ordinary,
        key=lambda entry: (
            -len(about & concepts_in(entry.message[:300])),
            entry.level is LogLevel.DEBUG,
            -entry.timestamp.timestamp(),
            entry.entry_id,
        ),
    )
    return tuple(_quote(entry, entry.message, say(language, WHY["quiet"])) for entry in ranked[:3])


def _quote(entry: LogEntry, text: str, why: str) -> Evidence:
    return Evidence(
        quote=text[:QUOTE_LENGTH],
        entry_id=entry.entry_id,
        source=entry.source,
        timestamp=entry.timestamp,
        why=why,
        level=entry.level.value,
        service=entry.service,
        url=entry.url,
        mock=entry.mock,
    )


def ruled_out(decision: Decision) -> tuple[str, ...]:
    """The other types, each with the reason; then other failures in the same logs."""
    language = decision.reading.language
    decided = {decision.primary, decision.secondary}
    sentences = [_why_not(decision, other, language) for other in ProblemType if other not in decided]
    if decision.suspected not in (None, decision.primary) and decision.chosen is not None:
        sentences.append(
            say(
                language,
                RULED_OUT["words"],
                suspected=say(language, TYPE_NAMES[decision.suspected]) if decision.suspected else "",
            )
        )
    sentences += [_other(other, language) for other in decision.others[:3]]
    return tuple(sentences)


def _why_not(decision: Decision, other: ProblemType, language: Language) -> str:
    name = say(language, TYPE_NAMES[other])
    count = len(decision.quiet)
    if decision.chosen is None:
        if other is ProblemType.BUSINESS_IMPROVEMENT:
            return say(language, RULED_OUT["no wish"], name=name)
        key = "quiet integration" if other is ProblemType.INTEGRATION_ERROR else "quiet code"
        return say(language, RULED_OUT[key], name=name, count=count, system=decision.system or "-")
    if other is ProblemType.BUSINESS_IMPROVEMENT:
        return say(language, RULED_OUT["failing logs"], name=name)
    if other is ProblemType.CODE_ERROR:
        return say(language, RULED_OUT["no exception of ours"], name=name, system=decision.system)
    return say(language, RULED_OUT["no partner"], name=name, system=decision.system)


def _other(other: Judged, language: Language) -> str:
    incident = other.incident
    return say(
        language,
        RULED_OUT["other incident"],
        title=title_of(incident, language),
        service=incident.service,
        at=moment(incident.first),
        quote=shorten(incident.lead.entry.message, 100),
    )


def evidence_summary(decision: Decision) -> str:
    language = decision.reading.language
    if decision.chosen is None:
        key = "wish" if decision.reading.wish else "nothing"
        return say(
            language,
            EVIDENCE[key if decision.quiet else "none"],
            count=len(decision.quiet),
            system=decision.system or "-",
        )
    incident = decision.chosen.incident
    effect = decision.chosen.incident.code_effect if decision.secondary else None
    sentence = say(
        language,
        EVIDENCE["incident"],
        service=incident.service,
        title=title_of(incident, language),
        count=incident.count,
        first=moment(incident.first),
        last=moment(incident.last),
    )
    if effect is not None and effect is not incident:
        sentence += " " + say(language, EVIDENCE["effect"], title=title_of(effect, language))
    return sentence


def log_summary(case: Case, language: Language) -> str:
    """How many lines of which service and level, over which time, and which log systems did not answer."""
    sentences = [_counts(case.logs, language)] if case.logs else [say(language, NO_LOGS)]
    if case.patterns:
        sentences.append(
            say(
                language,
                REPEATED,
                patterns=", ".join(shorten(each.partition(" (")[0], 120) for each in case.patterns[:2]),
            )
        )
    if case.missing_sources:
        sentences.append(say(language, NO_SOURCE, names=", ".join(case.missing_sources)))
    return " ".join(sentences)


def _counts(logs: Iterable[LogEntry], language: Language) -> str:
    entries = tuple(logs)
    services = Counter(entry.service for entry in entries)
    levels = Counter(entry.level.value for entry in entries)
    order = [level.value for level in (LogLevel.FATAL, LogLevel.ERROR, LogLevel.WARN, LogLevel.INFO, LogLevel.DEBUG)]
    return say(
        language,
        LOG_SUMMARY,
        count=len(entries),
        services=", ".join(
            f"{name} {number}" for name, number in sorted(services.items(), key=lambda item: (-item[1], item[0]))[:8]
        ),
        levels=", ".join(f"{level} {levels[level]}" for level in order if levels[level]),
        first=moment(min(entry.timestamp for entry in entries)),
        last=moment(max(entry.timestamp for entry in entries)),
    )
