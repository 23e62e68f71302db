"""Recording, waiting, reset and state, over HTTP."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from slack_sdk.webhook import WebhookClient

from sandbox.client import SandboxClient, SandboxError
from sandbox.recorder import MAX_BODY_CHARACTERS, Recorder
from sandbox.vendors import VENDORS, create_vendors

ADDRESS = "/slack/services/T0/B0/s3cret"


def test_a_request_is_recorded_with_what_was_sent_and_answered(slack: WebhookClient, sandbox: SandboxClient) -> None:
    slack.send(text="결제 실패")

    [request] = sandbox.requests("slack")
    assert (request.vendor, request.method, request.status) == ("slack", "POST", 200)
    assert (request.finished, request.fault, request.notes) == (True, "", [])
    assert request.json == {"text": "결제 실패"}
    assert request.headers["Content-Type"].startswith("application/json")
    assert request.received_at.endswith("+00:00")


@pytest.mark.parametrize(
    ("header", "value", "kept"),
    [
        ("Authorization", "Bearer xoxb-123", "Bearer [redacted]"),
        ("Authorization", "Basic dXNlcjpwYXNz", "Basic [redacted]"),
        ("X-Api-Key", "sk-123", "[redacted]"),
        ("Dd-Application-Key", "123", "[redacted]"),
        ("Cookie", "a=b; c=d", "[redacted]"),
        ("X-Slack-Signature", "v0=abc", "[redacted]"),
        ("Idempotency-Key", "ticket-7", "ticket-7"),
        ("X-Request-Id", "r-1", "r-1"),
    ],
)
def test_credentials_in_headers_are_redacted_and_nothing_else(
    sandbox: SandboxClient, header: str, value: str, kept: str
) -> None:
    httpx.post(sandbox.url(ADDRESS), json={"text": "t"}, headers={header: value})

    assert sandbox.requests("slack")[0].headers[header] == kept


def test_credentials_in_a_query_are_redacted(sandbox: SandboxClient) -> None:
    httpx.post(sandbox.url(ADDRESS), params={"sig": "abc", "page": "2 3"}, json={"text": "t"})

    assert sandbox.requests("slack")[0].query == "sig=[redacted]&page=2%203"


def test_a_request_to_no_vendors_address_is_recorded_as_unknown(sandbox: SandboxClient) -> None:
    assert httpx.post(sandbox.url("/salck/services/T0/B0/x"), json={}).status_code == 404

    assert [request.path for request in sandbox.requests("unknown")] == ["/salck/services/T0/B0/x"]
    assert sandbox.requests("slack") == []


def test_a_body_of_any_bytes_is_recorded_and_a_long_one_is_cut(sandbox: SandboxClient) -> None:
    httpx.post(sandbox.url(ADDRESS), content=b"\xff\x00\xfe")
    httpx.post(sandbox.url(ADDRESS), content=b"x" * (MAX_BODY_CHARACTERS + 1))

    odd, long = sandbox.requests("slack")
    assert odd.body == "\ufffd\x00\ufffd"
    assert (len(long.body), long.body_cut) == (MAX_BODY_CHARACTERS, True)


def test_a_body_sent_in_chunks_is_read_like_any_other(sandbox: SandboxClient) -> None:
    answer = httpx.post(sandbox.url(ADDRESS), content=iter([b'{"text": ', b'"in parts"}']))

    assert answer.text == "ok"
    assert sandbox.state("slack")["messages"][0]["text"] == "in parts"


def test_a_body_larger_than_any_vendor_takes_is_refused(sandbox: SandboxClient) -> None:
    answer = httpx.post(sandbox.url(ADDRESS), content=b"x" * (16 * 1024 * 1024 + 1))

    assert answer.status_code == 413
    assert sandbox.requests("slack")[0].status == 413


def test_fifty_threads_lose_nothing_and_double_nothing(sandbox: SandboxClient) -> None:
    start = threading.Barrier(50)

    def send(thread: int) -> None:
        client = WebhookClient(sandbox.url(ADDRESS), timeout=30, retry_handlers=[])
        start.wait()
        for number in range(10):
            assert client.send(text=f"{thread}-{number}").status_code == 200

    with ThreadPoolExecutor(50) as pool:
        for future in [pool.submit(send, thread) for thread in range(50)]:
            future.result(timeout=60)

    expected = {f"{thread}-{number}" for thread in range(50) for number in range(10)}
    messages = sandbox.state("slack")["messages"]
    assert len(messages) == 500
    assert {message["text"] for message in messages} == expected
    assert len({message["id"] for message in messages}) == 500
    requests = sandbox.requests("slack")
    assert [request.id for request in requests] == sorted({request.id for request in requests})
    assert {request.json["text"] for request in requests} == expected


def test_fifty_threads_meet_a_counted_fault_exactly_as_often_as_it_says(sandbox: SandboxClient) -> None:
    sandbox.fault("slack", "status", status=500, count=20)

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: httpx.post(sandbox.url(ADDRESS), json={"text": "t"}), range(100)))

    assert sorted(answer.status_code for answer in answers) == [200] * 80 + [500] * 20
    assert len(sandbox.state("slack")["messages"]) == 80


def test_waiting_ends_as_soon_as_enough_requests_were_answered(slack: WebhookClient, sandbox: SandboxClient) -> None:
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(sandbox.wait_for, 2, "slack", timeout=60)
        slack.send(text="one")
        slack.send(text="two")

        assert [request.json["text"] for request in waiting.result(timeout=60)] == ["one", "two"]


def test_waiting_in_vain_says_how_many_arrived(slack: WebhookClient, sandbox: SandboxClient) -> None:
    slack.send(text="one")

    with pytest.raises(TimeoutError, match="waited for 2 requests, 1 arrived"):
        sandbox.wait_for(2, "slack", timeout=0.1)


def test_reset_forgets_requests_state_and_faults(slack: WebhookClient, sandbox: SandboxClient) -> None:
    slack.send(text="t")
    sandbox.fault("slack", "drop")

    sandbox.reset()

    assert sandbox.requests() == []
    assert sandbox.state() == {vendor.name: vendor.state() for vendor in create_vendors()}
    assert sandbox.faults() == []
    assert slack.send(text="t").status_code == 200


def test_reset_of_one_vendor_leaves_the_others(slack: WebhookClient, sandbox: SandboxClient) -> None:
    slack.send(text="t")
    httpx.get(sandbox.url("/elsewhere"))

    sandbox.reset("slack")

    assert [request.vendor for request in sandbox.requests()] == ["unknown"]
    assert sandbox.state("slack")["messages"] == []


def test_an_unknown_vendor_is_refused_by_name(sandbox: SandboxClient) -> None:
    for call in (sandbox.requests, sandbox.state, sandbox.reset, sandbox.clear_faults):
        with pytest.raises(SandboxError, match="unknown vendor 'slakc'"):
            call("slakc")


def test_the_control_addresses_are_not_recorded_and_meet_no_fault(sandbox: SandboxClient) -> None:
    sandbox.fault("slack", "drop")

    assert httpx.get(sandbox.url("/_sandbox/health")).json() == {
        "ok": True,
        "vendors": [vendor.name for vendor in VENDORS],
    }
    assert sandbox.requests() == []


def test_only_the_newest_requests_are_kept_and_the_forgotten_are_counted() -> None:
    recorder = Recorder(limit=3)
    for number in range(5):
        recorder.arrive(vendor="v", method="GET", path=f"/{number}", query="", headers={}, body=b"")

    assert [entry["path"] for entry in recorder.entries()] == ["/2", "/3", "/4"]
    assert recorder.forgotten == 2
    recorder.finish(1, status=200, notes=[])
    assert [entry["finished"] for entry in recorder.entries()] == [False] * 3


def test_what_a_recorder_gives_it_takes_back_and_counts_on() -> None:
    old, new = Recorder(), Recorder()
    old.arrive(vendor="v", method="GET", path="/a", query="", headers={"A": "b"}, body=b"x")

    new.load(json.loads(json.dumps(old.entries())))

    assert new.entries() == [{**old.entries()[0], "finished": True}]
    assert new.arrive(vendor="v", method="GET", path="/b", query="", headers={}, body=b"") == 2
