"""Secrets stay out of logs and stored errors."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from io import StringIO

import pytest
import structlog

from tests.factories import PASSWORD, UserFactory
from voc.core.logs import make_formatter
from voc.core.redaction import MASK, redact, redact_value

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-DEF_123"


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer VERYSECRET.abc-123",
        "authorization: basic VERYSECRETdXNlcjpwYXNz",
        "POST https://hooks.slack.com/services/T00/B00/VERYSECRET failed",
        "postgres://voc:VERYSECRET@db:5432/voc",
        "redis://:VERYSECRET@127.0.0.1:6379/0",
        "GET /x?a=1&api_key=VERYSECRET&b=2",
        "https://s3/x?X-Amz-Signature=VERYSECRET",
        "token xoxb-123456-VERYSECRET",
        f"jwt {JWT}VERYSECRET",
        "GET /password/reset/MQ/VERYSECRET-5f0c/",
        "GET /invitation/MQ/c1xq-VERYSECRET/",
    ],
)
def test_what_looks_like_a_secret_is_masked(text: str) -> None:
    assert "VERYSECRET" not in redact(text)
    assert MASK in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "결제가 안 돼요. 5,000원이 두 번 빠져나갔어요",
        "PaymentService: gateway timeout at src/pay/gateway.py:42",
        "https://voc.example/tickets/VOC-20250101-0001/?status=OPEN&page=2",
        "the bearer of bad news",
        "see http://host:8080/path",
    ],
)
def test_ordinary_text_stays(text: str) -> None:
    assert redact(text) == text


def test_configured_secrets_are_masked_wherever_they_stand(settings) -> None:
    settings.SLACK_WEBHOOK_URL = "https://chat.internal/hooks/abcdefgh"
    settings.METRICS_TOKEN = "metrics-token-1"
    assert redact("got https://chat.internal/hooks/abcdefgh and metrics-token-1") == f"got {MASK} and {MASK}"


def test_fields_with_telling_names_are_masked_at_any_depth() -> None:
    value = {
        "user": "kim",
        "password": "p",
        "headers": {"Authorization": "x", "X-Api-Key": "y", "Accept": "json"},
        "items": [{"refresh_token": "z"}, "Bearer VERYSECRET"],
        "total_tokens": 12,
        "secret": "",
    }
    assert redact_value(value) == {
        "user": "kim",
        "password": MASK,
        "headers": {"Authorization": MASK, "X-Api-Key": MASK, "Accept": "json"},
        "items": [{"refresh_token": MASK}, f"Bearer {MASK}"],
        "total_tokens": 12,
        "secret": "",
    }


@contextmanager
def logged(style: str) -> Iterator[StringIO]:
    """What every logger writes, as the system formats it."""
    out = StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(make_formatter(style=style))
    logging.getLogger().addHandler(handler)
    try:
        yield out
    finally:
        logging.getLogger().removeHandler(handler)


def test_a_log_line_is_json_with_its_context_and_without_secrets() -> None:
    with logged("json") as out, structlog.contextvars.bound_contextvars(request_id="r1", ticket_id="VOC-20250101-0001"):
        structlog.get_logger("voc.test").info("말씀", password="p", url="redis://:VERYSECRET@h/0", at=date(2025, 1, 1))
    [text] = out.getvalue().splitlines()
    line = json.loads(text)
    assert (line["event"], line["request_id"], line["ticket_id"], line["level"], line["at"]) == (
        "말씀",
        "r1",
        "VOC-20250101-0001",
        "info",
        "2025-01-01",
    )
    assert line["password"] == MASK
    assert "VERYSECRET" not in text


@pytest.mark.django_db
def test_whom_somebody_searched_for_stays_out_of_the_logs(client) -> None:
    client.force_login(UserFactory(manager=True))
    with logged("json") as out:
        client.get("/tickets/", {"q": "홍길동 010-1234-5678", "status": "OPEN"})
    asked = [line["request"] for line in map(json.loads, out.getvalue().splitlines()) if "request" in line]
    assert asked == ["GET /tickets/?q&status"] * 2


@pytest.mark.django_db
def test_who_signed_in_and_out_by_what_way_and_from_where_is_logged(client) -> None:
    user = UserFactory(username="mina")
    with logged("json") as out:
        client.post("/login/", {"username": "mina", "password": PASSWORD}, REMOTE_ADDR="203.0.113.7")
        client.post("/logout/", REMOTE_ADDR="203.0.113.7")
        client.post("/login/", {"username": "mina", "password": "wrong"}, REMOTE_ADDR="203.0.113.7")
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    told = [line for line in lines if line["event"] in ("signed in", "signed out")]
    assert [(line["event"], line["way"], line["user"], line["address"]) for line in told] == [
        ("signed in", "portal /login/", user.pk, "203.0.113.7"),
        ("signed out", "portal /logout/", user.pk, "203.0.113.7"),
    ]
    assert "sign-in refused" in [line["event"] for line in lines]
    assert PASSWORD not in out.getvalue()


@pytest.mark.parametrize("style", ["json", "console"])
def test_tracebacks_and_other_libraries_lines_are_cleaned_too(style: str) -> None:
    with logged(style) as out:
        try:
            raise ValueError("https://hooks.slack.com/services/T0/B0/VERYSECRET")
        except ValueError:
            structlog.get_logger("voc.test").exception("failed", token="VERYSECRET")
            logging.getLogger("somebody.else").error("redis://:%s@h/0", "VERYSECRET", exc_info=True)
    text = out.getvalue()
    assert text.count("ValueError") >= 2
    assert "VERYSECRET" not in text
