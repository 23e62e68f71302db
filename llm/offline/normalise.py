"""Complaint → the system's words: understandable or not, summary, suspected type, affected system, urgency."""

from llm.base import Complaint, Normalised
from llm.offline.keywords import POLITENESS, Sense
from llm.offline.noise import why_unclear
from llm.offline.reading import Reading, read
from llm.offline.systems import rank_systems
from voc.core.text import shorten
from voc.core.vocabulary import ProblemType, Urgency

# It stands above the complaint as a heading.
SUMMARY_LENGTH = 100
_POINTS_OUTSIDE = frozenset({Sense.HANG, Sense.NOTHING_COMES, Sense.DOWN})
_POINTS_AT_US = frozenset({Sense.ERROR, Sense.BLANK, Sense.REFUSED, Sense.WRONG_VALUE, Sense.FAILS})


def normalise(complaint: Complaint) -> Normalised:
    reading = read(complaint.text)
    ranked = rank_systems(complaint.text, complaint.systems)
    recognised = bool(reading.words or ranked)
    unclear = why_unclear(reading.text, reading.folded, says_something=recognised)
    if unclear is not None:
        return Normalised(understood=False, unclear=unclear)
    primary, secondary = suspected_types(reading)
    return Normalised(
        understood=True,
        summary=summarise(reading),
        suspected_type_primary=primary,
        suspected_type_secondary=secondary,
        affected_system=ranked[0] if ranked else "",
        urgency=urgency_by_words(reading),
        signals=reading.words,
    )


def summarise(reading: Reading) -> str:
    """The complaint without courtesies, at most 100 characters."""
    plain = " ".join(POLITENESS.sub(" ", reading.text).split()).strip(" ,.!?~")
    return shorten(plain or reading.text, SUMMARY_LENGTH)


def is_wish(reading: Reading) -> bool:
    """The customer wants something otherwise, rather than repaired."""
    return reading.wish > 0 and reading.wish >= reading.failure


def suspected_types(reading: Reading) -> tuple[ProblemType | None, ProblemType | None]:
    """By words alone, before any log was looked at. None, None when they point nowhere."""
    outside = sum(reading.said(sense) for sense in _POINTS_OUTSIDE) + reading.said(Sense.BLAMES_PARTNER)
    # Failing "every time", or since a release, is how bugs behave; providers fail for a while.
    at_us = sum(reading.said(sense) for sense in _POINTS_AT_US) * 0.7
    at_us += reading.said(Sense.ALWAYS) + reading.said(Sense.SINCE_CHANGE)
    if not reading.symptoms:
        return (ProblemType.BUSINESS_IMPROVEMENT if reading.wish else None), None
    kinds = [ProblemType.INTEGRATION_ERROR, ProblemType.CODE_ERROR]
    if at_us > outside:
        kinds.reverse()
    if is_wish(reading):
        return ProblemType.BUSINESS_IMPROVEMENT, kinds[0]
    both = min(outside, at_us) > 0.6 * max(outside, at_us)
    return kinds[0], (kinds[1] if both else None)


def urgency_by_words(reading: Reading) -> Urgency:
    if is_wish(reading):
        return Urgency.LOW
    if reading.said(Sense.MONEY) or reading.said(Sense.DOWN):
        return Urgency.HIGH
    if reading.symptoms:
        return Urgency.HIGH if reading.is_about_paying and _paying_fails(reading) else Urgency.MEDIUM
    return Urgency.LOW


def _paying_fails(reading: Reading) -> bool:
    """A payment that does not go through, not a receipt or a refund of one."""
    return not reading.concepts & {"refund", "receipt", "newsletter", "history"}
