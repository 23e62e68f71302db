"""Which groups of synonyms a text speaks of."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from tickets import words
from tickets.grams import normalise
from tickets.models import Synonyms

# What two syllables begin may be the middle of a compound (자동결제); one syllable or a Latin beginning may not.
_COMPOUND: Final = 2
Group = tuple[str, tuple[str, ...]]


@dataclass(slots=True)
class Thesaurus:
    """The groups in force. `roots` of a group: the hashes that lead to texts that speak of it, by words or by pairs."""

    # Phrases by their first letter, groups by the root of one of their words.
    _members: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    _groups: dict[str, list[str]] = field(default_factory=dict)
    roots: dict[str, frozenset[str]] = field(default_factory=dict)
    pairs: dict[str, frozenset[int]] = field(default_factory=dict)

    def named(self, text: str, found: list[str]) -> dict[str, str]:
        """The groups that the text, whose roots are `found`, speaks of, with the part of it that does."""
        named = {group: part for part, group in self._found(text)}
        for root in found:
            named |= dict.fromkeys(self._groups.get(root, ()), root)
        return named

    def _found(self, text: str) -> Iterator[tuple[str, str]]:
        joined, starts = _joined(text)
        for at in range(len(joined)):
            for member, group in self._members.get(joined[at : at + 1], ()):
                if joined.startswith(member, at) and (at in starts or _may_stand_inside(member)):
                    yield member, group


@lru_cache(maxsize=4)
def _thesaurus(groups: tuple[Group, ...]) -> Thesaurus:
    made = Thesaurus()
    for name, members in groups:
        single: set[str] = set()
        double: set[int] = set()
        for member in members:
            joined, _starts = _joined(member)
            if not joined:
                continue
            found = words.roots(member)
            if len(found) == 1 and " " not in member:
                single.add(found[0])
                continue
            made._members.setdefault(joined[0], []).append((joined, name))
            if len(found) == 2:
                double.add(words.pair(*found))
        for root in single:
            made._groups.setdefault(root, []).append(name)
        made.roots[name] = frozenset(single)
        made.pairs[name] = frozenset(double)
    return made


def thesaurus() -> Thesaurus:
    """The groups as they are in the database now; one query. Those of the same words are built once."""
    rows = Synonyms.objects.filter(is_active=True).values_list("name", "words")
    return _thesaurus(tuple((name, tuple(str(each) for each in members)) for name, members in rows))


def _may_stand_inside(member: str) -> bool:
    return len(member) >= _COMPOUND and not member.isascii()


def _joined(text: str) -> tuple[str, set[int]]:
    """The text without spaces, since Korean is spaced as one pleases, and where in it words begin."""
    parts = normalise(text[: words.MAX_TEXT]).split()
    starts, at = set(), 0
    for part in parts:
        starts.add(at)
        at += len(part)
    return "".join(parts), starts
