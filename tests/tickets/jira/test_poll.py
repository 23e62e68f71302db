"""The poll and the nightly reconciliation: every ticket as Jira says, with few calls, and nothing written twice."""

import random
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.tickets.jira.inward import (
    SECRET,
    deliveries,
    erase,
    fresh,
    key_of,
    kinds,
    link_of,
    linked,
    move,
    rows,
)
from tickets.jira import outage, polling
from tickets.jira.service import JiraService
from tickets.models import EventKind, JiraLink, JiraState, JiraSync, Status
from voc.core import clock
from voc.core.errors import NotAllowed
from voc.core.models import Alert
from voc.core.outbox.api import drain_all
from voc.core.outbox.models import Gate, Job

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def small_pages(monkeypatch):
    monkeypatch.setattr(polling, "PAGE", 5)
    monkeypatch.setattr(polling, "BATCH", 5)


def searches(site) -> int:
    return len(site.searches())


def agreement(site, tickets) -> list[str]:
    """Tickets that do not say what their issues say."""
    issues = {issue["id"]: issue for issue in site.issues}
    wrong = []
    for ticket in tickets:
        link = link_of(ticket)
        issue = issues[link.issue_id]
        done = issue["status"] == "10003"
        expected = (Status.DONE if done else Status.IN_PROGRESS, issue["resolution"] or "", issue["key"])
        now = fresh(ticket)
        if (now.status, link.resolution, now.jira_issue_key) != expected or link.issue_key != issue["key"]:
            wrong.append(f"{ticket.ticket_id}: {now.status} {link.resolution}, not {expected}")
    return wrong


