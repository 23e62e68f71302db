"""Slack by bot token: each message once as Slack sees it, one thread for each ticket, and its first message kept up to date."""

import json
import uuid
from typing import Any

import httpx
import pytest
from slack_sdk.signature import SignatureVerifier

from notifications.channels.base import Conversation, Parcel, RootGone
from notifications.channels.slack_api import SlackApi, SlackRefused
from notifications.message import Button, NotificationMessage
from sandbox.client import SandboxClient
from tests.notifications.channels.harness import SECRET, TIMEOUT, SlackPeer
from tests.notifications.conftest import message, parcel
from voc.core import clock
from voc.core.errors import Permanent, Transient

BUTTONS = (
    Button(action="voc.approve", label="Approve", value="VOC-1", style="primary"),
    Button(action="voc.reject", label="Reject", value="VOC-1", style="danger"),
)


@pytest.fixture
def slack(sandbox: SandboxClient) -> SlackPeer:
    return SlackPeer(sandbox)


def in_thread(slack: SlackPeer, notification: NotificationMessage, **thread: Any) -> Parcel:
    given = {"id": str(uuid.uuid4()), "since": clock.now()}
    return parcel(notification, target=slack.target, thread=Conversation(**{**given, **thread}))


def posts(slack: SlackPeer) -> list[dict[str, Any]]:
    return slack.sandbox.state("slack")["posts"]


def api(slack: SlackPeer) -> SlackApi:
    return SlackApi(f"xoxb-{SECRET}", base_url=slack.sandbox.url("/slack/api/"), timeout=TIMEOUT)


def test_the_first_message_opens_the_thread_and_shows_status_and_buttons(slack: SlackPeer) -> None:
    first = in_thread(slack, message(status="Waiting for approval", buttons=BUTTONS))

    receipt = slack.channel.deliver(first)

    [root] = posts(slack)
    assert (receipt.vendor_id, receipt.place) == (root["ts"], slack.target)
    assert root["metadata"]["event_payload"] == {"delivery": first.id, "thread": first.thread.id}  # type: ignore[union-attr]
    assert "Waiting for approval" in str(root["blocks"])
    assert [element["action_id"] for element in root["blocks"][-1]["elements"]] == ["voc.approve", "voc.reject"]


def test_a_reply_stands_in_the_thread_and_has_no_buttons(slack: SlackPeer) -> None:
    root = slack.channel.deliver(in_thread(slack, message()))

    slack.channel.deliver(
        in_thread(slack, message(buttons=BUTTONS, status="Open"), root_id=root.vendor_id, place=root.place)
    )

    reply = posts(slack)[1]
    assert reply["thread_ts"] == root.vendor_id
    assert "actions" not in {block["type"] for block in reply["blocks"]}


@pytest.mark.parametrize("threaded", [False, True])
@pytest.mark.parametrize("fault", ["drop_after", "hang_after", "truncated"])
def test_a_message_whose_answer_was_lost_is_found_and_not_posted_again(
    slack: SlackPeer, threaded: bool, fault: str
) -> None:
    slack.fault(fault, count=1)
    sent = in_thread(slack, message()) if threaded else parcel(message(), target=slack.target)
    with pytest.raises(Transient) as caught:
        slack.channel.deliver(sent)
    assert caught.value.ambiguous

    slack.channel = slack.make(TIMEOUT)
    receipt = slack.channel.deliver(again(sent))

    [post] = posts(slack)
    assert receipt.vendor_id == post["ts"]


def test_a_message_to_a_person_is_looked_for_where_it_stands(slack: SlackPeer) -> None:
    sent = parcel(message(), target="U024BE91L")
    slack.fault("drop_after", count=1)
    with pytest.raises(Transient):
        slack.channel.deliver(sent)

    receipt = slack.channel.deliver(again(sent))

    [post] = posts(slack)
    assert (receipt.vendor_id, receipt.place) == (post["ts"], "D024BE91L")


