"""PagerDuty: the Events API v2 at ``POST /pagerduty/v2/enqueue``.

After developer.pagerduty.com/docs/events-api-v2: 202 for an event that was taken in, 400 with ``errors`` for one that is not
whole, 429 when there are too many. Events of one routing key and deduplication key make one incident: a trigger opens it or
adds to it, acknowledge and resolve change it, and after resolve a trigger opens a new one. A key with "wrong" in it, or that is
not 32 characters long, is refused.
"""

from __future__ import annotations

import itertools
import json
import uuid
from collections import deque
from datetime import UTC, datetime
from typing import Any, ClassVar

from flask import Blueprint, Response, jsonify, request
from markupsafe import Markup

from sandbox.vendor import Vendor, clock, note

KEPT = 10_000
KEY_LENGTH = 32
MAX_SUMMARY = 1024
MAX_DEDUP = 255
MAX_BYTES = 512 * 1024
ACTIONS = ("trigger", "acknowledge", "resolve")
SEVERITIES = ("critical", "error", "warning", "info")


class PagerDuty(Vendor):
    """Keeps incidents and the events that made them, the newest 10,000 of each."""

    name: ClassVar[str] = "pagerduty"
    title: ClassVar[str] = "PagerDuty"

    def __init__(self) -> None:
        super().__init__()
        self._ids = itertools.count(1)
        self._incidents: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._events: deque[dict[str, Any]] = deque(maxlen=KEPT)

    def blueprint(self) -> Blueprint:
        blueprint = Blueprint("pagerduty", __name__)
        blueprint.post("/v2/enqueue")(self._enqueue)
        return blueprint

    def state(self) -> dict[str, Any]:
        with self.lock:
            return {"incidents": [dict(each) for each in self._incidents], "events": list(self._events)}

    def load(self, state: dict[str, Any]) -> None:
        with self.lock:
            self._incidents = deque(state["incidents"], maxlen=KEPT)
            self._events = deque(state["events"], maxlen=KEPT)
            self._ids = itertools.count(max((each["id"] for each in self._incidents), default=0) + 1)

    def reset(self) -> None:
        with self.lock:
            self._incidents.clear()
            self._events.clear()

    def refusal(self, status: int, retry_after: float | None) -> tuple[str, str]:
        words = "Requests for this service are arriving too quickly. Please retry later." if status == 429 else "Fault"
        return json.dumps(
            {"status": "throttle exceeded" if status == 429 else "error", "message": words}
        ), "application/json"

    def render(self) -> Markup:
        with self.lock:
            newest = [dict(each) for each in itertools.islice(reversed(self._incidents), 50)]
        return Markup("").join(_incident(incident) for incident in newest)

    def _enqueue(self) -> Response:
        if len(request.get_data()) > MAX_BYTES:
            return Response(status=413)
        event = request.get_json(force=True, silent=True)
        errors = _problems(event)
        if errors or event is None:
            for error in errors:
                note(error)
            response = jsonify({"status": "invalid event", "message": "Event object is invalid", "errors": errors})
            response.status_code = 400
            return response
        dedup_key = event.get("dedup_key") or uuid.uuid4().hex
        with self.lock:
            self._take(event, dedup_key)
        response = jsonify({"status": "success", "message": "Event processed", "dedup_key": dedup_key})
        response.status_code = 202
        return response

    def _take(self, event: dict[str, Any], dedup_key: str) -> None:
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        service, action = event["routing_key"][-4:], event["event_action"]
        payload = event.get("payload") or {}
        self._events.append(
            {"at": at, "service": service, "action": action, "dedup_key": dedup_key, "payload": payload}
        )
        live = next(
            (
                each
                for each in reversed(self._incidents)
                if (each["service"], each["dedup_key"]) == (service, dedup_key) and each["status"] != "resolved"
            ),
            None,
        )
        if action == "trigger" and live is None:
            self._incidents.append(
                {
                    "id": next(self._ids),
                    "service": service,
                    "dedup_key": dedup_key,
                    "status": "triggered",
                    "triggers": 1,
                    "at": at,
                    "summary": payload["summary"],
                    "severity": payload["severity"],
                    "details": payload.get("custom_details") or {},
                    "links": event.get("links") or [],
                }
            )
        elif live is not None:
            live["triggers"] += action == "trigger"
            live["status"] = {"trigger": live["status"], "acknowledge": "acknowledged", "resolve": "resolved"}[action]


def _problems(event: Any) -> list[str]:
    if not isinstance(event, dict):
        return ["the body is not a JSON object"]
    errors = []
    key, action, dedup = event.get("routing_key"), event.get("event_action"), event.get("dedup_key")
    if not isinstance(key, str) or len(key) != KEY_LENGTH or "wrong" in key:
        errors.append("'routing_key' is invalid")
    if action not in ACTIONS:
        errors.append("'event_action' is missing or not one of trigger, acknowledge, resolve")
    if dedup is not None and (not isinstance(dedup, str) or len(dedup) > MAX_DEDUP):
        errors.append("'dedup_key' is not a string of at most 255 characters")
    if action in ("acknowledge", "resolve") and not dedup:
        errors.append("'dedup_key' is missing or blank")
    if action == "trigger":
        errors += _payload_problems(event.get("payload"))
    return errors


def _payload_problems(payload: Any) -> list[str]:
    if not isinstance(payload, dict):
        return ["'payload' is missing or blank"]
    errors = [
        f"'payload.{name}' is missing or blank" for name in ("summary", "source", "severity") if not payload.get(name)
    ]
    if payload.get("severity") and payload["severity"] not in SEVERITIES:
        errors.append(
            "'payload.severity' is invalid (must be one of the following: 'critical', 'warning', 'error' or 'info')"
        )
    if len(str(payload.get("summary", ""))) > MAX_SUMMARY:
        errors.append("'payload.summary' is too long")
    return errors


def _incident(incident: dict[str, Any]) -> Markup:
    badge = {"triggered": "s5", "acknowledged": "s3", "resolved": "s2"}[incident["status"]]
    details = Markup("").join(Markup("<dt>{}</dt><dd>{}</dd>").format(*pair) for pair in incident["details"].items())
    return Markup(
        '<article class="slack"><div class="avatar" aria-hidden="true">P</div><div class="bubble"><p class="who"><b>#{id}</b> '
        '<span class="badge {badge}">{status}</span> <time datetime="{at}">{clock}</time> <span class="hint">…{service}, '
        '{triggers}×</span></p><p class="header">{summary}</p><dl>{details}</dl><p class="hint">{severity} · {dedup_key}</p>'
        "</div></article>"
    ).format(**{**incident, "details": details}, badge=badge, clock=clock(incident["at"]))
