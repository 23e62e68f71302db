"""Limits of Slack's Block Kit in messages, from its reference pages (docs.slack.dev/reference/block-kit)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

MAX_BLOCKS = 50
MAX_SECTION = 3_000
MAX_HEADER = 150
MAX_FIELDS = 10
MAX_FIELD = 2_000
MAX_CONTEXT = 10
MAX_ACTIONS = 25
MAX_BUTTON = 75
MAX_VALUE = 2_000
MAX_URL = 3_000
MAX_ID = 255


def problems(blocks: Any) -> list[str]:
    """What Slack would refuse in these blocks, each with the place as it names it; empty if nothing."""
    return list(_blocks(blocks))


def _blocks(blocks: Any) -> Iterator[str]:
    if not isinstance(blocks, list):
        yield _at("/blocks", "must be an array")
        return
    if len(blocks) > MAX_BLOCKS:
        yield _at("/blocks", f"no more than {MAX_BLOCKS} items allowed")
    ids: set[str] = set()
    for index, block in enumerate(blocks):
        yield from _block(f"/blocks/{index}", block, ids)


def _block(at: str, block: Any, ids: set[str]) -> Iterator[str]:
    if not isinstance(block, dict):
        yield _at(at, "must be an object")
        return
    check = _CHECKS.get(str(block.get("type")))
    if check is None:
        yield _at(f"{at}/type", f"unsupported type: {block.get('type')}")
        return
    block_id = block.get("block_id")
    if block_id is not None:
        if not isinstance(block_id, str) or len(block_id) > MAX_ID:
            yield _at(f"{at}/block_id", f"must be a string of at most {MAX_ID} characters")
        elif block_id in ids:
            yield _at(f"{at}/block_id", "must be unique")
        else:
            ids.add(block_id)
    yield from check(at, block)


def _text(at: str, value: Any, limit: int, *, plain: bool = False) -> Iterator[str]:
    """A text object; ``plain`` where Slack takes no markup."""
    kinds = ("plain_text",) if plain else ("plain_text", "mrkdwn")
    if not isinstance(value, dict) or value.get("type") not in kinds:
        yield _at(at, f"must be a text object of type {' or '.join(kinds)}")
        return
    text = value.get("text")
    if not isinstance(text, str) or not text:
        yield _at(f"{at}/text", "must be more than 0 characters")
    elif len(text) > limit:
        yield _at(f"{at}/text", f"must be less than {limit + 1} characters")


def _items(at: str, value: Any, limit: int) -> Iterator[str]:
    if not isinstance(value, list) or not value:
        yield _at(at, "must be a non-empty array")
    elif len(value) > limit:
        yield _at(at, f"no more than {limit} items allowed")


def _section(at: str, block: dict[str, Any]) -> Iterator[str]:
    if "text" not in block and "fields" not in block:
        yield _at(at, "missing required field: text or fields")
    if "text" in block:
        yield from _text(f"{at}/text", block["text"], MAX_SECTION)
    if "fields" in block:
        yield from _items(f"{at}/fields", block["fields"], MAX_FIELDS)
        for index, item in enumerate(_list(block["fields"])):
            yield from _text(f"{at}/fields/{index}", item, MAX_FIELD)
    if "accessory" in block:
        yield from _element(f"{at}/accessory", block["accessory"])


def _header(at: str, block: dict[str, Any]) -> Iterator[str]:
    yield from _text(f"{at}/text", block.get("text"), MAX_HEADER, plain=True)


def _context(at: str, block: dict[str, Any]) -> Iterator[str]:
    yield from _items(f"{at}/elements", block.get("elements"), MAX_CONTEXT)
    for index, item in enumerate(_list(block.get("elements"))):
        if isinstance(item, dict) and item.get("type") == "image":
            yield from _image(f"{at}/elements/{index}", item)
        else:
            yield from _text(f"{at}/elements/{index}", item, MAX_SECTION)


def _actions(at: str, block: dict[str, Any]) -> Iterator[str]:
    yield from _items(f"{at}/elements", block.get("elements"), MAX_ACTIONS)
    for index, item in enumerate(_list(block.get("elements"))):
        yield from _element(f"{at}/elements/{index}", item)


def _element(at: str, element: Any) -> Iterator[str]:
    """A button in full; of other interactive elements only that they have a type."""
    if not isinstance(element, dict) or not isinstance(element.get("type"), str):
        yield _at(at, "must be an element with a type")
        return
    if element["type"] != "button":
        return
    yield from _text(f"{at}/text", element.get("text"), MAX_BUTTON, plain=True)
    for name, limit in (("action_id", MAX_ID), ("value", MAX_VALUE), ("url", MAX_URL)):
        value = element.get(name)
        if value is not None and (not isinstance(value, str) or len(value) > limit):
            yield _at(f"{at}/{name}", f"must be a string of at most {limit} characters")
    if element.get("style") not in (None, "primary", "danger"):
        yield _at(f"{at}/style", "must be primary or danger")


def _image(at: str, block: dict[str, Any]) -> Iterator[str]:
    for name in ("image_url", "alt_text"):
        if not isinstance(block.get(name), str) or not block[name]:
            yield _at(at, f"missing required field: {name}")


def _rich_text(at: str, block: dict[str, Any]) -> Iterator[str]:
    if not isinstance(block.get("elements"), list):
        yield _at(at, "missing required field: elements")


def _nothing(at: str, block: dict[str, Any]) -> Iterator[str]:  # noqa: ARG001 - a divider has no content
    return iter(())


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _at(pointer: str, message: str) -> str:
    return f"{message} [json-pointer:{pointer}]"


_CHECKS: dict[str, Callable[[str, dict[str, Any]], Iterator[str]]] = {
    "section": _section,
    "header": _header,
    "context": _context,
    "actions": _actions,
    "image": _image,
    "rich_text": _rich_text,
    "divider": _nothing,
}
