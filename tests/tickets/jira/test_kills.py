"""kill -9 at every step of a creation: the work is taken up again, and there is one issue per ticket."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings as django_settings
from django.db import connection

from tests.factories import TicketFactory, UserFactory
from tickets import services
from tickets.models import JiraLink, JiraState
from voc.core.outbox.models import Job, JobState

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).resolve().parents[3]
STEPS = (
    "before-sending-is-written",
    "before-the-post",
    "after-the-post",
    "in-the-middle-of-writing",
    "after-writing",
    "before-the-link-back",
)
# Those after which Jira has the issue although nobody heard of it, or after which nobody can say.
UNCLEAR = 3


def environment():
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    ours = {
        "DATABASE_URL": url,
        "REDIS_URL": django_settings.REDIS_URL,
        "DJANGO_SETTINGS_MODULE": "voc.settings",
        "SECRET_KEY": "of this test alone " * 3,
        "ENV_FILE": os.devnull,
        "OUTBOUND_ALLOWED_NETWORKS": "127.0.0.0/8",
        "VOC_GRACE_SECONDS": "0",
    }
    named = ("JIRA_BASE_URL", "JIRA_EMAIL", "JIRA_API_TOKEN")
    return os.environ | ours | {name: getattr(django_settings, name) for name in named}


def test_whatever_step_a_worker_dies_at_each_ticket_has_one_issue(jira):
    manager = UserFactory(manager=True)
    tickets = [TicketFactory(waiting=True) for _ in STEPS]
    for ticket in tickets:
        services.confirm_ticket(ticket_id=ticket.ticket_id, actor=manager)

    died = subprocess.run(
        [sys.executable, "-m", "tests.tickets.jira.dying", *STEPS],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=400,
    )
    assert died.stdout.splitlines() == [f"{step} 9" for step in STEPS], died.stderr
    assert Job.objects.filter(queue="jira", state=JobState.RUNNING).count() == len(STEPS)

    # Their leases lapse.
    Job.objects.filter(state=JobState.RUNNING).update(lease_until=jira.time.now() - timedelta(hours=1))
    jira.later(0)
    waiting = JiraLink.objects.filter(state=JiraState.UNKNOWN)
    assert waiting.count() == UNCLEAR
    for seconds in (61, 120, 421):
        jira.later(seconds)

    keys = sorted(issue["key"] for issue in jira.issues)
    assert len(keys) == len(tickets)
    links = JiraLink.objects.order_by("pk")
    assert {link.state for link in links} == {JiraState.LINKED}
    assert sorted(link.issue_key for link in links) == keys
    assert all(link.remote_linked_at for link in links)
    # Only the one whose POST never left was sent, as far as its row says, for a second time.
    assert [link.posts for link in links] == [1, 2, 1, 1, 1, 1]
    assert len(jira.creations()) == len(tickets)
