"""What the app posted, by thread, with buttons that can be pressed and modals that can be filled in."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from sandbox.vendors import slack_html
from sandbox.vendors.slack_store import TEAM, Store

SHOWN_THREADS = 30


def render(store: Store) -> Markup:
    """Open modals, then the newest threads."""
    roots = [post for post in store.posts if not post.get("thread_ts") or post["thread_ts"] == post["ts"]]
    replies: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for post in store.posts:
        if post.get("thread_ts"):
            replies.setdefault((post["channel"], post["thread_ts"]), []).append(post)
    people = list(store.users.values())
    modals = Markup("").join(_modal(view) for view in store.views if view["open"])
    threads = Markup("").join(
        _thread(root, replies.get((root["channel"], root["ts"]), []), people)
        for root in reversed(roots[-SHOWN_THREADS:])
    )
    return modals + threads


def _thread(root: dict[str, Any], replies: list[dict[str, Any]], people: list[dict[str, Any]]) -> Markup:
    below = Markup("").join(_post(reply) for reply in replies)
    hint = Markup('<p class="hint">edited</p>') if root["edits"] else Markup("")
    return Markup('<section class="thread">{}{}{}<div class="attachment">{}</div></section>').format(
        _post(root), _press(root, people), hint, below
    )


def _post(post: dict[str, Any]) -> Markup:
    return slack_html.render([{**post, "id": post["ts"], "team": TEAM, "service": post["channel"]}])


def _press(post: dict[str, Any], people: list[dict[str, Any]]) -> Markup:
    """The message's buttons as a form: who presses which."""
    elements = [item for block in post["blocks"] if block.get("type") == "actions" for item in block["elements"]]
    pressable = [
        item for item in elements if item.get("type") == "button" and item.get("action_id") and not item.get("url")
    ]
    if not pressable or not people:
        return Markup("")
    options = Markup("").join(
        Markup('<option value="{}">{}</option>').format(who["id"], who["real_name"]) for who in people
    )
    buttons = Markup(" ").join(
        Markup('<button class="quiet" name="action_id" value="{}">{}</button>').format(
            item["action_id"], item["text"]["text"]
        )
        for item in pressable
    )
    return Markup(
        '<form class="fault" method="post" action="/_sandbox/slack/click"><input type="hidden" name="channel" value="{}">'
        '<input type="hidden" name="ts" value="{}"><label>Press as <select name="user">{}</select></label>'
        '<span class="submit">{}</span></form>'
    ).format(post["channel"], post["ts"], options, buttons)


def _modal(view: dict[str, Any]) -> Markup:
    inputs = Markup("").join(_input(block) for block in view["blocks"] if block.get("type") == "input")
    submit = (view.get("submit") or {}).get("text", "Submit")
    return Markup(
        '<form class="fault" method="post" action="/_sandbox/slack/submit"><h3>{}</h3>'
        '<input type="hidden" name="view_id" value="{}"><input type="hidden" name="user" value="{}">{}'
        '<span class="submit"><button>{}</button></span></form>'
    ).format(view["title"]["text"], view["id"], view["opened_for"], inputs, submit)


def _input(block: dict[str, Any]) -> Markup:
    element, label = block["element"], (block.get("label") or {}).get("text", "")
    name = element.get("action_id", "")
    if element.get("type") == "static_select":
        options = Markup("").join(
            Markup('<option value="{}">{}</option>').format(option["value"], option["text"]["text"])
            for option in element.get("options", [])
        )
        return Markup('<label>{}<select name="{}">{}</select></label>').format(label, name, options)
    return Markup('<label class="wide">{}<input name="{}"></label>').format(label, name)
