"""The Slack channel through Slack's own client, against a peer that speaks the protocol."""

import logging
import traceback
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings

from notifications.channels.base import Receipt
from notifications.channels.slack_blocks import payload
from notifications.channels.slack_webhook import SlackWebhook
from notifications.message import NotificationMessage
from sandbox.client import SandboxClient
from sandbox.vendors.slack import ERRORS
from tests.notifications.conftest import SECRET, message, parcel
from voc.core import clock
from voc.core.errors import Permanent, Transient, VocError
from voc.dev.ports import free_port

HOSTILE = "<!channel> <@U012AB> <https://evil.example|click> & <!subteam^S1> > quote\n*bold* ```code``` @here #general"


def delivered(sandbox: SandboxClient) -> list[dict[str, Any]]:
    return sandbox.state("slack")["messages"]


def mrkdwn_of(body: dict[str, Any]) -> list[str]:
    """Every piece of the message that Slack reads markup in."""
    pieces = [body["text"]]
    for block in body["blocks"]:
        texts = [block["text"]] if "text" in block else []
        pieces += [text["text"] for text in texts + block.get("fields", []) if text["type"] == "mrkdwn"]
    return pieces


def test_a_message_arrives_once_with_title_summary_fields_and_link(
    sandbox: SandboxClient, slack: SlackWebhook, urgent: NotificationMessage
) -> None:
    assert slack.deliver(parcel(urgent)) == Receipt()

    [arrived] = delivered(sandbox)
    header, summary, fields, link = arrived["blocks"]
    assert header["text"]["text"] == "🔴 Urgent complaint VOC-20260101-0001"
    assert summary["text"]["text"] == "Payment fails for every card"
    assert [field["text"] for field in fields["fields"]] == ["*Urgency*\nHigh", "*System*\nPaymentService"]
    assert link["text"]["text"] == ("*<https://voc.example.com/tickets/VOC-20260101-0001/|Open VOC-20260101-0001>*")
    assert arrived["text"].startswith("🔴 Urgent complaint VOC-20260101-0001\nPayment fails")


@pytest.mark.parametrize(("form", "seconds"), [("seconds", 30), ("date", 30)])
def test_too_many_requests_waits_until_the_time_that_slack_names(
    sandbox: SandboxClient, slack: SlackWebhook, urgent: NotificationMessage, form: str, seconds: int
) -> None:
    sandbox.fault("slack", "status", status=429, retry_after=seconds, retry_after_format=form)

    with pytest.raises(Transient) as caught:
        slack.deliver(parcel(urgent))

    assert not caught.value.ambiguous
    assert caught.value.at is not None
    assert timedelta(seconds=seconds - 5) < caught.value.at - clock.now() <= timedelta(seconds=seconds + 1)


def test_a_slack_under_maintenance_waits_until_the_time_that_it_names(
    sandbox: SandboxClient, slack: SlackWebhook, urgent: NotificationMessage
) -> None:
    sandbox.fault("slack", "status", status=503, retry_after=30)

    with pytest.raises(Transient) as caught:
        slack.deliver(parcel(urgent))

    assert not caught.value.ambiguous
    assert caught.value.at is not None


def test_too_many_requests_without_a_time_leaves_the_time_to_the_back_off(
    sandbox: SandboxClient, slack: SlackWebhook, urgent: NotificationMessage
) -> None:
    sandbox.fault("slack", "status", status=429)

    with pytest.raises(Transient) as caught:
        slack.deliver(parcel(urgent))

    assert caught.value.at is None
    assert not caught.value.ambiguous


def test_a_time_that_cannot_be_read_leaves_it_to_the_back_off(
    sandbox: SandboxClient, slack: SlackWebhook, urgent: NotificationMessage
) -> None:
    sandbox.fault("slack", "status", status=429, headers={"Retry-After": "soon"})

    with pytest.raises(Transient) as caught:
        slack.deliver(parcel(urgent))

    assert caught.value.at is None


def test_slacks_own_failure_is_certainly_not_sent(
    sandbox: SandboxClient, slack: SlackWebhook, urgent: NotificationMessage
) -> None:
    sandbox.fault("slack", "status", status=500)

    with pytest.raises(Transient, match="rollup_error") as caught:
        slack.deliver(parcel(urgent))

    assert not caught.value.ambiguous


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "drop"},
        {"kind": "drop_after"},
        {"kind": "hang", "seconds": 20},
        {"kind": "hang_after", "seconds": 20},
        {"kind": "truncated"},
        {"kind": "malformed"},
        {"kind": "status_after", "status": 502, "body": "<html>Bad gateway</html>"},
        {"kind": "status_after", "status": 504},
    ],
    ids=lambda fault: f"{fault['kind']} {fault.get('status', '')}".strip(),
)
def test_an_answer_that_is_lost_is_ambiguous_and_the_client_does_not_try_again_itself(
    sandbox: SandboxClient, hasty_slack: SlackWebhook, urgent: NotificationMessage, fault: dict[str, Any]
) -> None:
    sandbox.fault("slack", fault.pop("kind"), **fault)

    with pytest.raises(Transient) as caught:
        hasty_slack.deliver(parcel(urgent))

    assert caught.value.ambiguous

    assert len(sandbox.wait_for(1, "slack", answered=False)) == 1


