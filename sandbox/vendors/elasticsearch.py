"""Elasticsearch: ``POST /elasticsearch/<index>/_search`` over stored documents.

After "Search API" and "Query DSL" of the Elasticsearch reference (8.x); what of it is known stands in
`elasticsearch_query`. Everything else is refused as the server refuses it, with a ``parsing_exception``.
Calls without an Authorization header get 401, as from a server with security on.
"""

from __future__ import annotations

import fnmatch
from typing import Any, ClassVar

from flask import Blueprint, Response, jsonify, request

from sandbox.logs import Line, LogVendor, QueryError
from sandbox.vendor import active_fault, note
from sandbox.vendors.elasticsearch_query import matches, parse_search

PARAMETERS = {"ignore_unavailable", "allow_partial_search_results", "allow_no_indices", "expand_wildcards", "pretty"}
PRODUCT = {"X-Elastic-Product": "Elasticsearch"}


class Elasticsearch(LogVendor):
    name: ClassVar[str] = "elasticsearch"
    title: ClassVar[str] = "Elasticsearch"
    fault_kinds: ClassVar[tuple[str, ...]] = ("opensearch",)
    """opensearch: answer as OpenSearch does, which is another product and takes no other media type than plain JSON."""

    def blueprint(self) -> Blueprint:
        blueprint = Blueprint("elasticsearch", __name__)
        blueprint.get("/")(self._about)
        blueprint.route("/<index>/_search", methods=["GET", "POST"])(self._search)
        return blueprint

    def refusal(self, status: int, retry_after: float | None) -> tuple[str, str]:
        kind = "circuit_breaking_exception" if status == 429 else "exception"
        return (
            f'{{"error": {{"root_cause": [], "type": "{kind}", "reason": "fault"}}, "status": {status}}}',
            "application/json",
        )

    def _about(self) -> Response:
        return _answer({"name": "sandbox", "version": {"number": "8.17.0"}, "tagline": "You Know, for Search"})

    def _search(self, index: str) -> Response:
        if active_fault() == "opensearch" and request.mimetype != "application/json":
            return _error(
                406, "media_type_header_exception", f"Content-Type header [{request.mimetype}] is not supported"
            )
        if "Authorization" not in request.headers:
            return _error(401, "security_exception", "missing authentication credentials for REST request")
        if unknown := set(request.args) - PARAMETERS:
            return _error(
                400,
                "illegal_argument_exception",
                f"request [/{index}/_search] contains unrecognized parameter: {unknown}",
            )
        places = {line.place for line in self.lines()}
        wanted = index.split(",")
        missing = [name for name in wanted if "*" not in name and name not in places]
        if missing and request.args.get("ignore_unavailable") != "true":
            return _error(404, "index_not_found_exception", f"no such index [{missing[0]}]")
        try:
            search = parse_search(request.get_json(force=True, silent=True))
            found = [
                line
                for line in self.lines()
                if any(fnmatch.fnmatchcase(line.place, name) for name in wanted) and matches(search.query, line)
            ]
        except QueryError as error:
            return _error(400, "parsing_exception", str(error))
        found.sort(key=lambda line: (line.at, line.id), reverse=search.descending)
        return _answer(
            {
                "took": 1,
                "timed_out": False,
                "_shards": {"total": 1, "successful": 1, "skipped": 0, "failed": 0},
                "hits": {
                    **({"total": {"value": len(found), "relation": "eq"}} if search.track_total else {}),
                    "max_score": None,
                    "hits": [_hit(line) for line in found[search.start : search.start + search.size]],
                },
            }
        )


def _hit(line: Line) -> dict[str, Any]:
    return {"_index": line.place, "_id": line.id, "_score": None, "_source": line.document, "sort": [line.at]}


def _answer(body: dict[str, Any], status: int = 200) -> Response:
    response = jsonify(body)
    response.status_code = status
    if active_fault() != "opensearch":
        response.headers.update(PRODUCT)
    return response


def _error(status: int, kind: str, reason: str) -> Response:
    note(reason)
    cause = {"type": kind, "reason": reason}
    return _answer({"error": {"root_cause": [cause], **cause}, "status": status}, status)
