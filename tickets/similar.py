"""Past tickets that read like this one, and what became of them."""

import functools
import math
import operator
from collections import Counter
from collections.abc import Iterable
from typing import Final

from django.db import connection
from django.db.models import Case, QuerySet, When

from llm.base import PastCase
from tickets.grams import normalise, query_grams
from tickets.models import RESTING, Status, Ticket
from voc.core.vocabulary import ProblemType

# Beyond this, more of a text says little more about what it is about.
MAX_TEXT: Final = 1000
# How many rows the index may be expected to find, and how many of them, those that share most, are compared.
MAX_FOUND: Final = 4000
MAX_TELLING: Final = 48
MAX_COMPARED: Final = 100
# Two texts of one language have some endings in common; below this they share little else.
LEAST: Final = 0.15
# Latin words differ at the end (refund, refunds, refunded): their beginnings are compared.
STEM: Final = 5
BEGINNING: Final = 3
MIN_LATIN: Final = 3
_STOP_WORDS: Final = (
    "a about after again all also always am an and any are as at be because been before but by can cannot "
    "could did do does doesn don done for from get gets got had has have he her him his how i if in into is "
    "isn it its just like me more my no not now of on one only or other our out over please really she since "
    "so some still such than that the their them then there these they this time to too try up us very was we "
    "were what when where which who why will with would you your"
)
STOP_WORDS: Final = frozenset(_STOP_WORDS.split())
DECIDED: Final = (Status.IN_PROGRESS, Status.DONE, Status.REJECTED)


def similar_cases(
    *, text: str, exclude_ticket_id: str = "", limit: int = 5, decided_only: bool = False
) -> tuple[PastCase, ...]:
    """The tickets at rest whose complaints read most like `text`, most similar first; the same database, the same answer.

    Those that await a decision are among them, as "open", unless `decided_only`. The cost does not grow with the number
    of tickets: the rarest pairs of characters lead to the candidates, and the best of those are compared.
    """
    tickets = Ticket.objects.filter(status__in=DECIDED if decided_only else RESTING)
    found = _candidates(tickets.exclude(ticket_id=exclude_ticket_id), text[:MAX_TEXT])
    scores = _similarities(text[:MAX_TEXT], [ticket.raw_voc[:MAX_TEXT] for ticket in found])
    ranked = sorted(zip(scores, found, strict=True), key=lambda pair: (-pair[0], -pair[1].pk))
    return tuple(_case(ticket, score) for score, ticket in ranked[:limit] if score >= LEAST)


def _candidates(tickets: QuerySet[Ticket], text: str) -> list[Ticket]:
    telling = _telling_grams(text)
    if not telling:
        return []
    # Ten times cheaper than to unnest the column and count.
    holds = [Case(When(grams__contains=[gram], then=1), default=0) for gram in telling]
    shared = functools.reduce(operator.add, holds)
    found = tickets.filter(grams__overlap=telling).annotate(shared=shared).order_by("-shared", "-pk")
    return list(found.defer("search_text", "grams", "decision_reason", "action_proposal")[:MAX_COMPARED])


def _telling_grams(text: str) -> list[int]:
    """The text's pairs of letters, the rarest first, as far as they lead to a bounded number of rows."""
    words = (word for word in _words(text) if len(word) > 1 and word not in STOP_WORDS)
    pairs = {gram for word in words for gram in query_grams(word)}
    rows, frequencies = _statistics()
    telling: list[int] = []
    expected = 0.0
    # What is not among the most frequent ones is less frequent than the last of them; take it for half as frequent.
    rare = min(frequencies.values(), default=0.0) / 2
    for pair in sorted(pairs, key=lambda pair: (frequencies.get(pair, 0.0), pair)):
        expected += rows * frequencies.get(pair, rare)
        if expected > MAX_FOUND and telling:
            break
        telling.append(pair)
    return telling[:MAX_TELLING]


def _statistics() -> tuple[float, dict[int, float]]:
    """How many tickets PostgreSQL believes there are, and in which part of them the most frequent grams occur."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT greatest(reltuples, 0), most_common_elems::text::int[], most_common_elem_freqs
            FROM pg_class LEFT JOIN pg_stats
                ON schemaname = current_schema() AND tablename = relname AND attname = 'grams'
            WHERE pg_class.oid = 'tickets_ticket'::regclass
            """
        )
        rows, elements, frequencies = cursor.fetchone()
    return rows, dict(zip(elements or (), frequencies or (), strict=False))


def _similarities(text: str, others: list[str]) -> list[float]:
    """The cosine between the text and each of the others over their pieces, rare ones counting more."""
    counted = [_pieces(each) for each in (text, *others)]
    spread = Counter(piece for pieces in counted for piece in pieces)
    weighted = [
        {piece: math.log1p(n) * (1 + math.log(len(counted) / spread[piece])) for piece, n in pieces.items()}
        for pieces in counted
    ]
    wanted, *compared = weighted
    return [round(_cosine(wanted, each), 4) for each in compared]


def _pieces(text: str) -> Counter[str]:
    """What a text is made of, with weights: the beginnings of its words, and for other than Latin ones, whose parts mean
    something by themselves (Korean compounds), all pairs of characters at less weight.

    Numbers tell one order from another, not one problem from another; words that every text has tell nothing.
    """
    pieces: Counter[str] = Counter()
    for word in _words(text):
        if not word.isascii():
            pieces[word[:2]] += BEGINNING
            pieces.update(word[at : at + 2] for at in range(1, len(word) - 1))
        elif len(word) >= MIN_LATIN and word not in STOP_WORDS:
            pieces[word[:STEM]] += BEGINNING
    return pieces


def _words(text: str) -> list[str]:
    return "".join(char if char.isalpha() else " " for char in normalise(text)).split()


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
