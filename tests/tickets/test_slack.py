"""Approve and Reject in Slack: a person presses, Slack signs and calls, a worker acts, and Slack shows what came of it."""

import hashlib
import hmac
import json
import threading
import time
from urllib.parse import urlencode

import httpx
import pytest
from django.db import connection, transaction
from django.test import Client

from notifications.models import Thread
from notifications.routing.models import Person, Target
from tests.factories import TicketFactory, UserFactory
from tests.notifications.conftest import time_passes
from tickets import services
from tickets.models import EventKind, Status, TicketEvent
from voc.core import clock
from voc.core.outbox.api import drain_all, emit
from voc.core.outbox.models import Job, JobState
from voc.core.vocabulary import Urgency

pytestmark = pytest.mark.django_db(transaction=True)

SIGNING = "8f742231b10e8888abcd99yyyzzz85a5"
ADDRESS = "/integrations/slack/actions"


class Slack:
    """The workspace as people in it use it."""

    def __init__(self, client, url):
        self.client = client
        self._http = httpx.Client(base_url=f"{client.base_url}/_sandbox/slack", trust_env=False, timeout=30)
        self.do("app", interactivity_url=f"{url}{ADDRESS}", signing_secret=SIGNING)

    def do(self, act, **given):
        answer = self._http.post(f"/{act}", json=given)
        assert answer.status_code < 400, answer.text
        return answer.json()

    def close(self):
        self._http.close()

    @property
    def state(self):
        return self.client.state("slack")

    @property
    def root(self):
        return self.state["posts"][0]

    @property
    def answers(self):
        return [each["text"] for each in self.state["responses"]]

    def buttons(self):
        blocks = [block for block in self.root["blocks"] if block["type"] == "actions"]
        return [element["action_id"] for block in blocks for element in block["elements"]]

    def press(self, action, *, user="UKIM", **more):
        return self.do("click", channel=self.root["channel"], ts=self.root["ts"], action_id=action, user=user, **more)

    def hand_in(self, *, user="UKIM", **values):
        [view] = [view for view in self.state["views"] if view["open"]]
        return self.do("submit", view_id=view["id"], user=user, values=values)


@pytest.fixture
def slack(sandbox_process, settings, live_server):
    sandbox_process.reset()
    settings.LANGUAGE_CODE = settings.SLACK_LANGUAGE = "en"
    settings.OUTBOUND_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    settings.SLACK_BOT_TOKEN = "xoxb-of-this-test"
    settings.SLACK_CHANNEL = f"C{time.monotonic_ns()}"
    settings.SLACK_API_URL = sandbox_process.url("/slack/api/")
    settings.SLACK_SIGNING_SECRET = SIGNING
    settings.SLACK_MESSAGES_PER_SECOND = 0
    settings.VOC_GRACE_SECONDS = 0
    slack = Slack(sandbox_process, live_server.url)
    slack.do("users", id="UKIM", name="Kim Manager", email="kim@example.com")
    yield slack
    slack.close()


@pytest.fixture
def kim():
    return UserFactory(manager=True, email="Kim@example.com", first_name="Kim", last_name="Manager")


@pytest.fixture
def ticket(slack, kim):
    """An urgent one, told in Slack."""
    made = TicketFactory(waiting=True, urgency=Urgency.HIGH)
    with transaction.atomic():
        emit("ticket.urgent", subject=made.ticket_id, key=f"ticket.urgent:{made.ticket_id}")
    work()
    return made


def work():
    """All that is due, and once more what waited for its turn."""
    drain_all()
    time_passes()
    Job.objects.filter(state=JobState.PENDING).update(due_at=clock.now())
    drain_all()


def verdicts(ticket):
    kinds = [EventKind.CONFIRMED, EventKind.REJECTED]
    return list(TicketEvent.objects.filter(ticket=ticket, kind__in=kinds).values_list("kind", "actor_name"))


def test_approve_is_the_same_as_in_the_portal_and_the_buttons_go(slack, ticket, kim):
    assert slack.buttons() == ["voc.approve", "voc.reject"]
    assert slack.press("voc.approve") == {"status": 200, "body": ""}
    assert verdicts(ticket) == []  # not within the request

    work()
    ticket.refresh_from_db()
    assert (ticket.status, ticket.decided_by) == (Status.DONE, kim)
    assert slack.buttons() == []
    assert "Done" in str(slack.root["blocks"])
    assert slack.answers == [f"You approved {ticket.ticket_id}."]


