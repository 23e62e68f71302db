"""CloudWatch Logs: Insights' StartQuery, GetQueryResults and StopQuery at ``POST /cloudwatch/``, AWS' JSON 1.1 protocol.

After the "Amazon CloudWatch Logs API Reference" and "CloudWatch Logs Insights language query syntax"; the part of the
language that is known stands in `cloudwatch_query`. A line's document is either ``{"@message": "plain text"}`` or the JSON
object that was logged, whose fields Insights then finds. A query is Running when first asked for, then Complete. Calls
without a signature are refused.
"""

from __future__ import annotations

import itertools
import json
import uuid
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar

from flask import Blueprint, Response, request

from sandbox.logs import Line, LogVendor, QueryError, flat
from sandbox.vendor import active_fault, note
from sandbox.vendors.cloudwatch_query import parse

ACCOUNT = "123456789012"
MAX_LIMIT = 10_000
MAX_QUERY = 10_000
KEPT_QUERIES = 1_000
PREFIX = "Logs_20140328."


@dataclass
class Query:
    """A query that was started; its results are those of the moment at which it was."""

    id: str
    text: str
    rows: list[list[dict[str, str]]] = field(default_factory=list)
    status: str = "Running"
    asked: int = 0


class AwsError(Exception):
    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class CloudWatch(LogVendor):
    name: ClassVar[str] = "cloudwatch"
    title: ClassVar[str] = "CloudWatch Logs"
    fault_kinds: ClassVar[tuple[str, ...]] = ("never_complete", "query_failed")

    def __init__(self) -> None:
        super().__init__()
        self._queries: deque[Query] = deque(maxlen=KEPT_QUERIES)

    def blueprint(self) -> Blueprint:
        blueprint = Blueprint("cloudwatch", __name__)
        blueprint.post("/")(self._call)
        return blueprint

    def state(self) -> dict[str, Any]:
        with self.lock:
            queries = [{"id": query.id, "text": query.text, "status": query.status} for query in self._queries]
        return {**super().state(), "queries": queries}

    def load(self, state: dict[str, Any]) -> None:
        super().load(state)
        with self.lock:
            self._queries = deque((Query(**query) for query in state["queries"]), maxlen=KEPT_QUERIES)

    def reset(self) -> None:
        super().reset()
        with self.lock:
            self._queries.clear()

    def refusal(self, status: int, retry_after: float | None) -> tuple[str, str]:
        kind = "ThrottlingException" if status == 429 else "ServiceUnavailableException"
        return json.dumps({"__type": kind, "message": "fault"}), "application/x-amz-json-1.1"

    def _call(self) -> Response:
        operations = {
            "StartQuery": self._start,
            "GetQueryResults": self._results,
            "StopQuery": self._stop,
        }
        try:
            if not request.headers.get("Authorization", "").startswith("AWS4-HMAC-SHA256 "):
                raise AwsError("MissingAuthenticationTokenException", "Missing Authentication Token")
            operation = request.headers.get("X-Amz-Target", "").removeprefix(PREFIX)
            if operation not in operations:
                raise AwsError("UnknownOperationException", operation)
            return _answer(operations[operation](request.get_json(force=True, silent=True) or {}))
        except AwsError as error:
            note(f"{error.kind}: {error}")
            return _answer({"__type": error.kind, "message": str(error)}, 400)

    def _start(self, body: dict[str, Any]) -> dict[str, Any]:
        groups = body.get("logGroupNames") or [body.get("logGroupName")]
        start, end, text = body.get("startTime"), body.get("endTime"), body.get("queryString")
        if not isinstance(start, int) or not isinstance(end, int) or not isinstance(text, str):
            raise AwsError("InvalidParameterException", "startTime, endTime and queryString are required")
        if start > end or not 1 <= body.get("limit", MAX_LIMIT) <= MAX_LIMIT or len(text) > MAX_QUERY:
            raise AwsError("InvalidParameterException", "the time range, the limit or the query's length")
        stored = self.lines()
        if missing := [group for group in groups if group not in {line.place for line in stored}]:
            raise AwsError("ResourceNotFoundException", f"Log group '{missing[0]}' does not exist")
        try:
            query = parse(text)
            lines = [line for line in stored if line.place in groups and start <= line.at // 1000 <= end]
            rows = query.run(lines, min(body.get("limit", MAX_LIMIT), MAX_LIMIT))
        except QueryError as error:
            raise AwsError("MalformedQueryException", str(error)) from error
        started = Query(id=str(uuid.uuid4()), text=text, rows=[_row(line, query.shown) for line in rows])
        with self.lock:
            self._queries.append(started)
        return {"queryId": started.id}

    def _results(self, body: dict[str, Any]) -> dict[str, Any]:
        with self.lock:
            query = self._query(body)
            query.asked += 1
            if active_fault() == "query_failed":
                query.status = "Failed"
            elif query.status == "Running" and query.asked > 1 and active_fault() != "never_complete":
                query.status = "Complete"
            rows = query.rows if query.status == "Complete" else []
            statistics = {"recordsMatched": len(rows), "recordsScanned": len(self._lines), "bytesScanned": 0}
            return {"results": rows, "statistics": statistics, "status": query.status}

    def _stop(self, body: dict[str, Any]) -> dict[str, Any]:
        with self.lock:
            query = self._query(body)
            if query.status != "Running":
                raise AwsError("InvalidParameterException", "Query is not running")
            query.status = "Cancelled"
        return {"success": True}

    def _query(self, body: dict[str, Any]) -> Query:
        for query in self._queries:
            if query.id == body.get("queryId"):
                return query
        raise AwsError("ResourceNotFoundException", "the query does not exist")


def _row(line: Line, shown: tuple[str, ...]) -> list[dict[str, str]]:
    """The fields that the query names and the line has, as texts, and the pointer that Insights always adds."""
    values = fields_of(line)
    cells = [{"field": name, "value": str(values[name])} for name in shown if values.get(name) is not None]
    return [*cells, {"field": "@ptr", "value": line.id}]


def fields_of(line: Line) -> dict[str, Any]:
    moment = datetime.fromtimestamp(line.at / 1000, UTC)
    plain = set(line.document) == {"@message"}
    found = {} if plain else dict(itertools.islice(flat(line.document), 200))
    return {
        **found,
        "@message": line.document["@message"] if plain else json.dumps(line.document, ensure_ascii=False),
        "@timestamp": moment.isoformat(sep=" ", timespec="milliseconds").removesuffix("+00:00"),
        "@log": f"{ACCOUNT}:{line.place}",
        "@logStream": "sandbox",
    }


def _answer(body: dict[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(body), status=status, content_type="application/x-amz-json-1.1")
