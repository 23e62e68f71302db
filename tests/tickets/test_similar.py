import json
from pathlib import Path

import pytest

from tests.factories import TicketFactory
from tickets.models import Synonyms
from tickets.similar import similar_cases

PAIRS = [
    json.loads(line)
    for line in (Path(__file__).parent.parent / "corpus" / "paraphrases_own.jsonl")
    .read_text(encoding="utf-8")
    .splitlines()
]
pytestmark = pytest.mark.django_db
NOISE = [
    "주문 취소 버튼을 도저히 못 찾겠어요",
    "새벽배송 지역을 좀 넓혀주세요",
    "회원가입 하는데 인증메일이 안 와요",
    "Please let me choose how often the newsletter comes",
    "Since the app update I cannot log in on my tablet",
]


@pytest.fixture(autouse=True)
def noise(db):
    for text in NOISE:
        TicketFactory(approved=True, raw_voc=text)


def found(text, **more):
    return [case.ticket_id for case in similar_cases(text=text, **({"exclude_ticket_id": ""} | more))]


@pytest.mark.parametrize(
    ("past", "text"),
    [
        ("환불 버튼 누르면 맨날 오류가 나요", "환불 버튼을 눌러도 계속 오류만 떠요"),
        ("택배 조회가 아침부터 계속 안 돼요", "배송 조회가 계속 안 됩니다"),
        ("The refund button gives me an error every single time", "Clicking REFUND always shows errors"),
    ],
)
def test_a_complaint_in_other_words_is_found_before_all_others_and_much_more_alike(past, text):
    ticket = TicketFactory(approved=True, raw_voc=past)
    first, *others = similar_cases(text=text)
    assert first.ticket_id == ticket.ticket_id
    assert len(others) <= 1, "one that speaks of deliveries, too"
    assert all(other.similarity < first.similarity / 2 for other in others)


def test_a_case_tells_what_became_of_it():
    text = "환불 버튼 누르면 맨날 오류가 나요"
    correction = {"primary_type": ["code_error", "integration_error"]}
    scenes = [
        {"approved": True},
        {"approved": True, "correction": correction},
        {"completed": True},
        {"rejected": True},
        {"waiting": True},
    ]
    for scene in scenes:
        TicketFactory(raw_voc=text, **scene)
    cases = similar_cases(text=text, exclude_ticket_id="")
    assert [case.outcome for case in cases] == ["open", "rejected", "completed", "corrected", "approved"]
    assert [case.problem_type for case in cases] == [
        "code_error",
        "code_error",
        None,
        "integration_error",
        "code_error",
    ]
    assert cases[0].similarity == 1.0
    assert (cases[0].summary, cases[0].system, cases[0].text) == ("The refund button fails", "RefundService", text)


def test_open_cases_can_be_left_out_and_so_can_the_ticket_itself():
    text = "환불 버튼 누르면 맨날 오류가 나요"
    decided = TicketFactory(raw_voc=text, approved=True)
    waiting = TicketFactory(raw_voc=text, waiting=True)
    TicketFactory(raw_voc=text)
    assert found(text) == [waiting.ticket_id, decided.ticket_id]
    assert found(text, decided_only=True) == [decided.ticket_id]
    assert found(text, exclude_ticket_id=waiting.ticket_id) == [decided.ticket_id]
    assert found(text, limit=1) == [waiting.ticket_id]


@pytest.mark.parametrize("text", ["", "ㅋ", "???", "12345", "a", "the of and"])
def test_a_text_that_says_nothing_is_like_no_other(text):
    assert found(text) == []


def test_numbers_do_not_make_two_complaints_alike():
    TicketFactory(approved=True, raw_voc="환불 신청 20261102-0377 010-0000-1234")
    assert found("결제 오류 20261102-0377 010-0000-1234") == []


def test_one_among_many_that_say_the_same_is_found():
    TicketFactory.create_batch(300, approved=True, raw_voc="배송이 늦어요")
    TicketFactory(approved=True, raw_voc="쿠폰 적용 실패")
    assert len(found("쿠폰 적용이 안 돼요")) == 1


def test_a_group_of_synonyms_counts_as_soon_as_it_is_written_and_no_longer_when_it_is_switched_off():
    ticket = TicketFactory(approved=True, raw_voc="뜨락이 하루 종일 느립니다")
    question = "나눔터 좀 고쳐주세요"
    assert ticket.ticket_id not in found(question)
    group = Synonyms.objects.create(name="our intranet", words=["뜨락", "나눔터"])
    assert ticket.ticket_id in found(question)
    group.is_active = False
    group.save()
    assert ticket.ticket_id not in found(question)


def test_the_first_synonyms_are_there_and_reach_from_one_language_to_the_other():
    assert Synonyms.objects.count() > 100
    ticket = TicketFactory(approved=True, raw_voc="Refund for my subscription was rejected")
    assert found("정기결제 환불 거절", limit=1) == [ticket.ticket_id]


def test_similar_cases_take_the_same_queries_however_many_tickets(django_assert_num_queries):
    for number in (6, 30):
        TicketFactory.create_batch(number, approved=True, raw_voc="환불 버튼 누르면 맨날 오류가 나요")
        with django_assert_num_queries(7):
            assert len(found("환불 버튼 오류")) == 5


def test_most_complaints_told_in_other_words_are_found_among_others_of_their_kind():
    wanted = [TicketFactory(approved=True, raw_voc=pair["past"]).ticket_id for pair in PAIRS]
    hits = [ticket in found(pair["again"], limit=3) for ticket, pair in zip(wanted, PAIRS, strict=True)]
    assert sum(hits) / len(hits) >= 0.85


def test_of_many_that_tell_the_same_one_stands_for_all_as_long_as_there_are_others():
    TicketFactory.create_batch(4, approved=True, raw_voc="쿠폰이 결제할 때 적용이 안 돼요")
    other = TicketFactory(approved=True, raw_voc="작년에 산 냉장고 소음이 심해요")
    question = "쿠폰이 결제할 때 적용이 안 되고 냉장고 소음이 심합니다"
    first, second = found(question, limit=2)
    assert other.ticket_id in (first, second)
    assert len(found(question, limit=4)) == 4
    scores = [case.similarity for case in similar_cases(text=question, limit=4)]
    assert scores == sorted(scores, reverse=True)
