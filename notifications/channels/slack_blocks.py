"""What a message looks like in Slack: Block Kit, with everything that others wrote escaped and within Slack's limits.

Source: docs.slack.dev/reference/block-kit and …/messaging/formatting-message-text.
"""

from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from notifications.channels.text import clean, cut, one_line
from notifications.message import Button, NotificationMessage
from voc.core.vocabulary import Urgency

MAX_HEADER = 150
MAX_SECTION = 2900  # Slack's limit is 3,000; what stands around the text needs some of it
MAX_FIELD = 1900
MAX_FIELDS = 10
MAX_BUTTON = 75
MAX_VALUE = 2000
MAX_ACTION = 255
COLOURS = {Urgency.HIGH: "🔴", Urgency.MEDIUM: "🟠", Urgency.LOW: "🟢"}


def payload(message: NotificationMessage, *, live: bool = False) -> dict[str, Any]:
    """The message as Block Kit, with `text` for what cannot show blocks. `live`: it can be edited, and shows how things stand."""
    mark = COLOURS.get(message.urgency, "🔵") if message.urgency else "🔵"
    title = f"{mark} {one_line(message.title)}"
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": cut(title, MAX_HEADER), "emoji": True}}
    ]
    if body := escaped(message.body, MAX_SECTION):
        blocks.append({"type": "section", "text": _mrkdwn(body)})
    if message.fields:
        shown = message.fields[:MAX_FIELDS]
        fields = [_mrkdwn(f"*{escaped(label, 60)}*\n{escaped(value, MAX_FIELD) or '–'}") for label, value in shown]
        blocks.append({"type": "section", "fields": fields})
    if message.url:
        with translation.override(message.language):
            label = escaped(_("Open %(ticket)s") % {"ticket": message.subject}, 100).replace("|", "¦")
        blocks.append({"type": "section", "text": _mrkdwn(f"*<{_link(message.url)}|{label}>*")})
    return {
        "text": escaped(f"{title}\n{message.body}", 500),
        "blocks": blocks + (_standing(message) if live else []),
        "unfurl_links": False,
        "unfurl_media": False,
    }


def escaped(text: str, limit: int) -> str:
    """Plain text for mrkdwn: `&`, `<` and `>` as entities, so that no mention, link or quote can be made of it, and at most
    `limit` characters long after that, with no entity cut in two."""
    short = cut(clean(text), limit)
    while len(result := short.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")) > limit:
        short = cut(short, len(short) - max(1, (len(result) - limit) // 5))
    return result


def _standing(message: NotificationMessage) -> list[dict[str, Any]]:
    """How things stand, and what can be done about it."""
    blocks: list[dict[str, Any]] = []
    if status := escaped(message.status, 200):
        blocks.append({"type": "context", "block_id": "voc-status", "elements": [_mrkdwn(f"*{status}*")]})
    if message.buttons:
        elements = [_button(button) for button in message.buttons]
        blocks.append({"type": "actions", "block_id": "voc-actions", "elements": elements})
    return blocks


def _button(button: Button) -> dict[str, Any]:
    element: dict[str, Any] = {
        "type": "button",
        "action_id": button.action[:MAX_ACTION],
        "text": {"type": "plain_text", "text": cut(one_line(button.label), MAX_BUTTON), "emoji": True},
    }
    if button.value:
        element["value"] = button.value[:MAX_VALUE]
    if button.style:
        element["style"] = button.style
    if button.url:
        element["url"] = button.url
    return element


def _mrkdwn(text: str) -> dict[str, Any]:
    # verbatim: Slack makes no links or mentions of its own accord out of words.
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _link(url: str) -> str:
    """An address for mrkdwn's <address|label>: nothing in it ends the link early."""
    return url.replace("&", "&amp;").replace("<", "%3C").replace(">", "%3E").replace("|", "%7C")
