"""One Slack thread for each ticket, whoever comes first, and a first message that shows how things stand."""

import os
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection, transaction

from notifications.message import Button, NotificationMessage
from notifications.models import Delivery, DeliveryState, Thread
from notifications.services import get_notifications, show
from sandbox.client import SandboxClient
from tests.notifications.conftest import message
from voc.core import clock
from voc.core.outbox.api import drain_all

pytestmark = pytest.mark.django_db(transaction=True)

TICKETS = int(os.environ.get("RACE_TICKETS", "30"))
WORKERS = 20
APPROVE = Button(action="voc.approve", label="Approve", value="VOC-1", style="primary")


@pytest.fixture
def channel(sandbox: SandboxClient, settings: LazySettings) -> str:
    settings.SLACK_BOT_TOKEN = "xoxb-right-token"
    settings.SLACK_API_URL = sandbox.url("/slack/api/")
    settings.SLACK_CHANNEL = f"C{uuid.uuid4().hex[:8].upper()}"
    settings.SLACK_MESSAGES_PER_SECOND = 0
    return settings.SLACK_CHANNEL


def about(ticket: str, **values: object) -> NotificationMessage:
    return message(subject=ticket, thread=ticket, title=f"News of {ticket}", **values)


def send(notification: NotificationMessage) -> Delivery:
    return get_notifications().send("slack", notification)


def posts(sandbox: SandboxClient) -> list[dict[str, Any]]:
    return sandbox.state("slack")["posts"]


def roots(sandbox: SandboxClient) -> list[dict[str, Any]]:
    return [post for post in posts(sandbox) if not post.get("thread_ts")]


def at_once(work: Callable[[NotificationMessage], None], messages: list[NotificationMessage]) -> None:
    def one(notification: NotificationMessage) -> None:
        try:
            work(notification)
        finally:
            connection.close()

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(one, messages))


def test_first_messages_of_many_tickets_race_and_each_ticket_has_one_thread(
    sandbox: SandboxClient, channel: str
) -> None:
    tickets = [f"VOC-20260101-{number:04d}" for number in range(TICKETS)]
    # The messages of one ticket stand next to each other, so that workers meet at it.
    messages = [about(ticket) for ticket in tickets for _ in range(3)]
    waiting = messages
    for _round in range(50):
        at_once(send, waiting)
        done = set(Delivery.objects.filter(state=DeliveryState.ACCEPTED).values_list("key", flat=True))
        waiting = [each for each in messages if each.key not in done]
        if not waiting:
            break

    assert waiting == []
    found = posts(sandbox)
    opened = {root["ts"]: root for root in roots(sandbox)}
    assert len(found) == len(messages)
    assert len(opened) == TICKETS
    for post in found:
        root = opened[post.get("thread_ts") or post["ts"]]
        assert post["blocks"][0] == root["blocks"][0], "a message stands in another ticket's thread"
    assert Counter(Thread.objects.values_list("root_id", flat=True)) == Counter(list(opened))


def test_while_one_message_opens_a_thread_another_waits_without_spending_anything(
    sandbox: SandboxClient, channel: str
) -> None:
    sandbox.fault("slack", "delay", seconds=30, count=1)
    with ThreadPoolExecutor(1) as pool:

        def first() -> str:
            try:
                return send(about("VOC-1")).state
            finally:
                connection.close()

        opening = pool.submit(first)
        sandbox.wait_for(1, "slack", answered=False)
        waiting = about("VOC-1")
        held = send(waiting)
        assert (held.state, held.attempts) == (DeliveryState.PENDING, 0)
        sandbox.clear_faults()
        assert opening.result() == DeliveryState.ACCEPTED

    assert send(waiting).state == DeliveryState.ACCEPTED
    assert [bool(post.get("thread_ts")) for post in posts(sandbox)] == [False, True]


@pytest.mark.parametrize("arrived", [True, False])
def test_an_opener_that_died_leaves_one_root_whether_or_not_it_had_posted(
    sandbox: SandboxClient, channel: str, arrived: bool
) -> None:
    first = about("VOC-1")
    sandbox.fault("slack", "drop_after" if arrived else "drop", count=1)
    assert send(first).state == DeliveryState.RETRY
    # As a process leaves things that dies at this point.
    row = Delivery.objects.get()
    past = clock.now() - timedelta(hours=1)
    Delivery.objects.update(state=DeliveryState.SENDING, lease_until=past)
    Thread.objects.update(opener=row.uuid, lease_until=past, doubtful=False)

    assert send(about("VOC-1")).state == DeliveryState.ACCEPTED
    assert send(first).state == DeliveryState.ACCEPTED

    assert len(roots(sandbox)) == 1
    assert len(posts(sandbox)) == 2


def test_the_first_message_follows_the_status_and_loses_its_buttons_when_there_is_nothing_left_to_decide(
    sandbox: SandboxClient, channel: str
) -> None:
    send(about("VOC-1", status="Waiting for approval", buttons=(APPROVE,)))
    send(about("VOC-1", status="Approved"))

    drain_all()

    [root] = roots(sandbox)
    assert "Approved" in str(root["blocks"])
    assert "Waiting" not in str(root["blocks"])
    assert "actions" not in {block["type"] for block in root["blocks"]}
    assert root["edits"] == 1


def test_a_status_that_no_message_tells_of_is_shown_too(sandbox: SandboxClient, channel: str) -> None:
    send(about("VOC-1", status="Waiting for approval"))
    with transaction.atomic():
        assert show(subject="VOC-1", status="In analysis again") == 1

    drain_all(twice=True)

    assert "In analysis again" in str(roots(sandbox)[0]["blocks"])


def test_a_message_out_of_a_backlog_does_not_turn_the_status_back(sandbox: SandboxClient, channel: str) -> None:
    send(about("VOC-1", status="Received"))
    late = about("VOC-1", status="Waiting for approval")
    sandbox.fault("slack", "status", status=500, body="", count=1)
    send(late)
    with transaction.atomic():
        show(subject="VOC-1", status="Approved")
    send(late)

    drain_all()

    assert "Approved" in str(roots(sandbox)[0]["blocks"])


def test_a_refused_opener_holds_nobody_up(sandbox: SandboxClient, channel: str) -> None:
    body = '{"ok": false, "error": "invalid_blocks"}'
    sandbox.fault("slack", "status", status=200, body=body, content_type="application/json", count=1)

    assert send(about("VOC-1")).state == DeliveryState.DEAD
    assert send(about("VOC-1")).state == DeliveryState.ACCEPTED

    assert len(roots(sandbox)) == 1


def test_messages_without_a_thread_stand_alone(sandbox: SandboxClient, channel: str) -> None:
    for _ in range(2):
        send(message(subject="budget", thread=""))

    assert len(roots(sandbox)) == 2
    assert not Thread.objects.exists()
