"""The ticket's page tells the staff which model decided, with which prompt, at what cost, and who stepped in."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from llm.models import ModelCall
from tests.factories import TicketFactory, UserFactory
from tickets.models import AnalysisRun
from voc.core import clock

pytestmark = pytest.mark.django_db
PRECISE, OTHER = "openai/gpt-6.1-sol", "anthropic/claude-sonnet-5-5"


@pytest.fixture
def ticket():
    return TicketFactory(waiting=True, analyst=PRECISE)


@pytest.fixture
def run(ticket):
    now = clock.now()
    return AnalysisRun.objects.create(
        ticket=ticket,
        job_id=1,
        state="finished",
        analyst=PRECISE,
        started_at=now - timedelta(seconds=30),
        finished_at=now,
        threshold=0.6,
        result={},
    )


def called(run, task, model, outcome, *, cost="0", seconds_in=1, version="1.1.0", tokens=(1000, 200)):
    ModelCall.objects.create(
        at=run.started_at + timedelta(seconds=seconds_in),
        subject=run.ticket.ticket_id,
        task=task,
        model=model,
        attempt=1,
        outcome=outcome,
        prompt={"normalise": "normalizer", "solve": "solver"}[task],
        prompt_version=version,
        input_tokens=tokens[0],
        output_tokens=tokens[1],
        cost=Decimal(cost),
        milliseconds=1500,
    )


def shown(ticket, language="en", **who):
    client = Client()
    client.force_login(UserFactory(language=language, **who))
    return client.get(reverse("ticket", args=[ticket.ticket_id])).content.decode()


def test_the_staff_reads_which_model_and_prompt_decided_and_what_it_cost(ticket, run):
    called(run, "normalise", PRECISE, "cached", tokens=(0, 0))
    called(run, "solve", PRECISE, "invalid", cost="0.01", seconds_in=2)
    called(run, "solve", PRECISE, "ok", cost="0.0105", seconds_in=3)
    page = shown(ticket, manager=True)

    for text in (
        "Models and prompts",
        PRECISE,
        "solver 1.1.0",
        "normalizer 1.1.0",
        "from the cache",
        "$0.0205",
        "2400 tokens",
        "3.0 s",
    ):
        assert text in page
    assert "did not." not in page


def test_who_stepped_in_for_whom_is_said(ticket, run):
    called(run, "solve", PRECISE, "failed")
    called(run, "solve", OTHER, "ok", cost="0.02", seconds_in=2)
    page = shown(ticket, manager=True)

    assert "The model that was to answer did not." in page
    assert f"No answer from {PRECISE}" in page
    assert OTHER in page


def test_when_no_model_answered_the_built_in_analyst_is_named(ticket, run):
    called(run, "solve", PRECISE, "failed")
    assert "Built-in analyst" in shown(ticket, manager=True)


def test_it_is_told_in_korean(ticket, run):
    called(run, "solve", PRECISE, "cached")
    page = shown(ticket, language="ko", manager=True)
    assert "모델과 프롬프트" in page
    assert "캐시에서" in page


def test_calls_of_an_earlier_analysis_do_not_count(ticket, run):
    called(run, "solve", OTHER, "ok", cost="0.5", seconds_in=-60, version="1.0.0")
    called(run, "solve", PRECISE, "ok", cost="0.25")
    page = shown(ticket, manager=True)
    assert "$0.2500" in page
    assert "solver 1.0.0" not in page


@pytest.mark.parametrize("role", ["viewer", "submitter"])
def test_nobody_else_reads_it(ticket, run, role):
    called(run, "solve", PRECISE, "ok", cost="0.25")
    user = UserFactory(role=role, language="en")
    ticket.submitted_by = user
    ticket.save(update_fields=["submitted_by"])
    client = Client()
    client.force_login(user)
    page = client.get(reverse("ticket", args=[ticket.ticket_id])).content.decode()
    assert "Models and prompts" not in page
    assert "0.25" not in page


def test_a_ticket_that_no_model_saw_has_no_such_part(ticket, run):
    assert "Models and prompts" not in shown(ticket, manager=True)
