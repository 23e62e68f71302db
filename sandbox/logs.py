"""What the vendors of logs have in common here: stored lines, and the small tools that their query languages need."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from sandbox.vendor import Vendor

KEPT_LINES = 50_000
SHOWN_LINES = 50


class QueryError(ValueError):
    """A query that the vendor refuses, or that this sandbox does not know: never answered as if it had been understood."""


@dataclass(frozen=True)
class Line:
    """A stored log line. ``place`` is its index or log group, ``at`` milliseconds since 1970."""

    id: str
    at: int
    place: str
    document: dict[str, Any]

    def value(self, name: str) -> Any:
        return pick(self.document, name)


class LogVendor(Vendor):
    """Keeps lines that people and tests hand in: ``POST /_sandbox/<name>/logs`` with ``{"logs": [{"id", "at", "place",
    "document"}]}``, ``at`` an ISO time with its zone. The newest 50,000 stay."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: deque[Line] = deque(maxlen=KEPT_LINES)

    def lines(self) -> list[Line]:
        with self.lock:
            return list(self._lines)

    def control(self) -> Blueprint:
        blueprint = Blueprint(f"{self.name}_logs", __name__)

        @blueprint.post("/logs")
        def store() -> ResponseReturnValue:
            try:
                lines = [_line(item) for item in request.get_json(force=True)["logs"]]
            except (KeyError, TypeError, ValueError) as error:
                return jsonify({"field": "logs", "error": f"not a list of lines: {error}"}), 422
            with self.lock:
                self._lines.extend(lines)
            return jsonify({"stored": len(lines)}), 201

        return blueprint

    def state(self) -> dict[str, Any]:
        return {"lines": [asdict(line) for line in self.lines()]}

    def load(self, state: dict[str, Any]) -> None:
        lines = [Line(**line) for line in state["lines"]]
        with self.lock:
            self._lines = deque(lines, maxlen=KEPT_LINES)

    def reset(self) -> None:
        with self.lock:
            self._lines.clear()

    def render(self) -> Markup:
        newest = sorted(self.lines(), key=lambda line: line.at, reverse=True)[:SHOWN_LINES]
        rows = Markup("").join(
            Markup("<li><code>{} {}</code> {}</li>").format(iso(line.at), line.place, str(line.document)[:300])
            for line in newest
        )
        return Markup("<ul>{}</ul>").format(rows)


def _line(item: Any) -> Line:
    moment = datetime.fromisoformat(item["at"])
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    if not isinstance(item["document"], dict):
        raise TypeError("a document is an object")
    return Line(
        id=str(item["id"]),
        at=round(moment.timestamp() * 1000),
        place=str(item["place"]),
        document=item["document"],
    )


def pick(document: Any, name: str) -> Any:
    """The value at a dotted name, nested or not; None where there is none."""
    if not isinstance(document, Mapping):
        return None
    if name in document:
        return document[name]
    head, dot, rest = name.partition(".")
    while dot:
        if head in document and (found := pick(document[head], rest)) is not None:
            return found
        more, dot, rest = rest.partition(".")
        head = f"{head}.{more}"
    return None


def flat(document: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in document.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def iso(at: int, *, zone: str = "Z") -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", zone)


def contains_words(text: str, wanted: str, word: re.Pattern[str]) -> bool:
    """Whether the words of ``wanted`` stand in ``text`` one after another, whatever their case; none are never there."""
    needle = word.findall(wanted.casefold())
    hay = word.findall(text.casefold())
    size = len(needle)
    return bool(needle) and any(hay[start : start + size] == needle for start in range(len(hay) - size + 1))


def pattern(source: str) -> re.Pattern[str]:
    r"""A regular expression as Java and PCRE write it, of which ``\x{…}`` is not Python's. Raises QueryError."""
    inner = re.sub(r"\\x\{([0-9a-fA-F]{1,6})\}", lambda match: re.escape(chr(int(match[1], 16))), source)
    try:
        return re.compile(inner)
    except (re.error, OverflowError) as error:
        raise QueryError(f"invalid regular expression: {error}") from error


class Tokens:
    """A query's tokens, one after another. ``grammar`` is a pattern whose named groups are the kinds of tokens."""

    def __init__(self, query: str, grammar: re.Pattern[str]) -> None:
        self._all: list[tuple[str, str]] = []
        at = 0
        while at < len(query):
            match = grammar.match(query, at)
            if match is None or match.end() == at:
                raise QueryError(f"unexpected {query[at : at + 20]!r} at {at}")
            if match.lastgroup and match.lastgroup != "space":
                self._all.append((match.lastgroup, match[match.lastgroup]))
            at = match.end()
        self._next = 0

    @property
    def kind(self) -> str:
        """The kind of the next token; empty at the end."""
        return self._all[self._next][0] if self._next < len(self._all) else ""

    @property
    def text(self) -> str:
        return self._all[self._next][1] if self._next < len(self._all) else ""

    def take(self, kind: str = "", text: str = "") -> str:
        """The next token, which must be of that kind and text where they are given. Raises QueryError."""
        if not self.kind or (kind and self.kind != kind) or (text and self.text.casefold() != text.casefold()):
            raise QueryError(f"expected {text or kind or 'more'}, found {self.text or 'the end'!r}")
        found = self.text
        self._next += 1
        return found

    def found(self, text: str, kind: str = "") -> bool:
        """Take the next token if it is this one."""
        if self.text.casefold() == text.casefold() and self.kind and kind in ("", self.kind):
            self._next += 1
            return True
        return False
