"""CloudWatch Logs Insights' query language, as far as the sandbox knows it; everything else is a QueryError.

Commands ``fields``, ``filter``, ``sort``, ``limit``; in a filter ``and or not``, parentheses, comparisons with strings and
numbers, ``like`` with a string or a regular expression, ``in``, and the functions ``toMillis`` and ``ispresent``.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from sandbox.logs import Line, QueryError, Tokens, flat, pattern

Test = Callable[[Line], bool]
Value = Callable[[Line], Any]

GRAMMAR = re.compile(
    r"""(?P<space>\s+)
    |(?P<pipe>\|)
    |(?P<mark>[(),\[\]])
    |(?P<regex>/(?:[^/\\]|\\.)+/)
    |(?P<operator>!=|<=|>=|=|<|>)
    |"(?P<string>(?:[^"\\]|\\.)*)"
    |'(?P<single>(?:[^'\\]|\\.)*)'
    |`(?P<quoted>[^`]+)`
    |(?P<number>-?\d+(?:\.\d+)?)
    |(?P<name>@?[A-Za-z_][\w.]*)""",
    re.VERBOSE | re.DOTALL,
)
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
WORDS = ("and", "or", "not", "like", "in")


@dataclass
class Insight:
    """A parsed query."""

    shown: tuple[str, ...] = ("@timestamp", "@message")
    tests: list[Test] = field(default_factory=list)
    descending: bool | None = None
    limit: int = 10_000

    def run(self, lines: Iterable[Line], limit: int) -> list[Line]:
        found = [line for line in lines if all(test(line) for test in self.tests)]
        # Without a sort, Insights gives the newest first.
        found.sort(key=lambda line: (line.at, line.id), reverse=self.descending is not False)
        return found[: min(limit, self.limit)]


def parse(text: str) -> Insight:
    tokens, query = Tokens(text, GRAMMAR), Insight()
    while True:
        command = tokens.take("name").lower()
        if command not in COMMANDS:
            raise QueryError(f"unknown command {command!r}")
        COMMANDS[command](tokens, query)
        if not tokens.kind:
            break
        tokens.take("pipe")
    # What is unknown is refused even where nothing is stored.
    query.run([Line(id="", at=0, place="", document={})], 1)
    return query


def _fields(tokens: Tokens, query: Insight) -> None:
    names = [_name(tokens)]
    while tokens.found(",", "mark"):
        names.append(_name(tokens))
    query.shown = tuple(names)


def _filter(tokens: Tokens, query: Insight) -> None:
    query.tests.append(_either(tokens))


def _sort(tokens: Tokens, query: Insight) -> None:
    if _name(tokens) != "@timestamp":
        raise QueryError("sort: the sandbox knows @timestamp")
    order = tokens.take("name").lower() if tokens.kind == "name" else "desc"
    if order not in ("asc", "desc"):
        raise QueryError(f"sort: unknown order {order!r}")
    query.descending = order == "desc"


def _limit(tokens: Tokens, query: Insight) -> None:
    query.limit = int(tokens.take("number"))


COMMANDS: dict[str, Callable[[Tokens, Insight], None]] = {
    "fields": _fields,
    "filter": _filter,
    "sort": _sort,
    "limit": _limit,
}


def _either(tokens: Tokens) -> Test:
    parts = [_all(tokens)]
    while tokens.found("or", "name"):
        parts.append(_all(tokens))
    return lambda line: any(part(line) for part in parts)


def _all(tokens: Tokens) -> Test:
    parts = [_one(tokens)]
    while tokens.found("and", "name"):
        parts.append(_one(tokens))
    return lambda line: all(part(line) for part in parts)


def _one(tokens: Tokens) -> Test:
    if tokens.found("not", "name"):
        inner = _one(tokens)
        return lambda line: not inner(line)
    if tokens.found("(", "mark"):
        test = _either(tokens)
        tokens.take("mark", ")")
        return test
    if tokens.kind == "name" and tokens.text.lower() == "ispresent":
        value = _call(tokens)
        return lambda line: value(line) is not None
    return _comparison(tokens)


def _comparison(tokens: Tokens) -> Test:
    left = _operand(tokens)
    if tokens.found("not", "name"):
        tokens.take("name", "like")
        likeness = _like(tokens)
        return lambda line: not likeness(left(line))
    if tokens.found("like", "name"):
        likeness = _like(tokens)
        return lambda line: likeness(left(line))
    if tokens.found("in", "name"):
        choices = _choices(tokens)
        return lambda line: left(line) in [choice(line) for choice in choices]
    sign = tokens.take("operator")
    right = _operand(tokens)
    return lambda line: _compared(sign, left(line), right(line))


def _compared(sign: str, left: Any, right: Any) -> bool:
    if left is None or right is None:
        return sign == "!=" and left is not right
    if isinstance(left, int | float) != isinstance(right, int | float):
        left, right = str(left), str(right)
    return COMPARE[sign](left, right)


def _like(tokens: Tokens) -> Callable[[Any], bool]:
    if tokens.kind == "regex":
        wanted = pattern(tokens.take()[1:-1])
        return lambda value: value is not None and wanted.search(str(value)) is not None
    text = _string(tokens)
    return lambda value: value is not None and text in str(value)


def _choices(tokens: Tokens) -> list[Value]:
    tokens.take("mark", "[")
    choices = [_operand(tokens)]
    while tokens.found(",", "mark"):
        choices.append(_operand(tokens))
    tokens.take("mark", "]")
    return choices


def _operand(tokens: Tokens) -> Value:
    if tokens.kind in ("string", "single"):
        text = _string(tokens)
        return lambda line: text
    if tokens.kind == "number":
        number = float(tokens.take())
        return lambda line: number
    if tokens.kind == "name" and tokens.text.lower() == "tomillis":
        return _call(tokens)
    name = _name(tokens)
    return lambda line: value_of(line, name)


def _call(tokens: Tokens) -> Value:
    function = tokens.take("name").lower()
    tokens.take("mark", "(")
    name = _name(tokens)
    tokens.take("mark", ")")
    if function == "tomillis":
        if name != "@timestamp":
            raise QueryError("toMillis: the sandbox knows @timestamp")
        return lambda line: line.at
    return lambda line: value_of(line, name)


def _name(tokens: Tokens) -> str:
    if tokens.kind == "quoted":
        return tokens.take()
    name = tokens.take("name")
    if name.lower() in WORDS:
        raise QueryError(f"unexpected {name!r}")
    return name


def _string(tokens: Tokens) -> str:
    if tokens.kind not in ("string", "single"):
        raise QueryError(f"expected a string or a regular expression, found {tokens.text!r}")
    return re.sub(r"\\(.)", r"\1", tokens.take(), flags=re.DOTALL)


def value_of(line: Line, name: str) -> Any:
    if name == "@message":
        plain = line.document.get("@message")
        return plain if plain is not None else str(line.document)
    return dict(flat(line.document)).get(name)
