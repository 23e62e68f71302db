"""An approved ticket's issue, through the real client over HTTP: one per ticket, whatever is cut off where."""

from concurrent.futures import ThreadPoolExecutor
from inspect import signature

import pytest
from django.db import connection

from integrations.jira.base import JiraIssue
from tests.factories import SystemFactory, TicketFactory, UserFactory
from tickets import services
from tickets.jira.service import JiraService
from tickets.models import EventKind, JiraLink, JiraState, Status, Ticket
from tickets.services import CorrectedDecision, JiraChoice
from voc.core.errors import NotAllowed
from voc.core.models import Alert
from voc.core.outbox import by_hand
from voc.core.outbox.api import drain_all, open_gate
from voc.core.outbox.models import Gate, Job, JobState
from voc.core.vocabulary import ProblemType

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def manager():
    return UserFactory(manager=True, first_name="Kim", last_name="Manager")


def approve(ticket, manager, **said):
    return services.confirm_ticket(ticket_id=ticket.ticket_id, actor=manager, **said)


def link_of(ticket):
    return JiraLink.objects.get(ticket__ticket_id=ticket.ticket_id)


def kinds(ticket):
    return list(Ticket.objects.get(pk=ticket.pk).events.values_list("kind", flat=True))


def assert_one_issue(jira, ticket):
    """One issue at Jira, its key on the ticket, and a way back."""
    [issue] = jira.issues
    now = Ticket.objects.get(pk=ticket.pk)
    link = link_of(ticket)
    assert (link.state, link.issue_id, link.issue_key) == (JiraState.LINKED, str(issue["id"]), issue["key"])
    assert (now.jira_issue_key, now.jira_project_key) == (issue["key"], link.project_key)
    assert now.status == Status.IN_PROGRESS
    assert link.remote_linked_at is not None


class TestAnApproval:
    def test_becomes_one_issue_whose_key_stands_on_the_ticket(self, jira, ticket, manager):
        approved = approve(ticket, manager)
        drain_all()

        assert approved.status == Status.IN_PROGRESS
        assert_one_issue(jira, ticket)
        assert len(jira.creations()) == 1
        assert kinds(ticket)[-2:] == [EventKind.CONFIRMED, EventKind.JIRA_CREATED]

    def test_repeated_jobs_change_nothing(self, jira, ticket, manager):
        approve(ticket, manager)
        drain_all(twice=True)

        assert_one_issue(jira, ticket)
        assert len(jira.creations()) == 1

    def test_ends_the_ticket_where_there_is_no_jira(self, jira, ticket, manager, settings):
        settings.JIRA_BASE_URL = ""

        assert approve(ticket, manager).status == Status.DONE
        drain_all()

        assert not JiraLink.objects.exists()
        assert jira.sandbox.requests("jira") == []

    def test_that_is_undone_makes_no_issue(self, jira, ticket, manager, settings):
        settings.VOC_GRACE_SECONDS = 10
        approve(ticket, manager)
        services.undo_verdict(ticket_id=ticket.ticket_id, actor=manager)
        jira.later(60)

        assert jira.issues == []
        assert not JiraLink.objects.exists()
        assert Ticket.objects.get().status == Status.WAITING_CONFIRM

    def test_waits_for_the_grace(self, jira, ticket, manager, settings):
        settings.VOC_GRACE_SECONDS = 10
        approve(ticket, manager)
        drain_all()
        assert jira.issues == []

        jira.later(11)
        assert_one_issue(jira, ticket)

    def test_by_two_at_once_is_one(self, jira, ticket, manager):
        def attempt(_number):
            try:
                approve(ticket, manager)
            except NotAllowed:
                return "refused"
            finally:
                connection.close()
            return "approved"

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(attempt, range(2))) == ["approved", "refused"]

        def drain(_number):
            try:
                drain_all()
            finally:
                connection.close()

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(drain, range(2)))
        drain_all()
        assert_one_issue(jira, ticket)

    def test_has_the_type_that_the_corrected_problem_type_says(self, jira, manager):
        wanted = {
            ProblemType.CODE_ERROR: "Bug",
            ProblemType.INTEGRATION_ERROR: "Task",
            ProblemType.BUSINESS_IMPROVEMENT: "Story",
        }
        for problem_type in wanted:
            decision = CorrectedDecision(primary_type=problem_type, secondary_type=None)
            approve(TicketFactory(waiting=True), manager, decision=decision)
        drain_all()

        assert list(JiraLink.objects.order_by("pk").values_list("issue_type", flat=True)) == list(wanted.values())
        assert len(jira.issues) == 3

    def test_goes_where_the_catalogue_says_and_the_manager_overrules(self, jira, manager):
        SystemFactory(name="Shop", jira_project="OPS", jira_issue_type="Story")
        first, second = (TicketFactory(waiting=True, affected_system="Shop") for _ in range(2))
        approve(first, manager)
        approve(second, manager, jira=JiraChoice(project_key="VOC", issue_type="Task"))
        drain_all()

        assert [(link_of(each).project_key, link_of(each).issue_type) for each in (first, second)] == [
            ("OPS", "Story"),
            ("VOC", "Task"),
        ]

    def test_goes_to_data_center_with_a_personal_access_token(self, data_center, ticket, manager):
        approve(ticket, manager)
        drain_all()

        assert_one_issue(data_center, ticket)
        [creation] = data_center.creations()
        assert creation.path.endswith("/rest/api/2/issue")
        assert "h3. Analysis" in creation.json["fields"]["description"]


