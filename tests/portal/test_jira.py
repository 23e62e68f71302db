"""The page on Jira: what a manager sees there and may do, and who may not."""

from datetime import timedelta

import pytest
from django.urls import reverse

from tests.factories import CommentFactory, TicketFactory, UserFactory
from tickets.models import EventKind, JiraComment, JiraLink, JiraState, JiraSync, Status
from voc.core import clock
from voc.core.outbox.api import close_gate
from voc.core.outbox.models import Gate, Job, JobState

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def configured(settings):
    settings.JIRA_BASE_URL = "https://jira.example.com"
    settings.JIRA_API_TOKEN = "token"
    settings.JIRA_EMAIL = "voc@example.com"
    settings.JIRA_WEBHOOK_SECRET = "secret"


@pytest.fixture
def signed_in(client):
    def sign_in(**role):
        client.force_login(UserFactory(**role))
        return client

    return sign_in


def link(**values):
    now = clock.now()
    ticket = TicketFactory(analysed=True, status=Status.IN_PROGRESS)
    fields = {"project_key": "VOC", "issue_type": "Bug", "created_at": now, "updated_at": now, "posted_at": now}
    return JiraLink.objects.create(ticket=ticket, **(fields | values))


def page(client):
    answer = client.get(reverse("jira"))
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_connection_that_works_says_when_it_was_last_asked(signed_in):
    JiraSync.objects.create(polled_at=clock.now() - timedelta(minutes=3), seen=12, changed=4)
    link(state=JiraState.LINKED, issue_id="1", issue_key="VOC-1")

    shown = page(signed_in(manager=True))

    for words in (
        "Works",
        "jira.example.com",
        "Jira Cloud",
        "3 minutes ago",
        "12 issues seen",
        "Linked 1",
        "Nothing needs",
    ):
        assert words in shown


def test_what_jira_refused_is_there_with_its_words_and_a_button(signed_in):
    refused = link(state=JiraState.BLOCKED, error="Jira refuses.", field_errors={"Impact": "<b>is required</b>"})
    client = signed_in(manager=True)

    shown = page(client)
    assert "Impact</b>: &lt;b&gt;is required" in shown
    answer = client.post(reverse("jira_retry", args=[refused.ticket.ticket_id]))

    assert answer.url == reverse("jira")
    refused.refresh_from_db()
    assert refused.state == JiraState.WAITING
    assert refused.ticket.events.filter(kind=EventKind.JIRA_RETRIED).exists()
    assert Job.objects.filter(event="jira.create", state=JobState.PENDING).count() == 1


def test_a_ticket_that_cannot_be_tried_again_says_why(signed_in):
    linked = link(state=JiraState.LINKED, issue_id="1", issue_key="VOC-1")
    client = signed_in(manager=True)

    answer = client.post(reverse("jira_retry", args=[linked.ticket.ticket_id]), follow=True)

    assert "not one that Jira refused" in answer.content.decode()
    assert client.post(reverse("jira_retry", args=["VOC-1"])).status_code == 404


def test_a_comment_that_jira_refused_is_sent_once_more(signed_in):
    comment = CommentFactory()
    row = JiraComment.objects.create(
        ticket=comment.ticket, ours=comment, state=JiraComment.State.BLOCKED, issue_id="1", error="Too long",
        author_name="Kim", created_at=clock.now(),
    )  # fmt: skip
    job = Job.objects.create(
        event="jira.comment", queue="jira", handler="tickets.jira.comments.carry", subject=comment.ticket.ticket_id,
        key=f"jira.comment:{row.marker}", state=JobState.BLOCKED, due_at=clock.now(), created_at=clock.now(),
    )  # fmt: skip
    client = signed_in(manager=True)
    assert "Too long" in page(client)

    client.post(reverse("jira_retry_comment", args=[row.pk]))

    job.refresh_from_db()
    assert job.state == JobState.PENDING
    assert client.post(reverse("jira_retry_comment", args=[row.pk + 1])).status_code == 404


def test_a_paused_queue_is_let_go_on_by_an_admin_alone(signed_in):
    close_gate("jira", reason="Jira does not accept our credentials")
    client = signed_in(manager=True)
    shown = page(client)
    assert "does not accept our credentials" in shown
    assert reverse("jira_go_on") not in shown
    assert client.post(reverse("jira_go_on")).status_code == 403

    client = signed_in(admin=True)
    assert reverse("jira_go_on") in page(client)
    client.post(reverse("jira_go_on"))

    assert not Gate.objects.exists()


def test_what_is_in_the_air_and_what_is_gone_is_named(signed_in):
    unknown = link(state=JiraState.UNKNOWN)
    gone = link(
        state=JiraState.LINKED, issue_id="2", issue_key="VOC-2", gone_at=clock.now(), gone_reason="No longer there"
    )

    shown = page(signed_in(manager=True))

    for words in (unknown.ticket.ticket_id, gone.ticket.ticket_id, "No longer there"):
        assert words in shown


def test_without_jira_it_says_what_to_set(signed_in, settings):
    settings.JIRA_BASE_URL = ""

    shown = page(signed_in(manager=True))

    assert "Switched off" in shown
    assert "JIRA_BASE_URL" in shown


@pytest.mark.parametrize("role", [{}, {"submitter": True}])
def test_who_decides_nothing_does_not_see_it(signed_in, role):
    client = signed_in(**role)

    assert client.get(reverse("jira")).status_code == 403
    assert client.post(reverse("jira_retry", args=["VOC-20260101-0001"])).status_code == 403
    assert 'href="/jira/"' not in client.get("/").content.decode()


def test_it_costs_the_same_however_much_waits(signed_in, django_assert_max_num_queries):
    for _ in range(10):
        link(state=JiraState.BLOCKED, error="no")
        link(state=JiraState.UNKNOWN)
    client = signed_in(manager=True)

    with django_assert_max_num_queries(14):
        page(client)
