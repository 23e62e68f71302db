"""A text with a little structure, and what it looks like in Jira: ADF (version 3) or wiki markup (version 2), and back.

ADF: https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/. Whatever a customer wrote stays text:
in ADF by its nature, in wiki markup by escaping.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

# Jira's own limit, for descriptions and comments, in UTF-16 units as Java counts them; the rest is for markup.
MOST_UNITS: Final = 32_767
MOST_TEXT: Final = 28_000


@dataclass(frozen=True, slots=True)
class Heading:
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    text: str


@dataclass(frozen=True, slots=True)
class Bullets:
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Code:
    text: str


@dataclass(frozen=True, slots=True)
class Link:
    text: str
    url: str


Block = Heading | Paragraph | Bullets | Code | Link
Document = tuple[Block, ...]

_UNWANTED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
# What means something in wiki markup: at any place, at the edge of a word, doubled; and at the beginning of a line.
_MARKS = re.compile(r"[\\{}\[\]|!]|(?<!\w)[*_^~+#-]|[*_^~+-](?!\w)|\?(?=\?)|(?<=\?)\?")
_LINE_MARKS = re.compile(r"^(\s*)(h[1-6]\.|bq\.)", re.MULTILINE)
_MENTION = re.compile(r"\[~(?:accountid:)?([^\]\s]{1,128})\]")


def plain(text: str) -> Document:
    """A text as it was typed: one paragraph per block of lines."""
    return tuple(Paragraph(part) for part in re.split(r"\n\s*\n", clean(text)) if part.strip())


def clean(text: str) -> str:
    """Without the characters that Jira, whose store is XML at heart, refuses."""
    return _UNWANTED.sub("", text.replace("\r\n", "\n"))


def units(text: str) -> int:
    """Its length as Jira counts: an emoji is two."""
    return len(text) + sum(1 for char in text if ord(char) > 0xFFFF)


def shortened(text: str, most: int) -> str:
    """The beginning of the text, `most` units long at most, with an ellipsis where it was cut."""
    if units(text) <= most:
        return text
    kept = 0
    for at, char in enumerate(text):
        kept += 2 if ord(char) > 0xFFFF else 1
        if kept > most - 1:
            return text[:at].rstrip() + "…"
    return text


def fitted(document: Document, *, ending: str) -> Document:
    """The document, or as many of its blocks as fit, then `ending` as a paragraph."""
    kept: list[Block] = []
    room = MOST_TEXT
    for block in document:
        size = units(to_wiki((block,))) + 2
        if size > room:
            kept += [_cut(block, room)] if room > 200 else []
            return (*kept, Paragraph(ending))
        kept.append(block)
        room -= size
    return tuple(kept)


def _cut(block: Block, room: int) -> Block:
    # Escaping can double a text.
    half = max(100, room // 2)
    match block:
        case Paragraph(text):
            return Paragraph(shortened(text, half))
        case Code(text):
            return Code(shortened(text, half))
        case Bullets(items):
            return Bullets((shortened("; ".join(items), half),))
        case Heading(text) | Link(text):
            return Paragraph(shortened(text, half))


# --- ADF ------------------------------------------------------------------------------------------------------------


def to_adf(document: Document) -> dict[str, Any]:
    content = [_adf(block) for block in document] or [{"type": "paragraph", "content": []}]
    return {"type": "doc", "version": 1, "content": content}


def _adf(block: Block) -> dict[str, Any]:
    match block:
        case Heading(text):
            return {"type": "heading", "attrs": {"level": 3}, "content": _adf_text(text)}
        case Bullets(items):
            return {"type": "bulletList", "content": [{"type": "listItem", "content": [_paragraph(i)]} for i in items]}
        case Code(text):
            return {"type": "codeBlock", "content": [{"type": "text", "text": clean(text) or " "}]}
        case Link(text, url):
            marked = {"type": "text", "text": clean(text) or url, "marks": [{"type": "link", "attrs": {"href": url}}]}
            return {"type": "paragraph", "content": [marked]}
        case Paragraph(text):
            return _paragraph(text)


def _paragraph(text: str) -> dict[str, Any]:
    return {"type": "paragraph", "content": _adf_text(text)}


def _adf_text(text: str) -> list[dict[str, Any]]:
    """Text nodes may not be empty, and have no line ends."""
    nodes: list[dict[str, Any]] = []
    for at, line in enumerate(clean(text).split("\n")):
        nodes += [{"type": "hardBreak"}] if at else []
        nodes += [{"type": "text", "text": line}] if line else []
    return nodes


def from_adf(node: object) -> str:
    """The text of a document in ADF, for people: mentions as @name, lists as dashes, what is not text by its kind."""
    return re.sub(r"\n{3,}", "\n\n", "".join(_texts(node))).strip()


_BLOCKS: Final = {"paragraph", "heading", "codeBlock", "blockquote", "rule", "panel", "tableRow", "mediaSingle"}
# Kind of node → what it says by itself, from its attributes.
_WORDS: Final[dict[str, Callable[[dict[str, Any]], str]]] = {
    "hardBreak": lambda _: "\n",
    "mention": lambda attrs: "@" + str(attrs.get("text") or attrs.get("id") or "").lstrip("@"),
    "emoji": lambda attrs: str(attrs.get("text") or attrs.get("shortName") or ""),
    "inlineCard": lambda attrs: str(attrs.get("url") or ""),
    "blockCard": lambda attrs: str(attrs.get("url") or ""),
    "media": lambda attrs: f"[{attrs.get('alt') or 'file'}]",
    "listItem": lambda _: "- ",
}


def _texts(node: object) -> Iterator[str]:
    if not isinstance(node, dict):
        return
    kind, attributes, content = str(node.get("type")), node.get("attrs"), node.get("content")
    if kind == "text":
        yield str(node.get("text", ""))
    elif kind in _WORDS:
        yield _WORDS[kind](attributes if isinstance(attributes, dict) else {})
    for child in content if isinstance(content, list) else []:
        yield from _texts(child)
    if kind in _BLOCKS:
        yield "\n" if kind == "tableRow" else "\n\n"
    elif kind == "tableCell":
        yield " "


# --- wiki markup ------------------------------------------------------------------------------------------------------


def to_wiki(document: Document) -> str:
    return "\n\n".join(_wiki(block) for block in document)


def _wiki(block: Block) -> str:
    match block:
        case Heading(text):
            return f"h3. {_escaped(text)}"
        case Bullets(items):
            return "\n".join(f"* {_escaped(item).replace(chr(10), ' ')}" for item in items)
        case Code(text):
            # Nothing inside has a meaning but the end itself.
            return "{noformat}\n" + clean(text).replace("{noformat}", "{ noformat }") + "\n{noformat}"
        case Link(text, url):
            return f"[{_escaped(text)}|{url}]"
        case Paragraph(text):
            return _escaped(text)


def _escaped(text: str) -> str:
    marked = _MARKS.sub(lambda found: "\\" + found[0], clean(text))
    return _LINE_MARKS.sub(lambda found: f"{found[1]}\\{found[2]}", marked)


def from_wiki(text: str) -> str:
    """Wiki markup as text for people: mentions as @name, our own escapes taken away; other markup stays as it was typed."""
    named = _MENTION.sub(lambda found: f"@{found[1]}", text)
    return re.sub(r"\\([\\{}\[\]|!*_^~+?#-])", r"\1", named).strip()


def rendered(document: Document, *, adf: bool) -> dict[str, Any] | str:
    return to_adf(document) if adf else to_wiki(document)


def read(body: object) -> str:
    """A body as Jira gives it, in either form, as text."""
    return from_wiki(body) if isinstance(body, str) else from_adf(body)
