"""One request to the Jira site: who asks, in which version, and the small questions that every route has."""

from __future__ import annotations

from typing import Any

from sandbox.vendors import jira_site as site
from sandbox.vendors.jira_shape import Shape
from sandbox.vendors.jira_store import JiraError, Store
from sandbox.vendors.jira_text import problem

Answer = tuple[int, Any]
"""A status and a JSON value; None: no body."""


class Request:
    """One request's view of the site: who asks, in which version. Methods answer a status and a JSON value (None: no body)."""

    def __init__(self, store: Store, shape: Shape, *, version: str, who: str, body: Any, args: dict[str, str]) -> None:
        self.store = store
        self.config = store.config
        self.shape = shape
        self.version = version
        self.who = who
        self.body = body if isinstance(body, dict) else {}
        self.args = args

    def comment_body(self) -> Any:
        body = self.body.get("body")
        if not body or (wrong := problem(body, self.version)):
            raise JiraError(400, errors={"comment": wrong if body else "Comment body can not be empty!"})
        return body

    def known_project(self, id_or_key: str) -> str:
        key = site.find_project(self.config, id_or_key)
        if key is None:
            raise JiraError(404, f"No project could be found with key '{id_or_key}'.")
        return key

    def need(self, permission: str) -> None:
        if permission in self.config.denied:
            raise JiraError(403, "You do not have the permission to do this.")

    def number(self, name: str, default: int) -> int:
        given = self.args.get(name, "")
        return int(given) if given.isdigit() else default

    @staticmethod
    def wanted_fields(given: Any) -> list[str] | None:
        if isinstance(given, str):
            return given.split(",") if given else None
        return list(given) if given else None
