"""Slack, through an incoming webhook: one address that posts to one channel.

A webhook answers "ok" or an error's name and nothing else. It gives a message no id and cannot be asked what it has, so a
message whose answer was lost is sent again when it is urgent, and left as unknown otherwise.
Source: docs.slack.dev/messaging/sending-messages-using-incoming-webhooks.
"""

import json
import logging
import re
from datetime import datetime
from http.client import HTTPException
from typing import Any, ClassVar
from urllib.parse import urlsplit
from urllib.request import Request

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from slack_sdk.errors import SlackRequestError
from slack_sdk.webhook import WebhookClient, WebhookResponse

from notifications.channels.base import Channel, Parcel, Rate, Receipt
from notifications.channels.slack_blocks import payload
from notifications.channels.text import hide
from notifications.message import NotificationMessage
from notifications.transport import never_left, open_once
from voc.core.errors import Permanent, Transient
from voc.core.http import check_address, guarded, retry_after
from voc.core.vocabulary import Urgency

TIMEOUT_SECONDS = 8.0
MAX_ANSWER_BYTES = 4096

WHAT_TO_DO = {
    "channel_is_archived": _lazy("unarchive the channel, or set SLACK_WEBHOOK_URL to a webhook of another one"),
    "channel_not_found": _lazy("the channel is gone: set SLACK_WEBHOOK_URL to a webhook of another one"),
    "no_service": _lazy("the webhook was removed or switched off: create one and set SLACK_WEBHOOK_URL"),
    "no_team": _lazy("SLACK_WEBHOOK_URL names a workspace that does not exist: copy the address anew"),
    "invalid_token": _lazy("SLACK_WEBHOOK_URL is not complete, or was revoked: copy the address anew"),
    "action_prohibited": _lazy("an administrator of the workspace forbids it: ask them"),
    "posting_to_general_channel_denied": _lazy("choose another channel for the webhook"),
    "team_disabled": _lazy("the workspace is switched off"),
}

# The client logs the address at DEBUG and the bare error at ERROR: what is worth saying is said here, without the secret.
_quiet = logging.getLogger("notifications.channels.slack.client")
_quiet.setLevel(logging.CRITICAL + 1)


class SlackWebhook(Channel):
    """The channel `slack`. `url` is a secret: it is kept out of every text, and out of `repr`."""

    name: ClassVar[str] = "slack"

    def __init__(self, url: str, *, timeout: float = TIMEOUT_SECONDS, per_second: int = 0) -> None:
        self._url = url
        self._timeout = timeout
        self._per_second = per_second
        self.target = target_of(url)
        self.lease_seconds = 3 * timeout + 2  # connecting, sending and reading may each take the whole time-out

    def targets(self) -> tuple[str, ...]:
        return (self.target,)

    def rate(self, target: str) -> Rate:
        return Rate(f"slack:{target}", self._per_second)

    def verify(self) -> list[str]:
        check_address(self._url)
        return [
            _("%(target)s: the address can be called; only a message would show whether it is right.")
            % {"target": self.target}
        ]

    def deliver(self, parcel: Parcel) -> Receipt:
        body = payload(parcel.message)
        check_address(self._url)
        with guarded(f"slack:{self.target}", self._url):
            self._post(body)
        return Receipt()

    def repeats(self, message: NotificationMessage) -> bool:
        return message.urgency == Urgency.HIGH

    def _post(self, body: dict[str, Any]) -> None:
        client = _Client(self._url, seconds=self._timeout)
        try:
            answer = client.send_dict(body)
        except (OSError, HTTPException, ValueError, SlackRequestError) as error:
            # `from None` everywhere: the client's own errors carry the address, and a chained one would be logged with it.
            if never_left(error):
                raise Transient(_("Slack cannot be reached: %(why)s") % {"why": self._safe(error)}) from None
            raise Transient(_("Slack gave no answer: %(why)s") % {"why": self._safe(error)}, ambiguous=True) from None
        self._judge(answer)

    def _judge(self, answer: WebhookResponse) -> None:
        """Return when Slack took it; raise what else its answer means."""
        status, text = answer.status_code, self._safe(answer.body).strip()
        refusal = _refusal(text)
        said = {"answer": f"{status} {refusal or text}".strip()}
        if status == 200 and text == "ok":
            return
        if status in (429, 503):
            raise Transient(_("Slack asks to wait (%(answer)s).") % said, at=_wait_until(answer))
        if status == 500 and text == "rollup_error":
            raise Transient(_("Slack failed and posted nothing (%(answer)s).") % said)
        if status >= 500 or (200 <= status < 300 and not refusal):
            # A gateway that lost Slack behind it, or an answer that is not Slack's: it may have gone through.
            raise Transient(_("Slack's answer cannot be understood (%(answer)s).") % said, ambiguous=True)
        advice = WHAT_TO_DO.get(refusal or text)
        message = _("Slack refuses the message (%(answer)s)") % said
        raise Permanent(f"{message}: {advice}" if advice else message)

    def _safe(self, error: object) -> str:
        """This error or answer as text: short, and without the address."""
        path = urlsplit(self._url).path
        return hide(getattr(error, "reason", error), self._url, path, path.rsplit("/", 1)[-1])


class _Client(WebhookClient):
    """Slack's client over a transport that follows no redirect and tells what was not sent from what may have been."""

    def __init__(self, url: str, *, seconds: float) -> None:
        # Its own retries would post twice after a lost answer.
        super().__init__(url, retry_handlers=[], logger=_quiet)
        self._seconds = seconds

    def _perform_http_request_internal(self, url: str, req: Request) -> WebhookResponse:
        with open_once(req, timeout=self._seconds) as response:
            return WebhookResponse(
                url=url,
                status_code=response.status,
                body=response.read(MAX_ANSWER_BYTES).decode("utf-8", "replace"),
                headers=dict(response.headers.items()),
            )


def target_of(url: str) -> str:
    """A name for a webhook that gives nothing away: its workspace and service, or else its host."""
    parts = urlsplit(url)
    known = re.search(r"/services/(T\w+)/(B\w+)/", parts.path)
    return f"{known[1]}/{known[2]}" if known else (parts.hostname or "")


def _wait_until(answer: WebhookResponse) -> datetime | None:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return retry_after(headers.get("retry-after"))


def _refusal(text: str) -> str:
    """The error that an answer in JSON names ({"ok": false, "error": …}), "" if it is not one."""
    try:
        answer = json.loads(text)
    except ValueError:
        return ""
    return str(answer.get("error", "ok: false")) if isinstance(answer, dict) and answer.get("ok") is False else ""