def test_a_refused_connection_is_certainly_not_sent(urgent: NotificationMessage) -> None:
    slack = SlackWebhook(f"http://127.0.0.1:{free_port()}/services/T1/B1/{SECRET}", timeout=2)

    with pytest.raises(Transient, match="cannot be reached") as caught:
        slack.deliver(parcel(urgent))

    assert not caught.value.ambiguous


@pytest.mark.parametrize("code", [code for code in ERRORS if code != "rollup_error"])
def test_every_refusal_is_permanent_and_named(
    sandbox: SandboxClient, place: str, urgent: NotificationMessage, code: str
) -> None:
    slack = SlackWebhook(sandbox.url(f"/slack/services/{place}/{code}"))

    with pytest.raises(Permanent) as caught:
        slack.deliver(parcel(urgent))

    assert f"({ERRORS[code]} " in caught.value.message


def test_an_archived_channel_says_what_to_do(
    sandbox: SandboxClient, slack: SlackWebhook, urgent: NotificationMessage
) -> None:
    sandbox.fault("slack", "status", status=410)

    with pytest.raises(Permanent, match=r"410 channel_is_archived\): unarchive the channel"):
        slack.deliver(parcel(urgent))


def test_a_success_that_says_no_is_a_refusal(
    sandbox: SandboxClient, slack: SlackWebhook, urgent: NotificationMessage
) -> None:
    sandbox.fault("slack", "status", status=200, body='{"ok": false, "error": "channel_not_found"}')

    with pytest.raises(Permanent, match="the channel is gone"):
        slack.deliver(parcel(urgent))


def test_a_redirect_is_not_followed(
    sandbox: SandboxClient, slack: SlackWebhook, urgent: NotificationMessage, webhook_url: str
) -> None:
    sandbox.fault("slack", "status", status=302, headers={"Location": f"{webhook_url}elsewhere"})

    with pytest.raises(Permanent):
        slack.deliver(parcel(urgent))

    assert len(sandbox.requests()) == 1


def test_an_address_inside_the_house_is_refused_unless_it_is_allowed(
    sandbox: SandboxClient, slack: SlackWebhook, urgent: NotificationMessage, settings: LazySettings
) -> None:
    settings.OUTBOUND_ALLOWED_NETWORKS = []

    with pytest.raises(Permanent):
        slack.deliver(parcel(urgent))

    assert sandbox.requests() == []


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "drop"},
        {"kind": "hang", "seconds": 20},
        {"kind": "status", "status": 429},
        {"kind": "status", "status": 500, "body": f"cannot POST /slack/services/T0/B0/{SECRET}"},
        {"kind": "status", "status": 404, "body": f"no route for {SECRET}"},
        {"kind": "status", "status": 302, "headers": {"Location": f"http://127.0.0.1/{SECRET}"}},
        {"kind": "malformed", "body": f"http://127.0.0.1/{SECRET}"},
    ],
    ids=lambda fault: f"{fault['kind']} {fault.get('status', '')}".strip(),
)
def test_the_address_shows_in_no_error_no_traceback_and_no_log(
    sandbox: SandboxClient,
    hasty_slack: SlackWebhook,
    urgent: NotificationMessage,
    caplog: pytest.LogCaptureFixture,
    fault: dict[str, Any],
) -> None:
    sandbox.fault("slack", fault.pop("kind"), **fault)

    with caplog.at_level(logging.DEBUG), pytest.raises(VocError) as caught:
        hasty_slack.deliver(parcel(urgent))

    assert SECRET not in "".join(traceback.format_exception(caught.value))
    assert SECRET not in caplog.text
    assert SECRET not in repr(hasty_slack)
    assert SECRET not in hasty_slack.target


def test_an_address_with_credentials_is_refused_without_repeating_them(
    webhook_url: str, urgent: NotificationMessage
) -> None:
    slack = SlackWebhook(webhook_url.replace("http://", "http://name:s3cretpassw0rd@"))

    with pytest.raises(Permanent, match="credentials") as caught:
        slack.deliver(parcel(urgent))

    assert "s3cretpassw0rd" not in "".join(traceback.format_exception(caught.value))
    assert "s3cretpassw0rd" not in slack.target


