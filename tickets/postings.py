"""Which tickets have most in common with a complaint, among all there are: an exact sum over postings.

For each term and each block of 65,536 tickets a row says in which of them the term occurs (tickets.sealing builds them); tickets
that are not in a block as they are now are looked at one by one. The cost is bounded by the number of postings that are read.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from django.db import connection

from tickets.models import CaseBlock

BLOCK_BITS: Final = 16
BLOCK: Final = 1 << BLOCK_BITS
# The newest of the tickets that are in no block yet; beat sees to it that there are fewer.
MAX_OPEN: Final = 4000
# A mask has a bit for each.
MAX_UNITS: Final = 24
MAX_POSTINGS: Final = 1_200_000
# What more of the tickets say than this tells little, and costs most.
COMMON: Final = 0.1
# What a ticket says besides: how much it counts, and what a term weighs on average.
MORE: Final = 0.1
USUAL: Final = 6.0
# How many of each block, and how many of those that share the very same, are looked at.
OF_BLOCK: Final = 1500
ALIKE: Final = 2


@dataclass(frozen=True, slots=True)
class Unit:
    """Something a complaint says: the terms of which a ticket has any, and those by which one that is in no block is known
    to say it; and how much it counts."""

    terms: tuple[int, ...]
    open_terms: tuple[int, ...]
    weight: float


@dataclass(frozen=True, slots=True)
class Holdings:
    """What there is: how many tickets; in how many tickets of the blocks each of the terms asked for occurs, and in which
    open ones; the groups of synonyms that all blocks know; the lengths of the blocks' tickets, and of the open ones."""

    tickets: int
    frequencies: dict[int, int]
    opened: dict[int, set[int]]
    groups: frozenset[int]
    blocks: dict[int, Any]
    open: dict[int, int]

    def frequency(self, terms: Iterable[int]) -> int:
        """In how many tickets of the blocks one of the terms occurs, or more."""
        return sum(self.frequencies.get(term, 0) for term in terms)

    def open_with(self, terms: Iterable[int]) -> set[int]:
        """The open tickets in which one of the terms occurs."""
        return set().union(*(self.opened.get(term, ()) for term in terms))

    def rarity(self, terms: Iterable[int], open_terms: Iterable[int]) -> float:
        """What it says that two texts have this in common."""
        there = self.frequency(terms) + len(self.open_with(open_terms))
        return math.log(1 + self.tickets / (there + 0.5))


def holdings(terms: Iterable[int]) -> Holdings:
    """Three queries."""
    asked = frozenset(terms)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ticket_id, words FROM tickets_opencase JOIN tickets_searchentry USING (ticket_id)"
            " ORDER BY ticket_id DESC LIMIT %s",
            [MAX_OPEN],
        )
        rows = cursor.fetchall()
        cursor.execute(
            "SELECT term, sum(number)::int FROM tickets_caseposting WHERE term = ANY(%s) GROUP BY term", [sorted(asked)]
        )
        frequencies = dict(cursor.fetchall())
    opened: dict[int, set[int]] = {}
    for key, words in rows:
        for term in asked.intersection(words):
            opened.setdefault(term, set()).add(key)
    blocks = list(CaseBlock.objects.order_by("number").only("number", "tickets", "lengths", "groups"))
    groups = frozenset[int].intersection(*(frozenset(block.groups) for block in blocks)) if blocks else frozenset()
    return Holdings(
        tickets=sum(block.tickets for block in blocks) + len(rows),
        frequencies=frequencies,
        opened=opened,
        groups=groups,
        blocks={block.number: np.frombuffer(block.lengths, dtype=np.uint8) for block in blocks},
        open={key: len(words) for key, words in rows},
    )


