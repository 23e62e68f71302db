"""Datadog: ``POST /datadog/api/v2/logs/events/search`` over stored logs.

After "Search logs (POST)" of the API reference and "Log Search Syntax" of the documentation; the part of the syntax that
is known stands in `datadog_query`. Calls without both keys get 403. Pages hold 1,000 logs at most.
"""

from __future__ import annotations

import base64
import json
import re
import time
from datetime import datetime
from typing import Any, ClassVar

from flask import Blueprint, Response, jsonify, request

from sandbox.logs import Line, LogVendor, QueryError, iso
from sandbox.vendor import note
from sandbox.vendors.datadog_query import parse

MAX_PAGE = 1_000
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
RESERVED = ("message", "service", "status", "host", "tags")


class Datadog(LogVendor):
    name: ClassVar[str] = "datadog"
    title: ClassVar[str] = "Datadog"

    def blueprint(self) -> Blueprint:
        blueprint = Blueprint("datadog", __name__)
        blueprint.post("/api/v2/logs/events/search")(self._search)
        return blueprint

    def refusal(self, status: int, retry_after: float | None) -> tuple[str, str]:
        return json.dumps({"errors": ["Too many requests" if status == 429 else "Fault"]}), "application/json"

    def _search(self) -> Response:
        if not (request.headers.get("DD-API-KEY") and request.headers.get("DD-APPLICATION-KEY")):
            return _error(403, "Forbidden")
        try:
            body = request.get_json(force=True, silent=True) or {}
            _only(body, {"filter", "page", "sort", "options"})
            found = self._found(body.get("filter") or {})
            found.sort(key=lambda line: (line.at, line.id), reverse=_descending(body.get("sort", "-timestamp")))
            page = body.get("page") or {}
            _only(page, {"limit", "cursor"})
            start, size = _start(page.get("cursor")), _size(page.get("limit", 10))
        except QueryError as error:
            return _error(400, str(error))
        shown = found[start : start + size]
        more = start + size < len(found)
        meta: dict[str, Any] = {"elapsed": 1, "request_id": "c2FuZGJveA", "status": "done"}
        if more:
            meta["page"] = {"after": _cursor(start + size)}
        links = {"next": request.url} if more else None
        return jsonify({"data": [_log(line) for line in shown], "meta": meta, **({"links": links} if links else {})})

    def _found(self, query: Any) -> list[Line]:
        _only(query, {"query", "from", "to", "indexes", "storage_tier"})
        start, end = _moment(query.get("from", "now-15m")), _moment(query.get("to", "now"))
        indexes = query.get("indexes", ["*"])
        if not isinstance(indexes, list):
            raise QueryError("indexes is a list")
        matches = parse(query.get("query", "*"))
        return [
            line
            for line in self.lines()
            if start <= line.at < end and ("*" in indexes or line.place in indexes) and matches(line)
        ]


def _log(line: Line) -> dict[str, Any]:
    known = {name: line.document[name] for name in RESERVED if name in line.document}
    own = {name: value for name, value in line.document.items() if name not in RESERVED}
    return {"id": line.id, "type": "log", "attributes": {"timestamp": iso(line.at), **known, "attributes": own}}


def _moment(value: Any) -> int:
    text = str(value)
    if text.isdigit():
        return int(text)
    if match := re.fullmatch(r"now(?:-(\d+)([smhd]))?", text):
        back = int(match[1]) * UNITS[match[2]] if match[1] else 0
        return round((time.time() - back) * 1000)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise QueryError(f"Unable to parse date {text!r}") from error
    return round(moment.timestamp() * 1000)


def _descending(value: Any) -> bool:
    if value not in ("timestamp", "-timestamp"):
        raise QueryError(f"sort must be timestamp or -timestamp, not {value!r}")
    return bool(value == "-timestamp")


def _size(value: Any) -> int:
    if not isinstance(value, int) or not 1 <= value <= MAX_PAGE:
        raise QueryError(f"page.limit must be from 1 to {MAX_PAGE}")
    return value


def _start(cursor: Any) -> int:
    if cursor is None:
        return 0
    try:
        return int(json.loads(base64.b64decode(cursor, validate=True))["startAt"])
    except (ValueError, KeyError, TypeError) as error:
        raise QueryError("Invalid cursor") from error


def _cursor(start: int) -> str:
    return base64.b64encode(json.dumps({"startAt": start}).encode()).decode()


def _only(body: Any, known: set[str]) -> None:
    if not isinstance(body, dict):
        raise QueryError("Invalid request: expected an object")
    for key in body:
        if key not in known:
            raise QueryError(f"Invalid request: unknown field {key!r}")


def _error(status: int, text: str) -> Response:
    note(text)
    response = jsonify({"errors": [text]})
    response.status_code = status
    return response
