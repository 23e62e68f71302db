"""Past tickets that read like this one, and what became of them.

Two steps: an index leads to a bounded number of candidates, by the rarest words and pairs of words that the complaint may
have in common with them (docs/decisions/similar-cases.md); those are compared in full.
"""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from django.db import connection
from django.db.models import Case, FloatField, Q, QuerySet, Value, When
from django.db.models.expressions import CombinedExpression, Expression

from llm.base import PastCase
from tickets.grams import hashed, normalise
from tickets.models import RESTING, Status, Ticket
from tickets.synonyms import Thesaurus, thesaurus
from tickets.words import MAX_TEXT, pair, roots
from voc.core.vocabulary import ProblemType

# How many rows the index may be expected to find, and how many of them, those that share most, are compared.
MAX_FOUND: Final = 3000
MAX_COMPARED: Final = 150
# Of a long complaint, the rarest words.
MAX_UNITS: Final = 16
# Words occur together more often than chance has it.
TOGETHER: Final = 3.0
MAX_TRIPLES: Final = 12
# Two texts of one language have some endings in common; below this they share little else.
LEAST: Final = 0.15
DECIDED: Final = (Status.IN_PROGRESS, Status.DONE, Status.REJECTED)
# What the parts of a text weigh in the comparison: what it speaks of, the roots of its words, their letters.
CONCEPT: Final = 2.0
ROOT: Final = 2.0
LETTERS: Final = 0.5


def similar_cases(
    *, text: str, exclude_ticket_id: str = "", limit: int = 5, decided_only: bool = False
) -> tuple[PastCase, ...]:
    """The tickets at rest whose complaints read most like `text`, most similar first; the same database, the same answer.

    Those that await a decision are among them, as "open", unless `decided_only`. The cost does not grow with the number
    of tickets.
    """
    tickets = Ticket.objects.filter(status__in=DECIDED if decided_only else RESTING)
    known = thesaurus()
    statistics = _Statistics.read()
    units = _units(text, known, statistics)
    found = _candidates(tickets.exclude(ticket_id=exclude_ticket_id), units, statistics)
    scores = _similarities(text, [ticket.raw_voc for ticket in found], known, statistics)
    ranked = sorted(zip(scores, found, strict=True), key=lambda pair: (-pair[0], -pair[1].pk))
    return tuple(_case(ticket, score) for score, ticket in ranked[:limit] if score >= LEAST)


@dataclass(frozen=True, slots=True)
class _Statistics:
    """How many tickets PostgreSQL believes there are, and in which part of them the most frequent words occur."""

    rows: float
    frequencies: dict[int, float]
    # What is not among the most frequent ones is less frequent than the last of them: taken for half as frequent.
    rare: float

    @classmethod
    def read(cls) -> "_Statistics":
        with connection.cursor() as cursor:
            cursor.execute(
                """
                SELECT greatest(reltuples, 0), most_common_elems::text::int[], most_common_elem_freqs
                FROM pg_class LEFT JOIN pg_stats
                    ON schemaname = current_schema() AND tablename = relname AND attname = 'words'
                WHERE pg_class.oid = 'tickets_searchentry'::regclass
                """
            )
            rows, elements, frequencies = cursor.fetchone()
        known = dict(zip(elements or (), frequencies or (), strict=False))
        return cls(rows, known, min(known.values(), default=0.0) / 2)

    def frequency(self, words: Iterable[str]) -> float:
        """In which part of the tickets one of the words occurs."""
        return min(1.0, sum(self.frequencies.get(hashed(word), self.rare) for word in words))

    def weight(self, words: Iterable[str]) -> float:
        """What it says that two texts have one of these words in common."""
        return math.log(1 + 1 / max(self.frequency(words), 1 / (self.rows + 10)))


@dataclass(frozen=True, slots=True)
class _Unit:
    """A word of the complaint with all that may stand for it."""

    words: frozenset[str]
    pairs: frozenset[int]
    frequency: float
    weight: float

    @property
    def hashes(self) -> list[int]:
        return sorted({hashed(word) for word in self.words})


def _units(text: str, known: Thesaurus, statistics: _Statistics) -> list[_Unit]:
    """The complaint's words, the rarest first; those of one group of synonyms, with the others of the group, as one."""
    found = roots(text)
    units, covered = [], set()
    for group, part in known.named(text).items():
        words = known.roots[group]
        covered |= words | set(roots(part))
        if words or known.pairs[group]:
            units.append((words, known.pairs[group]))
    units += [(frozenset({root}), frozenset()) for root in found if root not in covered]
    made = [_Unit(words, pairs, statistics.frequency(words), statistics.weight(words)) for words, pairs in units]
    return sorted(made, key=lambda unit: (unit.frequency, sorted(unit.words)))[:MAX_UNITS]


def _candidates(tickets: QuerySet[Ticket], units: list[_Unit], statistics: _Statistics) -> list[Ticket]:
    probe = _probe(units, statistics)
    if probe is None:
        return []
    shared: Expression | Value = Value(0.0, output_field=FloatField())
    for unit in units:
        if unit.words:
            holds = Case(
                When(entry__words__overlap=unit.hashes, then=Value(round(unit.weight, 4))),
                default=Value(0.0),
                output_field=FloatField(),
            )
            shared = CombinedExpression(shared, "+", holds, output_field=FloatField())
    found = tickets.filter(probe).annotate(shared=shared).order_by("-shared", "-pk")
    return list(found.defer("decision_reason", "action_proposal")[:MAX_COMPARED])


