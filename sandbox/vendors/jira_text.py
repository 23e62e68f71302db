"""Rich text of both kinds: Atlassian Document Format (v3) and wiki markup (v2). Kept as it came, converted for the other side.

ADF as in Atlassian's "Atlassian Document Format": a ``doc`` of version 1. The conversion knows paragraphs, headings, lists,
code, quotes, rules, mentions, links and emphasis, which is what people type.
"""

from __future__ import annotations

import re
from typing import Any

from sandbox.vendors.jira_site import PEOPLE, account_id

MAX_TEXT = 32_767
_MARKS = {"strong": "*", "em": "_", "strike": "-", "code": "{{"}
_MENTION = re.compile(r"\[~(?:accountid:)?([^\]]+)\]")


def problem(body: Any, version: str) -> str:
    """Why a body is refused; "" when it is not."""
    if version == "3":
        return "" if _is_document(body) and len(plain(body)) <= MAX_TEXT else _too_long(body)
    if not isinstance(body, str):
        return "Operation value must be a string"
    return _too_long(body) if len(body) > MAX_TEXT else ""


def _too_long(body: Any) -> str:
    if isinstance(body, str) or _is_document(body):
        return f"The entered text is too long. It exceeds the allowed limit of {MAX_TEXT:,} characters."
    return "Operation value must be an Atlassian Document (see the Atlassian Document Format)"


def _is_document(body: Any) -> bool:
    return (
        isinstance(body, dict)
        and body.get("type") == "doc"
        and body.get("version") == 1
        and isinstance(body.get("content"), list)
        and all(_is_node(node) for node in body["content"])
    )


def _is_node(node: Any) -> bool:
    if not isinstance(node, dict) or not isinstance(node.get("type"), str):
        return False
    if node["type"] == "text" and not (isinstance(node.get("text"), str) and node["text"]):
        return False  # an empty text node makes the whole document invalid
    return all(_is_node(child) for child in node.get("content") or [])


def for_version(body: Any, version: str) -> Any:
    """The body as a reader of this version gets it."""
    if body is None or (version == "3") == isinstance(body, dict):
        return body
    return to_document(body) if version == "3" else to_wiki(body)


def plain(body: Any) -> str:
    return to_wiki(body) if isinstance(body, dict) else str(body or "")


def to_document(text: str) -> dict[str, Any]:
    paragraphs = [part for part in text.replace("\r\n", "\n").split("\n\n") if part]
    return {"type": "doc", "version": 1, "content": [_paragraph(part) for part in paragraphs]}


def _paragraph(text: str) -> dict[str, Any]:
    content: list[dict[str, Any]] = []
    for index, line in enumerate(text.split("\n")):
        if index:
            content.append({"type": "hardBreak"})
        content += _inline(line)
    return {"type": "paragraph", "content": content}


def _inline(line: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    last = 0
    for mention in _MENTION.finditer(line):
        if line[last : mention.start()]:
            found.append({"type": "text", "text": line[last : mention.start()]})
        who = mention[1].removeprefix("557058:")
        found.append({"type": "mention", "attrs": {"id": account_id(who), "text": f"@{PEOPLE.get(who, who)}"}})
        last = mention.end()
    if line[last:]:
        found.append({"type": "text", "text": line[last:]})
    return found


def to_wiki(node: Any) -> str:
    """ADF as wiki markup."""
    return "\n\n".join(_block(child) for child in node.get("content") or [])


def _block(node: dict[str, Any]) -> str:
    inner = node.get("content") or []
    match node["type"]:
        case "heading":
            return f"h{node.get('attrs', {}).get('level', 1)}. {_line(inner)}"
        case "bulletList" | "orderedList":
            sign = "*" if node["type"] == "bulletList" else "#"
            return "\n".join(f"{sign} {_item(item)}" for item in inner)
        case "codeBlock":
            return "{code}\n" + _line(inner) + "\n{code}"
        case "blockquote":
            return "\n".join(f"bq. {_block(child)}" for child in inner)
        case "rule":
            return "----"
        case "paragraph":
            return _line(inner)
    return _line(inner) if all(child["type"] in ("text", "hardBreak") for child in inner) else to_wiki(node)


def _item(node: dict[str, Any]) -> str:
    return " ".join(_block(child) for child in node.get("content") or [])


def _line(content: list[dict[str, Any]]) -> str:
    return "".join(_word(node) for node in content)


def _word(node: dict[str, Any]) -> str:
    match node["type"]:
        case "hardBreak":
            return "\n"
        case "mention":
            return f"[~accountid:{node['attrs'].get('id', '')}]"
        case "emoji":
            return str(node["attrs"].get("text") or node["attrs"].get("shortName", ""))
        case "inlineCard":
            return str(node["attrs"].get("url", ""))
    text = str(node.get("text", ""))
    for mark in node.get("marks") or []:
        if mark["type"] == "link":
            text = f"[{text}|{mark['attrs']['href']}]"
        elif sign := _MARKS.get(mark["type"]):
            text = f"{sign}{text}{'}}' if sign == '{{' else sign}"
    return text
