"""What a text tells, sentence by sentence: which groups of synonyms it speaks of, its roots, its letters."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from django.db import connection

from tickets import words
from tickets.grams import SEPARATOR, hashed, normalise

# Of a short Latin word only the usual endings may follow: "app" is in "apps" and not in "apply".
SHORT: Final = 4
_INFLECTED: Final = re.compile(r"(?:s|es|d|ed|ing|er|ers|'s|’s)?$")
_KEPT: Final = 4096
Group = tuple[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Told:
    """What a sentence tells. `covered` are those of its roots that a group stands for already."""

    groups: frozenset[str]
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
        anywhere = words.is_korean(joined) and len(first) > 1
        return cls(joined, group, anywhere, latin and len(parts[-1]) <= SHORT, len(joined) == 1)


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
        groups: set[str] = set()
        covered: set[int] = set()
        for begin, member in self._found(found, starts):
            groups.add(member.group)
            covered |= _between(starts, found, begin, begin + len(member.joined))
        roots = [(number in covered, words.roots_of(word)) for number, word in enumerate(found)]
        return Told(
            frozenset(groups),
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