class TestAPoll:
    def test_reads_all_that_changed_with_one_search(self, jira):
        tickets = linked(jira, 5)
        move(jira, tickets[0], "Done")
        move(jira, tickets[1], "In Review")
        jira.post(f"issues/{key_of(tickets[2])}/change", {"assignee": "mia", "due": "2026-12-24"})

        assert polling.poll() == 5
        assert searches(jira) == 1
        assert agreement(jira, tickets) == []
        link = link_of(tickets[2])
        assert (link.issue_assignee, str(link.due_on), link.status) == ("Mia Kim", "2026-12-24", "To Do")

    def test_a_second_one_writes_nothing(self, jira):
        tickets = linked(jira, 5)
        for ticket in tickets[:3]:
            move(jira, ticket, "Done")
        polling.poll()
        before = rows()

        assert polling.poll() == 0
        assert rows() == before

    def test_an_end_in_jira_is_told_once_and_shown_where_the_ticket_is(self, jira):
        [ticket] = linked(jira)
        polling.poll()
        move(jira, ticket, "Done")
        polling.poll()
        polling.poll()

        told = Job.objects.filter(subject=ticket.ticket_id).order_by("event").values_list("event", flat=True)
        assert list(told) == ["ticket.moved", "ticket.resolved"]

    def test_tells_people_what_changed(self, jira):
        [ticket] = linked(jira)
        polling.poll()
        move(jira, ticket, "In Review")
        jira.post(f"issues/{key_of(ticket)}/change", {"assignee": "jun"})
        polling.poll()

        assert kinds(ticket) == [EventKind.JIRA_STATUS]  # the first reading is no news
        assert ticket.events.get().data["changes"] == {
            "status": ["To Do", "In Review"],
            "issue_assignee": ["", "Jun Park"],
        }

    def test_walks_all_pages(self, jira, small_pages):
        tickets = linked(jira, 12)

        assert polling.poll() == 12
        assert searches(jira) == 3
        assert JiraLink.objects.filter(status="To Do").count() == len(tickets)

    def test_asks_for_ten_minutes_more_than_it_needs_because_search_is_late(self, jira):
        [ticket] = linked(jira)
        polling.poll()
        jira.configure(index_delay=180)
        move(jira, ticket, "Done")
        polling.poll()
        assert fresh(ticket).status == Status.IN_PROGRESS

        jira.later(185)
        polling.poll()

        assert fresh(ticket).status == Status.DONE

    def test_what_failed_half_way_is_asked_for_again(self, jira, small_pages):
        linked(jira, 8)
        JiraSync.objects.create(cursor=(started := clock.now() - timedelta(minutes=1)))
        jira.fault("status", route="/jira/rest/api/3/search/jql", status=500, skip=1, count=1)

        assert polling.poll() is None
        sync = JiraSync.objects.get()
        assert (sync.cursor, bool(sync.error), sync.claimed_until) == (started, True, None)

        assert polling.poll() == 3
        sync = JiraSync.objects.get()
        assert (sync.error, sync.failing_since) == ("", None)
        assert sync.cursor > started - polling.OVERLAP

    def test_failing_for_half_an_hour_is_told_to_the_admins_until_it_works(self, jira):
        linked(jira)
        fault = jira.fault("status", route="/jira/rest/api/3/search/jql", status=500)
        polling.poll()
        assert not Alert.objects.exists()

        jira.time.advance(polling.SILENT_FOR.total_seconds())
        polling.poll()
        assert [alert.key for alert in Alert.objects.filter(cleared_at=None)] == [polling.ALERT]

        jira.sandbox.remove_fault(fault)
        polling.poll()
        assert not Alert.objects.filter(cleared_at=None).exists()

    def test_two_at_once_are_one(self, jira):
        linked(jira)
        JiraSync.objects.create(claimed_until=clock.now() + timedelta(minutes=1))

        assert polling.poll() is None
        assert searches(jira) == 0

    @pytest.mark.parametrize("zone", ["Asia/Seoul", "America/New_York", "Australia/Lord_Howe"])
    def test_the_time_zone_of_the_account_changes_nothing(self, jira, zone):
        jira.configure(time_zone=zone)
        [ticket] = linked(jira)
        polling.poll()
        stands = link_of(ticket).issue_updated_at
        move(jira, ticket, "Done")
        JiraSync.objects.update(cursor=clock.now() - timedelta(seconds=30))

        assert polling.poll() == 1
        assert timedelta(0) < link_of(ticket).issue_updated_at - stands < timedelta(minutes=1)

    def test_its_question_is_to_the_millisecond_in_the_hour_that_clocks_repeat(self):
        first = timezone.datetime.fromisoformat("2026-11-01T01:30:00.250-04:00")
        second = timezone.datetime.fromisoformat("2026-11-01T01:30:00.250-05:00")

        assert f"updated >= {int(first.timestamp() * 1000)} ORDER" in polling.jql_for(first)
        assert polling.jql_for(first) != polling.jql_for(second)

    def test_several_tickets_of_one_issue_all_follow_it(self, jira):
        first, second = linked(jira, 2)
        shared = link_of(first)
        JiraLink.objects.filter(ticket=second).update(issue_id=shared.issue_id, issue_key=shared.issue_key)
        move(jira, first, "Done", resolution="Duplicate")

        assert polling.poll() == 2
        assert [fresh(ticket).status for ticket in (first, second)] == [Status.DONE, Status.DONE]

    def test_an_issue_that_went_several_steps_at_once_is_followed_to_its_end(self, jira):
        [ticket] = linked(jira)
        for status in ("In Progress", "In Review", "Done"):
            move(jira, ticket, status)

        polling.poll()

        assert kinds(ticket) == [EventKind.JIRA_DONE]

    def test_a_reopened_issue_takes_its_ticket_back_to_work(self, jira):
        [ticket] = linked(jira)
        move(jira, ticket, "Done")
        polling.poll()
        move(jira, ticket, "In Progress")
        polling.poll()

        assert fresh(ticket).status == Status.IN_PROGRESS
        assert kinds(ticket) == [EventKind.JIRA_DONE, EventKind.JIRA_REOPENED]
        assert link_of(ticket).resolution == ""

    def test_a_ticket_that_people_completed_is_not_taken_up_by_an_issue_that_was_never_done(self, jira):
        [ticket] = linked(jira, status=Status.DONE)
        polling.poll()
        move(jira, ticket, "In Progress")
        polling.poll()

        assert fresh(ticket).status == Status.DONE

    def test_an_issue_that_was_moved_to_another_project_is_found_there(self, jira):
        [ticket] = linked(jira)
        jira.post(f"issues/{key_of(ticket)}/change", {"project": "OPS"})

        polling.poll()

        now = fresh(ticket)
        assert (now.jira_issue_key, now.jira_project_key) == ("OPS-1", "OPS")

    def test_an_unlinked_ticket_is_left_alone(self, jira):
        [ticket] = linked(jira)
        move(jira, ticket, "Done")
        JiraLink.objects.update(state=JiraState.UNLINKED)

        polling.poll()

        assert fresh(ticket).status == Status.IN_PROGRESS

    def test_refused_credentials_pause_the_queue_and_tell_the_admins_once(self, jira, settings):
        linked(jira)
        settings.JIRA_API_TOKEN = "wrong"

        assert [polling.poll(), polling.poll(), polling.reconcile()] == [None, None, None]
        assert len(jira.sandbox.requests("jira")) == 1  # a wrong token again and again would lock the account
        assert Gate.objects.get(queue="jira").closed_until is None
        assert Alert.objects.filter(cleared_at=None).count() == 1

        settings.JIRA_API_TOKEN = "right"
        outage.go_on()
        assert polling.poll() == 1
        assert not Alert.objects.filter(cleared_at=None).exists()

    @pytest.mark.parametrize("form", ["seconds", "date"])
    def test_it_waits_as_long_as_jira_asks(self, jira, form):
        linked(jira)
        jira.fault("status", status=429, retry_after=300, retry_after_format=form, count=1)

        assert [polling.poll(), polling.poll()] == [None, None]
        assert searches(jira) == 1
        jira.time.advance(290)
        assert polling.poll() is None
        jira.time.advance(15)
        assert polling.poll() == 1

    def test_without_jira_nothing_is_asked(self, jira, settings):
        linked(jira)
        settings.JIRA_BASE_URL = ""

        assert polling.poll() is None
        assert polling.reconcile() is None
        assert jira.sandbox.requests("jira") == []

    def test_data_center_is_polled_alike(self, data_center, small_pages):
        tickets = linked(data_center, 12)
        for ticket in tickets[:7]:
            move(data_center, ticket, "Done")

        assert polling.poll() == 12
        assert agreement(data_center, tickets) == []
        assert polling.poll() == 0

    def test_what_changes_while_pages_are_turned_hides_no_other_issue(self, data_center, small_pages, monkeypatch):
        tickets = linked(data_center, 12)
        taken, take = [], polling._take

        def changed_meanwhile(page, client):
            taken.extend(issue.key for issue in page)
            if len(taken) == len(page):
                [ticket] = (each for each in tickets if key_of(each) == page[0].key)
                move(data_center, ticket, "Done")
            return take(page, client)

        monkeypatch.setattr(polling, "_take", changed_meanwhile)
        polling.poll()
        assert set(taken) == {key_of(ticket) for ticket in tickets}


