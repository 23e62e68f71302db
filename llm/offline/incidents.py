"""Findings that belong together: the same failure again and again, and what followed from it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from llm.offline.keywords import Sense
from llm.offline.lines import Finding
from llm.offline.patterns import FailurePattern
from llm.offline.peers import Directory, Peer, Side
from llm.offline.traces import Place

_DIGITS = re.compile(r"\d+")
_ABOUT_ANSWERS = re.compile(
    r"gateway|client|response|answer|reply|upstream|\bapi\b|http|\bpg\b|provider|carrier|partner|approv|"
    r"payment|pay\b|external|remote|응답|게이트웨이|연동|승인|결제",
    re.IGNORECASE,
)
_LINKED = 2.0


@dataclass(slots=True)
class Incident:
    """One failure, told by one or more lines. `effects` are failures of our code that it led to."""

    findings: list[Finding]
    effects: list["Incident"] = field(default_factory=list)
    cause: "Incident | None" = None

    @property
    def lead(self) -> Finding:
        """The line that says most."""
        return self.by_strength()[0]

    @property
    def service(self) -> str:
        return self.lead.entry.service

    @property
    def outside(self) -> bool:
        return self.lead.outside

    @property
    def pattern(self) -> FailurePattern | None:
        return self.lead.pattern

    @property
    def strength(self) -> float:
        return self.lead.strength

    @property
    def first(self) -> datetime:
        return min(finding.entry.timestamp for finding in self.findings)

    @property
    def last(self) -> datetime:
        return max(finding.entry.timestamp for finding in self.findings)

    @property
    def count(self) -> int:
        return len(self.findings)

    @property
    def ids(self) -> frozenset[str]:
        return frozenset().union(*(finding.ids for finding in self.findings))

    @property
    def concepts(self) -> frozenset[str]:
        return frozenset().union(*(finding.concepts for finding in self.findings))

    @property
    def symptoms(self) -> frozenset[Sense]:
        """What customers see of it."""
        if self.pattern is not None:
            return self.pattern.shows_as
        return frozenset({Sense.ERROR, Sense.FAILS, Sense.BLANK})

    @property
    def peer(self) -> Peer:
        """The other side, by the best name that any of its lines gives."""
        peers = [finding.peer for finding in self.findings if finding.peer.side is self.lead.peer.side]
        named = [peer for peer in peers if "." in peer.name] or [peer for peer in peers if peer.name]
        return named[0] if named else Peer()

    @property
    def places(self) -> tuple[Place, ...]:
        """Lines of our source, the throwing one first."""
        return next((finding.trace.places for finding in self.by_strength() if finding.trace.places), ())

    @property
    def exception(self) -> str:
        return next((finding.trace.exception for finding in self.by_strength() if finding.trace.exception), "")

    @property
    def is_unhandled(self) -> bool:
        """Nobody caught it: our code let it through, whoever began it."""
        return any(finding.unhandled for finding in self.findings)

    @property
    def code_effect(self) -> "Incident | None":
        """The failure of our own code that belongs to it: its own unhandled line, or an effect."""
        if self.outside and self.is_unhandled:
            return self
        return next(
            (effect for effect in self.effects if any(finding.has_code_error for finding in effect.findings)), None
        )

    def by_strength(self) -> list[Finding]:
        """The strongest first, of equals the newest."""
        return sorted(self.findings, key=lambda finding: (finding.strength, *_moment(finding)), reverse=True)


def group(findings: Iterable[Finding], directory: Directory) -> list[Incident]:
    """Incidents, those of one fingerprint together, causes joined to effects, in order of time."""
    ordered = sorted(findings, key=_moment)
    by_fingerprint: dict[tuple[object, ...], list[Finding]] = {}
    for finding in ordered:
        by_fingerprint.setdefault(_fingerprint(finding), []).append(finding)
    incidents = [Incident(members) for members in _with_nameless(by_fingerprint)]
    _join(incidents, directory)
    return incidents


def _fingerprint(finding: Finding) -> tuple[object, ...]:
    entry, trace = finding.entry, finding.trace
    if trace.exception and not finding.outside:
        return entry.service, trace.exception, str(trace.place or "")
    if finding.pattern is not None:
        return (
            entry.service,
            finding.pattern.name,
            finding.outside,
            finding.peer.name if finding.peer.side is Side.EXTERNAL else "",
        )
    return entry.service, entry.error_code or _DIGITS.sub("#", entry.message)[:60], finding.outside


def _with_nameless(groups: dict[tuple[object, ...], list[Finding]]) -> list[list[Finding]]:
    """Lines that name no peer belong to those of the same failure that do, where these agree on one."""
    merged = dict(groups)
    for fingerprint, members in groups.items():
        if members[0].outside and members[0].peer.side is not Side.EXTERNAL:
            same = [other for other in merged if other[:3] == fingerprint[:3] and other != fingerprint]
            if len(same) == 1:
                merged[same[0]] = sorted(merged[same[0]] + merged.pop(fingerprint), key=_moment)
    return list(merged.values())


def _moment(finding: Finding) -> tuple[datetime, str]:
    return finding.entry.timestamp, finding.entry.entry_id


def _join(incidents: list[Incident], directory: Directory) -> None:
    """Gives each failure of ours the cause that it most plausibly had, if there is one."""
    for effect in incidents:
        if effect.outside and not effect.is_unhandled:
            continue
        causes = [cause for cause in incidents if cause is not effect and _may_cause(cause, effect, directory)]
        scored = [(_link(cause, effect), index, cause) for index, cause in enumerate(causes)]
        best = max(scored, key=lambda item: (item[0], -item[1]), default=None)
        if best is not None and best[0] >= _LINKED:
            effect.cause = best[2]
            best[2].effects.append(effect)


def _may_cause(cause: Incident, effect: Incident, directory: Directory) -> bool:
    """A failing partner can break our code; a service of ours can only break those that report it."""
    if cause.lead.handled or cause.is_unhandled:
        return False
    if cause.outside:
        return True
    reported = directory.system_of(effect.lead.peer.name) if effect.lead.reports_peer else None
    return reported is not None and reported is directory.system_of(cause.service)


def _link(cause: Incident, effect: Incident) -> float:
    """How surely one followed from the other: shared ids, nearness in time, the same subject, the same service."""
    shared = cause.ids & effect.ids
    score = 3.0 if shared else 0.0
    if not shared and _shapes(cause.ids) & _shapes(effect.ids):
        # Both name an order, and not the same one.
        score -= 0.8
    score += _nearness(cause, effect)
    if cause.service == effect.service:
        score += 0.3
    elif not shared and not effect.lead.reports_peer:
        score -= 1.5
    told = (
        effect.lead.entry.message[:300],
        effect.exception,
        *(place.scope + place.file for place in effect.places[:3]),
    )
    if _ABOUT_ANSWERS.search(" ".join(told)):
        score += 0.7
    if effect.is_unhandled:
        score += 0.4
    return score


def _shapes(ids: frozenset[str]) -> frozenset[str]:
    return frozenset(re.sub(r"[A-Za-z]", "a", _DIGITS.sub("0", identifier)) for identifier in ids)


def _nearness(cause: Incident, effect: Incident) -> float:
    """By the closest pair, up to 2 for seconds; -1 when the effect came first, or mostly came without the cause."""
    gaps = [_gap(cause, finding) for finding in effect.findings]
    known = [gap for gap in gaps if gap is not None]
    if not known:
        return -1.0
    near = sum(gap <= 300 for gap in known)
    if effect.count >= 3 and near * 2 < effect.count:
        return -1.0
    gap = min(known)
    step = next((score for limit, score in ((10, 2.0), (60, 1.6), (300, 1.3), (1800, 0.7)) if gap <= limit), 0.0)
    return step - min(gap, 1800) / 100_000


def _gap(cause: Incident, effect: Finding) -> float | None:
    """Seconds from the last line of the cause before `effect`; loggers may swap two lines of the same moment."""
    seconds = ((effect.entry.timestamp - finding.entry.timestamp).total_seconds() for finding in cause.findings)
    return min((max(gap, 0.0) for gap in seconds if gap >= -5), default=None)
