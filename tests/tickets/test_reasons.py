"""Why people must decide, told to each reader in his language, whoever wrote it and wherever it is read."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation
from rest_framework.test import APIClient

from accounts import tokens
from llm.base import Unclear
from tests.factories import TicketFactory, UserFactory
from tickets import services
from tickets.models import Ticket
from tickets.results import SENTENCES, AnalysisResult, Reason, told
from voc.core.vocabulary import ProblemType

pytestmark = pytest.mark.django_db
GIVEN_UP = Reason("given_up", {"attempts": "5", "error": "RuntimeError: no idea"})
ENGLISH = "The analysis was given up after 5 attempt(s): RuntimeError: no idea"
KOREAN = "분석을 5회 시도한 뒤 중단했습니다: RuntimeError: no idea"


def given_up(reason=GIVEN_UP):
    """A ticket that a worker handed to people; workers speak the site's language, which is Korean."""
    ticket = TicketFactory(analysing=True)
    with translation.override("ko"):
        services.give_up_analysis(ticket_id=ticket.ticket_id, reason=reason)
    return Ticket.objects.get(pk=ticket.pk)


def call(ticket, path="", *, language="", accept=None):
    client = APIClient()
    user = UserFactory(manager=True, language=language)
    headers = {"HTTP_AUTHORIZATION": f"Bearer {tokens.issue(user).access}"}
    if accept:
        headers["HTTP_ACCEPT_LANGUAGE"] = accept
    with translation.override("de"):
        return client.get(f"/api/v1/tickets/{ticket.ticket_id}{path}", **headers).json()


@pytest.mark.parametrize(
    ("language", "accept", "reason"),
    [
        ("", None, KOREAN),
        ("", "en", ENGLISH),
        ("", "ko-KR,ko;q=0.9", KOREAN),
        ("", "fr", KOREAN),
        ("en", None, ENGLISH),
        ("ko", None, KOREAN),
        ("ko", "en", ENGLISH),
        ("en", "ko", KOREAN),
    ],
)
def test_the_api_tells_it_in_the_language_asked_for_else_the_users_else_the_sites(language, accept, reason):
    ticket = given_up()
    assert call(ticket, language=language, accept=accept)["manual_reason"] == reason
    (event,) = call(ticket, "/timeline", language=language, accept=accept)["events"]
    assert (event["kind"], event["data"]) == ("manual_required", {"reason": reason, "given_up": True})


@pytest.mark.parametrize(("language", "reason"), [("en", ENGLISH), ("ko", KOREAN)])
@pytest.mark.parametrize("address", ["ticket", "admin"])
def test_the_portal_and_the_admin_tell_it_in_the_readers_language_also_in_the_timeline(language, reason, address):
    ticket = given_up()
    client = Client()
    client.force_login(UserFactory(manager=True, language=language))
    pages = {
        "ticket": reverse("ticket", args=[ticket.ticket_id]),
        "admin": reverse("admin:tickets_ticket_change", args=[ticket.pk]),
    }
    html = client.get(pages[address]).content.decode()
    assert html.count(reason) == 2
    assert html.count("RuntimeError") == 2


@pytest.mark.parametrize("code", sorted(SENTENCES))
def test_each_sentence_has_its_korean_with_the_same_values_in_it(code):
    with translation.override("en"):
        english = str(SENTENCES[code])
    with translation.override("ko"):
        korean = str(SENTENCES[code])
    assert re.search("[가-힣]", korean)
    assert set(re.findall(r"%\(\w+\)s", korean)) == set(re.findall(r"%\(\w+\)s", english))


@pytest.mark.parametrize("unclear", Unclear)
def test_each_way_not_to_be_understood_has_its_sentence(unclear):
    assert f"unclear.{unclear}" in SENTENCES


@pytest.mark.parametrize("language", ["en", "ko"])
def test_what_an_analyst_says_in_its_own_words_stays_as_it_is(language):
    ticket = given_up(Reason(text="100% sure: nobody %(can)s tell"))
    with translation.override(language):
        assert ticket.why_people == "100% sure: nobody %(can)s tell"
        assert ticket.manual_cause is None
        assert ticket.events.get().told["reason"] == ticket.why_people


def test_too_little_confidence_is_told_with_its_figures():
    ticket = TicketFactory()
    run = services.begin_analysis(ticket_id=ticket.ticket_id, job_id=1, analyst="offline")
    result = AnalysisResult(primary=ProblemType.CODE_ERROR, confidence=0.414)
    with translation.override("ko"):
        ticket = services.finish_analysis(run=run, result=result)
    with translation.override("en"):
        assert ticket.why_people == "The confidence, 0.41, is below the threshold of 0.60."
    assert ticket.manual_reason == "신뢰도 0.41이(가) 기준값 0.60보다 낮습니다."


def test_a_reason_is_gone_when_the_ticket_is_analysed_again(manager):
    ticket = given_up()
    services.retry_ticket(ticket_id=ticket.ticket_id, actor=manager)
    ticket = Ticket.objects.get(pk=ticket.pk)
    assert (ticket.why_people, ticket.manual_reason, ticket.manual_cause) == ("", None, None)


@pytest.mark.parametrize(
    "stored",
    [
        None,
        "text",
        [],
        {},
        {"code": "given_up"},
        {"code": "given_up", "values": None},
        {"code": "given_up", "values": {"attempts": 1}},
        {"code": "a sentence of long ago", "values": {}},
        {"code": ["list"], "values": {}},
    ],
)
def test_what_cannot_be_told_any_more_is_told_as_it_was_then(stored):
    assert str(Reason.from_json(stored, text="As told then")) == "As told then"
    assert told({"reason": "As told then", "cause": stored, "more": 1}) == {"reason": "As told then", "more": 1}


def test_a_very_long_error_leaves_room_for_the_sentence_around_it():
    ticket = given_up(Reason("given_up", {"attempts": "5", "error": "x\x00" * 2000}))
    assert 300 < len(ticket.manual_reason) < 400
    with translation.override("en"):
        assert ticket.why_people.startswith("The analysis was given up")
