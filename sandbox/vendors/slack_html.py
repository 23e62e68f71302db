"""Slack messages as HTML, roughly as Slack shows them. Everything in them is somebody else's text: escaped, always."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from markupsafe import Markup, escape

from sandbox.vendor import clock

_EMOJI = {
    "rotating_light": "🚨", "warning": "⚠️", "white_check_mark": "✅", "x": "❌", "bell": "🔔", "fire": "🔥",
    "red_circle": "🔴", "large_orange_circle": "🟠", "large_yellow_circle": "🟡", "large_green_circle": "🟢",
    "large_blue_circle": "🔵", "hourglass_flowing_sand": "⏳", "mag": "🔍", "memo": "📝", "link": "🔗", "ticket": "🎫",
    "eyes": "👀", "tada": "🎉", "information_source": "ℹ️", "arrows_counterclockwise": "🔄", "no_entry": "⛔",
    "speech_balloon": "💬", "bulb": "💡", "clock3": "🕒", "bust_in_silhouette": "👤", "robot_face": "🤖",
}  # fmt: skip
_TOKEN = re.compile(r"```(?P<pre>.+?)```|`(?P<code>[^`\n]+)`|<(?P<link>[^<>\n]+)>", re.DOTALL)
_STYLES = (
    (re.compile(r"(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])"), r"<strong>\1</strong>"),
    (re.compile(r"(?<![\w_])_(?=\S)([^_\n]+?)(?<=\S)_(?![\w_])"), r"<em>\1</em>"),
    (re.compile(r"(?<![\w~])~(?=\S)([^~\n]+?)(?<=\S)~(?![\w~])"), r"<s>\1</s>"),
)
_EMOJI_NAME = re.compile(r":([a-z0-9_+-]+):")
_SAFE_URL = re.compile(r"(https?://|mailto:)", re.IGNORECASE)


def render(messages: list[dict[str, Any]]) -> Markup:
    """These messages in this order."""
    return Markup("").join(_message(message) for message in messages)


def mrkdwn(text: str) -> Markup:
    """Slack's markup as HTML: bold, italic, strike, code, links, mentions, quotes, emoji, line breaks."""
    out, last = Markup(""), 0
    for token in _TOKEN.finditer(text):
        out += _styled(text[last : token.start()])
        last = token.end()
        if token["pre"] is not None:
            out += Markup("<pre>{}</pre>").format(_entities(token["pre"].strip("\n")))
        elif token["code"] is not None:
            out += Markup("<code>{}</code>").format(_entities(token["code"]))
        else:
            out += _angle(token["link"])
    return out + _styled(text[last:])


def _message(message: dict[str, Any]) -> Markup:
    blocks = message["blocks"]
    body = Markup("").join(_block(block) for block in blocks) if blocks else _paragraph(message["text"])
    attachments = Markup("").join(_attachment(item) for item in message["attachments"])
    notes = Markup('<p class="hint">The text was cut at 40,000 characters.</p>') if message["text_cut"] else Markup("")
    if blocks and message["text"]:
        notes += Markup('<p class="hint">Notification text: {}</p>').format(message["text"])
    name = message["username"] or "Incoming webhook"
    return Markup(
        '<article class="slack" id="slack-{id}"><div class="avatar" aria-hidden="true">{initial}</div>'
        '<div class="bubble"><p class="who"><b>{name}</b> <span class="app">APP</span> '
        '<time datetime="{at}">{clock}</time> <span class="hint">{team}/{service}</span></p>{body}</div></article>'
    ).format(
        id=message["id"],
        initial=str(name)[:1].upper(),
        name=name,
        at=message["received_at"],
        clock=clock(message["received_at"]),
        team=message["team"],
        service=message["service"],
        body=body + attachments + notes,
    )


def _block(block: dict[str, Any]) -> Markup:
    return _BLOCKS.get(str(block.get("type")), _other)(block)


def _header(block: dict[str, Any]) -> Markup:
    return Markup('<p class="header">{}</p>').format(_object(block.get("text")))


