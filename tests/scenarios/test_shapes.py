"""The acceptance scenarios over logs of other shapes than the generator's: levels, wordings, traces, gaps in time."""

from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.scenarios.deciding import decide, write_logs
from tests.scenarios.noise import line, noise

RECEIVED = datetime.fromisoformat("2026-10-20T15:00:00+09:00")
INTEGRATION, CODE, WISH = "integration_error", "code_error", "business_improvement"
PAY, REFUND, ORDER, MAIN = "PaymentService", "RefundService", "OrderService", "MainService"

JAVA_TIMEOUT = (
    "com.pg.client.GatewayTimeoutException: no response\n"
    "\tat com.shop.payment.GatewayClient.call(GatewayClient.java:88)\n"
    "\tat com.shop.payment.PaymentService.pay(PaymentService.java:120)"
)
JAVA_NULL = "java.lang.NullPointerException\n\tat com.shop.refund.RefundProcessor.process(RefundProcessor.java:142)"
PLAIN = "PaymentProcessingException: Unexpected response\n  at PaymentHandler.process(PaymentHandler.java:234)"
PYTHON = (
    'Traceback (most recent call last):\n  File "payment/handler.py", line 89, in handle\n    tid = answer["id"]\n'
    "KeyError: 'id'"
)

Line = tuple[float, str, str] | tuple[float, str, str, str]
HUNG = "어제 저녁에 결제하려고 했는데 계속 로딩만 되다가 '결제 실패'라고 뜹니다. 카드는 문제없는데 왜 이런 건가요?"
ERRS = "환불 신청 버튼 누르면 계속 에러가 나요. 3번 시도했는데 다 안됩니다."
LOST = "주문 취소 버튼을 찾을 수가 없어요. 한참 찾다가 고객센터에 전화했습니다."
SYSTEM_ERROR = '결제하다가 "시스템 오류"라고 떴어요. 돈은 빠져나간 건지 모르겠네요'

SHAPES: list[tuple[str, str, list[Line], str, str | None, str, tuple[float, float]]] = [
    (
        HUNG,
        PAY,
        [
            (600, "WARN", "PG사 응답 지연 감지: 8.2s"),
            (599, "ERROR", "Payment gateway timeout: response time 12.3s exceeded threshold 5s"),
            (598, "ERROR", "결제 처리 실패: transaction_id=TXN12345"),
        ],
        INTEGRATION,
        None,
        "high",
        (0.85, 0.95),
    ),
    (HUNG, PAY, [(20, "ERROR", "Gateway timeout (12.3s)", JAVA_TIMEOUT)], INTEGRATION, None, "high", (0.85, 0.95)),
    (HUNG, PAY, [(20, "WARN", "Payment gateway slow: 12.3s > 5s threshold")], INTEGRATION, None, "high", (0.85, 0.95)),
    (
        HUNG,
        PAY,
        [(20, "error", "PG API call failed after 3 retries: timeout")],
        INTEGRATION,
        None,
        "high",
        (0.85, 0.95),
    ),
    (
        ERRS,
        REFUND,
        [
            (minutes, "ERROR", "NullPointerException in RefundProcessor.process()", JAVA_NULL)
            for minutes in (10, 20, 30)
        ],
        CODE,
        None,
        "medium",
        (0.90, 0.95),
    ),
    (
        "The refund button always errors",
        REFUND,
        [(minutes, "ERROR", "java.lang.NullPointerException at RefundProcessor.java:142") for minutes in (10, 20)],
        CODE,
        None,
        "medium",
        (0.90, 0.95),
    ),
    (
        LOST,
        ORDER,
        [(minutes, "INFO", "Page view: order_detail user_id=1") for minutes in (3, 5, 9)],
        WISH,
        None,
        "low",
        (0.65, 0.75),
    ),
    (
        "I cannot find the cancel button, had to phone support",
        ORDER,
        [(minutes, "INFO", "GET /orders/123 200") for minutes in (3, 5, 9)],
        WISH,
        None,
        "low",
        (0.65, 0.75),
    ),
    (
        SYSTEM_ERROR,
        PAY,
        [
            (20, "ERROR", "External PG API returned HTTP 500"),
            (20, "ERROR", "Unhandled exception in payment flow", PLAIN),
        ],
        INTEGRATION,
        CODE,
        "high",
        (0.70, 0.80),
    ),
    (
        '"System error" while paying',
        PAY,
        [
            (20, "ERROR", "Gateway responded: 500 Internal Server Error"),
            (18, "ERROR", "Unhandled exception: KeyError: 'id'", PYTHON),
        ],
        INTEGRATION,
        CODE,
        "high",
        (0.70, 0.80),
    ),
    (
        SYSTEM_ERROR,
        PAY,
        [
            (20, "ERROR", "PaymentGateway 500 error"),
            (19.9, "FATAL", "Unhandled exception: NullPointerException at PaymentController.java:77"),
        ],
        INTEGRATION,
        CODE,
        "high",
        (0.70, 0.80),
    ),
    ("앱이 뭔가 이상해요", MAIN, [(5, "INFO", "Session started: user_id=1")], WISH, None, "low", (0.0, 0.599)),
    ("something feels different", MAIN, [(5, "INFO", "session start")], WISH, None, "low", (0.0, 0.599)),
]


def _log(service: str, lines: list[Line]) -> dict[str, Any]:
    told = [
        line(
            service,
            RECEIVED - timedelta(minutes=each[0]),
            each[1],
            each[2],
            stack_trace=each[3] if len(each) == 4 else None,
        )
        for each in lines
    ]
    return {"scenario_id": "shape", "service": service, "logs": told + noise(Random(3), service, RECEIVED, 32)}


@pytest.mark.parametrize("number", range(len(SHAPES)))
def test_other_shapes_of_logs_lead_to_the_same_decisions(number: int, tmp_path: Path) -> None:
    text, service, lines, primary, secondary, urgency, (low, high) = SHAPES[number]
    write_logs(tmp_path, [_log(service, lines)])
    result = decide(text, RECEIVED, tmp_path)
    assert (result.primary, result.secondary, result.urgency) == (primary, secondary, urgency)
    assert result.confidence is not None
    assert low <= result.confidence <= high