def best(units: Sequence[Unit], held: Holdings, *, limit: int) -> list[int]:
    """The keys of the tickets that have most in common with the units, the best first, the newer first among equals; of
    those that share exactly the same two first, then the others of them."""
    used = _affordable(units, held)
    if not used:
        return []
    total = sum(unit.weight for unit in units)
    scores, masks, keys = [], [], []
    for number, lists in _postings(used).items():
        if number not in held.blocks:
            continue
        score, mask = _scored(used, lists, held.blocks[number], total)
        some = np.flatnonzero(score)
        if len(some) > OF_BLOCK:
            some = some[np.argpartition(-score[some], OF_BLOCK)[:OF_BLOCK]]
        scores.append(score[some])
        masks.append(mask[some])
        keys.append(some.astype(np.int64) + (number << BLOCK_BITS))
    rows = [row for row in _rows(scores, masks, keys) if row[2] not in held.open]
    rows += _among_open(used, held, total)
    return _spread(sorted(rows, key=lambda row: (-row[0], -row[2])), limit)


def _affordable(units: Sequence[Unit], held: Holdings) -> list[Unit]:
    """Those that count most for what they cost, within bounds; what nearly all say only if there is nothing else."""
    costs = [(held.frequency(unit.terms), unit) for unit in units]
    costs = [(cost, unit) for cost, unit in costs if cost or held.open_with(unit.open_terms)]
    rare = [(cost, unit) for cost, unit in costs if cost <= max(COMMON * held.tickets, MAX_OPEN)]
    used: list[Unit] = []
    spent = 0
    for cost, unit in sorted(rare or costs, key=lambda each: (-each[1].weight, each[1].terms)):
        if len(used) < MAX_UNITS and (spent + cost <= MAX_POSTINGS or not used):
            used.append(unit)
            spent += cost
    return used


def _postings(used: Sequence[Unit]) -> dict[int, dict[int, Any]]:
    """The offsets by block and term."""
    found: dict[int, dict[int, Any]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT block_id, term, offsets FROM tickets_caseposting WHERE term = ANY(%s)",
            [sorted({term for unit in used for term in unit.terms})],
        )
        for block, term, offsets in cursor.fetchall():
            found.setdefault(block, {})[term] = np.frombuffer(offsets, dtype="<u2")
    return found


def _scored(used: Sequence[Unit], lists: dict[int, Any], lengths: Any, total: float) -> tuple[Any, Any]:
    """How much each of the block's tickets has in common with the units, and with which of them."""
    shared = np.zeros(BLOCK, dtype=np.float32)
    mask = np.zeros(BLOCK, dtype=np.uint32)
    for bit, unit in enumerate(used):
        there = [lists[term] for term in unit.terms if term in lists]
        if there:
            offsets = there[0] if len(there) == 1 else np.unique(np.concatenate(there))
            shared[offsets] += np.float32(unit.weight)
            mask[offsets] |= np.uint32(1 << bit)
    besides = np.maximum(lengths * np.float32(USUAL) - shared, 0)
    return shared / (np.float32(total) + np.float32(MORE) * besides), mask


def _among_open(used: Sequence[Unit], held: Holdings, total: float) -> list[tuple[float, int, int]]:
    shared: dict[int, float] = {}
    masks: dict[int, int] = {}
    for bit, unit in enumerate(used):
        for key in held.open_with(unit.open_terms):
            shared[key] = shared.get(key, 0.0) + unit.weight
            masks[key] = masks.get(key, 0) | 1 << bit
    return [
        (weight / (total + MORE * max(held.open[key] * USUAL - weight, 0.0)), masks[key], key)
        for key, weight in shared.items()
    ]


def _rows(scores: list[Any], masks: list[Any], keys: list[Any]) -> list[tuple[float, int, int]]:
    if not scores:
        return []
    score, mask, key = np.concatenate(scores), np.concatenate(masks), np.concatenate(keys)
    if len(score) > 2 * OF_BLOCK:
        some = np.argpartition(-score, 2 * OF_BLOCK)[: 2 * OF_BLOCK]
        score, mask, key = score[some], mask[some], key[some]
    return list(zip(score.tolist(), mask.tolist(), key.tolist(), strict=True))


def _spread(rows: list[tuple[float, int, int]], limit: int) -> list[int]:
    first: list[int] = []
    rest: list[int] = []
    seen: dict[int, int] = {}
    for _score, mask, key in rows:
        seen[mask] = seen.get(mask, 0) + 1
        (first if seen[mask] <= ALIKE else rest).append(key)
    return (first + rest)[:limit]
