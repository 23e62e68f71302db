"""How long a text is for a model, and how it is made shorter: by rule, and never without saying so."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from voc.core.vocabulary import LogEntry, LogLevel

# Korean takes 0.5 to 1.1 tokens a character by model, emoji up to 3, Latin text about a quarter; and a margin of 30 %.
_HANGUL: Final = re.compile(r"[\u1100-\u11ff\u3000-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]")
_ASTRAL: Final = re.compile(r"[\U00010000-\U0010ffff]")
MARGIN: Final = 1.3
LINE_LENGTH: Final = 600
_WORST: Final = {LogLevel.FATAL: 0, LogLevel.ERROR: 1, LogLevel.WARN: 2, LogLevel.INFO: 3, LogLevel.DEBUG: 4}


def estimate(text: str) -> int:
    """Tokens that a text may take, at the upper end. Counted by kind of character: exact tokenisers differ by model."""
    astral = len(_ASTRAL.findall(text))
    wide = len(_HANGUL.findall(text))
    plain = len(text) - wide - astral
    return int((wide * 1.1 + astral * 3 + plain / 3) * MARGIN) + 1


@dataclass(frozen=True, slots=True)
class Shortened:
    """What is left of lines and trace, and how many lines were left out."""

    lines: tuple[tuple[LogEntry, str], ...]
    left_out: int = 0


def shorten_logs(lines: Sequence[tuple[LogEntry, str]], *, tokens: int) -> Shortened:
    """As many of the lines (entry and its text) as fit into `tokens`: the worst levels first, of those the newest.

    The order stays as it was. Lines beyond LINE_LENGTH are cut with a mark that says so.
    """
    cut = [(entry, text if len(text) <= LINE_LENGTH else f"{text[:LINE_LENGTH]} …(cut)") for entry, text in lines]
    by_worth = sorted(range(len(cut)), key=lambda at: (_WORST[cut[at][0].level], -cut[at][0].timestamp.timestamp(), at))
    kept: set[int] = set()
    left = tokens
    for at in by_worth:
        size = estimate(cut[at][1])
        if size > left:
            break
        kept.add(at)
        left -= size
    return Shortened(tuple(line for at, line in enumerate(cut) if at in kept), left_out=len(cut) - len(kept))
