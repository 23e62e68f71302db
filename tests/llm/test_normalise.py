import inspect
from datetime import UTC, datetime

import pytest

from llm.base import Complaint
from llm.offline import texts
from llm.services import get_analyst, mentioned_ids, mentioned_systems
from tests.scenarios.deciding import catalogue
from voc.core.vocabulary import ProblemType, Urgency

NOW = datetime(2026, 10, 5, 12, 0, tzinfo=UTC)
SYSTEMS = catalogue()


def normalise(text: str):
    return get_analyst().normalise(Complaint(text=text, received_at=NOW, systems=SYSTEMS))


@pytest.mark.parametrize(
    "text",
    [
        "ㅋㅋㅋㅋㅋ",
        "ㅠㅠㅠㅠㅠㅠ",
        "lol",
        "😀😀😀🔥🔥",
        "😀" * 5000,
        "!!!!????",
        "12345 67890",
        "asdf qwer zxcv",
        "ㅁㄴㅇㄹ ㅁㄴㅇㄹ",
        "아아아아아아아아",
        "★★무료 대박 투자★★ 클릭 >>> http://spam.example/win <<<",
        "FREE casino bonus, click here http://spam.example/a and WIN",
        "支払いができません。助けてください",
        "Не могу оплатить заказ",
        "Ich kann in der App nicht bezahlen, bitte helfen",
        "Mi pago no funciona, por favor ayuda",
        "\u200b\u200b\u200b",
        "<p></p>",
    ],
)
def test_what_nobody_could_act_on_is_not_understood_and_says_why(text):
    found = normalise(text)
    assert not found.understood
    assert found.unclear
    assert found.suspected_type_primary is None


@pytest.mark.parametrize(
    ("text", "system", "kind", "urgency"),
    [
        ("결제가 두 번 빠져나갔어요", "PaymentService", None, Urgency.HIGH),
        ("I was charged twice for one order", "PaymentService", None, Urgency.HIGH),
        ("결제하다가 멈춰서 실패했어요", "PaymentService", ProblemType.INTEGRATION_ERROR, Urgency.HIGH),
        ("the whole website is down", "MainService", ProblemType.INTEGRATION_ERROR, Urgency.HIGH),
        ("환불 버튼 누를 때마다 오류나요", "RefundService", ProblemType.CODE_ERROR, Urgency.MEDIUM),
        ("The refund button always gives an error", "RefundService", ProblemType.CODE_ERROR, Urgency.MEDIUM),
        ("배송 조회가 안 됩니다", "ShippingAPI", ProblemType.CODE_ERROR, Urgency.MEDIUM),
        ("인증메일이 안 와요", "EmailService", ProblemType.INTEGRATION_ERROR, Urgency.MEDIUM),
        ("새벽배송 지역을 넓혀주세요", "ShippingAPI", ProblemType.BUSINESS_IMPROVEMENT, Urgency.LOW),
        ("Please add a dark mode to the app", "MainService", ProblemType.BUSINESS_IMPROVEMENT, Urgency.LOW),
        ("주문 취소 버튼을 못 찾겠어요", "OrderService", ProblemType.BUSINESS_IMPROVEMENT, Urgency.LOW),
        ("환불은 언제 되나요?", "RefundService", None, Urgency.LOW),
    ],
)
def test_system_suspicion_and_urgency_come_from_the_words(text, system, kind, urgency):
    found = normalise(text)
    assert found.understood
    assert found.affected_system == system
    assert found.urgency is urgency
    if kind:
        assert found.suspected_type_primary is kind


@pytest.mark.parametrize(
    "text",
    [
        "가입이 너무 복잡해요. 오류 난 줄 알고 껐다 켰는데 에러는 아니라고 하네요. 단계를 줄여주세요",
        "It works fine, no error at all, but I'd like the cart to be kept for a day",
        "결제 오류 메시지를 좀 더 친절하게 바꿔주세요",
    ],
)
def test_an_error_that_is_only_mentioned_leaves_a_wish_a_wish(text):
    found = normalise(text)
    assert found.suspected_type_primary is ProblemType.BUSINESS_IMPROVEMENT
    assert found.urgency is Urgency.LOW


def test_the_summary_is_short_and_leaves_out_courtesies():
    found = normalise("안녕하세요. 결제가 안 됩니다 ㅠㅠ 감사합니다. " + "그래서 다시 했습니다. " * 200)
    assert len(found.summary) <= 200
    assert found.summary.startswith("결제가 안 됩니다")


def test_markup_and_invisible_characters_do_not_hide_words():
    found = normalise("<b>결\u200b제</b>가 <i>안</i> 됩니다")
    assert found.affected_system == "PaymentService"


def test_a_longer_word_for_a_system_outweighs_a_shorter_one_inside_it():
    assert mentioned_systems("인증메일이 안 와요", SYSTEMS)[0] == "EmailService"
    assert mentioned_systems("nothing in here", SYSTEMS) == ()


def test_order_numbers_are_found_and_phone_numbers_and_dates_are_not():
    text = "주문번호 20260903-0311, 운송장 381177340926, 010-1234-5678, 2026-09-03, 89,000원, VOC77123"
    assert mentioned_ids(text) == ("20260903-0311", "381177340926", "VOC77123")


@pytest.mark.parametrize(
    "text",
    [
        "The refund button in my order history shows an error every single time that I press it, " * 4,
        "주문 내역에서 환불 버튼을 누를 때마다 오류가 나서 환불을 받을 수가 없어요 벌써 사흘째 " * 5,
    ],
)
def test_the_summary_is_short_enough_for_a_heading_and_ends_after_a_whole_word(text):
    summary = normalise(text).summary
    assert 60 < len(summary) <= 100
    kept = summary.removesuffix("…")
    assert text.startswith(kept)
    assert not text[len(kept)].isalnum()


def test_no_sentence_of_the_analyst_calls_a_complaint_as_government_offices_do():
    assert "민원" not in inspect.getsource(texts)
