"""Somebody deletes the first message of a ticket's thread in Slack: nothing is lost, and the next message begins it anew."""

import uuid
from typing import Any

import httpx
import pytest
from django.conf import LazySettings
from django.db import transaction

from notifications.message import Button, NotificationMessage
from notifications.models import Delivery, DeliveryState, Thread
from notifications.services import get_notifications, show
from sandbox.client import SandboxClient
from tests.notifications.conftest import message, time_passes
from voc.core import clock
from voc.core.outbox.api import drain_all
from voc.core.outbox.models import Job, JobState

pytestmark = pytest.mark.django_db(transaction=True)

APPROVE = Button(action="voc.approve", label="Approve", value="VOC-1", style="primary")


@pytest.fixture(autouse=True)
def channel(sandbox: SandboxClient, settings: LazySettings) -> str:
    settings.SLACK_BOT_TOKEN = "xoxb-right-token"
    settings.SLACK_API_URL = sandbox.url("/slack/api/")
    settings.SLACK_CHANNEL = f"C{uuid.uuid4().hex[:8].upper()}"
    settings.SLACK_MESSAGES_PER_SECOND = 0
    return str(settings.SLACK_CHANNEL)


def tell(title: str, **values: object) -> NotificationMessage:
    told = message(subject="VOC-1", thread="VOC-1", title=title, **values)
    with transaction.atomic():
        get_notifications().queue(told, ["slack"])
    work()
    return told


def work() -> None:
    """Workers do all that there is to do, as if what waits for a moment were due."""
    for _round in range(5):
        drain_all()
        time_passes()
        if not Job.objects.filter(state=JobState.PENDING).update(due_at=clock.now()):
            return


def posts(sandbox: SandboxClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = sandbox.state("slack")["posts"]
    return found


def titles(sandbox: SandboxClient) -> list[tuple[str, bool]]:
    """What stands in the channel, and whether as a reply."""
    return [(post["text"].split("\n")[0].lstrip("🔴 "), bool(post.get("thread_ts"))) for post in posts(sandbox)]


def delete_root(sandbox: SandboxClient) -> None:
    root = next(post for post in posts(sandbox) if not post.get("thread_ts"))
    done = httpx.post(
        sandbox.url("/_sandbox/slack/delete"), json={"channel": root["channel"], "ts": root["ts"]}, timeout=60
    )
    assert done.json() == {"deleted": True}


def all_arrived() -> bool:
    """Every message was taken, with no more than two tries each, and no job is left or given up."""
    rows = Delivery.objects.values_list("state", "attempts")
    jobs = set(Job.objects.filter(queue="slack").values_list("state", flat=True))
    return jobs == {JobState.DONE} and all(state == DeliveryState.ACCEPTED and tries < 3 for state, tries in rows)


def test_the_next_message_becomes_the_first_one_with_status_and_buttons_and_the_later_ones_follow_it(
    sandbox: SandboxClient,
) -> None:
    tell("one", status="Waiting for approval", buttons=(APPROVE,))
    delete_root(sandbox)

    tell("two", status="Waiting for approval", buttons=(APPROVE,))
    tell("three", status="Approved")

    assert titles(sandbox) == [("two", False), ("three", True)]
    root, reply = posts(sandbox)
    assert reply["thread_ts"] == root["ts"] == Thread.objects.get().root_id
    assert "Approved" in str(root["blocks"])
    assert root["edits"] == 2
    assert all_arrived()


def test_it_shows_how_things_stand_though_nothing_about_that_has_changed(sandbox: SandboxClient) -> None:
    tell("one", status="Waiting for approval", buttons=(APPROVE,))
    delete_root(sandbox)

    tell("two", status="Waiting for approval", buttons=(APPROVE,))

    [root] = posts(sandbox)
    assert "Waiting for approval" in str(root["blocks"])
    assert "actions" in {block["type"] for block in root["blocks"]}


def test_a_thread_with_replies_goes_on_under_its_stone_until_an_edit_shows_that_the_first_message_is_gone(
    sandbox: SandboxClient,
) -> None:
    tell("one", status="Waiting for approval", buttons=(APPROVE,))
    tell("two", status="Waiting for approval", buttons=(APPROVE,))
    delete_root(sandbox)

    tell("three", status="Approved")
    tell("four", status="Done")

    assert titles(sandbox) == [
        ("This message was deleted.", False),
        ("two", True),
        ("three", True),
        ("four", False),
    ]
    assert Thread.objects.get().root_id == posts(sandbox)[-1]["ts"]
    assert all_arrived()


def test_a_status_that_no_message_tells_of_is_not_tried_for_ever(sandbox: SandboxClient) -> None:
    tell("one", status="Waiting for approval")
    delete_root(sandbox)

    with transaction.atomic():
        show(subject="VOC-1", status="In analysis again")
    work()
    tell("two", status="In analysis again")

    assert titles(sandbox) == [("two", False)]
    assert "In analysis again" in str(posts(sandbox)[0]["blocks"])
    assert all_arrived()


@pytest.mark.parametrize("code", ["thread_not_found", "message_not_found"])
def test_where_slack_says_that_the_thread_is_gone_the_message_is_posted_anew(sandbox: SandboxClient, code: str) -> None:
    tell("one", status="Waiting for approval", buttons=(APPROVE,))
    delete_root(sandbox)
    body = f'{{"ok": false, "error": "{code}"}}'
    sandbox.fault(
        "slack",
        "status",
        route="/slack/api/chat.postMessage",
        status=200,
        body=body,
        content_type="application/json",
        count=1,
    )

    tell("two", status="Waiting for approval", buttons=(APPROVE,))

    assert titles(sandbox) == [("two", False)]
    assert "actions" in {block["type"] for block in posts(sandbox)[0]["blocks"]}
    assert all_arrived()


def test_a_reply_whose_answer_was_lost_is_found_in_the_channel_and_leads_the_thread(sandbox: SandboxClient) -> None:
    tell("one", status="Waiting for approval", buttons=(APPROVE,))
    delete_root(sandbox)
    sandbox.fault("slack", "drop_after", route="/slack/api/chat.postMessage", count=1)

    tell("two", status="Waiting for approval", buttons=(APPROVE,))
    tell("three", status="Approved")

    assert titles(sandbox) == [("two", False), ("three", True)]
    assert "Approved" in str(posts(sandbox)[0]["blocks"])
