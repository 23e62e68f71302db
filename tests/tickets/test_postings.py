import random
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection

from tests.factories import TicketFactory
from tickets import indexing
from tickets.models import CaseBlock, CasePosting, OpenCase, Synonyms
from tickets.postings import ALIKE, BLOCK, BLOCK_BITS, Unit, best, holdings
from tickets.sealing import _LOCK, built, seal
from tickets.similar import similar_cases
from tickets.tasks import seal_cases
from voc.core import clock
from voc.core.database import raw_connection

pytestmark = pytest.mark.django_db
TEXTS = [
    "주문 취소 버튼을 도저히 못 찾겠어요",
    "환불 버튼 누르면 맨날 오류가 나요",
    "Please let me choose how often the newsletter comes",
    "쿠폰이 결제할 때 적용이 안 돼요",
    "Since the app update I cannot log in on my tablet",
]


def found(text):
    return [(case.ticket_id, case.similarity) for case in similar_cases(text=text)]


def seal_all():
    numbers = []
    while (number := seal(at_once=True)) is not None:
        numbers.append(number)
    return numbers


def terms_of(ticket):
    """The terms under which the postings have the ticket."""
    block, offset = ticket.pk >> BLOCK_BITS, ticket.pk % BLOCK
    rows = CasePosting.objects.filter(block_id=block).values_list("term", "offsets")
    return {term for term, offsets in rows if offset in memoryview(bytes(offsets)).cast("H").tolist()}


@pytest.fixture
def tickets():
    return [TicketFactory(approved=True, raw_voc=text) for text in TEXTS]


def test_a_case_is_found_whether_its_block_is_built_or_not(tickets):
    questions = ["환불 버튼을 눌러도 오류만 떠요", "coupon not accepted at checkout", "뉴스레터 횟수 선택"]
    before = [found(text)[0][0] for text in questions]
    assert before == [tickets[1].ticket_id, tickets[3].ticket_id, tickets[2].ticket_id]
    assert seal_all()
    assert not OpenCase.objects.exists()
    assert [found(text)[0][0] for text in questions] == before


def test_another_complaint_is_found_by_its_words_and_no_longer_by_those_that_it_had(tickets):
    seal_all()
    ticket, others = tickets[1], terms_of(tickets[0])
    had = terms_of(ticket)
    ticket.raw_voc = "택배 상자가 젖어서 왔어요"
    ticket.save()
    indexing.index(ticket)
    for _built in ("not yet", "built again"):
        assert [case for case, _likeness in found("젖은 택배")] == [ticket.ticket_id]
        assert ticket.ticket_id not in [case for case, _likeness in found("환불 버튼 오류")]
        seal_all()
    assert terms_of(ticket).isdisjoint(had)
    assert terms_of(tickets[0]) == others


def test_only_another_complaint_makes_a_ticket_open(tickets):
    seal_all()
    tickets[0].summary = "Something else altogether"
    tickets[0].save()
    indexing.index(tickets[0])
    assert not OpenCase.objects.exists()


def test_what_is_written_while_its_block_is_built_stays_open(tickets, monkeypatch):
    def written_meanwhile(number, terms):
        block = built(number, list(terms))
        tickets[1].raw_voc = "택배 상자가 젖어서 왔어요"
        tickets[1].save()
        indexing.index(tickets[1])
        return block

    monkeypatch.setattr("tickets.sealing.built", written_meanwhile)
    assert seal(at_once=True) == tickets[1].pk >> BLOCK_BITS
    assert list(OpenCase.objects.values_list("ticket_id", flat=True)) == [tickets[1].pk]
    assert [case for case, _likeness in found("젖은 택배")] == [tickets[1].ticket_id]


def test_a_few_that_are_new_wait_ten_minutes_for_their_block(tickets):
    seal_all()
    CaseBlock.objects.update(tickets=BLOCK)
    new = TicketFactory(approved=True, raw_voc="택배 상자가 젖어서 왔어요")
    seal_cases()
    assert OpenCase.objects.count() == 1
    OpenCase.objects.update(since=clock.now() - timedelta(minutes=11))
    seal_cases()
    assert not OpenCase.objects.exists()
    assert terms_of(new)


def test_one_process_at_a_time_builds_blocks(tickets):
    with raw_connection(name="test", connect_seconds=60, statement_seconds=60) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        assert seal(at_once=True) is None
        # Told to, because it goes some time after the connection does.
        other.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])
    assert seal(at_once=True) is not None


def test_a_group_of_synonyms_counts_at_once_in_blocks_that_do_not_know_it_and_has_them_built(tickets):
    portal = TicketFactory(approved=True, raw_voc="뜨락이 하루 종일 느립니다")
    seal_all()
    group = Synonyms.objects.create(name="our intranet", words=["뜨락", "나눔터"])
    assert [case for case, _likeness in found("나눔터 좀 고쳐주세요")] == [portal.ticket_id]
    seal_cases()
    assert all(
        len(block.groups) == Synonyms.objects.filter(is_active=True).count() for block in CaseBlock.objects.all()
    )
    assert [case for case, _likeness in found("나눔터 좀 고쳐주세요")] == [portal.ticket_id]
    group.delete()
    assert found("나눔터 좀 고쳐주세요") == []


def test_the_sum_over_postings_is_the_sum_over_tickets(tickets):
    seal_all()
    CasePosting.objects.all().delete()
    CaseBlock.objects.all().delete()
    draw = random.Random(4)
    there = {
        offset: sorted({draw.randrange(40) for _ in range(8)}) for offset in sorted(draw.sample(range(BLOCK), 500))
    }
    with connection.cursor() as cursor:
        for number in (3, 70):
            block = built(number, there.items())
            CaseBlock.objects.create(number=number, tickets=500, lengths=block.lengths, groups=[], built_at=clock.now())
            for term, size, offsets in block.rows:
                cursor.execute(
                    "INSERT INTO tickets_caseposting (block_id, term, number, offsets) VALUES (%s, %s, %s, %s)",
                    [number, term, size, offsets],
                )
    units = [Unit((term,), (term,), 1.0 + term / 10) for term in (3, 5, 8, 13)]
    held = holdings(range(40))
    assert held.tickets == 1000
    assert held.frequencies == {term: 2 * sum(term in has for has in there.values()) for term in range(40)}
    shared = {
        (number << BLOCK_BITS) + offset: sum(unit.weight for unit in units if unit.terms[0] in has)
        for number in (3, 70)
        for offset, has in there.items()
    }
    keys = best(units, held, limit=1000)
    assert set(keys) == {key for key, weight in shared.items() if weight}
    assert shared[keys[0]] == max(shared.values())
    # At most two that share the very same come first.
    sizes = Counter(weight for weight in shared.values() if weight)
    first = Counter(shared[key] for key in keys[: sum(min(size, ALIKE) for size in sizes.values())])
    assert first == {weight: min(size, ALIKE) for weight, size in sizes.items()}
