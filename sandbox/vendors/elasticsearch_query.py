"""The part of Elasticsearch's query DSL that the sandbox knows; everything else is a QueryError.

Fields called ``message`` or ending in ``.text`` are analysed (`text`), all others are not (`keyword`). The analyser is the
standard one as far as logs need it: words of letters, digits and underscores, joined by inner dots and apostrophes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sandbox.logs import Line, QueryError, contains_words

WORD = re.compile(r"\w+(?:[.'’]\w+)*")
MAX_SIZE = 10_000
KEYS = {"query", "size", "from", "sort", "track_total_hits"}


@dataclass(frozen=True)
class Search:
    query: dict[str, Any]
    size: int
    start: int
    descending: bool
    track_total: bool


def parse_search(body: Any) -> Search:
    """A search request's body; sorted by time, the only sort that is known here."""
    if not isinstance(body, dict):
        raise QueryError("request body is required")
    for key in body:
        if key not in KEYS:
            raise QueryError(f"Unknown key for a VALUE in [{key}].")
    size, start = body.get("size", 10), body.get("from", 0)
    if not isinstance(size, int) or not isinstance(start, int) or size < 0 or start < 0 or size + start > MAX_SIZE:
        raise QueryError(f"Result window is too large, from + size must be less than or equal to: [{MAX_SIZE}]")
    query = body.get("query", {"match_all": {}})
    # What is unknown is refused even where nothing is stored.
    matches(query, Line(id="", at=0, place="", document={}))
    return Search(
        query=query,
        size=size,
        start=start,
        descending=_descending(body.get("sort", [{"@timestamp": {"order": "desc"}}])),
        track_total=body.get("track_total_hits", True) is not False,
    )


def _descending(sort: Any) -> bool:
    if not isinstance(sort, list) or len(sort) != 1 or not isinstance(sort[0], dict) or len(sort[0]) != 1:
        raise QueryError("sort: the sandbox knows one field with its options")
    [(name, options)] = sort[0].items()
    if not _is_time(name) or not isinstance(options, dict) or set(options) - {"order", "unmapped_type"}:
        raise QueryError(f"sort: unknown field or option: {name} {options}")
    if options.get("order", "asc") not in ("asc", "desc"):
        raise QueryError(f"No enum constant org.elasticsearch.search.sort.SortOrder.{options['order']}")
    return bool(options.get("order", "asc") == "desc")


def matches(query: Any, line: Line) -> bool:
    """Whether the query finds the line. Raises QueryError for one that the sandbox does not know, also where it would not
    matter for this line."""
    if not isinstance(query, dict) or len(query) != 1:
        raise QueryError("[query] malformed query, expected one query clause")
    [(kind, body)] = query.items()
    if kind not in CLAUSES:
        raise QueryError(f"unknown query [{kind}]")
    if not isinstance(body, dict):
        raise QueryError(f"[{kind}] query malformed, no start_object after query name")
    return CLAUSES[kind](body, line)


def _bool(body: dict[str, Any], line: Line) -> bool:
    _only("bool", body, {"filter", "must", "should", "must_not", "minimum_should_match"})
    results = {
        name: [matches(each, line) for each in _list(body.get(name, []))]
        for name in ("filter", "must", "should", "must_not")
    }
    least = body.get("minimum_should_match", 0 if results["filter"] or results["must"] else 1)
    if not isinstance(least, int):
        raise QueryError("[bool] minimum_should_match: the sandbox knows numbers")
    enough = not results["should"] or sum(results["should"]) >= least
    return all(results["filter"]) and all(results["must"]) and enough and not any(results["must_not"])


def _term(body: dict[str, Any], line: Line) -> bool:
    name, options = _one("term", body)
    if not isinstance(options, dict):
        options = {"value": options}
    _only("term", options, {"value", "case_insensitive", "boost"})
    wanted = options.get("value")
    if not isinstance(wanted, str | int | float | bool):
        raise QueryError("[term] query does not support arrays or objects")
    fold: Callable[[Any], str] = (lambda value: str(value).casefold()) if options.get("case_insensitive") else str
    return fold(wanted) in [fold(term) for term in _terms(line, name)]


