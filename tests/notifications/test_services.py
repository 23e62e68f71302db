"""Deliveries: at most one message per event, channel and target, and a row that says what became of it."""

import inspect
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.db import connection, transaction

from notifications import deliveries
from notifications.channels.slack_webhook import SlackWebhook
from notifications.message import NotificationMessage
from notifications.models import Delivery, DeliveryState
from notifications.services import NotificationService, get_notifications
from sandbox.client import SandboxClient
from tests.notifications.conftest import SECRET, message, time_passes
from voc.core import clock
from voc.core.errors import Permanent
from voc.core.models import Alert
from voc.dev.ports import free_port

pytestmark = pytest.mark.django_db(transaction=True)

# Longer ago than any sender can hold a row.
LONG_AGO = timedelta(hours=1)


@pytest.fixture
def service(slack: SlackWebhook) -> NotificationService:
    return NotificationService(slack)


def messages(sandbox: SandboxClient) -> int:
    return len(sandbox.state("slack")["messages"])


def left_sending(slack: SlackWebhook, notification: NotificationMessage) -> Delivery:
    """The row as a sender leaves it that dies before it knows the outcome."""
    booked = deliveries.book(channel="slack", target=slack.target, message=notification)
    delivery, ours = deliveries.claim(booked, channel=slack, message=notification)
    assert ours
    Delivery.objects.filter(pk=delivery.pk).update(lease_until=clock.now() - LONG_AGO)
    return delivery


def test_the_service_has_the_plans_signatures() -> None:
    assert list(inspect.signature(NotificationService).parameters) == ["slack", "email", "teams"]
    parameters = inspect.signature(NotificationService).parameters
    assert parameters["slack"].default is inspect.Parameter.empty
    assert parameters["email"].default is parameters["teams"].default is None
    assert list(inspect.signature(NotificationService.send).parameters) == ["self", "channel", "message"]
    broadcast = inspect.signature(NotificationService.broadcast)
    assert list(broadcast.parameters) == ["self", "message", "channels"]
    assert broadcast.parameters["channels"].default == ["slack"]
    assert broadcast.return_annotation == list[Delivery]


def test_what_was_accepted_is_not_sent_again(
    sandbox: SandboxClient, service: NotificationService, urgent: NotificationMessage
) -> None:
    first = service.send("slack", urgent)
    second = service.send("slack", urgent)

    assert first.state == DeliveryState.ACCEPTED
    assert first.sent_at is not None
    assert (second.pk, second.attempts) == (first.pk, 1)
    assert messages(sandbox) == 1


@pytest.mark.parametrize("tried_before", [False, True])
def test_two_senders_at_once_send_one_message(
    sandbox: SandboxClient, service: NotificationService, urgent: NotificationMessage, tried_before: bool
) -> None:
    if tried_before:
        sandbox.fault("slack", "status", status=429, retry_after=1, count=1)
        assert service.send("slack", urgent).state == DeliveryState.RETRY
        time_passes()
    sandbox.fault("slack", "delay", seconds=0.2)
    together = threading.Barrier(8)

    def send() -> str:
        try:
            together.wait(120)
            return service.send("slack", urgent).state
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        states = [future.result() for future in [pool.submit(send) for _ in range(8)]]

    assert messages(sandbox) == 1
    assert states.count(DeliveryState.ACCEPTED) >= 1
    assert set(states) <= {DeliveryState.ACCEPTED, DeliveryState.SENDING}
    assert Delivery.objects.get().attempts == 1 + tried_before


def test_the_same_event_goes_to_each_target_once(
    sandbox: SandboxClient, service: NotificationService, urgent: NotificationMessage, place: str
) -> None:
    other = NotificationService(SlackWebhook(sandbox.url(f"/slack/services/{place}2/{SECRET}")))

    service.send("slack", urgent)
    other.send("slack", urgent)
    other.send("slack", urgent)

    assert messages(sandbox) == 2
    assert Delivery.objects.count() == 2


def test_an_urgent_message_whose_answer_was_lost_is_sent_again_and_counted(
    sandbox: SandboxClient, service: NotificationService, urgent: NotificationMessage
) -> None:
    sandbox.fault("slack", "drop_after", count=1)

    lost = service.send("slack", urgent)
    assert (lost.state, lost.ambiguous) == (DeliveryState.RETRY, 1)

    again = service.send("slack", urgent)
    assert (again.state, again.ambiguous, again.attempts) == (DeliveryState.ACCEPTED, 1, 2)
    assert messages(sandbox) == 2