def test_reject_asks_for_a_reason_in_a_dialog(slack, ticket, kim):
    slack.press("voc.reject")
    work()
    assert verdicts(ticket) == []
    [view] = slack.state["views"]
    assert view["title"]["text"] in (f"Reject {ticket.ticket_id}", "Reject")

    slack.hand_in(reason="Duplicate of another", category="duplicate")
    work()
    ticket.refresh_from_db()
    assert (ticket.status, ticket.reject_reason, ticket.reject_category) == (
        Status.REJECTED,
        "Duplicate of another",
        "duplicate",
    )
    assert slack.buttons() == []
    assert slack.answers == [f"You rejected {ticket.ticket_id}."]


def test_a_reason_that_shows_nothing_is_refused_and_the_ticket_still_waits(slack, ticket):
    slack.press("voc.reject")
    work()
    slack.hand_in(reason="   ")
    work()
    assert slack.answers == ["This must not be empty."]
    assert verdicts(ticket) == []
    assert slack.buttons() == ["voc.approve", "voc.reject"]


def test_a_double_click_is_one_approval_and_both_are_answered(slack, ticket):
    slack.press("voc.approve")
    slack.press("voc.approve")
    work()
    assert len(verdicts(ticket)) == 1
    assert [answer.startswith("You approved") for answer in slack.answers] == [True, False]
    assert "Kim Manager approved it" in slack.answers[1]


def test_the_same_request_once_more_does_nothing(slack, ticket):
    slack.press("voc.approve")
    assert slack.do("replay") == {"status": 200, "body": ""}
    assert Job.objects.filter(event="slack.action").count() == 1


def test_a_request_older_than_five_minutes_is_refused_and_one_just_younger_is_not(slack, ticket):
    assert slack.press("voc.approve", age=301)["status"] == 401
    assert slack.press("voc.approve", age=-310)["status"] == 401
    assert slack.press("voc.approve", age=290)["status"] == 200
    assert Job.objects.filter(event="slack.action").count() == 1


def test_another_signature_is_refused(slack, ticket):
    assert slack.press("voc.approve", signing_secret="guessed")["status"] == 401
    assert slack.press("voc.approve", timestamp="soon")["status"] == 401
    assert not Job.objects.filter(event="slack.action").exists()


def sign(body, *, at=None):
    at = str(int(time.time()) if at is None else at)
    mac = hmac.new(SIGNING.encode(), b"v0:" + at.encode() + b":" + body, hashlib.sha256).hexdigest()
    return {"HTTP_X_SLACK_REQUEST_TIMESTAMP": at, "HTTP_X_SLACK_SIGNATURE": f"v0={mac}"}


def post(body, **headers):
    return Client().post(ADDRESS, body, content_type="application/x-www-form-urlencoded", **headers).status_code


def test_a_signature_holds_for_its_own_body_alone(slack):
    body = urlencode({"payload": json.dumps({"type": "block_actions", "user": {"id": "U1"}, "actions": [{}]})}).encode()
    assert post(body, **sign(body)) == 200
    assert post(body + b"&more=1", **sign(body)) == 401
    assert post(body) == 401
    assert post(body, **sign(body) | {"HTTP_X_SLACK_SIGNATURE": "v0=é"}) == 401


@pytest.mark.parametrize("body", [b"", b"payload=", b"payload=[]", b"payload=%7B%7D", b"payload=1&x=%ff"])
def test_a_signed_body_of_another_shape_is_answered_and_nothing_follows(slack, body):
    assert post(body, **sign(body)) == 400
    assert not Job.objects.exists()


def test_a_body_that_is_not_text_is_refused(slack):
    assert post(b"payload=\xff\xfe", **sign(b"payload=\xff\xfe")) == 401


def test_without_a_signing_secret_there_is_no_such_address(slack, settings):
    settings.SLACK_SIGNING_SECRET = ""
    assert post(b"payload=1", **sign(b"payload=1")) == 404


def test_somebody_unknown_is_told_so_and_changes_nothing(slack, ticket):
    slack.do("users", id="ULEE", name="Lee", email="lee@elsewhere.example")
    slack.press("voc.approve", user="ULEE")
    work()
    assert verdicts(ticket) == []
    assert "ULEE" in slack.answers[0]
    assert slack.buttons() == ["voc.approve", "voc.reject"]


@pytest.mark.parametrize("how", [{"confirmed": False}, {"deleted": True}])
def test_an_address_that_slack_has_not_confirmed_or_of_one_who_left_is_nobodys(slack, ticket, how):
    slack.do("users", id="UFAKE", name="Kim", email="kim@example.com", **how)
    slack.press("voc.approve", user="UFAKE")
    work()
    assert verdicts(ticket) == []


