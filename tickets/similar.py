"""Past tickets that read like this one, and what became of them.

Two steps: an index leads to a bounded number of candidates, by the rarest words and pairs of words that the complaint may
have in common with them (docs/decisions/similar-cases.md); those are compared in full.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from django.db import connection, transaction
from django.db.models import Case, F, FloatField, Func, Q, QuerySet, Value, When
from django.db.models.expressions import CombinedExpression, Expression

from llm.base import PastCase
from tickets.grams import hashed, normalise
from tickets.models import RESTING, SearchEntry, Status, Ticket
from tickets.synonyms import Thesaurus, thesaurus
from tickets.words import MAX_TEXT, pair, roots
from voc.core.vocabulary import ProblemType

# How many rows the index may be expected to find, and how many of them, those that share most, are looked
# at, and how many of those that are at rest are compared.
MAX_FOUND: Final = 3000
MAX_RANKED: Final = 1000
MAX_COMPARED: Final = 150
# Of a long complaint, what the synonyms know and the rarest of the other words.
MAX_UNITS: Final = 16
MAX_ALONE: Final = 8
# Words occur together more often than chance has it.
TOGETHER: Final = 3.0
MAX_TRIPLES: Final = 12
MAX_NEAR: Final = 3
# Below this two texts share a common word or two, a fifth of what one of them says.
LEAST: Final = 0.04
# Beside one that is much more alike, of which it shares less than half, it would only be noise.
LEAST_OF_BEST: Final = 0.25
DECIDED: Final = (Status.IN_PROGRESS, Status.DONE, Status.REJECTED)
# What the parts of a text weigh in the comparison: what it speaks of, the roots of its words, those that a group of synonyms
# stands for already, their letters; and what one of the two has alone.
CONCEPT: Final = 1.5
ROOT: Final = 1.0
SAME_WORD: Final = 0.05
LETTERS: Final = 0.05
MISSING: Final = 1.0
MORE: Final = 0.15
# What a word weighs on average, of which a candidate has more than it shares.
USUAL: Final = 4.0


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
    least = max(LEAST, LEAST_OF_BEST * max(scores, default=0.0))
    return tuple(_case(ticket, score) for score, ticket in ranked[:limit] if score >= least)


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
    # Those of the words that pairs are looked for with: its own, and the most frequent of the others.
    near: frozenset[str]
    frequency: float
    weight: float

    @property
    def hashes(self) -> list[int]:
        return sorted({hashed(word) for word in self.words})


def _units(text: str, known: Thesaurus, statistics: _Statistics) -> list[_Unit]:
    """The complaint's words, the rarest first; those of one group of synonyms, with the others of the group, as one."""
    found = roots(text)
    units: list[tuple[frozenset[str], frozenset[int]]] = []
    covered: set[str] = set()
    for group in known.named(text, found):
        words = known.roots[group]
        covered |= words
        if words or known.pairs[group]:
            units.append((words, known.pairs[group]))
    alone = sorted(
        (root for root in found if root not in covered), key=lambda root: (statistics.frequency((root,)), root)
    )
    units += [(frozenset({root}), frozenset()) for root in alone[: max(MAX_ALONE, MAX_UNITS - len(units))]]
    made = [
        _Unit(words, pairs, _near(words, found, statistics), statistics.frequency(words), statistics.weight(words))
        for words, pairs in units
    ]
    return sorted(made, key=lambda unit: (unit.frequency, sorted(unit.words)))


def _near(words: frozenset[str], found: list[str], statistics: _Statistics) -> frozenset[str]:
    by_frequency = sorted(words, key=lambda word: (-statistics.frequencies.get(hashed(word), 0.0), word))
    return frozenset(by_frequency[:MAX_NEAR]) | (words & set(found))