class TestAConnectionThatIsCutOff:
    """The fault's kinds are the sandbox's: before Jira acted, or after."""

    @pytest.mark.parametrize("kind", ["drop_after", "status_after", "truncated"])
    def test_after_jira_acted_leads_to_the_issue_that_was_made(self, jira, ticket, manager, kind):
        jira.configure(index_delay=0)
        jira.fault(kind, route="*/issue", method="POST", count=1, **({"status": 502} if "status" in kind else {}))
        approve(ticket, manager)
        drain_all()
        assert link_of(ticket).state == JiraState.UNKNOWN
        assert jira.searches() == []

        jira.later(61)
        assert_one_issue(jira, ticket)
        assert len(jira.creations()) == 1
        assert link_of(ticket).origin == "adopted"

    def test_before_jira_acted_leads_to_a_second_post_after_three_looks(self, jira, ticket, manager):
        jira.fault("drop", route="*/issue", method="POST", count=1)
        approve(ticket, manager)
        drain_all()
        for seconds in (61, 120, 421):
            assert len(jira.creations()) == 1
            jira.later(seconds)

        assert len(jira.searches()) == 3
        assert len(jira.creations()) == 2
        assert_one_issue(jira, ticket)

    def test_is_one_post_also_when_the_answer_takes_too_long(self, jira, ticket, manager, settings):
        settings.JIRA_TIMEOUT_SECONDS = 4  # the questions before it are answered, on a busy machine too
        fault = jira.fault("hang_after", route="*/issue", method="POST")
        approve(ticket, manager)
        drain_all()
        jira.sandbox.remove_fault(fault)
        settings.JIRA_TIMEOUT_SECONDS = 30
        assert link_of(ticket).state == JiraState.UNKNOWN

        jira.later(61)
        assert_one_issue(jira, ticket)
        assert len(jira.creations()) == 1

    def test_finds_the_issue_though_the_index_is_three_minutes_late(self, jira, ticket, manager):
        jira.configure(index_delay=180)
        jira.fault("drop_after", route="*/issue", method="POST", count=1)
        approve(ticket, manager)
        drain_all()
        jira.later(61)
        assert link_of(ticket).state == JiraState.UNKNOWN

        jira.later(125)
        if link_of(ticket).state == JiraState.UNKNOWN:
            jira.later(420)
        assert_one_issue(jira, ticket)
        assert len(jira.creations()) == 1

    def test_that_was_given_up_unclear_is_looked_for_before_a_second_try_sends_it(self, jira, ticket, manager):
        jira.fault("drop_after", route="*/issue", method="POST", count=1)
        approve(ticket, manager)
        drain_all()
        [job] = by_hand.cancel_by_hand(Job.objects.filter(queue="jira", state=JobState.PENDING), by="an admin")
        assert (job.state, link_of(ticket).state) == (JobState.CANCELLED, JiraState.BLOCKED)

        services.create_issue_again(ticket_id=ticket.ticket_id, actor=manager)
        drain_all()
        assert_one_issue(jira, ticket)
        assert len(jira.creations()) == 1

    def test_is_given_up_when_jira_never_makes_the_issue(self, jira, ticket, manager, settings):
        settings.JIRA_LOOK_SECONDS = [60]
        jira.fault("status", status=500, route="*/issue", method="POST")
        approve(ticket, manager)
        for _ in range(7):
            jira.forget_breaker()
            jira.later(61)

        link = link_of(ticket)
        assert link.state == JiraState.BLOCKED
        assert jira.issues == []
        assert len(jira.creations()) == 5