def test_who_may_not_decide_is_told_so(slack, ticket):
    UserFactory(email="viewer@example.com")
    slack.do("users", id="UVIEW", name="Viewer", email="viewer@example.com")
    for action in ("voc.approve", "voc.reject"):
        slack.press(action, user="UVIEW")
    work()
    assert verdicts(ticket) == []
    assert slack.answers == ["You are not allowed to do this."] * 2
    assert slack.state["views"] == []


def test_an_admins_word_on_who_somebody_is_goes_before_his_address(slack, ticket):
    park = UserFactory(manager=True, first_name="Park", last_name="Manager")
    Person.objects.create(user=park, slack_id="UKIM")
    slack.press("voc.approve")
    work()
    assert verdicts(ticket) == [(EventKind.CONFIRMED, "Park Manager")]


def test_a_decision_that_was_replaced_since_is_not_approved_unseen(slack, ticket, kim):
    type(ticket).objects.filter(pk=ticket.pk).update(analyzed_at=clock.now())
    slack.press("voc.approve")
    work()
    assert verdicts(ticket) == []
    assert "analysed anew" in slack.answers[0]


def test_a_dialog_that_comes_too_late_says_so(slack, ticket):
    slack.press("voc.reject")
    [job] = Job.objects.filter(event="slack.action")
    Job.objects.filter(pk=job.pk).update(payload=job.payload | {"trigger": "expired"})
    work()
    assert slack.answers == ["Slack waited too long for us. Please press the button again."]


def test_a_decision_in_the_portal_takes_the_buttons_away_before_its_grace_is_over(slack, ticket, kim, settings):
    settings.VOC_GRACE_SECONDS = 600
    services.confirm_ticket(ticket_id=ticket.ticket_id, actor=kim)
    drain_all()
    assert slack.buttons() == []
    assert len(slack.state["posts"]) == 1

    services.undo_verdict(ticket_id=ticket.ticket_id, actor=kim)
    work()
    assert slack.buttons() == ["voc.approve", "voc.reject"]


def test_the_first_message_stays_in_the_language_of_its_place(slack, ticket, settings):
    Target.objects.create(name=f"slack:{settings.SLACK_CHANNEL}", language="ko")
    slack.press("voc.approve")
    work()
    status = [block for block in slack.root["blocks"] if block.get("block_id") == "voc-status"]
    assert "완료" in str(status)


def test_buttons_that_were_on_their_way_while_somebody_decided_go_too(slack, kim):
    made = TicketFactory(waiting=True, urgency=Urgency.HIGH)
    with transaction.atomic():
        emit("ticket.urgent", subject=made.ticket_id, key="urgent")
    slack.client.fault("slack", "status", status=503, count=1)
    drain_all()
    services.reject_ticket(ticket_id=made.ticket_id, actor=kim, reject_reason="No")
    work()
    work()
    assert Thread.objects.get().root_id
    assert slack.buttons() == []


@pytest.mark.parametrize("_round", range(6))
def test_approve_in_slack_and_reject_in_the_portal_at_once_are_one_transition_and_both_are_told(
    slack, ticket, kim, _round
):
    slack.press("voc.approve")
    lee = UserFactory(manager=True, username="lee", first_name="Lee", last_name="Manager")
    portal = Client()
    portal.force_login(lee)
    start = threading.Barrier(2)
    answers = {}

    def in_slack():
        try:
            start.wait()
            drain_all()
        finally:
            connection.close()

    def in_the_portal():
        try:
            start.wait()
            address = f"/tickets/{ticket.ticket_id}/reject/"
            answers["portal"] = portal.post(address, {"reject_reason": "Not ours"}, follow=True)
        finally:
            connection.close()

    threads = [threading.Thread(target=each) for each in (in_slack, in_the_portal)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    work()

    [(kind, who)] = verdicts(ticket)
    page = answers["portal"].content.decode()
    if kind == EventKind.CONFIRMED:
        assert who == "Kim Manager"
        assert slack.answers == [f"You approved {ticket.ticket_id}."]
        assert answers["portal"].status_code == 409
        assert "Kim Manager approved it at" in page
    else:
        assert who == "Lee Manager"
        assert "Lee Manager rejected it at" in slack.answers[0]
        assert answers["portal"].status_code == 200
    assert slack.buttons() == []
