"""What the search for tickets and for similar cases costs among few tickets and among a million, and what it finds there.

    python -m benchmarks.search [FEW] [MANY] [--own]

Starts a throw-away PostgreSQL. Each case is asked for as the portal and an analysis do. The pairs of
tests/corpus/paraphrases.jsonl go in among the others: one wording as a ticket, the other as the question (--own: those of
paraphrases_own.jsonl, on which the ranking was tuned).
"""

import json
import os
import secrets
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import django
from django.core.management import call_command

from voc.dev.embedded import throwaway

FEW, MANY = 10_000, 1_000_000
ROUNDS = 100
CORPUS = Path(__file__).parent.parent / "tests" / "corpus"
# Frequent and rare, Korean and English, a piece of a word, a customer, ids, what occurs nowhere.
QUERIES = (
    *("환불", "결제가 안", "인증번호", "쿠폰", "팀장님한테", "예수금이 취소", "로트번호", "환", "을 눌러도", "김민지"),
    *(
        "refund",
        "time",
        "haggard",
        "Emily Larsen",
        "supplier record",
        "VOC-2026",
        "-0000777",
        "없는말뭉치",
        "e",
        "HTTP 404",
    ),
)


def main() -> None:
    given = [int(value) for value in sys.argv[1:] if value.isdecimal()]
    sizes = (*given, *(FEW, MANY)[len(given) :])
    pairs = _pairs("paraphrases_own.jsonl" if "--own" in sys.argv else "paraphrases.jsonl")
    with throwaway() as urls:
        os.environ.update(urls, SECRET_KEY=secrets.token_urlsafe(50), ENV_FILE=os.devnull, LOG_LEVEL="ERROR")
        os.environ |= {"DJANGO_SETTINGS_MODULE": "voc.settings", "ALLOWED_HOSTS": "testserver"}
        django.setup()
        call_command("migrate", verbosity=0, skip_checks=True)
        found = _measure_at(sizes, pairs)
    print(f"\n{'milliseconds, p50 / p95':32}" + "".join(f"{size:>18,}" for size in sizes) + "    p95 ratio")
    for name in found[0]:
        figures = [each[name] for each in found]
        cells = "".join(f"{p50:>9.1f} /{p95:>7.1f}" for p50, p95 in figures)
        print(f"{name:32}{cells}{figures[-1][1] / figures[0][1]:>13.2f}")


def _measure_at(sizes: Iterable[int], pairs: list[dict[str, Any]]) -> list[dict[str, tuple[float, float]]]:
    # Models can be imported only once Django is set up: so here and below.
    from benchmarks.filling import fill

    found = []
    known: dict[str, str] = {}
    there = 0
    for seed, size in enumerate(sizes, 1):
        seconds = fill(there + 1, size, seed=seed)
        print(f"{size - there:,} tickets made in {seconds:.0f} s", flush=True)
        there = size
        known = known or {each["id"]: _past_case(each["past"], f"PAIR-{each['id']}") for each in pairs}
        found.append({name: timed(ask) for name, ask in _asked(pairs).items()})
        _tell_recall(pairs, known)
    return found


def _past_case(text: str, ticket_id: str) -> str:
    """A ticket that was approved, as it would be found. Returns its id."""
    from tickets.indexing import index
    from tickets.models import Status, Ticket
    from voc.core import clock

    now = clock.now()
    ticket = Ticket(ticket_id=ticket_id, raw_voc=text, customer_name="Kim", channel="web", status=Status.DONE)
    ticket.created_at = ticket.updated_at = ticket.received_at = now
    ticket.save()
    index(ticket)
    return ticket_id


def _asked(pairs: list[dict[str, Any]]) -> dict[str, Callable[[int], Any]]:
    """What is measured, by name; each takes the number of the round."""
    from django.test import Client

    from accounts.models import User
    from tickets import services
    from tickets.paging import page_of
    from tickets.queries import TicketFilter
    from tickets.similar import similar_cases

    manager = User.objects.filter(username="bench").first() or User.objects.create_user("bench", role="manager")
    viewer = User.objects.filter(username="view").first() or User.objects.create_user("view", role="viewer")
    portal = Client()
    portal.force_login(manager)
    texts = [each["again"] for each in pairs]
    return {
        "similar cases": lambda n: similar_cases(text=texts[n % len(texts)], decided_only=True),
        "search": lambda n: page_of(manager, TicketFilter(q=QUERIES[n % len(QUERIES)]), limit=25),
        "search, without personal data": lambda n: page_of(viewer, TicketFilter(q=QUERIES[n % len(QUERIES)]), limit=25),
        "search, waiting only": lambda n: page_of(
            manager, TicketFilter(q=QUERIES[n % len(QUERIES)], statuses=("WAITING_CONFIRM",)), limit=25
        ),
        "search in the portal, whole page": lambda n: portal.get("/tickets/", {"q": QUERIES[n % len(QUERIES)]}),
        "a complaint is taken in": lambda n: services.submit_voc(
            raw_voc=texts[n % len(texts)], customer_name="Bench", channel="web"
        ),
    }


def timed(ask: Callable[[int], Any]) -> tuple[float, float]:
    """The median and the 95th percentile of one answer, in milliseconds, once everything has been asked before."""
    times = []
    for number in range(2 * ROUNDS):
        started = time.perf_counter()
        ask(number % ROUNDS)
        times.append((time.perf_counter() - started) * 1000)
    times = times[ROUNDS:]
    return statistics.median(times), statistics.quantiles(times, n=20)[-1]


def recall(pairs: list[dict[str, Any]], known: dict[str, str], *, at: int) -> float:
    """In which part of the pairs the past wording's ticket is among the first `at` similar cases of the other."""
    from tickets.similar import similar_cases

    hits = 0
    for each in pairs:
        cases = similar_cases(text=each["again"], limit=at, decided_only=True)
        hits += known[each["id"]] in [case.ticket_id for case in cases]
    return hits / len(pairs)


def _tell_recall(pairs: list[dict[str, Any]], known: dict[str, str]) -> None:
    for language in ("ko", "en", "mixed", ""):
        some = [each for each in pairs if not language or each["language"] == language]
        if some:
            figures = ", ".join(f"@{at} {recall(some, known, at=at):.2f}" for at in (1, 3, 5))
            print(f"  recall of {len(some)} {language or 'all'} pairs: {figures}", flush=True)


def _pairs(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (CORPUS / name).read_text(encoding="utf-8").splitlines() if line.strip()]


if __name__ == "__main__":
    main()