def _section(block: dict[str, Any]) -> Markup:
    text = Markup('<div class="text">{}</div>').format(_object(block["text"])) if block.get("text") else Markup("")
    fields = Markup("").join(Markup("<div>{}</div>").format(_object(item)) for item in block.get("fields") or [])
    if fields:
        text += Markup('<div class="fields">{}</div>').format(fields)
    accessory = _element(block["accessory"]) if block.get("accessory") else Markup("")
    return Markup('<div class="section"><div>{}</div>{}</div>').format(text, accessory)


def _context(block: dict[str, Any]) -> Markup:
    items = Markup("").join(Markup("<span>{}</span>").format(_object(item)) for item in block["elements"])
    return Markup('<div class="context">{}</div>').format(items)


def _actions(block: dict[str, Any]) -> Markup:
    return Markup('<div class="actions">{}</div>').format(Markup("").join(_element(item) for item in block["elements"]))


def _divider(_: dict[str, Any]) -> Markup:
    return Markup("<hr>")


def _other(block: dict[str, Any]) -> Markup:
    return Markup('<p class="hint">[{}] {}</p>').format(block.get("type"), block.get("alt_text", ""))


_BLOCKS: dict[str, Callable[[dict[str, Any]], Markup]] = {
    "header": _header,
    "section": _section,
    "context": _context,
    "actions": _actions,
    "divider": _divider,
}


def _element(element: dict[str, Any]) -> Markup:
    if element["type"] != "button":
        return Markup('<span class="hint">[{}]</span>').format(element["type"])
    style = element.get("style") or ""
    label, url = _object(element.get("text")), element.get("url")
    if isinstance(url, str) and _SAFE_URL.match(url):
        return Markup('<a class="button {}" href="{}" rel="noreferrer noopener">{}</a>').format(style, url, label)
    return Markup('<span class="button {}">{}</span>').format(style, label)


def _object(value: Any) -> Markup:
    """A text object: markup only if it says so."""
    if not isinstance(value, dict):
        return Markup("")
    text = str(value.get("text") or value.get("alt_text") or "")
    return mrkdwn(text) if value.get("type") == "mrkdwn" else _lines(_emoji(escape(text)))


def _attachment(item: dict[str, Any]) -> Markup:
    if blocks := item.get("blocks"):
        body = Markup("").join(_block(block) for block in blocks)
    else:
        body = _paragraph(str(item.get("text") or item.get("fallback") or ""))
    title = Markup("<b>{}</b>").format(item["title"]) if item.get("title") else Markup("")
    return Markup('<div class="attachment">{}{}</div>').format(title, body)


def _paragraph(text: str) -> Markup:
    return Markup('<div class="text">{}</div>').format(mrkdwn(text))


def _angle(inner: str) -> Markup:
    """What stands in angle brackets: a link, a mention, a channel, or a special mention."""
    target, _, label = inner.partition("|")
    if target.startswith(("@", "!", "#")):
        shown = label or target[1:]
        sign = "#" if target.startswith("#") else "@"
        return Markup('<span class="mention">{}{}</span>').format(sign, _entities(shown.lstrip("@#")))
    if _SAFE_URL.match(target):
        url = target.replace("&amp;", "&")
        return Markup('<a href="{}" rel="noreferrer noopener">{}</a>').format(url, _entities(label or target))
    return _entities(f"<{inner}>")


def _styled(text: str) -> Markup:
    html = str(_entities(text))
    for pattern, replacement in _STYLES:
        html = pattern.sub(replacement, html)
    html = re.sub(r"(?m)^&gt; ?(.*)$\n?", r"<blockquote>\1</blockquote>", html)
    return _lines(_emoji(Markup(html)))  # noqa: S704 - escaped before the styles went in


def _entities(text: str) -> Markup:
    """Slack's three escapes read, then escaped for HTML."""
    return escape(text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))


def _emoji(html: Markup) -> Markup:
    return Markup(_EMOJI_NAME.sub(lambda name: _EMOJI.get(name[1], name[0]), str(html)))  # noqa: S704 - was safe


def _lines(html: Markup) -> Markup:
    return Markup(str(html).replace("\n", "<br>"))  # noqa: S704 - was safe