class TestByNight:
    def test_finds_what_the_poll_cannot_see(self, jira):
        deleted, hidden, unlabelled, well = tickets = linked(jira, 4)
        polling.poll()
        erase(jira, f"issues/{key_of(deleted)}")
        jira.post(f"issues/{key_of(hidden)}/change", {"project": "OPS"})
        jira.configure(hidden=["OPS"])
        jira.post(f"issues/{key_of(unlabelled)}/change", {"labels": []})
        move(jira, unlabelled, "Done")
        polling.poll()
        assert fresh(unlabelled).status == Status.IN_PROGRESS

        polling.reconcile()

        assert [link_of(ticket).gone_at is None for ticket in tickets] == [False, False, True, True]
        assert [kinds(ticket) for ticket in tickets] == [
            [EventKind.JIRA_GONE],
            [EventKind.JIRA_GONE],
            [EventKind.JIRA_DONE],
            [],
        ]
        assert jira.issue(key_of(unlabelled))["labels"] == ["voc"]
        before = rows()
        assert polling.reconcile() == 0
        assert rows() == before
        assert well

    def test_an_issue_that_can_be_read_again_says_so(self, jira):
        [ticket] = linked(jira)
        polling.poll()
        jira.configure(hidden=["VOC"])
        polling.reconcile()
        jira.configure(hidden=[])
        polling.reconcile()

        assert kinds(ticket) == [EventKind.JIRA_GONE, EventKind.JIRA_BACK]
        assert link_of(ticket).gone_at is None

    def test_fetches_many_at_a_time(self, jira, small_pages):
        linked(jira, 12)

        assert polling.reconcile() == 12
        assert len(jira.requests("POST", "/issue/bulkfetch")) == 3

    def test_works_on_data_center(self, data_center):
        gone, well = linked(data_center, 2)
        erase(data_center, f"issues/{key_of(gone)}")
        move(data_center, well, "Done")

        polling.reconcile()

        assert link_of(gone).gone_at is not None
        assert fresh(well).status == Status.DONE


class TestOneTicket:
    def test_is_brought_up_to_its_issue_by_name(self, jira):
        [ticket] = linked(jira)
        move(jira, ticket, "Done")

        JiraService().sync_status(ticket.ticket_id, key_of(ticket))

        assert fresh(ticket).status == Status.DONE

    def test_is_not_by_the_name_of_another_issue(self, jira):
        first, second = linked(jira, 2)

        with pytest.raises(NotAllowed):
            JiraService().sync_status(first.ticket_id, key_of(second))


def test_lost_doubled_and_reordered_tellings_are_made_good_by_one_poll(jira, live_server, settings):
    settings.JIRA_WEBHOOK_SECRET = SECRET
    tickets = linked(jira, 20)
    jira.configure(
        webhook_url=f"{live_server.url}/hooks/jira/",
        webhook_secret=SECRET,
        webhook_lost=0.3,
        webhook_doubled=0.2,
        webhook_reordered=True,
        webhook_seed=11,
    )
    dice = random.Random(5)
    jira.post("webhooks/held", {"held": True})
    for ticket in [*tickets, *dice.sample(tickets, 10)]:
        move(jira, ticket, dice.choice(["In Progress", "In Review", "Done"]))
    jira.post("webhooks/held", {"held": False})
    told = deliveries(jira)
    drain_all()
    assert {one["state"] for one in told} == {"sent", "lost"}
    assert agreement(jira, tickets) != []

    polling.poll()

    assert agreement(jira, tickets) == []
    before = rows()
    assert polling.poll() == 0
    assert rows() == before