def test_a_reply_whose_answer_was_lost_is_found_in_its_thread(slack: SlackPeer) -> None:
    root = slack.channel.deliver(in_thread(slack, message()))
    reply = in_thread(slack, message(), root_id=root.vendor_id, place=root.place)
    slack.fault("drop_after", count=1)
    with pytest.raises(Transient):
        slack.channel.deliver(reply)

    receipt = slack.channel.deliver(again(reply))

    assert [post["ts"] for post in posts(slack)] == [root.vendor_id, receipt.vendor_id]


def test_a_message_that_never_arrived_is_posted_at_the_next_try(slack: SlackPeer) -> None:
    sent = parcel(message(), target=slack.target)
    slack.fault("drop", count=1)
    with pytest.raises(Transient):
        slack.channel.deliver(sent)

    slack.channel.deliver(again(sent))

    assert len(posts(slack)) == 1


def test_it_is_found_behind_many_others(slack: SlackPeer) -> None:
    sent = parcel(message(), target=slack.target)
    first = slack.channel.deliver(sent)
    with httpx.Client(
        base_url=slack.sandbox.url("/slack/api/"), headers={"Authorization": f"Bearer xoxb-{SECRET}"}
    ) as other:
        for _ in range(230):
            other.post("chat.postMessage", json={"channel": slack.target, "text": "chatter"})

    assert slack.channel.deliver(again(sent)).vendor_id == first.vendor_id


def test_who_takes_over_from_an_opener_that_vanished_finds_its_first_message(slack: SlackPeer) -> None:
    opener = in_thread(slack, message())
    slack.channel.deliver(opener)
    assert opener.thread
    successor = in_thread(slack, message(), id=opener.thread.id, doubtful=True)

    receipt = slack.channel.deliver(successor)

    root, reply = posts(slack)
    assert reply["thread_ts"] == root["ts"] == receipt.root_id
    assert receipt.root_of == opener.id


def test_a_reply_to_a_first_message_that_was_deleted_says_that_it_stands_alone(slack: SlackPeer) -> None:
    root = slack.channel.deliver(in_thread(slack, message()))
    httpx.post(slack.sandbox.url("/_sandbox/slack/delete"), json={"channel": slack.target, "ts": root.vendor_id})
    place = {"root_id": root.vendor_id, "place": root.place}

    with pytest.raises(RootGone):
        slack.channel.edit(**place, message=message(), parcel_id="p", thread_id="t")
    receipt = slack.channel.deliver(in_thread(slack, message(), **place))

    [alone] = posts(slack)
    assert (receipt.adrift, receipt.vendor_id) == (True, alone["ts"])
    assert "thread_ts" not in alone


@pytest.mark.parametrize("code", ["thread_not_found", "message_not_found", "invalid_thread_ts"])
def test_a_first_message_that_slack_says_is_gone_is_no_refusal(slack: SlackPeer, code: str) -> None:
    slack.fault("status", status=200, body=f'{{"ok": false, "error": "{code}"}}', content_type="application/json")

    with pytest.raises(RootGone):
        slack.channel.deliver(in_thread(slack, message(), root_id="1.000001", place=slack.target))


def test_an_edit_shows_the_new_status_without_buttons_and_can_be_found_as_before(slack: SlackPeer) -> None:
    first = in_thread(slack, message(status="Waiting for approval", buttons=BUTTONS))
    root = slack.channel.deliver(first)
    assert first.thread

    slack.channel.edit(
        place=root.place,
        root_id=root.vendor_id,
        message=message(status="Approved"),
        parcel_id=first.id,
        thread_id=first.thread.id,
    )

    [post] = posts(slack)
    assert "Approved" in str(post["blocks"])
    assert "actions" not in {block["type"] for block in post["blocks"]}
    assert slack.channel.deliver(again(first)).vendor_id == root.vendor_id


def test_an_archived_channel_says_what_to_do(slack: SlackPeer) -> None:
    httpx.post(slack.sandbox.url("/_sandbox/slack/archive"), json={"channel": slack.target})

    with pytest.raises(SlackRefused, match=r"is_archived.*unarchive") as caught:
        slack.channel.deliver(parcel(message(), target=slack.target))
    with pytest.raises(SlackRefused, match="unarchive"):
        slack.channel.verify()

    assert caught.value.code == "is_archived"