def _candidates(tickets: QuerySet[Ticket], units: list[_Unit], statistics: _Statistics) -> list[Ticket]:
    """Those of the tickets that have most in common with the units, as far as words alone can tell."""
    probe = _probe(units, statistics)
    if probe is None:
        return []
    shared: Expression | Value = Value(0.0, output_field=FloatField())
    for unit in units:
        if unit.words or unit.pairs:
            said = Q(words__overlap=unit.hashes)
            if unit.pairs:
                said |= Q(pairs__overlap=sorted(unit.pairs))
            holds = Case(
                When(said, then=Value(round(unit.weight, 4))),
                default=Value(0.0),
                output_field=FloatField(),
            )
            shared = CombinedExpression(shared, "+", holds, output_field=FloatField())
    # Who says much shares something with everything.
    said_at_all = Func(F("words"), function="CARDINALITY", output_field=FloatField())
    total = Value(sum(unit.weight for unit in units)) + Value(MORE * USUAL) * said_at_all
    alike = CombinedExpression(shared, "/", total, output_field=FloatField())
    found = SearchEntry.objects.filter(probe).annotate(alike=alike).order_by("-alike", "-pk")
    with transaction.atomic(), connection.cursor() as cursor:
        # The planner adds up the frequencies of thousands of hashes and would rather read the whole table; but the probe
        # was made so that the index leads to few rows. Only a scan of its bitmap is left to choose.
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")
        keys = list(found.values_list("pk", flat=True)[:MAX_RANKED])
        cursor.execute("SET LOCAL enable_seqscan = DEFAULT; SET LOCAL enable_indexscan = DEFAULT")
    rank = {key: at for at, key in enumerate(keys)}
    rows = tickets.filter(pk__in=keys).values_list("pk", flat=True)
    best = sorted(rows, key=rank.__getitem__)[:MAX_COMPARED]
    return sorted(
        Ticket.objects.filter(pk__in=best).defer("decision_reason", "action_proposal"), key=lambda each: rank[each.pk]
    )


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
    probe = Q(pairs__overlap=sorted(hashes))
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
        probe |= Q(pairs__overlap=sorted(near[0])) & Q(pairs__overlap=sorted(near[1]))
    return probe


def _together(units: Iterable[_Unit]) -> float:
    """In which part of the tickets all of them stand near each other, as far as can be told."""
    frequencies = [unit.frequency for unit in units]
    return min(min(frequencies), math.prod(frequencies) * TOGETHER ** (len(frequencies) - 1))


def _pair_hashes(one: _Unit, two: _Unit) -> set[int]:
    return {pair(first, second) for first in one.near for second in two.near}


def _similarities(text: str, others: list[str], known: Thesaurus, statistics: _Statistics) -> list[float]:
    """How far each of the others says what the text says, 0–1: the weight of what they share, against what each has alone.

    What the text says and the other does not counts for more than the reverse: people tell a fault with more or fewer
    words about themselves.
    """
    wanted = _parts(text, known, statistics)
    return [round(_alike(wanted, _parts(other, known, statistics)), 4) for other in others]


def _alike(wanted: dict[str, float], other: dict[str, float]) -> float:
    shared = sum(weight for part, weight in wanted.items() if part in other)
    missing = sum(wanted.values()) - shared
    more = sum(weight for part, weight in other.items() if part not in wanted)
    total = shared + MISSING * missing + MORE * more
    # Squared: half of what a text says is in many that are about something else.
    return (shared / total) ** 2 if total else 0.0


def _parts(text: str, known: Thesaurus, statistics: _Statistics) -> dict[str, float]:
    """What a text speaks of, its words and, for other than Latin ones, their pairs of letters, with what each weighs.

    Numbers tell one order from another, not one problem from another; words that every text has tell nothing.
    """
    parts: dict[str, float] = {}
    covered: set[str] = set()
    found = roots(text)
    for group in known.named(text, found):
        covered |= known.roots[group]
        parts[f"concept {group}"] = CONCEPT * statistics.weight(known.roots[group])
    for root in found:
        weight = statistics.weight((root,))
        parts[f"root {root}"] = (SAME_WORD if root in covered else ROOT) * weight
    for word in _words(text):
        if not word.isascii():
            parts |= {f"letters {word[at : at + 2]}": LETTERS for at in range(len(word) - 1)}
    return parts


def _words(text: str) -> list[str]:
    return "".join(char if char.isalpha() else " " for char in normalise(text[:MAX_TEXT])).split()


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
        names=(ticket.customer_name,),
        hidden=ticket.placeholders,
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
