"""Messages by workers: in order for each target, never above its rate, each channel by itself."""

import uuid
from datetime import timedelta

import pytest
import redis
from django.conf import LazySettings
from django.db import transaction

from notifications import rates
from notifications.channels.base import Rate
from notifications.message import NotificationMessage
from notifications.models import Delivery, DeliveryAttempt, DeliveryState
from notifications.services import get_notifications, retry, supersede
from sandbox.client import SandboxClient
from tests.notifications.conftest import message, time_passes
from voc.core import clock
from voc.core.errors import NotAllowed, Permanent
from voc.core.outbox.api import drain_all
from voc.core.outbox.models import Job, JobState
from voc.core.redis import door
from voc.dev.ports import free_port

pytestmark = pytest.mark.django_db(transaction=True)

KEY = "k" * 32


@pytest.fixture(autouse=True)
def channels(sandbox: SandboxClient, settings: LazySettings) -> None:
    settings.SLACK_BOT_TOKEN = "xoxb-right-token"
    settings.SLACK_API_URL = sandbox.url("/slack/api/")
    settings.SLACK_CHANNEL = f"C{uuid.uuid4().hex[:8].upper()}"
    settings.SLACK_MESSAGES_PER_SECOND = 0
    settings.TEAMS_WEBHOOKS = [
        f"t{uuid.uuid4().hex[:8]}={sandbox.url('/teams/workflows/1/triggers/manual/paths/invoke?sig=x')}"
    ]
    settings.PAGERDUTY_ROUTING_KEYS = [f"core={KEY}"]
    settings.PAGERDUTY_URL = sandbox.url("/pagerduty")


def queue(*targets: str, **values: object) -> NotificationMessage:
    queued = message(**values)
    with transaction.atomic():
        get_notifications().queue(queued, targets or ["slack"])
    return queued


def texts(sandbox: SandboxClient) -> list[str]:
    return [post["text"].split("\n")[0] for post in sandbox.state("slack")["posts"]]


def due_now() -> None:
    time_passes()
    Job.objects.filter(state=JobState.PENDING).update(due_at=clock.now())


def test_what_is_queued_and_rolled_back_is_not_sent(sandbox: SandboxClient) -> None:
    with transaction.atomic():
        get_notifications().queue(message(), ["slack", "teams"])
        transaction.set_rollback(True)

    drain_all()

    assert sandbox.requests() == []
    assert not Delivery.objects.exists()


def test_the_same_event_queued_twice_is_sent_once_to_each_channel(sandbox: SandboxClient) -> None:
    twice = queue("slack", "teams", "pagerduty")
    with transaction.atomic():
        get_notifications().queue(twice, ["slack", "teams", "pagerduty"])

    drain_all(twice=True)

    state = sandbox.state()
    assert [len(state["slack"]["posts"]), len(state["teams"]["cards"]), len(state["pagerduty"]["events"])] == [1, 1, 1]
    assert set(Delivery.objects.values_list("state", flat=True)) == {DeliveryState.ACCEPTED}


def test_messages_to_one_target_keep_their_order_though_the_first_has_to_wait(sandbox: SandboxClient) -> None:
    sandbox.fault("slack", "status", status=429, retry_after=30, count=1)
    for number in range(3):
        queue(title=f"message {number}")

    drain_all()
    assert texts(sandbox) == []
    due_now()
    drain_all()

    assert texts(sandbox) == [f"🔴 message {number}" for number in range(3)]


def test_a_dead_channel_keeps_no_other_from_its_message(sandbox: SandboxClient, settings: LazySettings) -> None:
    settings.SLACK_API_URL = f"http://127.0.0.1:{free_port()}/api/"
    queue("slack", "teams", "pagerduty")

    drain_all()

    states = dict(Delivery.objects.values_list("channel", "state"))
    assert states == {"slack": "retry", "teams": "accepted", "pagerduty": "accepted"}


def test_a_target_that_does_not_exist_is_an_error_before_anything_is_queued() -> None:
    with pytest.raises(Permanent), transaction.atomic():
        get_notifications().queue(message(), ["slack", "teams:nowhere"])

    assert not Delivery.objects.exists()


def test_above_its_rate_a_target_waits_and_nothing_is_spent(sandbox: SandboxClient, settings: LazySettings) -> None:
    settings.SLACK_MESSAGES_PER_SECOND = 2
    for _ in range(5):
        queue()

    drain_all()

    waiting = Job.objects.filter(event="notification.slack", state=JobState.PENDING).order_by("id")
    assert len(texts(sandbox)) + waiting.count() == 5
    assert len(texts(sandbox)) >= 2
    head = waiting.first()
    assert head is None or (head.attempts == 0 and head.due_at - clock.now() <= timedelta(seconds=1))
    for _ in range(3):
        due_now()
        drain_all()
    assert len(texts(sandbox)) == 5


