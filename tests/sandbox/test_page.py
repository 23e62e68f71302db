"""The page for people."""

import re

import httpx
import pytest
from slack_sdk.webhook import WebhookClient

from sandbox.client import SandboxClient
from sandbox.vendors.slack_html import mrkdwn

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)><javascript:alert(1)|click> {{ 7 * 7 }} </pre>"


def page(sandbox: SandboxClient) -> str:
    return httpx.get(sandbox.base_url).text


def test_the_page_shows_messages_newest_first(slack: WebhookClient, sandbox: SandboxClient) -> None:
    slack.send(text="sent first")
    slack.send(text="sent last")

    html = page(sandbox)

    assert 0 < html.index("sent last") < html.index("sent first")


def test_hostile_text_is_shown_as_text_wherever_it_stands(sandbox: SandboxClient) -> None:
    httpx.post(
        sandbox.url(f"/slack/services/T{HOSTILE.replace('/', '')}/B0/s"),
        params={"q": HOSTILE},
        headers={"X-Odd": HOSTILE, "User-Agent": HOSTILE},
        json={
            "text": HOSTILE,
            "username": HOSTILE,
            "attachments": [
                {"title": HOSTILE, "text": HOSTILE},
                {"blocks": [{"type": "header", "text": {"type": "plain_text", "text": HOSTILE}}]},
            ],
            "blocks": [
                {"type": "header", "text": {"type": "plain_text", "text": HOSTILE}},
                {
                    "type": "section",
                    "text": {"type": "mrkdwn", "text": f"*{HOSTILE}* `{HOSTILE}` ```{HOSTILE}``` > {HOSTILE}"},
                    "fields": [{"type": "mrkdwn", "text": f"<https://example.org/?\"'|{HOSTILE}>"}],
                    "accessory": {"type": HOSTILE},
                },
                {"type": "context", "elements": [{"type": "plain_text", "text": HOSTILE}]},
                {
                    "type": "actions",
                    "elements": [
                        {
                            "type": "button",
                            "text": {"type": "plain_text", "text": HOSTILE[:75]},
                            "url": "javascript:alert(1)",
                        }
                    ],
                },
                {"type": "image", "image_url": HOSTILE, "alt_text": HOSTILE},
            ],
        },
    )
    httpx.post(sandbox.url("/slack/services/T0/B0/s"), content=HOSTILE)
    httpx.get(sandbox.url(f"/{HOSTILE}"))
    assert [request.status for request in sandbox.requests()] == [200, 400, 404]

    html = page(sandbox)

    assert "alert(1)" in html
    assert len(re.findall(r"<script", html)) == 1
    assert "<img" not in html
    assert not re.findall(r"<[^>]*\bonerror", html)
    assert "javascript:" not in "".join(re.findall(r"(?:href|src|action)=\"[^\"]*\"", html))
    assert "{{ 7 * 7 }}" in html


def test_the_page_lets_no_script_run_that_is_not_its_own(sandbox: SandboxClient) -> None:
    policy = httpx.get(sandbox.base_url).headers["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*bold* _it_ ~no~", "<strong>bold</strong> <em>it</em> <s>no</s>"),
        ("a_b_c 2*3*4", "a_b_c 2*3*4"),
        ("`*x*`", "<code>*x*</code>"),
        ("```a\n<b>```", "<pre>a\n&lt;b&gt;</pre>"),
        ("&lt;b&gt; &amp;amp;", "&lt;b&gt; &amp;amp;"),
        (
            "<https://e.org/?a=1&amp;b=2|here>",
            '<a href="https://e.org/?a=1&amp;b=2" rel="noreferrer noopener">here</a>',
        ),
        ("<javascript:x|y>", "&lt;javascript:x|y&gt;"),
        (
            "<!channel> <@U1> <#C1|ops>",
            '<span class="mention">@channel</span> <span class="mention">@U1</span> <span class="mention">#ops</span>',
        ),
        ("> said\nafter", "<blockquote>said</blockquote>after"),
        (":warning: 10:30:15", "⚠️ 10:30:15"),
        ("a\nb", "a<br>b"),
    ],
)
def test_slacks_markup_is_shown_as_slack_shows_it(text: str, html: str) -> None:
    assert str(mrkdwn(text)) == html


