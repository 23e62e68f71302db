"""Microsoft Teams, through the webhook of a Workflows flow: it takes an Adaptive Card and posts it to a channel or chat.

202 says that the flow took the card, not that it was posted, and there is no id and nothing to ask: a card whose answer was
lost is sent again when it is urgent, and left as unknown otherwise.
Source: learn.microsoft.com, "Create incoming webhooks with Workflows" and adaptivecards.io/explorer.
"""

import json
from typing import Any, ClassVar, Final
from urllib.parse import urlsplit

import pymsteams
import requests
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from notifications.channels.base import Channel, Parcel, Rate, Receipt
from notifications.channels.named import named
from notifications.channels.text import clean, cut, hide, one_line
from notifications.message import NotificationMessage
from notifications.sessions import be_careful, never_left
from voc.core.errors import Permanent, Transient
from voc.core.http import check_address, guarded, retry_after
from voc.core.vocabulary import Urgency

# The flow takes 28 KB; some of that is what stands around the card.
MAX_BYTES = 27_000
MAX_TITLE = 200
MAX_BODY = 12_000
MAX_FACTS = 10
MAX_FACT = 1_000
MARKUP = str.maketrans({mark: f"\\{mark}" for mark in "\\`*_[]#~|<>"})
STYLES: Final = {Urgency.HIGH: "attention", Urgency.MEDIUM: "warning", Urgency.LOW: "good"}


class Teams(Channel):
    """The channel `teams`; a target is the name of one of the webhooks. Their addresses are secrets."""

    name: ClassVar[str] = "teams"

    def __init__(self, webhooks: dict[str, str], *, timeout: float, per_second: int) -> None:
        self._webhooks = webhooks
        self._timeout = timeout
        self._per_second = per_second
        self.lease_seconds = 3 * timeout + 2

    def targets(self) -> tuple[str, ...]:
        return tuple(self._webhooks)

    def rate(self, target: str) -> Rate:
        return Rate(f"teams:{target}", self._per_second)

    def repeats(self, message: NotificationMessage) -> bool:
        return message.urgency == Urgency.HIGH

    def verify(self) -> list[str]:
        told = _("%(target)s: the address can be called; only a message would show whether it is right.")
        lines = []
        for target, url in self._webhooks.items():
            check_address(url)
            lines.append(told % {"target": target})
        return lines

    def deliver(self, parcel: Parcel) -> Receipt:
        url = self._webhooks[self.canonical(parcel.target)]
        check_address(url)
        card = _Card(url, http_timeout=self._timeout)
        card.payload = payload(parcel.message)
        with guarded(f"teams:{parcel.target}", url):
            self._send(card, url)
        return Receipt()

    def _send(self, card: "_Card", url: str) -> None:
        secrets = (urlsplit(url).path, urlsplit(url).query)
        try:
            card.send()
        except pymsteams.TeamsWebhookException:
            answer = card.last_http_response
        except requests.exceptions.RequestException as error:
            why = {"why": _cause(error)}
            if never_left(error):
                raise Transient(_("Teams cannot be reached: %(why)s") % why) from None
            raise Transient(_("Teams gave no answer: %(why)s") % why, ambiguous=True) from None
        else:
            return
        said = {"answer": hide(f"{answer.status_code} {answer.text}".strip(), *secrets)}
        if answer.status_code in (429, 503):
            raise Transient(
                _("Teams asks to wait (%(answer)s).") % said, at=retry_after(answer.headers.get("retry-after"))
            )
        if answer.status_code >= 500 or answer.status_code == 408:
            raise Transient(_("Teams' answer cannot be understood (%(answer)s).") % said, ambiguous=True)
        advice = _("look whether the flow is switched on, and copy its address anew into TEAMS_WEBHOOKS")
        raise Permanent(_("Teams refuses the message (%(answer)s)") % said + f": {advice}")


class _Card(pymsteams.connectorcard):  # type: ignore[misc]  # the package has no types
    """pymsteams' card over a session that follows no redirect, takes no proxy, and connects to checked addresses."""

    def send(self) -> bool:
        with requests.Session() as session:
            be_careful(session)
            self.last_http_response = session.post(self.hookurl, json=self.payload, timeout=self.http_timeout)
        if 200 <= self.last_http_response.status_code < 300:
            return True
        raise pymsteams.TeamsWebhookException(self.last_http_response.text)


def payload(message: NotificationMessage) -> dict[str, Any]:
    """The message as an Adaptive Card in the envelope that Workflows takes, within its size."""
    room = MAX_BODY
    while True:
        made = _envelope(_card(message, room=room))
        if len(json.dumps(made).encode()) <= MAX_BYTES or room < 50:
            return made
        room = room * 2 // 3


def from_settings() -> Teams | None:
    webhooks = named(settings.TEAMS_WEBHOOKS)
    if not webhooks:
        return None
    return Teams(webhooks, timeout=settings.NOTIFY_TIMEOUT_SECONDS, per_second=settings.TEAMS_MESSAGES_PER_SECOND)


def _envelope(card: dict[str, Any]) -> dict[str, Any]:
    kind = "application/vnd.microsoft.card.adaptive"
    return {"type": "message", "attachments": [{"contentType": kind, "contentUrl": None, "content": card}]}


def _card(message: NotificationMessage, *, room: int) -> dict[str, Any]:
    style = STYLES.get(message.urgency, "default") if message.urgency else "default"
    body: list[dict[str, Any]] = [
        {
            "type": "TextBlock",
            "text": escaped(cut(one_line(message.title), min(MAX_TITLE, room))),
            "weight": "Bolder",
            "size": "Medium",
            "wrap": True,
            "color": style,
        }
    ]
    if text := clean(message.body):
        body.append({"type": "TextBlock", "text": escaped(cut(text, room)), "wrap": True})
    if message.status:
        body.append({"type": "TextBlock", "text": escaped(cut(one_line(message.status), 200)), "isSubtle": True})
    if message.fields:
        facts = [
            {
                "title": escaped(cut(one_line(label), 60)),
                "value": escaped(cut(clean(value), min(MAX_FACT, room))) or "–",
            }
            for label, value in message.fields[:MAX_FACTS]
        ]
        body.append({"type": "FactSet", "facts": facts})
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "body": body,
    }
    if message.url:
        with translation.override(message.language):
            label = cut(_("Open %(ticket)s") % {"ticket": one_line(message.subject)}, 100)
        card["actions"] = [{"type": "Action.OpenUrl", "title": label, "url": message.url}]
    return card


def escaped(text: str) -> str:
    """Plain text for the Markdown of a card: no link, mention or emphasis can be made of it."""
    lines = (line.translate(MARKUP) for line in text.replace("<at>", "<at >").split("\n"))
    # A line that begins like a list or a quotation is none, and line breaks stay.
    return "\n\n".join(f"\u200b{line}" if line[:1] in "-+>0123456789" and line else line for line in lines)


def _cause(error: Exception) -> str:
    """The kind of the failure: the texts of `requests` carry the address."""
    return type(error).__name__
