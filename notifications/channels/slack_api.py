"""Slack's Web API with a bot token: one call, once, and a typed error for whatever is not its answer.

Errors come as HTTP 200 with {"ok": false, "error": …}. Source: docs.slack.dev/apis/web-api and …/reference/methods.
"""

import json
import logging
import re
from http.client import HTTPException
from typing import Any, Final
from urllib.parse import urlsplit
from urllib.request import Request

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from notifications.channels.text import hide
from notifications.transport import never_left, open_once
from voc.core.errors import Permanent, Transient
from voc.core.http import check_address, guarded, retry_after

MAX_ANSWER_BYTES = 5_000_000
CODE: Final = re.compile(r"[a-z0-9_]+")
# Slack says that it did nothing, and that it may do so later.
LATER: Final = ("ratelimited", "rate_limited", "message_limit_exceeded", "service_unavailable")
# Slack says that it failed, and not whether it did so before or after.
FAILED: Final = ("internal_error", "fatal_error", "request_timeout", "team_added_to_org")

WHAT_TO_DO = {
    "not_in_channel": _lazy("invite the app to the channel: /invite @name in Slack"),
    "channel_not_found": _lazy("the channel is gone, or is private and the app is not in it: check its id"),
    "is_archived": _lazy("unarchive the channel, or send to another one"),
    "invalid_auth": _lazy("SLACK_BOT_TOKEN is not valid: copy it anew from the app's page (OAuth & Permissions)"),
    "not_authed": _lazy("SLACK_BOT_TOKEN is empty"),
    "token_revoked": _lazy("SLACK_BOT_TOKEN was revoked: install the app again and copy the new token"),
    "token_expired": _lazy("SLACK_BOT_TOKEN has expired: copy a new one"),
    "account_inactive": _lazy("the app was removed from the workspace: install it again"),
    "missing_scope": _lazy("the app lacks a permission: add it under OAuth & Permissions, and install it again"),
    "restricted_action": _lazy("an administrator of the workspace forbids it: ask them"),
}

# What is worth saying is said here: the client would log tokens at DEBUG.
_quiet = logging.getLogger("notifications.channels.slack_api.client")
_quiet.setLevel(logging.CRITICAL + 1)


class SlackRefused(Permanent):
    """Slack's answer is no. `code` is its name for why."""

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code


class SlackApi:
    """One workspace. `token` is a secret: it is in no error, and in no `repr`."""

    def __init__(self, token: str, *, base_url: str, timeout: float) -> None:
        self._token = token
        self._base_url = base_url if base_url.endswith("/") else f"{base_url}/"
        self._timeout = timeout

    def call(self, method: str, **arguments: Any) -> dict[str, Any]:
        """Call the method with what is not None, as a form, which all methods take; its answer, which says ok.

        Raises Transient (`at` if Slack asked to wait; `ambiguous` when it may have been carried out), SlackRefused, and
        Permanent for an address that must not be called.
        """
        check_address(self._base_url)
        with guarded(f"slack:{urlsplit(self._base_url).hostname}", self._base_url):
            return self._call(method, {name: _form(value) for name, value in arguments.items() if value is not None})

    def _call(self, method: str, arguments: dict[str, str]) -> dict[str, Any]:
        client = _Client(self._token, base_url=self._base_url, seconds=self._timeout)
        try:
            answer = client.api_call(method, params=arguments)
        except SlackApiError as error:
            raise self._meaning(method, error) from None
        except (OSError, HTTPException, ValueError, SlackClientError) as error:
            why = {"why": hide(getattr(error, "reason", error), self._token)}
            if never_left(error):
                raise Transient(_("Slack cannot be reached: %(why)s") % why) from None
            raise Transient(_("Slack gave no answer: %(why)s") % why, ambiguous=True) from None
        data = answer.data
        if not isinstance(data, dict):
            raise Transient(_("Slack's answer cannot be understood (%(answer)s).") % {"answer": method}, ambiguous=True)
        return data

    def _meaning(self, method: str, error: SlackApiError) -> Permanent | Transient:
        """What an answer that is not ok means. The client's error carries headers and body."""
        data = error.response.data if isinstance(error.response.data, dict) else {}
        # For an answer that is no JSON, the client puts a sentence of its own in the error's place.
        named = CODE.fullmatch(str(data.get("error", "")))
        status, code = error.response.status_code, named[0] if named else ""
        said = {"answer": hide(f"{method}: {status} {code}".strip(), self._token)}
        if status in (429, 503) or code in LATER:
            headers = {str(name).lower(): str(value) for name, value in error.response.headers.items()}
            return Transient(_("Slack asks to wait (%(answer)s).") % said, at=retry_after(headers.get("retry-after")))
        if status >= 500 or code in FAILED or not code:
            return Transient(_("Slack's answer cannot be understood (%(answer)s).") % said, ambiguous=True)
        advice = WHAT_TO_DO.get(code)
        message = _("Slack refuses the message (%(answer)s)") % said
        return SlackRefused(f"{message}: {advice}" if advice else message, code=code)


class _Client(WebClient):
    """Slack's client over a transport that follows no redirect and tells what was not sent from what may have been."""

    def __init__(self, token: str, *, base_url: str, seconds: float) -> None:
        # Its own retries would post twice after a lost answer.
        super().__init__(token, base_url=base_url, retry_handlers=[], logger=_quiet)
        self._seconds = seconds

    def _perform_urllib_http_request_internal(self, url: str, req: Request) -> dict[str, Any]:
        with open_once(req, timeout=self._seconds) as response:
            body = response.read(MAX_ANSWER_BYTES).decode("utf-8", "replace")
            return {"status": response.status, "headers": dict(response.headers.items()), "body": body}


def from_settings() -> SlackApi | None:
    if not settings.SLACK_BOT_TOKEN:
        return None
    return SlackApi(settings.SLACK_BOT_TOKEN, base_url=settings.SLACK_API_URL, timeout=settings.NOTIFY_TIMEOUT_SECONDS)


def _form(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
