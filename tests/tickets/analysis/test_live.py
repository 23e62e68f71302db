"""An analysis as it can be watched, and what is left of one that is cut off."""

import re
import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from llm.services import get_analyst
from tests.factories import UserFactory
from tests.scenarios.generator import variants
from tickets import handlers, services
from tickets.models import AnalysisRun, RunState, Status, Ticket
from voc.core.outbox.api import drain_all
from voc.core.outbox.models import Job, JobState

pytestmark = pytest.mark.django_db(transaction=True)
STAGES = ["normalise", "retrieve", "solve", "score"]


class Killed(BaseException):
    """As a process ends: nothing of ours gets to say anything."""


@pytest.fixture(autouse=True)
def site(settings, tmp_path):
    settings.MOCK_LOG_DIR = tmp_path
    with translation.override("en"):
        yield


@pytest.fixture
def ticket(site):
    variant = variants("S1", 1, 11)[0]
    return services.submit_voc(raw_voc=variant.raw_voc, customer_name="Kim", channel="web")


@pytest.fixture
def while_solving(monkeypatch):
    """Puts `act` before the work of the third stage."""

    def put(act):
        class Watched:
            def __init__(self):
                self.real = get_analyst()
                self.name = self.real.name

            def normalise(self, complaint):
                return self.real.normalise(complaint)

            def solve(self, case):
                act()
                return self.real.solve(case)

        monkeypatch.setattr(handlers, "get_analyst", lambda _subject: Watched())

    return put


def drain():
    """Runs what is due, as long as the process lives."""
    try:
        drain_all()
    except Killed:
        # Its lease lapses.
        Job.objects.filter(state=JobState.RUNNING).update(lease_until=timezone.now() - timedelta(seconds=1))


def runs(ticket):
    return [(run.state, [step.stage for step in run.steps.all()]) for run in ticket.runs.order_by("id")]


def shown(client, ticket):
    html = client.get(reverse("ticket_live", args=[ticket.ticket_id]), headers={"HX-Request": "true"}).content.decode()
    return re.findall(r'class="stage stage-(\w+)"', html)


def test_the_stages_tick_while_the_analysis_runs(ticket, while_solving, django_assert_max_num_queries):
    client = Client()
    client.force_login(UserFactory(manager=True))
    seen = []

    def look():
        assert not connection.in_atomic_block
        with django_assert_max_num_queries(5):
            seen.append(shown(client, ticket))

    assert shown(client, ticket) == ["open"] * 4
    while_solving(look)
    drain()
    assert seen == [["done", "done", "running", "open"]]
    assert runs(ticket) == [(RunState.FINISHED, STAGES)]
    assert [step.position for step in AnalysisRun.objects.get().steps.all()] == [0, 1, 2, 3]


def test_a_run_that_is_cut_off_keeps_its_steps_and_the_next_one_has_all_of_its_own(ticket, while_solving):
    times = []

    def die_once():
        times.append(1)
        if len(times) == 1:
            raise Killed

    while_solving(die_once)
    drain()
    assert runs(ticket) == [(RunState.RUNNING, STAGES[:2])]
    drain()
    assert runs(ticket) == [(RunState.INTERRUPTED, STAGES[:2]), (RunState.FINISHED, STAGES)]
    now = Ticket.objects.get(pk=ticket.pk)
    assert now.is_resting
    assert now.agent_decision_primary
    assert Job.objects.get(event="ticket.received").interruptions == 1


def test_a_run_whose_job_was_taken_over_writes_nothing_more(ticket, while_solving):
    while_solving(lambda: Job.objects.filter(state=JobState.RUNNING).update(lease=uuid.uuid4()))
    drain()
    assert runs(ticket) == [(RunState.RUNNING, STAGES[:2])]
    assert Ticket.objects.get(pk=ticket.pk).status == Status.ANALYZING


def test_a_ticket_that_waits_to_be_analysed_again_shows_nothing_of_its_last_analysis_as_done(ticket):
    drain()
    manager = UserFactory(manager=True)
    services.retry_ticket(ticket_id=ticket.ticket_id, actor=manager)
    client = Client()
    client.force_login(manager)
    assert shown(client, ticket) == ["running", "open", "open", "open"]