class TestJiraAway:
    @pytest.mark.parametrize("how", ["refuses connections", "answers 502"])
    def test_its_backlog_drains_in_the_order_of_the_approvals(self, jira, manager, settings, how):
        """Down for two hours."""
        address = settings.JIRA_BASE_URL
        if how == "answers 502":
            jira.fault("status", status=502)
        else:
            settings.JIRA_BASE_URL = "http://127.0.0.1:9/jira"
        tickets = [TicketFactory(waiting=True) for _ in range(3)]
        for ticket in tickets:
            approve(ticket, manager)
            jira.later(1)
        for _ in range(12):
            jira.forget_breaker()
            jira.later(600)
        assert jira.issues == []
        assert set(JiraLink.objects.values_list("state", flat=True)) == {JiraState.WAITING}
        assert set(Job.objects.filter(queue="jira").values_list("state", "attempts")) == {(JobState.PENDING, 0)}

        settings.JIRA_BASE_URL = address
        jira.sandbox.clear_faults("jira")
        jira.forget_breaker()
        jira.later(600)
        made = sorted(jira.issues, key=lambda issue: int(issue["id"]))
        assert [JiraLink.objects.get(issue_id=issue["id"]).ticket_id for issue in made] == [each.pk for each in tickets]

    def test_for_one_request_alone_is_that_jobs_own_failure(self, jira, manager):
        """A project whose form Jira cannot make keeps no other project's ticket waiting."""
        jira.fault("status", status=500, route="*/createmeta/OPS/*")
        poisoned, sound = TicketFactory(waiting=True), TicketFactory(waiting=True)
        approve(poisoned, manager, jira=JiraChoice(project_key="OPS"))
        approve(sound, manager)
        drain_all()

        assert [link_of(each).state for each in (poisoned, sound)] == [JiraState.WAITING, JiraState.LINKED]
        assert not Gate.objects.exists()
        assert Job.objects.get(subject=poisoned.ticket_id, queue="jira").attempts == 1

    @pytest.mark.parametrize("form", ["seconds", "date"])
    def test_waits_for_as_long_as_jira_asks_and_no_worker_sleeps(self, jira, ticket, manager, form):
        jira.fault(
            "status", status=429, retry_after=300, retry_after_format=form, route="*/issue", method="POST", count=1
        )
        approve(ticket, manager)
        drain_all()
        gate = Gate.objects.get(queue="jira")
        assert 290 <= (gate.closed_until - jira.time.now()).total_seconds() <= 301
        assert link_of(ticket).state == JiraState.WAITING

        jira.later(200)
        assert jira.issues == []
        jira.later(110)
        assert_one_issue(jira, ticket)
        assert len(jira.creations()) == 2

    def test_that_refuses_our_token_stops_the_queue_and_tells_the_admins_once(self, jira, manager, settings):
        settings.JIRA_API_TOKEN = "wrong"
        tickets = [TicketFactory(waiting=True) for _ in range(3)]
        for ticket in tickets:
            approve(ticket, manager)
        for _ in range(5):
            jira.later(3600)

        alert = Alert.objects.get(key="jira-credentials", cleared_at=None)
        assert (alert.times, alert.level) == (1, Alert.Level.CRITICAL)
        assert len(jira.sandbox.requests("jira")) == 1
        assert Gate.objects.get(queue="jira").closed_until is None

        settings.JIRA_API_TOKEN = "right"
        open_gate("jira")
        drain_all()
        assert len(jira.issues) == 3
        assert not Alert.objects.filter(key="jira-credentials", cleared_at=None).exists()

    def test_switched_off_for_a_while_forgets_no_approval(self, jira, ticket, manager, settings):
        address = settings.JIRA_BASE_URL
        approve(ticket, manager)
        settings.JIRA_BASE_URL = ""
        jira.later(5)
        jira.later(700)
        settings.JIRA_BASE_URL = address
        jira.later(700)

        assert_one_issue(jira, ticket)