@pytest.mark.parametrize(
    ("answer", "kind", "ambiguous"),
    [
        ('{"ok": false, "error": "channel_not_found"}', Permanent, False),
        ('{"ok": false, "error": "ratelimited"}', Transient, False),
        ('{"ok": false, "error": "internal_error"}', Transient, True),
        ('{"ok": false}', Transient, True),
        ("[]", Transient, True),
        ("not json", Transient, True),
    ],
)
def test_a_success_that_says_no_means_what_it_says(
    slack: SlackPeer, answer: str, kind: type[Exception], ambiguous: bool
) -> None:
    slack.fault("status", status=200, body=answer, content_type="application/json")

    with pytest.raises(kind) as caught:
        slack.channel.deliver(parcel(message(), target=slack.target))

    assert getattr(caught.value, "ambiguous", False) is ambiguous


@pytest.mark.parametrize(
    ("token", "code"), [("xoxb-wrong", "invalid_auth"), ("xoxb-revoked", "token_revoked"), ("abc", "invalid_auth")]
)
def test_a_token_that_does_not_hold_is_found_out_without_sending(slack: SlackPeer, token: str, code: str) -> None:
    stranger = SlackApi(token, base_url=slack.sandbox.url("/slack/api/"), timeout=TIMEOUT)

    with pytest.raises(SlackRefused, match=r"SLACK_BOT_TOKEN|install the app") as caught:
        stranger.call("auth.test")

    assert caught.value.code == code
    assert token not in caught.value.message.replace("SLACK_BOT_TOKEN", "")


@pytest.mark.parametrize("target", ["general", "#general", "", "C1; DROP"])
def test_what_is_no_channels_id_is_no_target(slack: SlackPeer, target: str) -> None:
    with pytest.raises(Permanent):
        slack.channel.canonical(target)


def test_a_click_in_the_stand_in_is_signed_as_slack_signs_and_opens_one_modal(slack: SlackPeer) -> None:
    root = slack.channel.deliver(in_thread(slack, message(buttons=BUTTONS)))
    control = slack.sandbox.url("/_sandbox/slack")
    app = {"interactivity_url": slack.sandbox.url("/nobody/here"), "signing_secret": "s1gning"}
    httpx.post(f"{control}/app", json=app)
    httpx.post(f"{control}/users", json={"id": "U1", "name": "Kim Manager", "email": "kim@example.com"})

    click = {"channel": slack.target, "ts": root.vendor_id, "action_id": "voc.reject", "user": "U1"}
    answered = httpx.post(f"{control}/click", json=click)

    assert answered.json()["status"] == 404  # nobody lives there
    [told] = slack.sandbox.state("slack")["told"]
    assert SignatureVerifier("s1gning").is_valid_request(told["sent"], told["headers"])
    trigger = str(json.loads(httpx.QueryParams(told["sent"])["payload"])["trigger_id"])
    view = {"type": "modal", "title": {"type": "plain_text", "text": "Reject"}, "blocks": [_reason()]}
    opened = api(slack).call("views.open", trigger_id=trigger, view=view)
    assert opened["view"]["id"]
    with pytest.raises(SlackRefused, match="invalid_trigger_id"):
        api(slack).call("views.open", trigger_id=trigger, view=view)
    assert api(slack).call("users.info", user="U1")["user"]["profile"]["email"] == "kim@example.com"
    page = httpx.get(slack.sandbox.base_url).text
    assert "Press as" in page
    assert 'name="reason"' in page


def _reason() -> dict[str, Any]:
    return {
        "type": "input",
        "block_id": "b",
        "label": {"type": "plain_text", "text": "Reason"},
        "element": {"type": "plain_text_input", "action_id": "reason"},
    }


def again(sent: Parcel) -> Parcel:
    """The same parcel at its next try, after one whose outcome is unknown."""
    thread = sent.thread and Conversation(
        id=sent.thread.id,
        since=sent.thread.since,
        root_id=sent.thread.root_id,
        place=sent.thread.place,
        doubtful=not sent.thread.root_id,
    )
    return Parcel(id=sent.id, message=sent.message, target=sent.target, since=sent.since, doubtful=True, thread=thread)
