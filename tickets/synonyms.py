"""What a text tells, sentence by sentence: which groups of synonyms it speaks of, its roots, its letters."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Final

from django.db import connection

from tickets import words
from tickets.grams import SEPARATOR, hashed, normalise

# Of a short Latin word only the usual endings may follow: "app" is in "apps" and not in "apply".
SHORT: Final = 4
_INFLECTED: Final = re.compile(r"(?:s|es|d|ed|ing|er|ers|'s|’s)?$")
_KEPT: Final = 4096
Group = tuple[str, tuple[str, ...]]
# Where it begins and ends, and of which group it is.
_Match = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Told:
    """What a sentence tells. `groups` have their part of the words that lead to them, 0–1; `covered` are those of its roots
    that a group stands for already."""

    groups: dict[str, float]
    roots: frozenset[str]
    covered: frozenset[str]
    # Twos and threes of letters within words, threes in Latin ones.
    letters: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Member:
    """A word or phrase of a group, without spaces, since Korean is spaced as one pleases."""

    joined: str
    group: str
    anywhere: bool
    # How much must follow to the end of the word: all may, an inflection, or a particle.
    short: bool
    single: bool
    # Behind how many letters it has a space.
    gaps: frozenset[int]

    @classmethod
    def of(cls, group: str, text: str) -> "_Member | None":
        parts = words.words(normalise(text))
        joined = "".join(parts)
        if not joined:
            return None
        latin = joined.isascii()
        # What two syllables begin may be the middle of a compound (자동결제); one syllable (안 와), a number or a Latin
        # beginning may not.
        first = normalise(text).split()[0]
        # Nor may one syllable and what looks like a particle (기가: 현금지급기가).
        anywhere = words.is_korean(joined) and len(first) > 1 and (joined != first or len(words.bare(first)) > 1)
        return cls(joined, group, anywhere, latin and len(parts[-1]) <= SHORT, len(joined) == 1, _gaps(text))


def _gaps(text: str) -> frozenset[int]:
    lengths = [len("".join(words.words(part))) for part in normalise(text).split()]
    return frozenset(accumulate(lengths[:-1]))


class Thesaurus:
    """The groups in force. `ids`: what a group is called in the index, another one as soon as its words change; `roots`:
    those that lead to texts which speak of it, as far as one word can."""

    def __init__(self, groups: tuple[Group, ...]) -> None:
        self.ids: dict[str, int] = {}
        self.roots: dict[str, frozenset[int]] = {}
        # By their first two letters: those that a word may begin with, and those that may also stand inside one.
        self._beginning: dict[str, list[_Member]] = {}
        self._inside: dict[str, list[_Member]] = {}
        for name, texts in groups:
            self.ids[name] = hashed(SEPARATOR.join((name, *texts)))
            self.roots[name] = frozenset(hashed(found[0]) for found in map(words.roots, texts) if len(found) == 1)
            for member in filter(None, (_Member.of(name, text) for text in texts)):
                kind = self._inside if member.anywhere else self._beginning
                kind.setdefault(member.joined[:2], []).append(member)
        self._told = lru_cache(maxsize=_KEPT)(self._tell)

    def told(self, text: str) -> list[Told]:
        """What each of the text's sentences tells."""
        return [self._told(sentence) for sentence in words.sentences(text)]

    def terms(self, text: str) -> frozenset[int]:
        """What the index has of a text: the ids of its groups and the hashes of its roots."""
        found: set[int] = set()
        for told in self.told(text):
            found |= {self.ids[group] for group in told.groups}
            found |= {hashed(root) for root in told.roots | told.covered}
        return frozenset(found)

    def _tell(self, sentence: str) -> Told:
        found = words.words(sentence)
        starts, at = {}, 0
        for number, word in enumerate(found):
            starts[at] = number
            at += len(word)
        matches = [
            (begin, begin + len(member.joined), member.group)
            for begin, member in self._found(found, starts)
            if _spaced(member, begin, starts)
        ]
        matches = _without_beginnings(matches)
        covered = set[int]().union(*(_between(starts, found, begin, end) for begin, end, _group in matches))
        roots = [(number in covered, words.roots_of(word)) for number, word in enumerate(found)]
        return Told(
            _shares(matches),
            frozenset(root for known, each in roots for root in each if not known) | frozenset(words.numbers(sentence)),
            frozenset(root for known, each in roots for root in each if known),
            frozenset(letters for word in found for letters in _letters(word)),
        )

    def _found(self, found: list[str], starts: dict[int, int]) -> Iterator[tuple[int, _Member]]:
        joined = "".join(found)
        for at in range(len(joined) - 1):
            for member in self._inside.get(joined[at : at + 2], ()):
                if joined.startswith(member.joined, at):
                    yield at, member
        for at, number in starts.items():
            for first in {joined[at : at + 2], joined[at]}:
                for member in self._beginning.get(first, ()):
                    if joined.startswith(member.joined, at) and _fits(member, found[number:]):
                        yield at, member