def test_an_address_that_http_forbids_is_never_sent_to_and_shows_in_no_error(
    sandbox: SandboxClient, webhook_url: str, urgent: NotificationMessage
) -> None:
    slack = SlackWebhook(f"{webhook_url} and more")

    with pytest.raises(Transient) as caught:
        slack.deliver(parcel(urgent))

    assert not caught.value.ambiguous
    assert SECRET not in "".join(traceback.format_exception(caught.value))
    assert sandbox.requests() == []


def test_an_address_that_cannot_be_parsed_shows_in_no_error(urgent: NotificationMessage) -> None:
    slack = SlackWebhook(f"http://127.0.0.1:99999/services/T1/B1/{SECRET}")

    with pytest.raises(VocError) as caught:
        slack.deliver(parcel(urgent))

    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_markup_in_a_complaint_does_nothing(sandbox: SandboxClient, slack: SlackWebhook) -> None:
    hostile = message(title=HOSTILE, body=HOSTILE, fields=((HOSTILE, HOSTILE),), subject=HOSTILE)

    slack.deliver(parcel(hostile))

    [arrived] = delivered(sandbox)
    for piece in mrkdwn_of(arrived):
        without_our_link = piece.replace(f"<{hostile.url}|", "").replace(">*", "*")
        assert "<" not in without_our_link
        assert ">" not in without_our_link
    assert arrived["blocks"][0]["text"]["type"] == "plain_text"
    sections = [block["text"] for block in arrived["blocks"][1:] if "text" in block]
    assert all(text["verbatim"] is True for text in sections)


def test_a_link_cannot_be_broken_out_of(sandbox: SandboxClient, slack: SlackWebhook) -> None:
    slack.deliver(parcel(message(url="https://voc.example.com/a|b>c<d&e", subject="a|b")))

    link = delivered(sandbox)[0]["blocks"][-1]["text"]["text"]
    assert link == "*<https://voc.example.com/a%7Cb%3Ec%3Cd&amp;e|Open a¦b>*"


@pytest.mark.parametrize("character", ["가", "&", "<", "😀", "\n", "a "])
def test_long_texts_stay_within_slacks_limits(sandbox: SandboxClient, slack: SlackWebhook, character: str) -> None:
    long = "x" + character * 5000

    slack.deliver(parcel(message(title=long, body=long, fields=tuple((long, long) for _ in range(30)))))

    [arrived] = delivered(sandbox)
    assert not arrived["text_cut"]


def test_a_cut_text_ends_between_characters_not_inside_an_entity(slack: SlackWebhook) -> None:
    body = payload(message(body="&" * 5000))

    text = body["blocks"][1]["text"]["text"]
    assert text.endswith("&amp;…")
    assert text.removesuffix("…").replace("&amp;", "") == ""


def test_control_and_direction_characters_are_left_out(sandbox: SandboxClient, slack: SlackWebhook) -> None:
    slack.deliver(parcel(message(body="be\u202efore\x07 \ud800after\r\nnext", title="a\nb\u2066c")))

    blocks = delivered(sandbox)[0]["blocks"]
    assert blocks[0]["text"]["text"] == "🔴 a bc"
    assert blocks[1]["text"]["text"] == "before after\nnext"


def test_a_text_of_nothing_visible_leaves_its_block_out(sandbox: SandboxClient, slack: SlackWebhook) -> None:
    slack.deliver(parcel(message(body="\x07\u202e ", fields=(("System", ""),), url="")))

    blocks = delivered(sandbox)[0]["blocks"]
    assert [block["type"] for block in blocks] == ["header", "section"]
    assert blocks[1]["fields"][0]["text"] == "*System*\n–"


def test_the_link_speaks_the_messages_language(slack: SlackWebhook) -> None:
    link = payload(message(language="ko"))["blocks"][-1]["text"]["text"]

    label = link.partition("|")[2]
    assert "VOC-20260101-0001" in label
    assert any("가" <= letter <= "힣" for letter in label), label


def test_only_an_urgent_message_is_repeated_when_it_may_have_arrived(
    slack: SlackWebhook, urgent: NotificationMessage, calm: NotificationMessage
) -> None:
    assert slack.repeats(urgent)
    assert not slack.repeats(calm)


@pytest.mark.parametrize(
    ("url", "target"),
    [
        (f"https://hooks.slack.com/services/T012/B345/{SECRET}", "T012/B345"),
        (f"https://chat.example.com/hooks/{SECRET}", "chat.example.com"),
    ],
)
def test_a_target_is_named_without_its_secret(url: str, target: str) -> None:
    assert SlackWebhook(url).target == target