def test_a_message_in_blocks_is_shown_block_by_block(slack: WebhookClient, sandbox: SandboxClient) -> None:
    slack.send(
        text="fallback",
        blocks=[
            {"type": "header", "text": {"type": "plain_text", "text": "Urgent"}},
            {"type": "section", "fields": [{"type": "mrkdwn", "text": "*System*\npay"}]},
            {"type": "actions", "elements": [
                {"type": "button", "style": "primary", "url": "https://e.org/", "text": {"type": "plain_text", "text": "Open"}}
            ]},
        ],
    )  # fmt: skip

    html = page(sandbox)

    assert '<p class="header">Urgent</p>' in html
    assert "<strong>System</strong><br>pay" in html
    assert '<a class="button primary" href="https://e.org/" rel="noreferrer noopener">Open</a>' in html
    assert "Notification text: fallback" in html


def test_a_fault_is_switched_on_and_off_by_form(slack: WebhookClient, sandbox: SandboxClient) -> None:
    form = {"vendor": "slack", "kind": "status", "status": "429", "retry_after": "30", "count": " ", "probability": ""}
    answer = httpx.post(sandbox.url("/_sandbox/forms/fault"), data=form)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert slack.send(text="t").headers["Retry-After"] == "30"
    assert "status 429" in page(sandbox)

    [fault] = sandbox.faults()
    httpx.post(sandbox.url("/_sandbox/forms/faults/off"), data={"id": str(fault["id"])})

    assert sandbox.faults() == []
    assert slack.send(text="t").status_code == 200


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"vendor": "slack", "kind": "status", "status": "many"}, "status: must be a number"),
        ({"vendor": "slack", "kind": "drop", "probability": "2"}, "probability: must be a number from 0 to 1"),
        ({"vendor": "slack", "kind": "drop", "seconds": "2"}, "seconds: means nothing for the kind drop"),
    ],
)
def test_a_form_that_makes_no_sense_comes_back_filled_in_with_the_reason(
    sandbox: SandboxClient, form: dict[str, str], message: str
) -> None:
    answer = httpx.post(sandbox.url("/_sandbox/forms/fault"), data=form)

    assert answer.status_code == 422
    assert message in answer.text
    assert f'<option value="{form["kind"]}" selected>' in answer.text
    assert sandbox.faults() == []


def test_switching_off_without_a_number_switches_nothing_off(sandbox: SandboxClient) -> None:
    sandbox.fault("slack", "drop")

    httpx.post(sandbox.url("/_sandbox/forms/faults/off"), data={})

    assert len(sandbox.faults()) == 1


def test_forget_everything_forgets_everything(slack: WebhookClient, sandbox: SandboxClient) -> None:
    slack.send(text="t")

    assert httpx.post(sandbox.url("/_sandbox/forms/reset")).status_code == 303

    assert sandbox.requests() == []
    assert "Nothing yet." in page(sandbox)


def test_the_live_part_comes_only_when_something_is_new(slack: WebhookClient, sandbox: SandboxClient) -> None:
    live = sandbox.url("/_sandbox/live")
    seen = httpx.get(live).headers["X-Version"]
    assert httpx.get(live, params={"seen": seen}).status_code == 204

    slack.send(text="fresh news")

    answer = httpx.get(live, params={"seen": seen})
    assert "fresh news" in answer.text
    assert answer.headers["X-Version"] != seen


def test_a_request_that_still_waits_and_one_without_an_answer_say_so(sandbox: SandboxClient) -> None:
    sandbox.fault("slack", "hang", seconds=60, count=1)
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(sandbox.url("/slack/services/T0/B0/s"), json={"text": "t"}, timeout=httpx.Timeout(30, read=1.5))
    sandbox.wait_for(1, "slack", answered=False)
    assert '<span class="badge wait">waiting</span>' in page(sandbox)

    sandbox.clear_faults()
    sandbox.wait_for(1, "slack")

    assert '<span class="badge s5">no answer</span> <span class="badge fault" title="fault">hang</span>' in page(
        sandbox
    )
