"""Jira under kills, dropped connections, a late index and lost webhooks. The long form is `make chaos`."""

import os
import random
from pathlib import Path

import pytest

from tests.chaos import jira_storm
from tests.stack import Database, Stack
from tests.tickets.jira.inward import linked
from tests.tickets.jira.site import Site
from tickets.jira import polling
from tickets.models import JiraSync, Status, Ticket
from voc.core import clock

pytestmark = pytest.mark.chaos
LINKED = int(os.environ.get("CHAOS_JIRA_LINKED", "200"))


def test_each_approval_has_one_issue_and_each_ticket_follows_it(tmp_path: Path, database: Database) -> None:
    approvals = int(os.environ.get("CHAOS_APPROVALS", "20"))
    kills = int(os.environ.get("CHAOS_JIRA_KILLS", "1"))
    index_delay = float(os.environ.get("CHAOS_INDEX_DELAY", "1"))
    settings = jira_storm.settings(index_delay=index_delay)
    with Stack(tmp_path, database=database, settings=settings, jira=True) as stack:
        tickets = jira_storm.make_tickets(stack, approvals)
        report = jira_storm.approve_all(
            stack, tickets, kills=kills, faults=max(2, approvals // 20), index_delay=index_delay, seed=5
        )
        print(report)
        assert jira_storm.wrong(stack) == {}
        assert report.issues == approvals
        assert min(report.dropped_before, report.dropped_after) > 0
        assert report.kills == kills

        told = jira_storm.change_all(stack, approvals // 2, seed=3)
        jira_storm.wait_for_polls(stack, 1)
        print(f"webhooks: {dict(told)}")
        assert told["lost"] > 0
        assert jira_storm.disagreement(stack) == []
        before = jira_storm.everything(stack)
        jira_storm.wait_for_polls(stack, 1)
        assert jira_storm.everything(stack) == before


@pytest.mark.django_db(transaction=True)
def test_a_poll_over_many_tickets_with_a_hundred_changes_makes_at_most_three_searches(jira: Site) -> None:
    tickets = linked(jira, LINKED)
    JiraSync.objects.create(cursor=clock.now())
    for ticket in random.Random(1).sample(tickets, 100):
        jira.post(f"issues/{ticket.jira_issue_key}/move", {"status": "Done"})

    assert polling.poll() == 100
    print(f"{LINKED} linked tickets, 100 changed: {len(jira.searches())} search calls")
    assert len(jira.searches()) <= 3
    assert Ticket.objects.filter(status=Status.DONE).count() == 100
