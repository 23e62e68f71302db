"""SPL as far as the sandbox knows it; everything else is a QueryError.

Stages ``search``, ``where``, ``sort``, ``head``, ``fields``. In a search: quoted and bare words (found as whole words of the
raw event), ``field="value"`` with ``*``, ``AND`` (also unwritten), ``OR``, ``NOT``, parentheses. In a where: ``AND OR NOT``,
parentheses, ``match(field, "regex")`` and ``field="value"``, names with special characters in single quotes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from sandbox.logs import Line, QueryError, Tokens, contains_words, pattern

Test = Callable[[Line], bool]

GRAMMAR = re.compile(
    r"""(?P<space>\s+)
    |(?P<pipe>\|)
    |(?P<mark>[(),=+\-])
    |"(?P<string>(?:[^"\\]|\\.)*)"
    |'(?P<quoted>[^'\\]+)'
    |(?P<word>[\w.*@:]+)""",
    re.VERBOSE | re.DOTALL,
)
WORD = re.compile(r"[^\W_]+")


@dataclass
class Search:
    """A parsed search."""

    tests: list[Test] = field(default_factory=list)
    descending: bool = True
    limit: int = 10_000
    shown: tuple[str, ...] | None = None

    def run(self, lines: Iterable[Line]) -> list[Line]:
        found = [line for line in lines if all(test(line) for test in self.tests)]
        found.sort(key=lambda line: (line.at, line.id), reverse=self.descending)
        return found[: self.limit]


def parse(text: str) -> Search:
    tokens, search = Tokens(text, GRAMMAR), Search()
    if tokens.text != "search":
        raise QueryError("a search job begins with the command search")
    while True:
        command = tokens.take("word")
        if command not in STAGES:
            raise QueryError(f"Unknown search command '{command}'.")
        STAGES[command](tokens, search)
        if not tokens.kind:
            break
        tokens.take("pipe")
    # What is unknown is refused even where nothing is stored.
    search.run([Line(id="", at=0, place="", document={})])
    return search


def _search(tokens: Tokens, search: Search) -> None:
    search.tests.append(_either(tokens, _term))


def _where(tokens: Tokens, search: Search) -> None:
    search.tests.append(_either(tokens, _condition))


def _sort(tokens: Tokens, search: Search) -> None:
    if tokens.text.isdigit():
        count = int(tokens.take())
        search.limit = min(search.limit, count) if count else search.limit
    sign = tokens.take("mark") if tokens.kind == "mark" else "+"
    if sign not in "+-" or tokens.take("word") != "_time":
        raise QueryError("sort: the sandbox knows +_time and -_time")
    search.descending = sign == "-"


def _head(tokens: Tokens, search: Search) -> None:
    search.limit = min(search.limit, int(tokens.take("word")))


def _fields(tokens: Tokens, search: Search) -> None:
    names = [_name(tokens)]
    while tokens.found(",", "mark"):
        names.append(_name(tokens))
    search.shown = tuple(names)


STAGES: dict[str, Callable[[Tokens, Search], None]] = {
    "search": _search,
    "where": _where,
    "sort": _sort,
    "head": _head,
    "fields": _fields,
}


def _either(tokens: Tokens, leaf: Callable[[Tokens], Test]) -> Test:
    parts = [_all(tokens, leaf)]
    while tokens.text == "OR" and tokens.found("OR", "word"):
        parts.append(_all(tokens, leaf))
    return lambda line: any(part(line) for part in parts)


def _all(tokens: Tokens, leaf: Callable[[Tokens], Test]) -> Test:
    parts = [_one(tokens, leaf)]
    while _goes_on(tokens):
        written = tokens.text == "AND" and tokens.found("AND", "word")
        if not written and leaf is _condition:
            raise QueryError(f"The expression is malformed near '{tokens.text}'.")
        parts.append(_one(tokens, leaf))
    return lambda line: all(part(line) for part in parts)


def _goes_on(tokens: Tokens) -> bool:
    ends = not tokens.kind or tokens.kind == "pipe" or (tokens.kind == "mark" and tokens.text == ")")
    return not ends and not (tokens.kind == "word" and tokens.text == "OR")


def _one(tokens: Tokens, leaf: Callable[[Tokens], Test]) -> Test:
    if tokens.kind == "word" and tokens.text == "NOT":
        tokens.take()
        inner = _one(tokens, leaf)
        return lambda line: not inner(line)
    if tokens.found("(", "mark"):
        test = _either(tokens, leaf)
        tokens.take("mark", ")")
        return test
    return leaf(tokens)


def _term(tokens: Tokens) -> Test:
    """A word of the raw event, or a field's value; both whatever their case, as in the search command."""
    quoted = tokens.kind == "string"
    name = _unquoted(tokens.take()) if quoted else tokens.take("word")
    if not tokens.found("=", "mark"):
        return lambda line: contains_words(_raw(line), name, WORD)
    value = _unquoted(tokens.take("string")) if tokens.kind == "string" else tokens.take("word")
    wanted = re.compile(".*".join(map(re.escape, value.split("*"))), re.IGNORECASE | re.DOTALL)
    return lambda line: wanted.fullmatch(_value(line, name)) is not None


def _condition(tokens: Tokens) -> Test:
    if tokens.kind == "word" and tokens.text == "match":
        tokens.take()
        tokens.take("mark", "(")
        name = _name(tokens)
        tokens.take("mark", ",")
        wanted = pattern(_unquoted(tokens.take("string")))
        tokens.take("mark", ")")
        return lambda line: wanted.search(_value(line, name)) is not None
    name = _name(tokens)
    tokens.take("mark", "=")
    value = _unquoted(tokens.take("string"))
    return lambda line: _value(line, name) == value


def _name(tokens: Tokens) -> str:
    return tokens.take(tokens.kind if tokens.kind in ("word", "quoted", "string") else "word")


def _unquoted(text: str) -> str:
    r"""In SPL ``\\`` is a backslash and ``\"`` a quote; before anything else a backslash stays one."""
    return re.sub(r'\\([\\"])', r"\1", text)


def _raw(line: Line) -> str:
    raw = line.document.get("_raw")
    return str(raw) if raw is not None else json.dumps(line.document, ensure_ascii=False)


def _value(line: Line, name: str) -> str:
    if name == "index":
        return line.place
    if name == "_cd":
        return line.id
    found = line.value(name)
    return "" if found is None else str(found)
