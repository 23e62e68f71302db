"""Slack's incoming webhook, through Slack's own client over HTTP."""

import httpx
import pytest
from slack_sdk.webhook import WebhookClient

from sandbox.client import SandboxClient
from sandbox.vendors.slack import ERRORS

ADDRESS = "/slack/services/T0/B0/s3cret"


def section(text: str = "x") -> dict:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def header(text: str = "x") -> dict:
    return {"type": "header", "text": {"type": "plain_text", "text": text}}


def button(**fields: object) -> dict:
    return {"type": "button", "text": {"type": "plain_text", "text": "Go"}, **fields}


def test_a_message_is_answered_ok_as_plain_text_and_kept(slack: WebhookClient, sandbox: SandboxClient) -> None:
    answer = slack.send(text="결제가 안 됩니다 🚨", blocks=[section()])

    assert (answer.status_code, answer.body) == (200, "ok")
    assert answer.headers["Content-Type"].startswith("text/plain")
    [message] = sandbox.state("slack")["messages"]
    assert message["text"] == "결제가 안 됩니다 🚨"
    assert message["blocks"] == [section()]
    assert (message["team"], message["service"]) == ("T0", "B0")


def test_the_older_form_field_payload_is_understood(sandbox: SandboxClient) -> None:
    answer = httpx.post(sandbox.url(ADDRESS), data={"payload": '{"text": "old"}'})

    assert answer.text == "ok"
    assert sandbox.state("slack")["messages"][0]["text"] == "old"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"not json", "invalid_payload"),
        (b"", "invalid_payload"),
        (b"[1]", "invalid_payload"),
        (b'{"text": 5}', "invalid_payload"),
        (b'{"text": "\xff"}', "invalid_payload"),
        (b"{}", "no_text"),
        (b'{"text": ""}', "no_text"),
        (b'{"blocks": []}', "no_text"),
        (b'{"blocks": {"type": "section"}}', "invalid_blocks"),
        (b'{"attachments": {"a": 1}}', "invalid_payload"),
        (b'{"attachments": ["a"]}', "invalid_payload"),
        (b'{"attachments": [{"blocks": [{"type": "header"}]}]}', "invalid_blocks"),
        (b'{"attachments": [' + b",".join([b"{}"] * 101) + b"]}", "too_many_attachments"),
    ],
)
def test_a_body_that_slack_refuses_is_answered_400_with_its_error(
    sandbox: SandboxClient, body: bytes, error: str
) -> None:
    answer = httpx.post(sandbox.url(ADDRESS), content=body, headers={"Content-Type": "application/json"})

    assert (answer.status_code, answer.text) == (400, error)
    assert sandbox.state("slack")["messages"] == []


@pytest.mark.parametrize(
    "blocks",
    [
        [section()] * 50,
        [section("가" * 3000)],
        [header("h" * 150)],
        [{"type": "section", "fields": [{"type": "mrkdwn", "text": "f" * 2000}] * 10}],
        [{"type": "context", "elements": [{"type": "mrkdwn", "text": "c"}] * 10}],
        [{"type": "actions", "elements": [button(style="danger", url="https://example.org")] * 25}],
        [{"type": "divider"}, {"type": "image", "image_url": "https://example.org/i.png", "alt_text": "i"}],
    ],
)
def test_blocks_at_their_limits_are_accepted(slack: WebhookClient, blocks: list[dict]) -> None:
    assert slack.send(text="t", blocks=blocks).body == "ok"


@pytest.mark.parametrize(
    ("blocks", "place"),
    [
        ([section()] * 51, "/blocks]"),
        ([section("x" * 3001)], "/blocks/0/text/text"),
        ([section("")], "/blocks/0/text/text"),
        ([header("h" * 151)], "/blocks/0/text/text"),
        ([{"type": "header", "text": {"type": "mrkdwn", "text": "h"}}], "/blocks/0/text"),
        ([{"type": "section"}], "/blocks/0"),
        ([{"type": "section", "fields": [{"type": "mrkdwn", "text": "f"}] * 11}], "/blocks/0/fields"),
        ([{"type": "section", "fields": [{"type": "mrkdwn", "text": "f" * 2001}]}], "/blocks/0/fields/0/text"),
        ([section(), {"type": "context", "elements": []}], "/blocks/1/elements"),
        ([{"type": "actions", "elements": [button()] * 26}], "/blocks/0/elements"),
        ([{"type": "actions", "elements": [button(style="loud")]}], "/blocks/0/elements/0/style"),
        ([{**section(), "block_id": "b"}, {**section(), "block_id": "b"}], "/blocks/1/block_id"),
        ([{"type": "input"}], "/blocks/0/type"),
        (["text"], "/blocks/0"),
    ],
)
def test_blocks_over_a_limit_are_refused_and_the_record_says_where(
    sandbox: SandboxClient, blocks: list, place: str
) -> None:
    answer = httpx.post(sandbox.url(ADDRESS), json={"text": "t", "blocks": blocks})

    assert (answer.status_code, answer.text) == (400, "invalid_blocks")
    [request] = sandbox.requests("slack")
    assert place in request.notes[0]
    assert sandbox.state("slack")["messages"] == []


def test_a_text_over_40000_characters_is_cut_and_marked_as_slack_cuts_it(
    slack: WebhookClient, sandbox: SandboxClient
) -> None:
    assert slack.send(text="x" * 40_000).body == "ok"
    assert slack.send(text="x" * 40_001).body == "ok"

    exact, cut = sandbox.state("slack")["messages"]
    assert (len(exact["text"]), exact["text_cut"]) == (40_000, False)
    assert (len(cut["text"]), cut["text_cut"]) == (40_000, True)


@pytest.mark.parametrize(("error", "status"), ERRORS.items())
def test_a_webhook_named_after_an_error_answers_it(sandbox: SandboxClient, error: str, status: int) -> None:
    client = WebhookClient(sandbox.url(f"/slack/services/T0/B0/{error}"), retry_handlers=[])

    answer = client.send(text="t")

    assert (answer.status_code, answer.body) == (status, error)
    assert sandbox.state("slack")["messages"] == []


@pytest.mark.parametrize(("address", "error"), [("X0/B0/s", "no_team"), ("T0/X0/s", "no_service")])
def test_an_address_that_is_no_webhook_is_not_found(sandbox: SandboxClient, address: str, error: str) -> None:
    answer = httpx.post(sandbox.url(f"/slack/services/{address}"), json={"text": "t"})

    assert (answer.status_code, answer.text) == (404, error)


def test_the_secret_of_a_webhook_is_in_no_record(slack: WebhookClient, sandbox: SandboxClient) -> None:
    slack.send(text="t")

    [request] = sandbox.requests("slack")
    assert request.path == "/slack/services/T0/B0/[redacted]"
    page = httpx.get(sandbox.base_url).text
    assert "s3cret" not in page
    assert "[redacted]" in page