def _spaced(member: _Member, begin: int, starts: dict[int, int]) -> bool:
    """Whether it is no accident of two words that stand side by side: where the text has a space and the member has none,
    two letters at least stand on either side (나가기 전에 is no 가전); what begins inside a word ends there, too."""
    gaps = [at - begin for at in starts if 0 < at - begin < len(member.joined)]
    if not gaps:
        return True
    if begin not in starts:
        return False
    return all(gap in member.gaps or 2 <= gap <= len(member.joined) - 2 for gap in gaps)


def _without_beginnings(matches: list[_Match]) -> list[_Match]:
    """Those that are not but the beginning of a word of another group's (아파 of 아파트, 아이 of 아이폰)."""
    longer: dict[int, set[str]] = {}
    for begin, end, group in matches:
        if end - begin == 3:
            longer.setdefault(begin, set()).add(group)
    return [each for each in matches if each[1] - each[0] != 2 or not longer.get(each[0], set()) - {each[2]}]


def _shares(matches: list[_Match]) -> dict[str, float]:
    """The groups, each with its part of the words that lead to it: a word that several groups have says each of them less."""
    shares: dict[str, float] = {}
    for begin, end, group in matches:
        rivals = {name for start, stop, name in matches if start < end and begin < stop}
        shares[group] = max(shares.get(group, 0.0), 1 / len(rivals))
    return shares


def _fits(member: _Member, found: list[str]) -> bool:
    """Whether the words, which begin with the member, go on as they may."""
    if member.single and words.is_korean(member.joined):
        return words.bare(found[0]) == member.joined
    if not member.short:
        return True
    left = len(member.joined)
    for word in found:
        if left <= len(word):
            return bool(_INFLECTED.match(word[left:]))
        left -= len(word)
    return True


def _between(starts: dict[int, int], found: list[str], begin: int, end: int) -> set[int]:
    """The numbers of the words that are, in part at least, between these letters."""
    return {number for at, number in starts.items() if at < end and at + len(found[number]) > begin}


@lru_cache(maxsize=16384)
def _letters(word: str) -> tuple[str, ...]:
    if words.is_korean(word):
        return tuple(word[at : at + size] for size in (2, 3) for at in range(len(word) - size + 1))
    if word in words.STOP_WORDS or not word[0].isalpha():
        return ()
    return tuple(word[at : at + 3] for at in range(len(word) - 2))


_FINGERPRINT: Final = """
SELECT coalesce(md5(string_agg(name || ' ' || words::text, ' ' ORDER BY name)), '') FROM tickets_synonyms WHERE is_active
"""
_GROUPS: Final = """
SELECT coalesce(md5(string_agg(name || ' ' || words::text, ' ' ORDER BY name)), ''),
    coalesce(jsonb_agg(jsonb_build_array(name, words) ORDER BY name), '[]')::text
FROM tickets_synonyms WHERE is_active
"""
_known: dict[str, Thesaurus] = {}


def thesaurus() -> Thesaurus:
    """The groups as they are in the database now; those of the same words are read and built once per process."""
    with connection.cursor() as cursor:
        cursor.execute(_FINGERPRINT)
        fingerprint = cursor.fetchone()[0]
        if found := _known.get(fingerprint):
            return found
        # Both at once: the groups may have changed since.
        cursor.execute(_GROUPS)
        fingerprint, groups = cursor.fetchone()
    made = Thesaurus(tuple((name, tuple(str(each) for each in members)) for name, members in json.loads(groups)))
    _known.clear()
    _known[fingerprint] = made
    return made
