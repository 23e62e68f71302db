"""Slack: by bot token, with a thread for each ticket; without one, by incoming webhook (see `slack_webhook`).

A posted message carries the delivery's id in its metadata. When an answer was lost, the channel's history (or the thread) is
searched for that id before anything is posted again: Slack sees each message once.
Source: docs.slack.dev/messaging/message-metadata, …/reference/methods/chat.postMessage and conversations.history.
"""

import re
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.utils.translation import gettext as _

from notifications.channels import slack_api
from notifications.channels.base import Channel, Parcel, Rate, Receipt, RootGone
from notifications.channels.slack_api import SlackApi, SlackRefused
from notifications.channels.slack_blocks import payload
from notifications.channels.slack_webhook import SlackWebhook
from notifications.message import NotificationMessage
from voc.core.errors import Permanent, Transient

EVENT_TYPE = "voc_delivery"
CHANNEL_ID = re.compile(r"[CGDU][A-Z0-9]{2,30}")
ROOT_GONE = ("thread_not_found", "message_not_found", "cannot_reply_to_message", "invalid_thread_ts")
# Slack's clock and ours may differ, and what was thought of a moment ago may have been posted before.
SKEW = timedelta(minutes=2)
PAGE = 200
MAX_PAGES = 10


class Slack(Channel):
    """The channel `slack`; a target is the id of one of the workspace's channels or people."""

    name: ClassVar[str] = "slack"
    exact: ClassVar[bool] = True
    threaded: ClassVar[bool] = True

    def __init__(self, api: SlackApi, *, channel: str, timeout: float, per_second: int) -> None:
        self._api = api
        self._channel = channel
        self._per_second = per_second
        # Nothing is begun after `_budget`, and what was begun ends within three time-outs.
        self._budget = 2 * timeout
        self.lease_seconds = self._budget + 3 * timeout + 2

    def targets(self) -> tuple[str, ...]:
        return (self._channel,) if self._channel else ()

    def canonical(self, target: str) -> str:
        if not CHANNEL_ID.fullmatch(target):
            told = _(
                "%(target)s is no id of a Slack channel: it is at the end of the channel's details, like C024BE91L."
            )
            raise Permanent(told % {"target": target})
        return target

    def rate(self, target: str) -> Rate:
        return Rate(f"slack:{target}", self._per_second)

    def verify(self) -> list[str]:
        who = self._api.call("auth.test")
        lines = [_("%(user)s in the workspace %(team)s") % {"user": who.get("user"), "team": who.get("team")}]
        for target in self.targets():
            found = self._api.call("conversations.info", channel=target)["channel"]
            if found.get("is_archived") or found.get("is_member") is False:
                code = "is_archived" if found.get("is_archived") else "not_in_channel"
                raise SlackRefused(f"{target}: {code}: {slack_api.WHAT_TO_DO[code]}", code=code)
            lines.append(f"{target}: #{found.get('name')}")
        return lines

    def deliver(self, parcel: Parcel) -> Receipt:
        begun = time.monotonic()
        thread = parcel.thread
        try:
            if found := self._find(parcel):
                return found
            root_id, root_of = self._root(parcel)
            if root_of == parcel.id:
                return Receipt(vendor_id=root_id, place=self._place(parcel.target))
            if time.monotonic() - begun > self._budget:
                # Somebody else may hold the delivery by the time that this would arrive.
                raise Transient(_("Slack answers too slowly."))
            posted = self._post(parcel, root_id=root_id)
        except SlackRefused as error:
            if thread and thread.root_id and error.code in ROOT_GONE:
                raise RootGone(error.message) from None
            raise
        ts, channel = str(posted["ts"]), str(posted["channel"])
        if root_id and not (posted.get("message") or {"thread_ts": root_id}).get("thread_ts"):
            # To a first message that was deleted Slack takes no reply, and does not say so: it posts it into the channel.
            return Receipt(vendor_id=ts, place=channel, adrift=True)
        return Receipt(vendor_id=ts, place=channel, root_id=root_id, root_of=root_of)

    def edit(self, *, place: str, root_id: str, message: NotificationMessage, parcel_id: str, thread_id: str) -> None:
        shown = payload(message, live=True)
        arguments = {name: shown[name] for name in ("text", "blocks")}
        try:
            self._api.call(
                "chat.update", channel=place, ts=root_id, metadata=_metadata(parcel_id, thread_id), **arguments
            )
        except SlackRefused as error:
            if error.code in ROOT_GONE:
                raise RootGone(error.message) from None
            raise

    def _post(self, parcel: Parcel, *, root_id: str) -> dict[str, Any]:
        # A reply shows itself alone: how things stand is shown by the first message.
        live = parcel.thread is not None and not root_id
        return self._api.call(
            "chat.postMessage",
            channel=parcel.target,
            thread_ts=root_id or None,
            metadata=_metadata(parcel.id, parcel.thread.id if parcel.thread else ""),
            **payload(parcel.message, live=live),
        )

    def _find(self, parcel: Parcel) -> Receipt | None:
        """The message of an earlier try, if that arrived."""
        if not parcel.doubtful:
            return None
        thread = parcel.thread
        place = self._place(parcel.target)
        for message in self._look(place, since=parcel.since, root_id=thread.root_id if thread else ""):
            if _carried(message).get("delivery") == parcel.id:
                # In the channel it may stand as a reply to a first message that was deleted.
                return Receipt(vendor_id=str(message["ts"]), place=place, adrift=bool(thread and not thread.root_id))
        return None

    def _root(self, parcel: Parcel) -> tuple[str, str]:
        """The first message of the conversation and the parcel that it was; "" for both if the parcel is to be the first."""
        thread = parcel.thread
        if thread is None:
            return "", ""
        if thread.root_id or not thread.doubtful:
            return thread.root_id, ""
        for message in self._look(self._place(parcel.target), since=thread.since, root_id=""):
            if _carried(message).get("thread") == thread.id:
                return str(message["ts"]), str(_carried(message).get("delivery", ""))
        return "", ""

    def _place(self, target: str) -> str:
        """Where messages to this target stand: those to a person in the conversation with the app."""
        if not target.startswith("U"):
            return target
        return str(self._api.call("conversations.open", users=target)["channel"]["id"])

    def _look(self, channel: str, *, since: datetime, root_id: str) -> Iterator[dict[str, Any]]:
        """What stands in the channel, or in the thread, since then."""
        arguments: dict[str, Any] = {"channel": channel, "limit": PAGE, "include_all_metadata": True}
        arguments["oldest"] = f"{(since - SKEW).timestamp():.6f}"
        method = "conversations.history"
        if root_id:
            method, arguments["ts"] = "conversations.replies", root_id
        for _number in range(MAX_PAGES):
            answer = self._api.call(method, **arguments)
            yield from answer.get("messages", [])
            arguments["cursor"] = (answer.get("response_metadata") or {}).get("next_cursor")
            if not arguments["cursor"]:
                return
        raise Transient(_("Too much stands in the channel to find out whether the message arrived."))


def _metadata(parcel_id: str, thread_id: str) -> dict[str, Any]:
    carried = {"delivery": parcel_id} | ({"thread": thread_id} if thread_id else {})
    return {"event_type": EVENT_TYPE, "event_payload": carried}


def _carried(message: dict[str, Any]) -> dict[str, Any]:
    metadata = message.get("metadata") or {}
    found = metadata.get("event_payload") if metadata.get("event_type") == EVENT_TYPE else None
    return found if isinstance(found, dict) else {}


def from_settings() -> Channel | None:
    """By bot token if there is one, else by webhook if there is one."""
    timeout, per_second = settings.NOTIFY_TIMEOUT_SECONDS, settings.SLACK_MESSAGES_PER_SECOND
    if api := slack_api.from_settings():
        return Slack(api, channel=settings.SLACK_CHANNEL, timeout=timeout, per_second=per_second)
    if settings.SLACK_WEBHOOK_URL:
        return SlackWebhook(settings.SLACK_WEBHOOK_URL, timeout=timeout, per_second=per_second)
    return None
