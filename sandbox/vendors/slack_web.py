"""Slack's Web API at ``/slack/api/<method>``: the methods that an app needs which posts, edits, looks and asks.

Answers are those of docs.slack.dev/reference/methods: errors come as HTTP 200 with ``{"ok": false, "error": …}``. A token with
"wrong" in it is ``invalid_auth``, one with "revoked" ``token_revoked``. Channels need not be made: any id that begins with C, G,
D or U is one, and one with "MISSING" or "NOTIN" in it answers ``channel_not_found`` or ``not_in_channel``.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, jsonify, request

from sandbox.vendor import note
from sandbox.vendors.slack_blocks import problems
from sandbox.vendors.slack_store import BOT, TEAM, Store, shown

MAX_TEXT = 40_000
MAX_PAGE = 999
MAX_METADATA = 16_000


class WebError(Exception):
    """``code`` is the error's name."""

    def __init__(self, code: str, reason: str = "") -> None:
        super().__init__(reason or code)
        self.code = code
        self.reason = reason


class WebApi:
    """The methods over one store; the vendor's lock is held by the caller."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.methods: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "auth.test": self._auth_test,
            "chat.postMessage": self._post,
            "chat.postEphemeral": self._post_ephemeral,
            "chat.update": self._update,
            "conversations.history": self._history,
            "conversations.replies": self._replies,
            "conversations.info": self._channel_info,
            "conversations.open": self._open_direct,
            "users.info": self._user_info,
            "users.lookupByEmail": self._user_by_email,
            "views.open": self._open_view,
        }

    def register(self, blueprint: Blueprint, lock: Any) -> None:
        @blueprint.route("/api/<method>", methods=["POST", "GET"])
        def web_api(method: str) -> Response:
            try:
                given = _given()
                _authorise(given)
                if method not in self.methods:
                    raise WebError("unknown_method")
                with lock:
                    answer = self.methods[method](given)
            except WebError as error:
                note(error.reason or error.code)
                messages = {"response_metadata": {"messages": [f"[ERROR] {error.reason}"]}} if error.reason else {}
                return jsonify({"ok": False, "error": error.code, **messages})
            return jsonify({"ok": True, **answer})

    def _auth_test(self, _given: dict[str, Any]) -> dict[str, Any]:
        team = {"url": "https://sandbox.slack.com/", "team": "Sandbox", "team_id": TEAM}
        return {
            **team,
            "user": BOT["name"],
            "user_id": BOT["user_id"],
            "bot_id": BOT["bot_id"],
            "is_enterprise_install": False,
        }

    def _post(self, given: dict[str, Any]) -> dict[str, Any]:
        channel = self._channel(given, direct=True)
        fields = _content(given)
        root = given.get("thread_ts")
        # To a message that is not there Slack takes no reply: it says nothing, and posts it into the channel.
        if isinstance(root, str) and self.store.find(channel, root) is not None:
            fields["thread_ts"] = root
        post = self.store.add(channel, fields)
        return {"channel": channel, "ts": post["ts"], "message": shown(post, metadata=True)}

    def _post_ephemeral(self, given: dict[str, Any]) -> dict[str, Any]:
        channel = self._channel(given)
        if given.get("user") not in self.store.users:
            raise WebError("user_not_in_channel")
        fields = {**_content(given), "ephemeral_to": given["user"], "channel": channel}
        self.store.responses.append(fields)
        return {"message_ts": f"{len(self.store.responses)}.000000"}

    def _update(self, given: dict[str, Any]) -> dict[str, Any]:
        channel = self._channel(given)
        post = self.store.find(channel, str(given.get("ts")))
        if post is None or post.get("tombstone"):
            raise WebError("message_not_found")
        new = _content(given)
        # Metadata that is not given stays.
        post.update({name: value for name, value in new.items() if name != "metadata" or value is not None})
        post["edits"] += 1
        return {"channel": channel, "ts": post["ts"], "text": post["text"], "message": shown(post, metadata=False)}

    def _history(self, given: dict[str, Any]) -> dict[str, Any]:
        newest_first = list(reversed(self.store.top(self._channel(given))))
        return _page(newest_first, given)

    def _replies(self, given: dict[str, Any]) -> dict[str, Any]:
        channel = self._channel(given)
        post = self.store.find(channel, str(given.get("ts")))
        if post is None:
            raise WebError("thread_not_found")
        return _page(self.store.thread(channel, str(post.get("thread_ts") or post["ts"])), given, keep_first=True)

    def _channel_info(self, given: dict[str, Any]) -> dict[str, Any]:
        channel = str(given.get("channel", ""))
        if channel not in self.store.archived:
            channel = self._channel(given, member=False)
        found = {
            "id": channel,
            "name": channel.lower(),
            "is_channel": True,
            "is_archived": channel in self.store.archived,
        }
        return {"channel": {**found, "is_member": "NOTIN" not in channel}}

    def _open_direct(self, given: dict[str, Any]) -> dict[str, Any]:
        user = str(given.get("users", ""))
        if not user.startswith("U"):
            raise WebError("user_not_found")
        return {"channel": {"id": f"D{user[1:]}"}}

    def _user_info(self, given: dict[str, Any]) -> dict[str, Any]:
        user = self.store.users.get(str(given.get("user")))
        if user is None:
            raise WebError("user_not_found")
        return {"user": user}

    def _user_by_email(self, given: dict[str, Any]) -> dict[str, Any]:
        wanted = str(given.get("email", "")).lower()
        for user in self.store.users.values():
            if user["profile"].get("email", "").lower() == wanted:
                return {"user": user}
        raise WebError("users_not_found")

    def _open_view(self, given: dict[str, Any]) -> dict[str, Any]:
        trigger, view = given.get("trigger_id"), given.get("view")
        if isinstance(view, str):
            view = json.loads(view)
        if trigger not in self.store.triggers:
            raise WebError("invalid_trigger_id" if trigger else "invalid_arguments")
        if not isinstance(view, dict) or view.get("type") != "modal" or not view.get("title") or not view.get("blocks"):
            raise WebError("invalid_arguments", "a modal has a title and blocks")
        if found := problems([block for block in view["blocks"] if block.get("type") != "input"]):
            raise WebError("invalid_blocks", "; ".join(found))
        user = self.store.triggers.pop(trigger)
        opened = {**view, "id": f"V{self.store.next_id():08d}", "team_id": TEAM, "opened_for": user, "open": True}
        self.store.views.append(opened)
        return {"view": {name: value for name, value in opened.items() if name not in ("opened_for", "open")}}

    def _channel(self, given: dict[str, Any], *, member: bool = True, direct: bool = False) -> str:
        """The channel's id; ``direct``: a person's is taken for the conversation with them, which only posting does."""
        channel = given.get("channel")
        kinds = "CGDU" if direct else "CGD"
        if not isinstance(channel, str) or channel[:1] not in kinds or not channel or "MISSING" in channel:
            raise WebError("channel_not_found")
        if channel in self.store.archived:
            raise WebError("is_archived")
        if member and "NOTIN" in channel:
            raise WebError("not_in_channel")
        return f"D{channel[1:]}" if direct and channel.startswith("U") else channel


def _given() -> dict[str, Any]:
    """The arguments: the query, then a form, or a JSON body."""
    given: dict[str, Any] = dict(request.args.items())
    if request.mimetype == "application/json" and request.get_data():
        body = request.get_json(force=True, silent=True)
        if not isinstance(body, dict):
            raise WebError("invalid_json")
        return given | body
    return given | dict(request.form.items())


def _authorise(given: dict[str, Any]) -> None:
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    token = token if scheme == "Bearer" else str(given.get("token", ""))
    if not token:
        raise WebError("not_authed")
    if "revoked" in token:
        raise WebError("token_revoked")
    if "wrong" in token or not token.startswith(("xoxb-", "xoxp-")):
        raise WebError("invalid_auth")


def _content(given: dict[str, Any]) -> dict[str, Any]:
    text, blocks, metadata = given.get("text"), given.get("blocks"), given.get("metadata")
    try:
        blocks = json.loads(blocks) if isinstance(blocks, str) else blocks
        metadata = json.loads(metadata) if isinstance(metadata, str) else metadata
    except ValueError as error:
        raise WebError("invalid_arguments", f"not JSON: {error}") from error
    if text is not None and not isinstance(text, str):
        raise WebError("invalid_arguments", "text is not a string")
    if not (text or blocks):
        raise WebError("no_text")
    if found := problems(blocks or []):
        raise WebError("invalid_blocks", "; ".join(found))
    _check_metadata(metadata)
    cut = len(text or "") > MAX_TEXT
    return {
        "text": (text or "")[:MAX_TEXT],
        "text_cut": cut,
        "blocks": blocks or [],
        "attachments": [],
        "username": BOT["name"],
        "metadata": metadata,
    }


def _check_metadata(metadata: Any) -> None:
    if metadata is None:
        return
    if not isinstance(metadata, dict) or set(metadata) != {"event_type", "event_payload"}:
        raise WebError("invalid_metadata_format", "metadata has event_type and event_payload")
    if not isinstance(metadata["event_type"], str) or not isinstance(metadata["event_payload"], dict):
        raise WebError("invalid_metadata_format", "event_type is a string, event_payload an object")
    if len(json.dumps(metadata)) > MAX_METADATA:
        raise WebError("metadata_too_large")


def _page(posts: list[dict[str, Any]], given: dict[str, Any], *, keep_first: bool = False) -> dict[str, Any]:
    """A page of these posts, between ``oldest`` and ``latest``; a thread's first message comes whatever its time."""
    oldest, latest = float(given.get("oldest") or 0), float(given.get("latest") or "inf")
    inclusive = str(given.get("inclusive", "")).lower() in ("1", "true")
    metadata = str(given.get("include_all_metadata", "")).lower() in ("1", "true")

    def within(index: int, post: dict[str, Any]) -> bool:
        ts = float(post["ts"])
        edge = inclusive and ts in (oldest, latest)
        return (keep_first and index == 0) or edge or oldest < ts < latest

    chosen = [post for index, post in enumerate(posts) if within(index, post)]
    limit = min(max(int(given.get("limit") or 100), 1), MAX_PAGE)
    try:
        start = int(base64.b64decode(given.get("cursor") or "").decode().removeprefix("next:") or 0)
    except ValueError as error:
        raise WebError("invalid_cursor") from error
    more = start + limit < len(chosen)
    cursor = base64.b64encode(f"next:{start + limit}".encode()).decode() if more else ""
    return {
        "messages": [shown(post, metadata=metadata) for post in chosen[start : start + limit]],
        "has_more": more,
        "pin_count": 0,
        "response_metadata": {"next_cursor": cursor},
    }
