"""One line of log as the offline analyst reads it: does it tell of a failure, of which kind, and whose."""

import re
from dataclasses import dataclass

from llm.offline.concepts import concepts_in
from llm.offline.patterns import CATALOGUE, CUSTOMER_SIDE, HANDLED, UNHANDLED, FailurePattern, Fault
from llm.offline.peers import Directory, Peer, Side
from llm.offline.traces import Trace, parse_trace
from voc.core.vocabulary import LogEntry, LogLevel

_MESSAGE = 1500
_WORST = (LogLevel.ERROR, LogLevel.FATAL)

_FAILS = re.compile(
    r"fail|error|exception|refus|reject|time[d]?[ -]?out|unavailable|mismatch|twice|not (?:sent|received|"
    r"delivered|accepted|found)|unable|could ?n[o']t|cannot|lost|down\b|exceed|overdue|missing|실패|오류|"
    r"에러|초과|거부|누락|불일치|장애",
    re.IGNORECASE,
)
_OWN_ENDPOINT = re.compile(r"\b(?:GET|POST|PUT|PATCH|DELETE|HEAD)\s+/\S*")
_ANSWERED = re.compile(r"answer|repl(?:y|ied)|respon|return|receiv|\bgot\b|->|=>|←|<-|from\b|응답|수신", re.IGNORECASE)
_TOOK = re.compile(
    r"(?P<took>\d+(?:[.,]\d+)?)\s?(?P<unit>ms|milliseconds?|s|sec(?:ond)?s?|초)\b(?P<between>.{0,60}?)"
    r"(?P<word>threshold|limit|sla|budget|timeout|time-out|max(?:imum)?|allowed|임계\S{0,2}|제한|"
    r"한도)\S{0,3}\s*(?:of|is|was|:|=|\()?\s*"
    r"(?P<limit>\d+(?:[.,]\d+)?)\s?(?P<limit_unit>ms|milliseconds?|s|sec(?:ond)?s?|초)?",
    re.IGNORECASE,
)
_TOOK_OVER = re.compile(
    r"(?P<took>\d+(?:[.,]\d+)?)\s?(?P<unit>ms|milliseconds?|s|sec(?:ond)?s?|초)\b.{0,30}?(?:over|"
    r"exceed\w*|above|beyond|>|longer than|초과)\D{0,24}?"
    r"(?P<limit>\d+(?:[.,]\d+)?)\s?(?P<limit_unit>ms|milliseconds?|s|sec(?:ond)?s?|초)",
    re.IGNORECASE,
)
_PARTNERS_EXCEPTION = re.compile(
    r"(?:gateway|provider|carrier|remote|upstream|external|partner|acquirer|vendor|pg|client)\w*(?:exception|error)",
    re.IGNORECASE,
)
_OURS = tuple(known for known in CATALOGUE if known.fault is Fault.OURS or known.name == "parse")
_INFRASTRUCTURE = frozenset({"pool_exhausted", "deadlock", "out_of_memory"})
_NEEDS_A_PARTNER = frozenset({"partner_auth"})
_IDS = re.compile(
    r"(?<![\w-])(?:\d{8}-\d{3,8}|\d{8,20}|[A-Za-z]{1,6}[-_]?\d{4,}|"
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{8,32})(?![\w-])"
)
_ID_KEYS = re.compile(
    r"(?:^|_|-)(?:id|no|number|order|trace|request|span|correlation|transaction|waybill)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Finding:
    """A line that tells of a failure. `strength` says how surely (0–1); `unhandled` that our code let it through.

    `outside` is whose fault it is by this line alone. `reports_peer` marks a line that only passes on what a service of
    our own did wrong.
    """

    entry: LogEntry
    pattern: FailurePattern | None
    outside: bool
    strength: float
    trace: Trace
    peer: Peer
    concepts: frozenset[str]
    ids: frozenset[str]
    handled: bool = False
    unhandled: bool = False
    reports_peer: bool = False

    @property
    def has_code_error(self) -> bool:
        """Our own code broke here: an exception of ours, or one that nobody caught."""
        return self.unhandled or (not self.outside and bool(self.trace.exception or self.trace.has_frames))


def read_line(entry: LogEntry, directory: Directory) -> Finding | None:
    """None for a line that tells of no failure, or of one that is the customer's own."""
    message = entry.message[:_MESSAGE]
    breach = exceeds_limit(message)
    if entry.level not in _WORST and (breach is False or not (breach or _speaks_of_failure(entry, message))):
        return None
    if CUSTOMER_SIDE[0].pattern.search(message) and not entry.stack_trace:
        return None
    trace = parse_trace(message, entry.stack_trace)
    searched = " ".join((message, entry.error_code or "", *trace.chain, trace.message))
    pattern = _timeout() if breach else None
    pattern = pattern or _match(searched, trace)
    handled = bool(HANDLED.search(message))
    peer = directory.peer_of(f"{message} {trace.message}", entry.service)
    external = directory.is_external(entry.service)
    outside = _is_outside(pattern, trace, peer, external=external, message=message)
    # Where our code stood while a partner failed proves no more than that the partner failed.
    strength = _strength(entry, pattern, has_trace=not outside and bool(trace.has_frames or trace.exception))
    strength *= 0.3 if handled and not trace.has_frames else 1.0
    if strength <= 0:
        return None
    return Finding(
        entry=entry,
        pattern=pattern,
        outside=outside,
        strength=strength,
        trace=trace,
        peer=peer,
        concepts=concepts_in(_about(entry, trace)),
        ids=_ids(entry, message),
        handled=handled,
        unhandled=(bool(UNHANDLED.search(message)) and not external) or (outside and _breaks_our_code(trace)),
        reports_peer=not outside and peer.side is Side.INTERNAL and directory.system_of(peer.name) is not None,
    )


def _speaks_of_failure(entry: LogEntry, message: str) -> bool:
    return bool(entry.error_code or entry.stack_trace or _FAILS.search(message))


def _match(searched: str, trace: Trace) -> FailurePattern | None:
    """The first pattern that matches. A reading of an answer that ends in an exception of ours is named by the exception."""
    found = next((known for known in CATALOGUE if known.pattern.search(searched)), None)
    if found is not None and found.fault is Fault.ANSWER and found.name != "parse" and trace.exception:
        return next((known for known in _OURS if known.pattern.search(f"{trace.exception} {searched}")), found)
    return found


def exceeds_limit(message: str) -> bool | None:
    """Whether a duration in the line is over the limit that the line names; None when it names none."""
    match = _TOOK.search(message) or _TOOK_OVER.search(message)
    if match is None:
        return None
    return _milliseconds(match["took"], match["unit"]) > _milliseconds(
        match["limit"], match["limit_unit"] or match["unit"]
    )


def _milliseconds(number: str, unit: str) -> float:
    return float(number.replace(",", "." if len(number.split(",")[-1]) != 3 else "")) * (
        1 if unit.lower().startswith("m") else 1000
    )


def _timeout() -> FailurePattern:
    return next(known for known in CATALOGUE if known.name == "timeout")


def _strength(entry: LogEntry, pattern: FailurePattern | None, *, has_trace: bool) -> float:
    known = pattern.weight if pattern else 0.0
    if entry.level in _WORST:
        return 1.0 if has_trace else (0.85 * known or 0.6)
    if entry.level is LogLevel.INFO:
        return 0.3 * known
    if entry.level is not LogLevel.WARN:
        return 0.0
    # Ordinary warnings carry no code; one that does was meant to be looked for.
    return 0.7 if has_trace else (0.55 * known or (0.4 if entry.error_code else 0.0))


def _is_outside(pattern: FailurePattern | None, trace: Trace, peer: Peer, *, external: bool, message: str) -> bool:
    if pattern is None:
        return _unknown_is_outside(trace, peer, external=external)
    if pattern.fault is Fault.OURS:
        return external and pattern.name in _INFRASTRUCTURE
    if peer.side is Side.INTERNAL:
        return False
    if peer.side is Side.EXTERNAL:
        return True
    if pattern.name == "parse":
        return False
    if external:
        return True
    if pattern.name == "upstream_5xx":
        # "POST /refunds failed: 500" is our own endpoint; a 5xx that was received came from someone else.
        return bool(_ANSWERED.search(message)) and not _OWN_ENDPOINT.search(message)
    return pattern.name not in _NEEDS_A_PARTNER


def _unknown_is_outside(trace: Trace, peer: Peer, *, external: bool) -> bool:
    if trace.exception or trace.has_frames:
        return peer.side is Side.EXTERNAL and bool(_PARTNERS_EXCEPTION.search(trace.exception))
    return external or peer.side is Side.EXTERNAL


def _breaks_our_code(trace: Trace) -> bool:
    """The exception is one of ours although the line blames the partner: the answer was not expected to fail."""
    root = f"{trace.exception} {trace.message}"
    outside = any(known.pattern.search(trace.exception) for known in CATALOGUE if known.fault is Fault.OUTSIDE)
    return bool(trace.exception) and not outside and any(known.pattern.search(root) for known in _OURS)


def _about(entry: LogEntry, trace: Trace) -> str:
    path = entry.metadata.get("path") or entry.metadata.get("endpoint") or entry.metadata.get("url") or ""
    places = " ".join(f"{place.name} {place.scope}" for place in trace.places[:4])
    return f"{entry.service} {entry.message[:_MESSAGE]} {entry.error_code or ''} {path} {places}"


def _ids(entry: LogEntry, message: str) -> frozenset[str]:
    """What ties lines together: order numbers, request and trace ids."""
    values = [
        str(value)
        for key, value in entry.metadata.items()
        if _ID_KEYS.search(str(key)) and isinstance(value, str | int)
    ]
    return frozenset(value for value in [*_IDS.findall(message)[:8], *values[:8]] if len(value) >= 4)
