"""Jira's webhooks over real HTTP, to another address of the sandbox that records them."""

import hashlib
import hmac
import json
from collections import Counter
from typing import Any

import httpx
import pytest

from sandbox.client import RecordedRequest, SandboxClient
from sandbox.vendors.jira_webhooks import signature

SECRET = "s3cret"


@pytest.fixture
def control(sandbox: SandboxClient) -> httpx.Client:
    http = httpx.Client(base_url=sandbox.url("/_sandbox/jira/"), timeout=90)
    # Nobody's address: what it was sent is recorded, and the 404 that it answers is final.
    _set(http, webhook_url=sandbox.url("/hook"), webhook_secret=SECRET, webhook_retry_seconds=0.01)
    return http


def _set(http: httpx.Client, **settings: Any) -> None:
    assert http.post("config", json=settings).is_success


def _issues(http: httpx.Client, count: int) -> list[str]:
    asked = [{"project": "VOC", "type": "10001", "summary": f"{number}"} for number in range(count)]
    return [made["key"] for made in http.post("issues", json={"issues": asked}).json()["issues"]]


def _deliveries(http: httpx.Client) -> list[dict[str, Any]]:
    answer = http.get("webhooks", params={"wait": 60}).json()
    assert answer["idle"]
    found: list[dict[str, Any]] = answer["deliveries"]
    return found


def _arrived(sandbox: SandboxClient) -> list[RecordedRequest]:
    return [request for request in sandbox.requests() if request.path == "/hook"]


def test_each_change_is_told_with_the_issue_and_who_did_it(control: httpx.Client, sandbox: SandboxClient) -> None:
    [key] = _issues(control, 1)
    control.post(f"issues/{key}/move", json={"status": "Done", "who": "jun"})
    comment = control.post(f"issues/{key}/comments", json={"body": "one"}).json()["id"]
    control.put(f"issues/{key}/comments/{comment}", json={"body": "two"})
    control.delete(f"issues/{key}/comments/{comment}")
    control.delete(f"issues/{key}")

    events = [delivery["event"] for delivery in _deliveries(control)]
    assert events == [
        "jira:issue_created", "jira:issue_updated", "comment_created", "comment_updated", "comment_deleted",
        "jira:issue_deleted",
    ]  # fmt: skip
    moved = json.loads(_arrived(sandbox)[1].body)
    assert (moved["user"]["displayName"], moved["issue"]["fields"]["status"]["name"]) == ("Jun Park", "Done")
    assert {"field": "status", "fromString": "10000", "toString": "10003"} in moved["changelog"]["items"]


def test_a_delivery_is_signed_over_its_bytes(control: httpx.Client, sandbox: SandboxClient) -> None:
    _issues(control, 1)
    _deliveries(control)

    [request] = _arrived(sandbox)
    expected = hmac.new(SECRET.encode(), request.body.encode(), hashlib.sha256).hexdigest()
    assert signature(SECRET, request.body.encode()) == f"sha256={expected}"
    assert request.headers["X-Hub-Signature"] == "[redacted]"
    assert request.headers["X-Atlassian-Webhook-Identifier"]


@pytest.mark.parametrize(("deployment", "tries"), [("cloud", 5), ("datacenter", 1)])
def test_cloud_tries_again_with_the_same_identifier_and_data_center_does_not(
    control: httpx.Client, sandbox: SandboxClient, deployment: str, tries: int
) -> None:
    _set(control, deployment=deployment, webhook_url=sandbox.url("/slack/services/T0/B0/rollup_error"))

    _issues(control, 1)

    [delivery] = _deliveries(control)
    assert (delivery["state"], delivery["tries"], delivery["status"]) == ("failed", tries, 500)
    identifiers = {request.headers["X-Atlassian-Webhook-Identifier"] for request in sandbox.requests("slack")}
    assert (len(sandbox.requests("slack")), len(identifiers)) == (tries, 1)


def test_deliveries_are_lost_doubled_and_reordered_as_the_dice_say(
    control: httpx.Client, sandbox: SandboxClient
) -> None:
    _set(control, webhook_lost=0.3, webhook_doubled=0.2, webhook_reordered=True, webhook_seed=7)
    control.post("webhooks/held", json={"held": True})
    _issues(control, 100)
    control.post("webhooks/held", json={"held": False})

    deliveries = _deliveries(control)
    lost = [one for one in deliveries if one["state"] == "lost"]
    arrived = [request.headers["X-Atlassian-Webhook-Identifier"] for request in _arrived(sandbox)]
    doubled = [count for count in Counter(arrived).values() if count == 2]
    sent = [one["identifier"] for one in deliveries if one["state"] != "lost"]
    assert 15 < len(lost) < 45
    assert 5 < len(doubled) < 35
    assert set(arrived) == set(sent)
    assert list(dict.fromkeys(arrived)) != sent


def test_only_the_events_that_are_wanted_are_sent_and_one_is_sent_again_by_hand(
    control: httpx.Client, sandbox: SandboxClient
) -> None:
    _set(control, webhook_events=["jira:issue_deleted"])
    [key] = _issues(control, 1)
    control.delete(f"issues/{key}")
    [delivery] = _deliveries(control)

    control.post(f"webhooks/{delivery['identifier']}/replay")

    _deliveries(control)
    assert len(_arrived(sandbox)) == 2
