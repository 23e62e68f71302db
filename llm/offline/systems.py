"""Which systems of the catalogue a complaint speaks of, by the words customers use for them."""

import re
from functools import lru_cache

from llm.offline.language import HANGUL, fold
from voc.core.vocabulary import SystemInfo


def rank_systems(text: str, systems: tuple[SystemInfo, ...]) -> tuple[str, ...]:
    """Names of the systems that the text mentions, the likeliest first; empty when it mentions none."""
    folded = fold(text)
    scored = [(_score(folded, system), -index, system.name) for index, system in enumerate(systems)]
    return tuple(name for score, _, name in sorted(scored, reverse=True) if score > 0)


def _score(folded: str, system: SystemInfo) -> float:
    """Longer words say more; each further one adds less; what comes first is what the complaint is about.

    A word inside another one of the same system ("환불" in "환불계좌") counts with it, not again.
    """
    hits: list[tuple[int, int, int]] = []
    for word in (*system.words, *_names(system.name)):
        found = _pattern(word).search(folded)
        if found:
            hits.append((len(word), found.start(), found.end()))
    hits.sort(reverse=True)
    kept: list[tuple[int, int, int]] = []
    for length, start, end in hits:
        if all(end <= other_start or start >= other_end for _, other_start, other_end in kept):
            kept.append((length, start, end))
    score = 0.0
    for position, (length, start, _) in enumerate(kept):
        # Hangul packs a word into half the letters.
        weight = 1.0 + 0.05 * length
        early = 0.3 * (1 - start / max(len(folded), 1))
        score += (weight + early) / (position + 1)
    return score


@lru_cache(maxsize=4096)
def _pattern(word: str) -> re.Pattern[str]:
    folded = fold(word)
    if HANGUL.search(folded):
        # Spaces in Korean compounds are a matter of taste; "앱" and "pg" must not be found inside other words.
        body = r"\s?".join(re.escape(part) for part in folded.split())
        return re.compile((r"(?<![가-힣])" if len(folded) == 1 else "") + body)
    body = r"[\s-]+".join(re.escape(part) for part in folded.split())
    return re.compile(rf"(?<![a-z]){body}(?:s|es|'s)?(?![a-z])")


def _names(name: str) -> tuple[str, ...]:
    """How people write a system's own name: as it is, and in words."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[-_]+", " ", name)
    return (name,) if words == name else (name, words)