def test_the_service_has_the_plans_names():
    create, sync = signature(JiraService.create_issue), signature(JiraService.sync_status)
    assert list(create.parameters) == ["self", "ticket", "project_key", "issue_type"]
    assert create.parameters["issue_type"].default == "Bug"
    assert create.return_annotation is JiraIssue
    assert list(sync.parameters) == ["self", "ticket_id", "jira_issue_key"]


class TestJiraRefuses:
    def test_a_required_field_that_nobody_sets_is_named_and_nothing_is_sent(self, jira, ticket, manager):
        jira.configure(custom=[{"id": "customfield_10050", "name": "Team", "required": True}])
        approve(ticket, manager)
        drain_all()

        link = link_of(ticket)
        assert link.state == JiraState.BLOCKED
        assert "customfield_10050" in link.field_refusals["Team"]
        assert jira.creations() == []
        assert kinds(ticket)[-1] == EventKind.JIRA_BLOCKED
        assert Alert.objects.filter(key="jira-blocked", cleared_at=None).exists()

    def test_a_field_that_became_required_since_is_told_in_jiras_words_and_retried_by_hand(
        self, jira, manager, settings
    ):
        first, second = (TicketFactory(waiting=True) for _ in range(2))
        approve(first, manager)
        drain_all()
        jira.configure(custom=[{"id": "customfield_10050", "name": "Team", "required": True}])
        approve(second, manager)
        drain_all()
        link = link_of(second)
        assert link.state == JiraState.BLOCKED
        assert "required" in next(iter(link.field_refusals.values())).lower()
        assert len(jira.issues) == 1

        settings.JIRA_FIELDS = {"VOC": {"customfield_10050": "Payments {ticket_id}"}}
        services.create_issue_again(ticket_id=second.ticket_id, actor=manager)
        drain_all()
        assert link_of(second).state == JiraState.LINKED
        assert jira.creations()[-1].json["fields"]["customfield_10050"] == f"Payments {second.ticket_id}"
        assert not Alert.objects.filter(key="jira-blocked", cleared_at=None).exists()

    def test_what_is_not_there_or_not_allowed_is_said_on_the_ticket(self, jira, manager):
        jira.configure(hidden=["OPS"])
        choices = [JiraChoice(project_key="OPS"), JiraChoice(project_key="NOPE"), JiraChoice(issue_type="Incident")]
        tickets = [TicketFactory(waiting=True) for _ in choices]
        for ticket, choice in zip(tickets, choices, strict=True):
            approve(ticket, manager, jira=choice)
        drain_all()
        said = [link_of(ticket).error for ticket in tickets]
        assert "OPS" in said[0]
        assert "NOPE" in said[1]
        assert "It has: Bug, Task, Story" in said[2]

        jira.configure(denied=["CREATE_ISSUES"])
        approve(unheard := TicketFactory(waiting=True), manager)
        drain_all()
        assert "cannot create issues" in str(link_of(unheard).field_errors)
        assert set(JiraLink.objects.values_list("state", flat=True)) == {JiraState.BLOCKED}
        assert not Job.objects.filter(queue="jira", state__in=[JobState.DEAD, JobState.BLOCKED]).exists()

    def test_what_it_refuses_people_may_complete_by_hand(self, jira, ticket, manager):
        approve(ticket, manager, jira=JiraChoice(project_key="NOPE"))
        drain_all()

        done = services.complete_ticket(ticket_id=ticket.ticket_id, actor=manager, manual_resolution="Called them.")
        assert done.status == Status.DONE