@pytest.mark.parametrize("with_redis", [True, False])
def test_no_window_of_time_sees_more_than_the_rate(monkeypatch: pytest.MonkeyPatch, with_redis: bool) -> None:
    rate = Rate(f"test:{uuid.uuid4()}", 3, 60)
    if not with_redis:
        door().shut(redis.ConnectionError())

    waits = [rates.take(rate) for _ in range(5)]

    door().reopen()
    assert [wait is None for wait in waits] == [True, True, True, False, False]
    assert waits[4] is not None
    assert timedelta(seconds=50) < waits[4] - clock.now() <= timedelta(seconds=60)


@pytest.mark.parametrize("with_redis", [True, False])
def test_a_target_that_asked_to_be_left_alone_is_for_everybody(with_redis: bool) -> None:
    rate = Rate(f"test:{uuid.uuid4()}", 0)
    if not with_redis:
        door().shut(redis.ConnectionError())

    rates.hold(rate, until=clock.now() + timedelta(seconds=30))
    until = rates.take(rate)

    door().reopen()
    assert until is not None
    assert rates.take(Rate("another", 0)) is None


def test_every_try_is_kept_with_what_came_of_it(sandbox: SandboxClient) -> None:
    sandbox.fault("slack", "drop_after", count=1, route="*/chat.postMessage")
    queue()

    drain_all()
    due_now()
    drain_all()

    tries = [(each.number, each.outcome, each.ambiguous) for each in DeliveryAttempt.objects.all()]
    assert tries == [(1, "retry", True), (2, "accepted", False)]
    delivery = Delivery.objects.get()
    assert (delivery.ambiguous, delivery.doubles) == (1, 0)
    assert delivery.vendor_id == sandbox.state("slack")["posts"][0]["ts"]
    assert len(texts(sandbox)) == 1


def test_a_card_that_is_sent_again_blindly_is_counted_as_perhaps_there_twice(sandbox: SandboxClient) -> None:
    sandbox.fault("teams", "drop_after", count=1)
    queue("teams")

    drain_all()
    due_now()
    drain_all()

    assert Delivery.objects.get().doubles == 1
    assert len(sandbox.state("teams")["cards"]) == 2


def test_what_was_given_up_can_be_tried_again_and_what_arrived_cannot(sandbox: SandboxClient) -> None:
    sandbox.fault("slack", "status", status=403, count=1)
    sandbox.fault("slack", "status", status=200, body='{"ok": false, "error": "restricted_action"}', count=1)
    queue()
    drain_all()
    delivery = Delivery.objects.get()
    while delivery.state != DeliveryState.DEAD:
        due_now()
        drain_all()
        delivery.refresh_from_db()

    sandbox.clear_faults()
    retry(delivery_id=delivery.pk)
    drain_all()

    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.ACCEPTED
    with pytest.raises(NotAllowed):
        retry(delivery_id=delivery.pk)
    assert len([text for text in texts(sandbox) if "Urgent" in text]) == 1


def test_what_events_have_overtaken_is_not_sent(sandbox: SandboxClient) -> None:
    reminder = queue(event="ticket.reminder", subject="VOC-1")
    queue(event="ticket.decided", subject="VOC-1", title="decided")

    assert supersede(subject="VOC-1", events=["ticket.reminder"]) == 1
    drain_all()

    assert texts(sandbox) == ["🔴 decided"]
    assert Delivery.objects.get(key=reminder.key).state == DeliveryState.SUPERSEDED


def test_a_message_goes_through_json_unchanged() -> None:
    said = message(thread="VOC-1", status="Open")

    assert NotificationMessage.from_json(said.to_json()) == said


@pytest.mark.parametrize(("channel", "setting"), [("teams", "TEAMS_WEBHOOKS"), ("pagerduty", "PAGERDUTY_ROUTING_KEYS")])
def test_what_waits_for_a_target_that_the_settings_name_no_more_was_certainly_not_sent(
    channel: str, setting: str, settings: LazySettings, sandbox: SandboxClient
) -> None:
    queue(channel)
    address = getattr(settings, setting)[0].partition("=")[2]
    setattr(settings, setting, [f"another={address}"])

    drain_all()

    row = Delivery.objects.get(event="ticket.urgent")
    assert (row.state, row.ambiguous) == (DeliveryState.DEAD, 0)
    assert "another" in row.error
    assert sandbox.requests(channel) == []
