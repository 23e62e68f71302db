"""Slack: incoming webhooks at ``/slack/services/<T…>/<B…>/<secret>``, the Web API at ``/slack/api/`` (see `slack_web`), and what
people do there (see `slack_clicks`).

Answers are those of Slack's page "Sending messages using incoming webhooks" and of its changelog of 2016-05-17
(error strings as plain text) and 2018-04 (a text over 40,000 characters is cut, not refused).
A webhook whose secret is the name of an error answers that error, so that each can be had by address alone.
"""

from __future__ import annotations

import itertools
import json
from collections import deque
from datetime import UTC, datetime
from typing import Any, ClassVar

from flask import Blueprint, Response, request
from markupsafe import Markup

from sandbox.vendor import Vendor, note
from sandbox.vendors import slack_html, slack_threads
from sandbox.vendors.slack_blocks import problems
from sandbox.vendors.slack_clicks import Clicks
from sandbox.vendors.slack_store import Store
from sandbox.vendors.slack_web import WebApi

PLAIN = "text/plain; charset=utf-8"
MAX_TEXT = 40_000
MAX_ATTACHMENTS = 100
KEPT_MESSAGES = 10_000
ERRORS = {
    "invalid_payload": 400,
    "no_text": 400,
    "invalid_blocks": 400,
    "too_many_attachments": 400,
    "user_not_found": 400,
    "invalid_token": 403,
    "action_prohibited": 403,
    "posting_to_general_channel_denied": 403,
    "team_disabled": 403,
    "channel_not_found": 404,
    "no_service": 404,
    "no_team": 404,
    "channel_is_archived": 410,
    "rollup_error": 500,
}


class SlackError(Exception):
    """A message that Slack refuses; ``code`` is one of `ERRORS`."""

    def __init__(self, code: str, reason: str = "") -> None:
        super().__init__(reason or code)
        self.code = code
        self.reason = reason


class Slack(Vendor):
    """Keeps the messages that it accepted, the newest 10,000."""

    name: ClassVar[str] = "slack"
    title: ClassVar[str] = "Slack"

    def __init__(self) -> None:
        super().__init__()
        self._ids = itertools.count(1)
        self._messages: deque[dict[str, Any]] = deque(maxlen=KEPT_MESSAGES)
        self._store = Store()
        self._web = WebApi(self._store)
        self._clicks = Clicks(self._store, self.lock)

    def control(self) -> Blueprint:
        return self._clicks.blueprint()

    def blueprint(self) -> Blueprint:
        blueprint = Blueprint("slack", __name__)
        self._web.register(blueprint, self.lock)
        blueprint.post("/actions/<team>/<trigger>")(self._respond)

        @blueprint.post("/services/<team>/<service>/<secret>")
        def incoming_webhook(team: str, service: str, secret: str) -> Response:
            try:
                _check_address(team, service, secret)
                self._accept(team, service, _payload())
            except SlackError as error:
                if error.reason:
                    note(error.reason)
                return Response(error.code, status=ERRORS[error.code], content_type=PLAIN)
            return Response("ok", content_type=PLAIN)

        return blueprint

    def state(self) -> dict[str, Any]:
        with self.lock:
            return {"messages": list(self._messages), "told": list(self._clicks.told), **self._store.dump()}

    def load(self, state: dict[str, Any]) -> None:
        with self.lock:
            self._messages = deque(state["messages"], maxlen=KEPT_MESSAGES)
            self._ids = itertools.count(max((message["id"] for message in self._messages), default=0) + 1)
            self._store.load(state)
            self._clicks.told = list(state.get("told", []))

    def reset(self) -> None:
        with self.lock:
            self._messages.clear()
            self._store.clear()
            self._clicks.clear()

    def render(self) -> Markup:
        with self.lock:
            newest = list(itertools.islice(reversed(self._messages), 50))
            return slack_threads.render(self._store) + slack_html.render(newest)

    def refusal(self, status: int, retry_after: float | None) -> tuple[str, str]:
        if status == 429:
            # The webhook says rate_limited, the Web API ratelimited; clients go by the status and the header.
            answer: dict[str, Any] = {"ok": False, "error": "rate_limited"}
            if retry_after is not None:
                answer["retry_after"] = round(retry_after)
            return json.dumps(answer), "application/json"
        return next((code for code, known in ERRORS.items() if known == status), "rollup_error"), PLAIN

    def redact_path(self, path: str) -> str:
        parts = path.split("/")
        return "/".join([*parts[:5], "[redacted]"]) if path.startswith("/slack/services/") and len(parts) > 5 else path

    def _respond(self, team: str, trigger: str) -> Response:
        """A ``response_url``: what the app has to say about a click, to whoever clicked."""
        body = request.get_json(force=True, silent=True)
        if not isinstance(body, dict):
            return Response("invalid_payload", status=400, content_type=PLAIN)
        with self.lock:
            self._store.responses.append({**body, "team": team, "trigger": trigger})
        return Response("ok", content_type=PLAIN)

    def _accept(self, team: str, service: str, payload: dict[str, Any]) -> None:
        text = _text_of(payload)
        with self.lock:
            self._messages.append(
                {
                    "id": next(self._ids),
                    "team": team,
                    "service": service,
                    "received_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
                    "text": text[:MAX_TEXT],
                    "text_cut": len(text) > MAX_TEXT,
                    "blocks": payload.get("blocks") or [],
                    "attachments": payload.get("attachments") or [],
                    "username": payload.get("username"),
                    "metadata": payload.get("metadata"),
                }
            )


def _check_address(team: str, service: str, secret: str) -> None:
    if secret in ERRORS:
        raise SlackError(secret, "the webhook's address asks for this error")
    if not team.startswith("T"):
        raise SlackError("no_team", "a team's id begins with T")
    if not service.startswith("B"):
        raise SlackError("no_service", "a webhook's id begins with B")


def _payload() -> dict[str, Any]:
    """The message: the body as JSON, or the form field ``payload``, which older clients send."""
    raw = request.form.get("payload") if request.mimetype == "application/x-www-form-urlencoded" else request.get_data()
    try:
        payload = json.loads(raw or b"")
    except ValueError as error:
        raise SlackError("invalid_payload", f"not JSON: {error}") from error
    if not isinstance(payload, dict):
        raise SlackError("invalid_payload", "not a JSON object")
    return payload


def _text_of(payload: dict[str, Any]) -> str:
    """The text of a message that Slack would post; raises SlackError for one that it would refuse."""
    text, blocks, attachments = payload.get("text"), payload.get("blocks"), payload.get("attachments")
    if text is not None and not isinstance(text, str):
        raise SlackError("invalid_payload", "text is not a string")
    if not (text or blocks or attachments):
        raise SlackError("no_text", "neither text nor blocks nor attachments")
    _check_attachments(attachments if attachments is not None else [])
    if found := problems(blocks if blocks is not None else []):
        raise SlackError("invalid_blocks", "; ".join(found))
    return text or ""


def _check_attachments(attachments: Any) -> None:
    if not isinstance(attachments, list) or not all(isinstance(item, dict) for item in attachments):
        raise SlackError("invalid_payload", "attachments is not a list of objects")
    if len(attachments) > MAX_ATTACHMENTS:
        raise SlackError("too_many_attachments", f"no more than {MAX_ATTACHMENTS} attachments")
    for index, item in enumerate(attachments):
        if found := problems(item.get("blocks") or []):
            raise SlackError("invalid_blocks", f"attachment {index}: {'; '.join(found)}")