def test_another_message_whose_answer_was_lost_is_left_as_unknown(
    sandbox: SandboxClient, service: NotificationService, calm: NotificationMessage
) -> None:
    sandbox.fault("slack", "drop_after", count=1)

    lost = service.send("slack", calm)
    again = service.send("slack", calm)

    assert (lost.state, lost.ambiguous) == (DeliveryState.UNKNOWN, 1)
    assert again.state == DeliveryState.UNKNOWN
    assert messages(sandbox) == 1


def test_what_was_certainly_not_sent_is_tried_again_urgent_or_not(
    sandbox: SandboxClient, service: NotificationService, calm: NotificationMessage
) -> None:
    sandbox.fault("slack", "status", status=429, retry_after=30, count=1)

    waiting = service.send("slack", calm)
    assert (waiting.state, waiting.ambiguous) == (DeliveryState.RETRY, 0)
    assert waiting.next_attempt_at is not None
    assert waiting.next_attempt_at > clock.now() + timedelta(seconds=20)

    held = service.send("slack", calm)
    assert (held.state, held.attempts) == (DeliveryState.PENDING, 1)
    assert len(sandbox.requests("slack")) == 1

    time_passes()
    assert service.send("slack", calm).state == DeliveryState.ACCEPTED
    assert messages(sandbox) == 1


def test_a_sender_that_died_on_the_way_leaves_an_urgent_message_to_be_sent_again(
    sandbox: SandboxClient, service: NotificationService, slack: SlackWebhook, urgent: NotificationMessage
) -> None:
    left_sending(slack, urgent)

    delivery = service.send("slack", urgent)

    assert (delivery.state, delivery.ambiguous, delivery.attempts) == (DeliveryState.ACCEPTED, 1, 2)
    assert messages(sandbox) == 1


def test_a_sender_that_died_on_the_way_leaves_another_message_unknown(
    sandbox: SandboxClient, service: NotificationService, slack: SlackWebhook, calm: NotificationMessage
) -> None:
    left_sending(slack, calm)

    delivery = service.send("slack", calm)

    assert (delivery.state, delivery.ambiguous) == (DeliveryState.UNKNOWN, 1)
    assert messages(sandbox) == 0


def test_a_row_that_somebody_is_sending_is_left_to_them(
    sandbox: SandboxClient, service: NotificationService, slack: SlackWebhook, urgent: NotificationMessage
) -> None:
    booked = deliveries.book(channel="slack", target=slack.target, message=urgent)
    deliveries.claim(booked, channel=slack, message=urgent)

    delivery = service.send("slack", urgent)

    assert (delivery.state, delivery.ambiguous) == (DeliveryState.SENDING, 0)
    assert messages(sandbox) == 0


def test_a_sender_that_comes_back_late_does_not_settle_what_its_successor_is_sending(
    slack: SlackWebhook, urgent: NotificationMessage
) -> None:
    late = left_sending(slack, urgent)
    successor, ours = deliveries.claim(late, channel=slack, message=urgent)
    assert ours

    assert deliveries.refused(late, error="too late").state == DeliveryState.SENDING
    assert deliveries.accepted(successor, vendor_id="").state == DeliveryState.ACCEPTED
    assert deliveries.refused(late, error="too late").error == ""


def test_a_refused_message_is_dead_raises_an_alert_once_and_may_be_sent_when_the_cause_is_mended(
    sandbox: SandboxClient, service: NotificationService, urgent: NotificationMessage
) -> None:
    sandbox.fault("slack", "status", status=410)

    assert service.send("slack", urgent).state == DeliveryState.DEAD
    assert service.send("slack", message()).state == DeliveryState.DEAD
    alert = Alert.objects.get()
    assert alert.cleared_at is None
    assert "channel_is_archived" in alert.body

    sandbox.clear_faults()
    assert service.send("slack", urgent).state == DeliveryState.ACCEPTED
    alert.refresh_from_db()
    assert alert.cleared_at is not None


