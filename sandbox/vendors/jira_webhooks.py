"""Jira's webhooks: signed, sent over HTTP from a thread of their own, and lost, doubled or reordered as the dice say.

As in Atlassian's "Webhooks": ``X-Hub-Signature: sha256=<hex of an HMAC over the body>``, an ``X-Atlassian-Webhook-Identifier``
that stays the same when a delivery is tried again, and on Cloud five tries after 408, 409, 425, 429, 5xx or no answer.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import random
import threading
import time
import uuid
from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

import httpx

from sandbox.vendors.jira_site import Config

KEPT_DELIVERIES = 20_000
TRIES = 5
TRY_AGAIN = {408, 409, 425, 429}
TIMEOUT_SECONDS = 10.0
SHUFFLED = 50
"""So many deliveries change places with each other when they are reordered."""


@dataclass
class Delivery:
    identifier: str
    event: str
    issue: str
    body: str
    state: str = "waiting"
    """waiting, sent, lost (by the dice), or failed after the last try"""
    tries: int = 0
    status: int | None = None
    due: float = 0
    twice: bool = False


class Webhooks:
    """The deliveries, oldest first, and the thread that sends them; it ends when there is nothing left to send."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._changed = threading.Condition()
        self._queue: deque[Delivery] = deque()
        self._thread: threading.Thread | None = None
        self._dice = random.Random(config.webhook_seed)  # noqa: S311 - dice for tests that can be thrown again
        self._held = False
        self.log: deque[Delivery] = deque(maxlen=KEPT_DELIVERIES)

    def throw_again(self) -> None:
        """Begin the dice anew, as after a change of their settings."""
        self._dice = random.Random(self._config.webhook_seed)  # noqa: S311

    def clear(self) -> None:
        with self._changed:
            self._queue.clear()
            self.log.clear()
            self._held = False
            self._changed.notify_all()

    def hold(self, *, held: bool) -> None:
        """Keep deliveries back until they are let go, so that they can change places."""
        with self._changed:
            self._held = held
            self._wake()

    def send(self, event: str, issue: str, payload: dict[str, Any]) -> None:
        """Queue one delivery, if somebody wants this event."""
        wanted = self._config.webhook_events
        if not self._config.webhook_url or (wanted and event not in wanted):
            return
        delivery = Delivery(str(uuid.uuid4()), event, issue, json.dumps(payload, ensure_ascii=False))
        with self._changed:
            self.log.append(delivery)
            if self._dice.random() < self._config.webhook_lost:
                delivery.state = "lost"
                return
            delivery.twice = self._dice.random() < self._config.webhook_doubled
            self._queue.append(delivery)
            if delivery.twice:
                self._queue.append(delivery)
            self._wake()

    def wait(self, seconds: float) -> bool:
        """Wait until everything is sent or given up; False when time ran out."""
        with self._changed:
            return self._changed.wait_for(lambda: self._thread is None and not self._queue, seconds)

    def replay(self, identifier: str) -> bool:
        """Send a delivery again, as a Jira administrator may."""
        with self._changed:
            found = next((one for one in self.log if one.identifier == identifier), None)
            if found is None:
                return False
            found.tries, found.due, found.state = 0, 0, "waiting"
            self._queue.append(found)
            self._wake()
            return True

    def public(self) -> list[dict[str, Any]]:
        with self._changed:
            return [asdict(delivery) for delivery in self.log]

    def _wake(self) -> None:
        """Called with the lock: a thread is there as long as something is queued and not held back."""
        if self._queue and not self._held and self._thread is None:
            self._thread = threading.Thread(target=self._run, name="jira-webhooks", daemon=True)
            self._thread.start()
        self._changed.notify_all()

    def _run(self) -> None:
        with httpx.Client(timeout=TIMEOUT_SECONDS, trust_env=False) as http:
            while (delivery := self._next()) is not None:
                self._deliver(http, delivery)
                with self._changed:
                    if delivery.state == "waiting":
                        self._queue.append(delivery)
                    self._changed.notify_all()

    def _next(self) -> Delivery | None:
        with self._changed:
            while self._queue and not self._held:
                if self._config.webhook_reordered:
                    self._shuffle()
                ready = [one for one in self._queue if one.due <= time.monotonic()]
                if ready:
                    self._queue.remove(ready[0])
                    return ready[0]
                self._changed.wait(max(0.01, min(one.due for one in self._queue) - time.monotonic()))
            self._thread = None
            self._changed.notify_all()
            return None

    def _shuffle(self) -> None:
        first = [self._queue.popleft() for _ in range(min(SHUFFLED, len(self._queue)))]
        self._dice.shuffle(first)
        self._queue.extendleft(reversed(first))

    def _deliver(self, http: httpx.Client, delivery: Delivery) -> None:
        body = delivery.body.encode()
        headers = {
            "content-type": "application/json; charset=utf-8",
            "user-agent": "Atlassian Webhook HTTP Client",
            "x-atlassian-webhook-identifier": delivery.identifier,
            "x-atlassian-webhook-retry": str(delivery.tries),
        }
        if self._config.webhook_secret:
            headers["x-hub-signature"] = signature(self._config.webhook_secret, body)
        delivery.tries += 1
        try:
            delivery.status = http.post(self._config.webhook_url, content=body, headers=headers).status_code
        except (httpx.HTTPError, httpx.InvalidURL):
            delivery.status = None
        again = delivery.status is None or delivery.status >= 500 or delivery.status in TRY_AGAIN
        if not again:
            delivery.state = "sent" if delivery.status is not None and delivery.status < 300 else "failed"
        elif self._config.cloud and delivery.tries < TRIES:
            delivery.due = time.monotonic() + self._config.webhook_retry_seconds
        else:
            delivery.state = "failed"


def signature(secret: str, body: bytes) -> str:
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"
