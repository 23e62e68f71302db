"""Past tickets that read like this one, and what became of them.

Two steps: postings tell which of all tickets have most in common with the complaint (tickets.postings, and
docs/decisions/similar-cases.md why so); of those, sentences are compared in full.
"""

import math
from collections.abc import Iterable, Iterator
from itertools import islice, pairwise
from operator import itemgetter
from typing import Final

from django.db.models import QuerySet

from llm.base import PastCase
from tickets.grams import hashed
from tickets.models import RESTING, Status, Ticket
from tickets.postings import Holdings, Unit, best, holdings
from tickets.synonyms import Thesaurus, Told, thesaurus
from voc.core.vocabulary import ProblemType

# How many tickets the postings may lead to, and how many of those that are at rest are compared.
MAX_FOUND: Final = 600
MAX_COMPARED: Final = 150
# Below this two texts share a common word or two.
LEAST: Final = 0.1
# Beside one that is much more alike, of which it shares less than half, it would only be noise.
LEAST_OF_BEST: Final = 0.5
DECIDED: Final = (Status.IN_PROGRESS, Status.DONE, Status.REJECTED)
# What the parts of the complaint count, times how rare they are: what it speaks of, the roots of its words, those that a group
# of synonyms stands for already. Each group of a word that has several counts less, but more than its share.
GROUP: Final = 2.0
ROOT: Final = 1.2
COVERED: Final = 0.2
SHARED: Final = 0.5
# A thing that few speak of says more than its rarity alone.
POWER: Final = 1.3
LETTERS: Final = 0.3
# What a sentence of another ticket has besides, by kind: people tell a fault with more or fewer words.
BESIDES: Final = {"group": 8.0, "root": 1.7, "letters": 0.3}
MORE: Final = 0.2
# Two sentences share more by accident than one.
TWO: Final = 0.75
# Two that share with the complaint, by more than this, the same parts of it tell the same.
THE_SAME: Final = 0.5
Parts = frozenset[tuple[str, str]]


def similar_cases(
    *, text: str, exclude_ticket_id: str = "", limit: int = 5, decided_only: bool = False
) -> tuple[PastCase, ...]:
    """The tickets at rest whose complaints read most like `text`, most similar first; the same database, the same answer.

    Those that await a decision are among them, as "open", unless `decided_only`. Of many that tell the same, one stands for
    all of them as long as there are others.
    """
    tickets = Ticket.objects.filter(status__in=DECIDED if decided_only else RESTING)
    known = thesaurus()
    asked = _Question(known.told(text), known)
    found = _candidates(tickets.exclude(ticket_id=exclude_ticket_id), asked)
    scores = [asked.likeness(known.told(ticket.raw_voc)) for ticket in found]
    ranked = sorted(zip(scores, found, strict=True), key=lambda pair: (-pair[0][0], -pair[1].pk))
    least = max(LEAST, LEAST_OF_BEST * ranked[0][0][0]) if ranked else 0.0
    alike = [(ticket, score, shared) for (score, shared), ticket in ranked if score >= least]
    firsts = asked.firsts([shared for _ticket, _score, shared in alike], limit)
    return tuple(_case(*alike[at][:2]) for at in firsts)


class _Question:
    """The complaint, with what each of its parts weighs among the tickets there are."""

    def __init__(self, sentences: list[Told], known: Thesaurus) -> None:
        self._known = known
        # Sorted, so that the greatest part counts.
        self._groups = dict(sorted({pair for each in sentences for pair in each.groups.items()}))
        covered = set[str]().union(*(each.covered for each in sentences))
        self._roots = {root: root in covered for each in sentences for root in sorted(each.roots | each.covered)}
        letters = set[str]().union(*(each.letters for each in sentences))
        self.held: Holdings = holdings(self._asked_for())
        rarity = {("group", group): self.held.rarity(*self._terms_of(group)) for group in self._groups}
        rarity |= {("root", root): self.held.rarity((hashed(root),), (hashed(root),)) for root in self._roots}
        self._weights = {part: self._counts(part) * math.pow(rare, POWER) for part, rare in rarity.items()}
        self._weights |= {("letters", each): LETTERS for each in letters}
        self._total = sum(self._weights.values())

    def units(self) -> list[Unit]:
        """What candidates are looked for with."""
        groups = [Unit(*self._terms_of(group), self._weights["group", group]) for group in self._groups]
        roots = [Unit((hashed(root),), (hashed(root),), self._weights["root", root]) for root in self._roots]
        return groups + roots

    def _counts(self, part: tuple[str, str]) -> float:
        kind, name = part
        if kind == "group":
            return GROUP * math.pow(self._groups[name], SHARED)
        return COVERED if self._roots[name] else ROOT

    def likeness(self, others: list[Told]) -> tuple[float, Parts]:
        """How far another complaint says what this one says, 0–1, and what they share: in the one of its sentences, or two
        in a row, that says most of it. What it tells in others is no matter: people also greet, plead and tell where they
        stood."""
        parts = [_parts(told) for told in others]
        windows = [(self._alike(each), each) for each in parts]
        windows += [(TWO * self._alike(one | two), one | two) for one, two in pairwise(parts)]
        score, best_of_it = max(windows, key=itemgetter(0), default=(0.0, Parts()))
        return round(score, 4), frozenset(best_of_it & self._weights.keys())

    def firsts(self, shared: list[Parts], limit: int) -> list[int]:
        """The places of `limit` of those that share these, in their order: first of all one of each that tell the same."""
        taken: list[int] = []
        for at, parts in enumerate(shared):
            if len(taken) < limit and not any(self._same(parts, shared[other]) for other in taken):
                taken.append(at)
        rest = (at for at in range(len(shared)) if at not in taken)
        return sorted([*taken, *islice(rest, max(0, limit - len(taken)))])

    def _same(self, one: Parts, two: Parts) -> bool:
        common = sum(self._weights[part] for part in one & two)
        return common >= THE_SAME * sum(self._weights[part] for part in one | two)

    def _alike(self, window: Parts) -> float:
        shared = besides = 0.0
        for part in window:
            weight = self._weights.get(part)
            if weight is None:
                besides += BESIDES[part[0]]
            else:
                shared += weight
        return shared / (self._total + MORE * besides) if shared else 0.0

    def _asked_for(self) -> Iterator[int]:
        yield from map(hashed, self._roots)
        for group in self._groups:
            yield self._known.ids[group]
            yield from self._known.roots[group]

    def _terms_of(self, group: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """What leads to it in the blocks, and among the tickets that are in none: its words where its id is not written."""
        name = self._known.ids[group]
        words = (name, *sorted(self._known.roots[group]))
        return ((name,) if name in self.held.groups else words), words


def _parts(told: Told) -> Parts:
    return frozenset(
        part
        for kind, found in (("group", told.groups), ("root", told.roots | told.covered), ("letters", told.letters))
        for part in _named(kind, found)
    )


def _named(kind: str, found: Iterable[str]) -> Iterator[tuple[str, str]]:
    return ((kind, each) for each in found)


def _candidates(tickets: QuerySet[Ticket], asked: _Question) -> list[Ticket]:
    """Those of the tickets that have most in common with the complaint, as far as words alone can tell."""
    keys = best(asked.units(), asked.held, limit=MAX_FOUND)
    at_rest = set(tickets.filter(pk__in=keys).values_list("pk", flat=True))
    compared = [key for key in keys if key in at_rest][:MAX_COMPARED]
    found = Ticket.objects.filter(pk__in=compared).defer("decision_reason", "action_proposal").in_bulk()
    return [found[key] for key in compared if key in found]


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
