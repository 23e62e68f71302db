"""What one Slack workspace remembers of an app: its messages by channel and thread, people, modals, and what it answered.

Everything here is called with the vendor's lock held.
"""

from __future__ import annotations

import itertools
import time
from datetime import UTC, datetime
from typing import Any

KEPT_POSTS = 20_000
TEAM = "TSANDBOX"
BOT = {"user_id": "UBOT", "bot_id": "BBOT", "name": "voc"}


class Store:
    """Posts in the order of their ``ts``, which is unique in the workspace as it is in the real one."""

    def __init__(self) -> None:
        self.posts: list[dict[str, Any]] = []
        self.users: dict[str, dict[str, Any]] = {}
        self.views: list[dict[str, Any]] = []
        self.archived: list[str] = []
        self.responses: list[dict[str, Any]] = []
        self.triggers: dict[str, str] = {}
        self._by_ts: dict[tuple[str, str], dict[str, Any]] = {}
        self._last = 0
        self._ids = itertools.count(1)

    def clear(self) -> None:
        for kept in (self.posts, self.views, self.archived, self.responses):
            kept.clear()
        for known in (self.users, self.triggers, self._by_ts):
            known.clear()

    def dump(self) -> dict[str, Any]:
        return {
            "posts": [dict(post) for post in self.posts],
            "users": dict(self.users),
            "views": [dict(view) for view in self.views],
            "archived": list(self.archived),
            "responses": list(self.responses),
        }

    def load(self, state: dict[str, Any]) -> None:
        self.posts = list(state.get("posts", []))
        self.users = dict(state.get("users", {}))
        self.views = list(state.get("views", []))
        self.archived = list(state.get("archived", []))
        self.responses = list(state.get("responses", []))
        self._by_ts = {(post["channel"], post["ts"]): post for post in self.posts}

    def next_id(self) -> int:
        return next(self._ids)

    def add(self, channel: str, fields: dict[str, Any]) -> dict[str, Any]:
        self._last = max(self._last + 1, time.time_ns() // 1000)
        ts = f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"
        post = {
            "channel": channel,
            "ts": ts,
            "received_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "edits": 0,
            **fields,
        }
        self.posts.append(post)
        self._by_ts[(channel, ts)] = post
        while len(self.posts) > KEPT_POSTS:
            gone = self.posts.pop(0)
            self._by_ts.pop((gone["channel"], gone["ts"]), None)
        return post

    def find(self, channel: str, ts: str) -> dict[str, Any] | None:
        return self._by_ts.get((channel, ts))

    def delete(self, channel: str, ts: str) -> bool:
        """Take a message away; of one that has replies a stone stays, under which the thread goes on."""
        post = self.find(channel, ts)
        if post is None or post.get("tombstone"):
            return False
        if any(other.get("thread_ts") == ts for other in self.posts if other is not post):
            post.update(tombstone=True, text="This message was deleted.", blocks=[], metadata=None)
        else:
            self.posts.remove(post)
            del self._by_ts[(channel, ts)]
        return True

    def top(self, channel: str) -> list[dict[str, Any]]:
        """The channel's own messages, oldest first, without what stands in threads."""
        return [post for post in self.posts if post["channel"] == channel and not _is_reply(post)]

    def thread(self, channel: str, ts: str) -> list[dict[str, Any]]:
        """A thread's messages, its first one included, oldest first."""
        return [
            post
            for post in self.posts
            if post["channel"] == channel and (post["ts"] == ts or post.get("thread_ts") == ts)
        ]


def _is_reply(post: dict[str, Any]) -> bool:
    return bool(post.get("thread_ts")) and post["thread_ts"] != post["ts"]


def shown(post: dict[str, Any], *, metadata: bool) -> dict[str, Any]:
    """A message as the Web API gives it."""
    message: dict[str, Any] = {
        "type": "message",
        "subtype": "tombstone" if post.get("tombstone") else "bot_message",
        "user": BOT["user_id"],
        "bot_id": BOT["bot_id"],
        "text": post["text"],
        "ts": post["ts"],
        "blocks": post["blocks"],
    }
    if post.get("thread_ts"):
        message["thread_ts"] = post["thread_ts"]
    if metadata and post.get("metadata"):
        message["metadata"] = post["metadata"]
    if post["edits"]:
        message["edited"] = {"user": BOT["user_id"], "ts": post["ts"]}
    return message
