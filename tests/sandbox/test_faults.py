"""Each fault as a vendor's real client meets it, over HTTP."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.client import IncompleteRead, RemoteDisconnected

import httpx
import pytest
from slack_sdk.webhook import WebhookClient

from sandbox.client import SandboxClient, SandboxError


def kept(sandbox: SandboxClient) -> int:
    return len(sandbox.state("slack")["messages"])


def test_a_status_is_answered_and_nothing_happens(slack: WebhookClient, sandbox: SandboxClient) -> None:
    sandbox.fault("slack", "status", status=503)

    assert slack.send(text="t").status_code == 503
    assert kept(sandbox) == 0


def test_a_status_after_is_answered_although_it_happened(slack: WebhookClient, sandbox: SandboxClient) -> None:
    sandbox.fault("slack", "status_after", status=500)

    answer = slack.send(text="t")

    assert (answer.status_code, answer.body) == (500, "rollup_error")
    assert kept(sandbox) == 1


def test_a_429_carries_retry_after_as_a_number(slack: WebhookClient, sandbox: SandboxClient) -> None:
    sandbox.fault("slack", "status", status=429, retry_after=30)

    answer = slack.send(text="t")

    assert answer.headers["Retry-After"] == "30"
    assert '"rate_limited"' in answer.body


def test_a_429_carries_retry_after_as_a_date(slack: WebhookClient, sandbox: SandboxClient) -> None:
    sandbox.fault("slack", "status", status=429, retry_after=300, retry_after_format="date")

    at = parsedate_to_datetime(slack.send(text="t").headers["Retry-After"])

    assert timedelta(seconds=270) < at - datetime.now(UTC) <= timedelta(seconds=300)


def test_a_429_can_come_without_retry_after(slack: WebhookClient, sandbox: SandboxClient) -> None:
    sandbox.fault("slack", "status", status=429)

    answer = slack.send(text="t")

    assert answer.status_code == 429
    assert "Retry-After" not in answer.headers


def test_a_status_can_have_its_own_headers_and_body(slack: WebhookClient, sandbox: SandboxClient) -> None:
    sandbox.fault("slack", "status", status=200, headers={"X-Odd": "1"}, body='{"ok": false}')

    answer = slack.send(text="t")

    assert (answer.status_code, answer.body, answer.headers["X-Odd"]) == (200, '{"ok": false}', "1")


def test_a_delay_answers_late_and_it_happens(slack: WebhookClient, sandbox: SandboxClient) -> None:
    sandbox.fault("slack", "delay", seconds=0.3)
    began = time.monotonic()

    assert slack.send(text="t").body == "ok"

    assert time.monotonic() - began >= 0.3
    assert kept(sandbox) == 1


@pytest.mark.parametrize(("kind", "messages"), [("hang", 0), ("hang_after", 1)])
def test_a_hang_makes_the_client_time_out(sandbox: SandboxClient, kind: str, messages: int) -> None:
    sandbox.fault("slack", kind, seconds=60)
    client = WebhookClient(sandbox.url("/slack/services/T0/B0/s"), timeout=2, retry_handlers=[])

    with pytest.raises(TimeoutError):
        client.send(text="t")

    [request] = sandbox.wait_for(1, "slack", answered=False)
    assert (request.status, request.finished, request.fault) == (None, False, kind)
    assert kept(sandbox) == messages


def test_switching_a_hang_off_lets_its_requests_go(slack: WebhookClient, sandbox: SandboxClient) -> None:
    fault = sandbox.fault("slack", "hang", seconds=60)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(slack.send, text="t")
        sandbox.wait_for(1, "slack", answered=False)

        sandbox.remove_fault(fault)

        with pytest.raises(RemoteDisconnected):
            waiting.result(timeout=60)
    assert sandbox.wait_for(1, "slack")[0].status is None


@pytest.mark.parametrize(("kind", "messages"), [("drop", 0), ("drop_after", 1)])
def test_a_drop_closes_the_connection_without_an_answer(
    slack: WebhookClient, sandbox: SandboxClient, kind: str, messages: int
) -> None:
    sandbox.fault("slack", kind)

    with pytest.raises(RemoteDisconnected):
        slack.send(text="t")

    [request] = sandbox.requests("slack")
    assert (request.status, request.finished, request.fault) == (None, True, kind)
    assert kept(sandbox) == messages


@pytest.mark.parametrize("kind", ["drop", "drop_after"])
def test_a_drop_is_over_at_once_for_a_client_that_would_keep_its_connection(sandbox: SandboxClient, kind: str) -> None:
    sandbox.fault("slack", kind)

    with pytest.raises(httpx.RemoteProtocolError):
        httpx.post(sandbox.url("/slack/services/T0/B0/s"), json={"text": "t"}, timeout=60)


def test_a_truncated_answer_ends_before_its_announced_length(slack: WebhookClient, sandbox: SandboxClient) -> None:
    sandbox.fault("slack", "truncated")

    with pytest.raises(IncompleteRead):
        slack.send(text="t")

    assert kept(sandbox) == 1


def test_a_malformed_answer_is_whole_http_that_cannot_be_parsed(slack: WebhookClient, sandbox: SandboxClient) -> None:
    sandbox.fault("slack", "malformed")
    answer = slack.send(text="t")
    assert (answer.status_code, answer.body) == (200, '{"ok": true, "broken": [1, 2')

    sandbox.reset()
    sandbox.fault("slack", "malformed", body="<html>proxy", content_type="text/html")
    answer = slack.send(text="t")
    assert (answer.body, answer.headers["Content-Type"]) == ("<html>proxy", "text/html")


def test_a_count_is_for_the_next_requests_only(slack: WebhookClient, sandbox: SandboxClient) -> None:
    sandbox.fault("slack", "status", status=500, count=2, skip=1)

    assert [slack.send(text="t").status_code for _ in range(5)] == [200, 500, 500, 200, 200]
    assert sandbox.faults()[0]["hits"] == 2


def test_a_probability_with_a_seed_falls_the_same_way_twice(slack: WebhookClient, sandbox: SandboxClient) -> None:
    def run() -> list[int]:
        sandbox.reset()
        sandbox.fault("slack", "status", status=500, probability=0.5, seed=7)
        return [slack.send(text="t").status_code for _ in range(30)]

    first = run()

    assert run() == first
    assert set(first) == {200, 500}


def test_a_seed_that_was_not_given_is_told_so_that_a_run_can_be_repeated(sandbox: SandboxClient) -> None:
    sandbox.fault("slack", "drop", probability=0.5)
    sandbox.fault("slack", "drop", probability=0.5)

    first, second = (fault["seed"] for fault in sandbox.faults())
    assert first != second


def test_a_fault_is_for_its_route_and_method_only(sandbox: SandboxClient) -> None:
    sandbox.fault("slack", "status", status=500, route="/slack/services/T0/B1/*", method="post")

    def post(service: str) -> int:
        return httpx.post(sandbox.url(f"/slack/services/T0/{service}/s"), json={"text": "t"}).status_code

    assert (post("B0"), post("B1")) == (200, 500)
    assert httpx.get(sandbox.url("/slack/services/T0/B1/s")).status_code == 405


def test_of_several_faults_the_first_that_applies_is_met(slack: WebhookClient, sandbox: SandboxClient) -> None:
    sandbox.fault("slack", "status", status=429, count=1)
    sandbox.fault("slack", "status", status=503)

    assert [slack.send(text="t").status_code for _ in range(2)] == [429, 503]


def test_faults_are_switched_off_together_or_one_by_one(slack: WebhookClient, sandbox: SandboxClient) -> None:
    one = sandbox.fault("slack", "status", status=429)
    two = sandbox.fault("slack", "status", status=503)
    sandbox.remove_fault(one)
    assert [fault["id"] for fault in sandbox.faults()] == [two]

    sandbox.clear_faults("slack")

    assert slack.send(text="t").status_code == 200
    with pytest.raises(SandboxError, match=f"no fault {one}"):
        sandbox.remove_fault(one)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"kind": "drop"}, "vendor"),
        ({"vendor": "slack"}, "kind"),
        ({"vendor": "slakc", "kind": "drop"}, "vendor"),
        ({"vendor": "slack", "kind": "explode"}, "kind"),
        ({"vendor": "slack", "kind": "status", "retry-after": 3}, "retry-after"),
        ({"vendor": "slack", "kind": "status", "status": "500"}, "status"),
        ({"vendor": "slack", "kind": "status", "status": 600}, "status"),
        ({"vendor": "slack", "kind": "status", "retry_after": True}, "retry_after"),
        ({"vendor": "slack", "kind": "status", "retry_after_format": "iso"}, "retry_after_format"),
        ({"vendor": "slack", "kind": "status", "headers": {"X": "a\r\nB: c"}}, "headers"),
        ({"vendor": "slack", "kind": "status", "headers": "X: a"}, "headers"),
        ({"vendor": "slack", "kind": "hang", "seconds": 121}, "seconds"),
        ({"vendor": "slack", "kind": "drop", "seconds": 1}, "seconds"),
        ({"vendor": "slack", "kind": "drop", "status": 500}, "status"),
        ({"vendor": "slack", "kind": "drop", "probability": 1.1}, "probability"),
        ({"vendor": "slack", "kind": "drop", "count": 0}, "count"),
        ({"vendor": "slack", "kind": "drop", "route": "slack"}, "route"),
        ({"vendor": "slack", "kind": "drop", "method": 1}, "method"),
        (["drop"], ""),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused_with_the_field_that_is_wrong(
    sandbox: SandboxClient, fields: object, wrong: str
) -> None:
    answer = httpx.post(sandbox.url("/_sandbox/faults"), json=fields)

    assert answer.status_code == 422
    assert answer.json()["field"] == wrong
    assert answer.json()["error"]
    assert sandbox.faults() == []


def test_the_client_says_which_field_of_a_fault_is_wrong(sandbox: SandboxClient) -> None:
    with pytest.raises(SandboxError, match="unknown field") as caught:
        sandbox.fault("slack", "drop", likelihood=1)
    assert caught.value.field == "likelihood"
