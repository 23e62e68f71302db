"""Searching the Jira site: pages by token (Cloud) and by offset (Data Center), and fetching many by id."""

from __future__ import annotations

import base64
import json
from typing import Any

from sandbox.vendors.jira_jql import JqlError, Query
from sandbox.vendors.jira_request import Answer, Request
from sandbox.vendors.jira_shape import COMMENTS_IN_A_RESULT
from sandbox.vendors.jira_store import Issue, JiraError

MOST_WITH_FIELDS = 100
MOST_IDS = 5_000
MOST_FETCHED = 100


class Search(Request):
    """The routes that find issues."""

    def search_by_token(self) -> Answer:
        if not self.config.cloud:
            raise JiraError(404, "null for uri: search/jql")
        jql = str(self.body.get("jql") or "")
        query = self._query(jql, bounded=True)
        fields = self.wanted_fields(self.body.get("fields")) or ["id"]
        only_ids = set(fields) <= {"id", "key"}
        most = max(1, min(int(self.body.get("maxResults") or 50), MOST_IDS if only_ids else MOST_WITH_FIELDS))
        start = self._start(self.body.get("nextPageToken"), jql)
        rows = self._found(query)
        page = rows[start : start + most]
        answer: dict[str, Any] = {"issues": self._results(page, fields), "isLast": start + most >= len(rows)}
        if not answer["isLast"]:
            token = json.dumps([start + most, jql]).encode()
            answer["nextPageToken"] = base64.urlsafe_b64encode(token).decode()
        return 200, answer

    def search_by_offset(self) -> Answer:
        if self.config.cloud:
            raise JiraError(
                410, "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API."
            )
        query = self._query(str(self.body.get("jql") or ""), bounded=False)
        start = int(self.body.get("startAt") or 0)
        most = min(int(self.body.get("maxResults") or 50), 1000)
        rows = self._found(query)
        page = self._results(rows[start : start + most], self.wanted_fields(self.body.get("fields")))
        return 200, {"startAt": start, "maxResults": most, "total": len(rows), "issues": page}

    def bulk_fetch(self) -> Answer:
        if not self.config.cloud:
            raise JiraError(404, "null for uri: issue/bulkfetch")
        wanted = self.body.get("issueIdsOrKeys")
        if not isinstance(wanted, list) or not wanted or len(wanted) > MOST_FETCHED:
            raise JiraError(400, f"The number of issue ids or keys must be from 1 to {MOST_FETCHED}.")
        found: dict[str, Issue] = {}
        for one in wanted:
            try:
                issue = self.store.find(str(one))
            except JiraError:
                continue
            found[issue.id] = issue
        fields = self.wanted_fields(self.body.get("fields"))
        names = self.body.get("properties") or []
        shown = [
            self.shape.issue(found[key], fields, properties=names, most=COMMENTS_IN_A_RESULT)
            for key in sorted(found, key=int)
        ]
        return 200, {"issues": shown, "issueErrors": []}

    def _query(self, jql: str, *, bounded: bool) -> Query:
        try:
            query = Query(jql, zone=self.config.time_zone)
        except JqlError as error:
            raise JiraError(400, str(error)) from error
        if bounded and not query.restricted:
            raise JiraError(400, "Unbounded JQL queries are not allowed here. Please add a search restriction.")
        for name in query.projects:
            known = (key for key in self.config.projects if key not in self.config.hidden)
            if not any(name.lower() in (key.lower(), self.config.projects[key].lower()) for key in known):
                raise JiraError(400, f"The value '{name}' does not exist for the field 'project'.")
        if str(self.body.get("validateQuery", True)).lower() in ("true", "strict") and not self.config.cloud:
            for name in query.keys:
                self._known(name)
        return query

    def _known(self, key: str) -> None:
        try:
            self.store.find(key)
        except JiraError as error:
            raise JiraError(400, f"An issue with key '{key}' does not exist for field 'issue'.") from error

    def _found(self, query: Query) -> list[dict[str, Any]]:
        return query.order([row for row in self.store.indexed() if query.matches(row)])

    def _results(self, rows: list[dict[str, Any]], fields: list[str] | None) -> list[dict[str, Any]]:
        """What search found, as the index has it."""
        names = self.body.get("properties") or []
        return [self.shape.issue(row["issue"], fields, properties=names, most=COMMENTS_IN_A_RESULT) for row in rows]

    def _start(self, token: Any, jql: str) -> int:
        if not token:
            return 0
        try:
            start, asked = json.loads(base64.urlsafe_b64decode(str(token)))
        except ValueError as error:
            raise JiraError(400, "The nextPageToken is invalid or expired.") from error
        if asked != jql:
            raise JiraError(400, "The nextPageToken does not belong to this JQL.")
        return int(start)