def _probe(units: list[_Unit], statistics: _Statistics) -> Q | None:
    """What the index is asked: the words, pairs and threes of words that together lead to a bounded number of rows, the
    rarest first. None when the complaint says nothing."""
    rows = max(statistics.rows, 1.0)
    hashes: set[int] = set()
    expected = 0.0
    # (expected rows, hashes); a pair of which both are frequent is left for the threes.
    singles = [(rows * unit.frequency, set(unit.hashes) | set(unit.pairs)) for unit in units]
    pairs = [(rows * _together(two), _pair_hashes(*two)) for two in combinations(units, 2)]
    left = []
    for cost, each in sorted(singles + pairs, key=lambda row: (row[0], sorted(row[1]))):
        if expected + cost > MAX_FOUND and hashes:
            left.append(each)
            continue
        expected += cost
        hashes |= each
    if not hashes:
        return None
    probe = Q(entry__pairs__overlap=sorted(hashes))
    threes = sorted((rows * _together(three), number, three) for number, three in enumerate(combinations(units, 3)))
    used = 0
    for cost, _number, (one, two, three) in threes:
        if expected + cost > 2 * MAX_FOUND or used == MAX_TRIPLES:
            break
        near = [_pair_hashes(one, two), _pair_hashes(one, three)]
        if any(each <= hashes for each in near):
            continue
        expected += cost
        used += 1
        probe |= Q(entry__pairs__overlap=sorted(near[0])) & Q(entry__pairs__overlap=sorted(near[1]))
    return probe


def _together(units: Iterable[_Unit]) -> float:
    """In which part of the tickets all of them stand near each other, as far as can be told."""
    frequencies = [unit.frequency for unit in units]
    return min(min(frequencies), math.prod(frequencies) * TOGETHER ** (len(frequencies) - 1))


def _pair_hashes(one: _Unit, two: _Unit) -> set[int]:
    return {pair(first, second) for first in one.words for second in two.words}


def _similarities(text: str, others: list[str], known: Thesaurus, statistics: _Statistics) -> list[float]:
    """The cosine between the text and each of the others over their parts, rare ones counting more."""
    parts = [_parts(each, known) for each in (text, *others)]
    spread = Counter(part for each in parts for part in each)
    total = len(parts)
    weighted = []
    for each in parts:
        weighted.append({part: n * _rarity(part, spread[part], total, known, statistics) for part, n in each.items()})
    wanted, *compared = weighted
    return [round(_cosine(wanted, each), 4) for each in compared]


def _rarity(part: str, spread: int, total: int, known: Thesaurus, statistics: _Statistics) -> float:
    kind, _, value = part.partition(" ")
    near = 1 + math.log(total / spread)
    if kind == "root":
        return ROOT * statistics.weight((value,)) * 0.2 + near
    if kind == "concept":
        return CONCEPT * statistics.weight(known.roots[value]) * 0.2 + near
    return LETTERS * near


def _parts(text: str, known: Thesaurus) -> dict[str, float]:
    """What a text is made of, with how much each part counts.

    Numbers tell one order from another, not one problem from another; words that every text has tell nothing.
    """
    parts: dict[str, float] = {}
    found = roots(text)
    parts |= {f"root {root}": 1.0 for root in found}
    parts |= {f"concept {group}": 1.0 for group in known.named(text)}
    letters = Counter(
        word[at : at + length]
        for word in _words(text)
        if not word.isascii()
        for length in (2, 3)
        for at in range(len(word) - length + 1)
    )
    parts |= {f"letters {gram}": math.log1p(n) for gram, n in letters.items()}
    return parts


def _words(text: str) -> list[str]:
    return "".join(char if char.isalpha() else " " for char in normalise(text[:MAX_TEXT])).split()


def _cosine(one: dict[str, float], other: dict[str, float]) -> float:
    shared = sum(weight * other[piece] for piece, weight in one.items() if piece in other)
    lengths = _length(one.values()) * _length(other.values())
    return min(1.0, shared / lengths) if lengths else 0.0


def _length(weights: Iterable[float]) -> float:
    return math.sqrt(sum(weight * weight for weight in weights))


def _case(ticket: Ticket, similarity: float) -> PastCase:
    decided = ticket.decided_primary
    return PastCase(
        ticket_id=ticket.ticket_id,
        text=ticket.raw_voc,
        summary=ticket.summary,
        problem_type=ProblemType(decided) if decided else None,
        system=ticket.affected_system or "",
        outcome=outcome_of(ticket),
        similarity=similarity,
    )


def outcome_of(ticket: Ticket) -> str:
    """What became of the decision: approved, corrected, completed, rejected, or open while nobody has decided."""
    if ticket.status not in DECIDED:
        return "open"
    if ticket.status == Status.REJECTED:
        return "rejected"
    if ticket.correction:
        return "corrected"
    return "completed" if ticket.manual_resolution else "approved"