def test_nothing_is_spent_while_the_breaker_is_open(urgent: NotificationMessage) -> None:
    service = NotificationService(SlackWebhook(f"http://127.0.0.1:{free_port()}/services/T{free_port()}/B1/{SECRET}"))
    for _ in range(50):
        delivery = service.send("slack", urgent)
        if delivery.state == DeliveryState.PENDING:
            break
    tries = delivery.attempts

    assert delivery.state == DeliveryState.PENDING
    assert service.send("slack", urgent).attempts == tries
    assert delivery.next_attempt_at is not None
    assert delivery.ambiguous == 0
    assert "cannot be reached" in delivery.error


def test_a_channel_that_is_not_configured_records_and_sends_nothing(urgent: NotificationMessage) -> None:
    service = NotificationService(None)

    first, second = service.send("slack", urgent), service.send("slack", urgent)

    assert (first.state, first.attempts) == (DeliveryState.SUPPRESSED, 0)
    assert first.pk == second.pk


def test_a_channel_that_does_not_exist_is_an_error_that_names_it(
    service: NotificationService, urgent: NotificationMessage, sandbox: SandboxClient
) -> None:
    with pytest.raises(Permanent, match="carrier-pigeon"):
        service.send("carrier-pigeon", urgent)
    with pytest.raises(Permanent, match="carrier-pigeon"):
        service.broadcast(urgent, ["slack", "carrier-pigeon"])

    assert sandbox.requests() == []


def test_a_broadcast_reaches_every_channel_though_one_refuses(
    sandbox: SandboxClient, slack: SlackWebhook, place: str, urgent: NotificationMessage
) -> None:
    archived = SlackWebhook(sandbox.url(f"/slack/services/{place}/channel_is_archived"))
    archived.target = "the archived one"
    service = NotificationService(archived, email=None, teams=slack)

    results = service.broadcast(urgent, ["slack", "email", "teams"])

    assert [result.state for result in results] == [
        DeliveryState.DEAD,
        DeliveryState.SUPPRESSED,
        DeliveryState.ACCEPTED,
    ]
    assert messages(sandbox) == 1


def test_a_fault_of_ours_in_one_channel_keeps_no_other_from_its_message(
    sandbox: SandboxClient, slack: SlackWebhook, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = SlackWebhook(sandbox.url(f"/slack/services/{place}x/{SECRET}"))
    service = NotificationService(broken, teams=slack)
    unforeseen = message(urgency=None)
    monkeypatch.setattr(broken, "deliver", raiser(RecursionError()))

    results = service.broadcast(unforeseen, ["slack", "teams"])

    assert [result.state for result in results] == [DeliveryState.UNKNOWN, DeliveryState.ACCEPTED]
    assert results[0].error == "RecursionError"


def raiser(error: Exception) -> Callable[..., None]:
    def fail(*_args: object) -> None:
        raise error

    return fail


def test_nothing_leaves_inside_a_transaction(
    sandbox: SandboxClient, service: NotificationService, urgent: NotificationMessage
) -> None:
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        service.send("slack", urgent)

    assert sandbox.requests() == []


def test_the_row_says_sending_while_the_message_is_on_its_way(
    sandbox: SandboxClient, service: NotificationService, urgent: NotificationMessage
) -> None:
    sandbox.fault("slack", "delay", seconds=30)

    def send() -> str:
        try:
            return (
                NotificationService(SlackWebhook(sandbox.url(f"/slack/services/T0/B0/{SECRET}"), timeout=20))
                .send("slack", urgent)
                .state
            )
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(send)
        sandbox.wait_for(1, "slack", answered=False)
        assert Delivery.objects.get().state == DeliveryState.SENDING
        sandbox.clear_faults()
        assert sending.result() == DeliveryState.ACCEPTED


def test_the_secret_of_the_address_is_nowhere_in_the_database(
    sandbox: SandboxClient, service: NotificationService, urgent: NotificationMessage
) -> None:
    for kind, fields in [("drop", {}), ("status", {"status": 404, "body": f"no {SECRET} here"})]:
        sandbox.fault("slack", kind, count=1, **fields)
        service.send("slack", urgent)

    [row] = Delivery.objects.values()
    assert SECRET not in repr(row)
    assert SECRET not in repr(list(Alert.objects.values()))


def test_the_settings_decide_which_channels_there_are(settings: LazySettings, webhook_url: str) -> None:
    settings.SLACK_WEBHOOK_URL = ""
    assert get_notifications().channels["slack"] is None

    settings.SLACK_WEBHOOK_URL = webhook_url
    assert isinstance(get_notifications().channels["slack"], SlackWebhook)
