"""What people do in Slack: press buttons, hand modals in, delete messages, archive channels. Under ``/_sandbox/slack/``.

A click is sent to the app's address as Slack sends it (docs.slack.dev/interactivity/handling-user-interaction): a form with
``payload``, signed as in docs.slack.dev/authentication/verifying-requests-from-slack. JSON in, JSON out; forms of the page
are answered with a redirect to it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import Any
from urllib.parse import urlencode

import httpx
from flask import Blueprint, Response, abort, jsonify, redirect, request

from sandbox.vendors.slack_store import TEAM, Store

SECONDS = 10


class Clicks:
    """Acts of people on one store, told to the app at ``interactivity_url``."""

    def __init__(self, store: Store, lock: Any) -> None:
        self._store = store
        self._lock = lock
        self.app: dict[str, str] = {"interactivity_url": "", "signing_secret": ""}
        self.told: list[dict[str, Any]] = []

    def blueprint(self) -> Blueprint:
        blueprint = Blueprint("slack_control", __name__)
        blueprint.post("/app")(self.set_app)
        blueprint.post("/users")(self.add_user)
        blueprint.post("/archive")(self.archive)
        blueprint.post("/delete")(self.delete)
        blueprint.post("/click")(self.click)
        blueprint.post("/submit")(self.submit)
        blueprint.post("/replay")(self.replay)
        return blueprint

    def clear(self) -> None:
        self.app = {"interactivity_url": "", "signing_secret": ""}
        self.told = []

    def set_app(self) -> Response:
        given = _given()
        with self._lock:
            self.app = {name: str(given.get(name, self.app[name])) for name in self.app}
        return jsonify({"ok": True})

    def add_user(self) -> Response:
        """``{"id", "name", "email"?, "confirmed"?, "deleted"?}``"""
        given = _given()
        name = str(given["name"])
        profile = {"real_name": name, "display_name": name} | ({"email": given["email"]} if given.get("email") else {})
        user_id = str(given["id"])
        user = {
            "id": user_id,
            "team_id": TEAM,
            "name": name.lower().replace(" ", "."),
            "deleted": bool(given.get("deleted", False)),
            "real_name": name,
            "tz": "Asia/Seoul",
            "profile": profile,
            "is_bot": False,
            "is_email_confirmed": bool(given.get("confirmed", True)),
        }
        with self._lock:
            self._store.users[user_id] = user
        return jsonify({"user": user})

    def archive(self) -> Response:
        """``{"channel", "archived"?}``"""
        given = _given()
        with self._lock:
            self._store.archived = [each for each in self._store.archived if each != given["channel"]]
            if given.get("archived", True):
                self._store.archived.append(str(given["channel"]))
        return jsonify({"archived": self._store.archived})

    def delete(self) -> Response:
        given = _given()
        with self._lock:
            return jsonify({"deleted": self._store.delete(str(given["channel"]), str(given["ts"]))})

    def click(self) -> Response:
        """``{"channel", "ts", "action_id", "user", "age"?, "timestamp"?, "signing_secret"?}``; ``age`` in s."""
        given = _given()
        with self._lock:
            post = self._store.find(str(given["channel"]), str(given["ts"]))
            action = _action(post, str(given["action_id"])) if post else None
            if post is None or action is None:
                abort(404, "no such message, or it has no such button")
            trigger = f"{self._store.next_id()}.trigger"
            self._store.triggers[trigger] = str(given["user"])
            payload = {
                "type": "block_actions",
                "user": self._user(str(given["user"])),
                "team": {"id": TEAM, "domain": "sandbox"},
                "trigger_id": trigger,
                "container": {"type": "message", "message_ts": post["ts"], "channel_id": post["channel"]},
                "channel": {"id": post["channel"], "name": post["channel"].lower()},
                "message": {"type": "message", "ts": post["ts"], "text": post["text"], "blocks": post["blocks"]},
                "response_url": f"{request.host_url}slack/actions/{TEAM}/{trigger}",
                "actions": [{**action, "action_ts": f"{time.time():.6f}"}],
            }
        return self._tell(payload, given)

    def submit(self) -> Response:
        """``{"view_id", "user", "values": {action_id: text}}``; an answer without errors closes the modal."""
        given = _given()
        with self._lock:
            view = next((each for each in self._store.views if each["id"] == given["view_id"] and each["open"]), None)
            if view is None:
                abort(404, "no such modal is open")
            shown = {name: value for name, value in view.items() if name not in ("opened_for", "open")}
            values = given.get("values") or {name: given[name] for name in given if name not in ("view_id", "user")}
            payload = {
                "type": "view_submission",
                "user": self._user(str(given["user"])),
                "team": {"id": TEAM, "domain": "sandbox"},
                "view": {**shown, "state": {"values": _values(view, values)}},
            }
        answer = self._tell(payload, given)
        told = self.told[-1]
        if told["status"] == 200 and "errors" not in told["body"]:
            with self._lock:
                view["open"] = False
        return answer

    def replay(self) -> Response:
        """The last thing that was told, byte for byte, once more."""
        if not self.told:
            abort(404, "nothing was told yet")
        last = self.told[-1]
        return self._send(last["sent"], last["headers"], {})

    def _user(self, user_id: str) -> dict[str, Any]:
        known = self._store.users.get(user_id, {})
        return {"id": user_id, "username": known.get("name", user_id.lower()), "team_id": TEAM}

    def _tell(self, payload: dict[str, Any], given: dict[str, Any]) -> Response:
        body = urlencode({"payload": json.dumps(payload, ensure_ascii=False)})
        at = str(given.get("timestamp", int(time.time()) - int(given.get("age", 0))))
        secret = str(given.get("signing_secret", self.app["signing_secret"]))
        signature = hmac.new(secret.encode(), f"v0:{at}:{body}".encode(), hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Slack-Request-Timestamp": at,
            "X-Slack-Signature": f"v0={signature}",
        }
        return self._send(body, headers, given)

    def _send(self, body: str, headers: dict[str, str], given: dict[str, Any]) -> Response:
        url = str(given.get("url") or self.app["interactivity_url"])
        if not url:
            abort(409, "the app has no interactivity_url: POST it to /_sandbox/slack/app")
        try:
            answer = httpx.post(url, content=body, headers=headers, timeout=SECONDS, trust_env=False)
            status, text = answer.status_code, answer.text
        except httpx.HTTPError as error:
            status, text = 0, type(error).__name__
        with self._lock:
            self.told = [*self.told[-49:], {"sent": body, "headers": headers, "status": status, "body": text}]
        if request.mimetype == "application/x-www-form-urlencoded":
            return redirect("/", 303)  # type: ignore[return-value]
        return jsonify({"status": status, "body": text})


def _given() -> dict[str, Any]:
    body = (
        request.get_json(force=True, silent=True)
        if request.mimetype == "application/json"
        else dict(request.form.items())
    )
    if not isinstance(body, dict):
        abort(400, "a JSON object, or a form")
    return body


def _action(post: dict[str, Any], action_id: str) -> dict[str, Any] | None:
    for block in post["blocks"]:
        for element in block.get("elements", []) if block.get("type") == "actions" else []:
            if element.get("action_id") == action_id:
                return {**element, "block_id": block.get("block_id", "")}
    return None


def _values(view: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """What stands in a modal's inputs, as Slack hands it over: by block and action."""
    values: dict[str, Any] = {}
    for block in view["blocks"]:
        element = block.get("element") or {}
        if block.get("type") != "input" or element.get("action_id") is None:
            continue
        action, text = element["action_id"], given.get(element["action_id"])
        entry: dict[str, Any] = {"type": element.get("type")}
        if element.get("type") == "static_select":
            chosen = [option for option in element.get("options", []) if option.get("value") == text]
            entry["selected_option"] = chosen[0] if chosen else None
        else:
            entry["value"] = text or None
        values[block.get("block_id", "")] = {action: entry}
    return values