def _multi_match(body: dict[str, Any], line: Line) -> bool:
    _only("multi_match", body, {"query", "type", "fields", "lenient", "operator", "slop"})
    wanted, names = body.get("query"), body.get("fields")
    if body.get("type") != "phrase" or not isinstance(wanted, str) or not isinstance(names, list):
        raise QueryError("[multi_match] the sandbox knows the type phrase, with a text and fields")
    return any(_holds_phrase(line, name, wanted) for name in names)


def _match_phrase(body: dict[str, Any], line: Line) -> bool:
    name, options = _one("match_phrase", body)
    wanted = options.get("query") if isinstance(options, dict) else options
    if not isinstance(wanted, str):
        raise QueryError("[match_phrase] requires a text")
    return _holds_phrase(line, name, wanted)


def _holds_phrase(line: Line, name: str, wanted: str) -> bool:
    value = _value(line, name)
    if value is None:
        return False
    return contains_words(str(value), wanted, WORD) if _is_text(name) else str(value) == wanted


def _range(body: dict[str, Any], line: Line) -> bool:
    name, options = _one("range", body)
    if not isinstance(options, dict):
        raise QueryError("[range] query malformed")
    _only("range", options, {"gte", "gt", "lte", "lt", "format", "time_zone"})
    if not _is_time(name):
        raise QueryError(f"[range] the sandbox knows times, not [{name}]")
    form = options.get("format", "strict_date_optional_time")
    tests: dict[str, Callable[[int], bool]] = {
        "gte": lambda bound: line.at >= bound,
        "gt": lambda bound: line.at > bound,
        "lte": lambda bound: line.at <= bound,
        "lt": lambda bound: line.at < bound,
    }
    kept = [test(_bound(options[key], form)) for key, test in tests.items() if key in options]
    return all(kept)


def _bound(value: Any, form: str) -> int:
    try:
        if form == "epoch_millis":
            return int(value)
        if form == "strict_date_optional_time":
            return round(datetime.fromisoformat(value).timestamp() * 1000)
    except (TypeError, ValueError) as error:
        raise QueryError(f"failed to parse date field [{value}] with format [{form}]") from error
    raise QueryError(f"Invalid format: [{form}]")


def _ids(body: dict[str, Any], line: Line) -> bool:
    _only("ids", body, {"values"})
    return line.id in _list(body.get("values"))


def _match_all(body: dict[str, Any], _line: Line) -> bool:
    _only("match_all", body, {"boost"})
    return True


CLAUSES: dict[str, Callable[[dict[str, Any], Line], bool]] = {
    "bool": _bool,
    "term": _term,
    "multi_match": _multi_match,
    "match_phrase": _match_phrase,
    "range": _range,
    "ids": _ids,
    "match_all": _match_all,
}


def _terms(line: Line, name: str) -> list[Any]:
    value = _value(line, name)
    if value is None:
        return []
    if _is_text(name):
        return [word.casefold() for word in WORD.findall(str(value))]
    return list(value) if isinstance(value, list) else [value]


def _value(line: Line, name: str) -> Any:
    """A field's value; ``x.text`` and ``x.keyword`` are also how a field ``x`` is indexed a second time."""
    found = line.value(name)
    for second in (".text", ".keyword"):
        if found is None and name.endswith(second):
            found = line.value(name.removesuffix(second))
    return found


def _is_text(name: str) -> bool:
    return name == "message" or name.endswith(".text")


def _is_time(name: str) -> bool:
    return name in ("@timestamp", "timestamp")


def _one(kind: str, body: dict[str, Any]) -> tuple[str, Any]:
    if len(body) != 1:
        raise QueryError(f"[{kind}] query doesn't support multiple fields, found {sorted(body)}")
    [(name, options)] = body.items()
    return name, options


def _only(kind: str, body: dict[str, Any], known: set[str]) -> None:
    for key in body:
        if key not in known:
            raise QueryError(f"[{kind}] query does not support [{key}]")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
