"""The part of JQL that the system may use, parsed and carried out: comparisons joined by AND, OR, NOT, and an ORDER BY.

As Atlassian's "Advanced search reference" has it: a quoted time is in the account's zone and to the minute, a bare number
is milliseconds since 1970. What is not known here is refused, never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

Row = dict[str, Any]
Test = Callable[[Row], bool]
_TOKEN = re.compile(r"""\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|>=|<=|!=|!~|[()=<>~,]|[^\s()=<>!~,"']+)""")
_FIELDS = {
    "project": "project", "key": "key", "issuekey": "key", "issue": "key", "id": "key", "labels": "labels",
    "status": "status", "statuscategory": "category", "issuetype": "type", "type": "type", "resolution": "resolution",
    "updated": "updated", "updateddate": "updated", "created": "created", "createddate": "created", "summary": "summary",
    "text": "text", "assignee": "assignee", "priority": "priority",
}  # fmt: skip
_TIMES = ("updated", "created")


class JqlError(ValueError):
    """A query that Jira would refuse, in its words."""


class Query:
    """A parsed query: `matches` says whether a row of the index is meant, `order` its place."""

    def __init__(self, text: str, *, zone: str) -> None:
        self._zone = ZoneInfo(zone)
        self._tokens = _tokens(text)
        self._at = 0
        self.sorting: list[tuple[str, bool]] = []
        self.restricted = bool(self._tokens) and not self._is("ORDER")
        self.keys: list[str] = []
        """Every key or id that is named: validation refuses one that does not exist."""
        self.projects: list[str] = []
        self.matches: Test = self._any() if self.restricted else (lambda row: True)
        if self._is("ORDER"):
            self._order_by()
        if self._at < len(self._tokens):
            raise JqlError(f"Error in the JQL Query: Expecting operator but got '{self._tokens[self._at]}'.")

    def order(self, rows: list[Row]) -> list[Row]:
        rows = sorted(rows, key=lambda row: int(row["id"]), reverse=not self.sorting)
        for name, descending in reversed(self.sorting):
            rows.sort(key=lambda row: _sortable(row, name), reverse=descending)
        return rows

    def _any(self) -> Test:
        tests = [self._all()]
        while self._take("OR"):
            tests.append(self._all())
        return lambda row: any(test(row) for test in tests)

    def _all(self) -> Test:
        tests = [self._one()]
        while self._take("AND"):
            tests.append(self._one())
        return lambda row: all(test(row) for test in tests)

    def _one(self) -> Test:
        if self._take("NOT"):
            inner = self._one()
            return lambda row: not inner(row)
        if self._take("("):
            inner = self._any()
            self._must(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Test:
        written = _bare(self._next())
        name = _FIELDS.get(written.lower())
        if name is None:
            raise JqlError(f"Field '{written}' does not exist or you do not have permission to view it.")
        sign = self._next().upper()
        if sign == "NOT" and self._take("IN"):
            sign = "NOT IN"
        if sign in ("IN", "NOT IN"):
            inside = self._in(name)
            return inside if sign == "IN" else (lambda row: not inside(row))
        if sign == "IS":
            wanted = not self._take("NOT")
            if self._next().upper() not in ("EMPTY", "NULL"):
                raise JqlError("Error in the JQL Query: Expecting EMPTY.")
            return lambda row: (not row[name]) is wanted
        return self._compare(name, sign, self._next())

    def _in(self, name: str) -> Test:
        self._must("(")
        values = [self._next()]
        while self._take(","):
            values.append(self._next())
        self._must(")")
        tests = [self._compare(name, "=", value) for value in values]
        return lambda row: any(test(row) for test in tests)

    def _compare(self, name: str, sign: str, token: str) -> Test:
        if name in _TIMES:
            return _by_time(name, sign, self._moment(token))
        value = _bare(token)
        if name == "key":
            self.keys.append(value)
        if name == "project":
            self.projects.append(value)
        if sign in ("=", "!="):
            return (lambda row: _is(row, name, value)) if sign == "=" else (lambda row: not _is(row, name, value))
        if sign == "~" and name in ("summary", "text"):
            words = value.strip('"').lower().split()
            return lambda row: all(word in row[name].lower() for word in words)
        raise JqlError(f"The operator '{sign}' is not supported by the '{name}' field.")

    def _moment(self, token: str) -> int:
        if token.lstrip("-").isdigit():
            return int(token)
        text = _bare(token).replace("/", "-")
        for shape in ("%Y-%m-%d %H:%M", "%Y-%m-%d"):
            try:
                return round(datetime.strptime(text, shape).replace(tzinfo=self._zone).timestamp() * 1000)
            except ValueError:
                continue
        raise JqlError(f"Date value '{text}' for field is invalid. Valid formats include: 'yyyy/MM/dd HH:mm'.")

    def _order_by(self) -> None:
        self._next()
        if self._next().upper() != "BY":
            raise JqlError("Error in the JQL Query: Expecting 'by'.")
        while True:
            written = _bare(self._next())
            if written.lower() not in _FIELDS and written.lower() != "id":
                raise JqlError(f"Not able to sort using field '{written}'.")
            descending = self._take("DESC")
            if not descending:
                self._take("ASC")
            self.sorting.append((_FIELDS[written.lower()], descending))
            if not self._take(","):
                return

    def _is(self, word: str) -> bool:
        return self._at < len(self._tokens) and self._tokens[self._at].upper() == word

    def _take(self, word: str) -> bool:
        found = self._is(word)
        self._at += found
        return found

    def _must(self, word: str) -> None:
        if not self._take(word):
            raise JqlError(f"Error in the JQL Query: Expecting '{word}'.")

    def _next(self) -> str:
        if self._at >= len(self._tokens):
            raise JqlError("Error in the JQL Query: The query ends too soon.")
        self._at += 1
        return self._tokens[self._at - 1]


def _tokens(text: str) -> list[str]:
    found, at = [], 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise JqlError(f"Error in the JQL Query: The character '{text[at]}' is a reserved JQL character.")
        found.append(match[1])
        at = match.end()
    return found


def _bare(token: str) -> str:
    return re.sub(r"\\(.)", r"\1", token[1:-1]) if token[0] in "\"'" else token


def _is(row: Row, name: str, value: str) -> bool:
    wanted = value.lower()
    match name:
        case "labels":
            return wanted in (label.lower() for label in row["labels"])
        case "key":
            return wanted in (row["key"].lower(), row["id"], *(key.lower() for key in row["old_keys"]))
        case "category":
            return wanted in (row["category"].lower(), row["category_name"].lower())
    return str(row[name] or "").lower() == wanted or str(row.get(f"{name}_id") or "") == value


def _by_time(name: str, sign: str, moment: int) -> Test:
    tests: dict[str, Test] = {
        ">=": lambda row: row[name] >= moment,
        ">": lambda row: row[name] > moment,
        "<=": lambda row: row[name] <= moment,
        "<": lambda row: row[name] < moment,
        "=": lambda row: row[name] == moment,
    }
    if sign not in tests:
        raise JqlError(f"The operator '{sign}' is not supported by the '{name}' field.")
    return tests[sign]


def _sortable(row: Row, name: str) -> Any:
    if name == "key":
        return (row["project"], int(row["key"].rsplit("-", 1)[1]))
    return row[name] if name in _TIMES else str(row[name] or "")
