"""Jira: its REST API at ``/jira/rest/api/<2, 3 or latest>/…``, its webhooks, and a page for its people.

Answers are those of Atlassian's "Jira Cloud platform REST API" (v3, v2) and "Jira Data Center REST API" (v2); which of the
two this site is, `POST /_sandbox/jira/config` says. Cloud wants e-mail and API token (Basic), Data Center a personal
access token (Bearer); a secret with "wrong" in it is refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, ClassVar

from flask import Blueprint, Response, redirect, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from sandbox.vendor import Vendor, note
from sandbox.vendors import jira_control, jira_html
from sandbox.vendors.jira_api import Api
from sandbox.vendors.jira_request import Answer
from sandbox.vendors.jira_shape import Shape
from sandbox.vendors.jira_site import ACCOUNT, Config, user
from sandbox.vendors.jira_store import Issue, JiraError, Store
from sandbox.vendors.jira_webhooks import Webhooks

VERSIONS = {"2": "2", "3": "3", "latest": "2"}
Call = Callable[..., Answer]
# method, path below the version, method of Api
ROUTES: tuple[tuple[str, str, Call], ...] = (
    ("GET", "myself", Api.myself),
    ("GET", "serverInfo", Api.server_info),
    ("GET", "mypermissions", Api.permissions),
    ("GET", "project", Api.projects),
    ("GET", "project/<a>", Api.project),
    ("GET", "project/<a>/statuses", Api.project_statuses),
    ("GET", "status", Api.statuses),
    ("GET", "priority", lambda api: api.listing("priority")),
    ("GET", "resolution", lambda api: api.listing("resolution")),
    ("GET", "issuetype", lambda api: api.listing("issuetype")),
    ("GET", "field", lambda api: api.listing("field")),
    ("GET", "issue/createmeta", Api.create_meta),
    ("GET", "issue/createmeta/<a>/issuetypes", Api.create_types),
    ("GET", "issue/createmeta/<a>/issuetypes/<b>", Api.create_fields),
    ("POST", "issue", Api.create),
    ("POST", "issue/bulkfetch", Api.bulk_fetch),
    ("GET", "issue/<a>", Api.read),
    ("PUT", "issue/<a>", Api.edit),
    ("DELETE", "issue/<a>", Api.delete),
    ("PUT", "issue/<a>/assignee", Api.assign),
    ("GET", "issue/<a>/transitions", Api.transitions),
    ("POST", "issue/<a>/transitions", Api.transition),
    ("GET", "issue/<a>/comment", Api.comments),
    ("POST", "issue/<a>/comment", Api.add_comment),
    ("GET", "issue/<a>/comment/<b>", Api.comment),
    ("PUT", "issue/<a>/comment/<b>", Api.edit_comment),
    ("DELETE", "issue/<a>/comment/<b>", Api.delete_comment),
    ("GET", "comment/<a>/properties/<b>", Api.comment_property),
    ("GET", "issue/<a>/remotelink", Api.links),
    ("POST", "issue/<a>/remotelink", Api.add_link),
    ("DELETE", "issue/<a>/remotelink", Api.remove_link),
    ("GET", "issue/<a>/properties", Api.properties),
    ("GET", "issue/<a>/properties/<b>", Api.issue_property),
    ("PUT", "issue/<a>/properties/<b>", lambda api, a, b: api.set_property(a, b, request.get_json(force=True))),
    ("GET", "search", Api.search_by_offset),
    ("POST", "search", Api.search_by_offset),
    ("GET", "search/jql", Api.search_by_token),
    ("POST", "search/jql", Api.search_by_token),
)


class Jira(Vendor):
    """A Jira site with real state; see `jira_site.Config` for what may be set about it."""

    name: ClassVar[str] = "jira"
    title: ClassVar[str] = "Jira"

    def __init__(self) -> None:
        super().__init__()
        self.config = Config()
        self.webhooks = Webhooks(self.config)
        self.store = Store(self.lock, self.config, self._tell)
        self._base = ""

    def blueprint(self) -> Blueprint:
        blueprint = Blueprint("jira", __name__)
        for method, path, call in ROUTES:
            blueprint.add_url_rule(
                f"/rest/api/<version>/{path}", f"{method} {path}", self._route(call), methods=[method]
            )
        blueprint.get("/rest/webhooks/1.0/webhook")(self._list_webhooks)
        blueprint.get("/browse/<key>")(lambda key: redirect(f"/_sandbox/jira/issues/{key}", 302))
        return blueprint

    def control(self) -> Blueprint:
        return jira_control.blueprint(self)

    def state(self) -> dict[str, Any]:
        with self.lock:
            return {**self.store.state(), "config": self.config.public(), "base": self._base}

    def load(self, state: dict[str, Any]) -> None:
        with self.lock:
            self.config.set(state["config"])
            self.store.load(state)
            self._base = state["base"]

    def reset(self) -> None:
        with self.lock:
            self.config.set(Config().public())
            self.store.clear()
            self._base = ""
            self.webhooks.clear()
            self.webhooks.throw_again()

    def render(self) -> Markup:
        with self.lock:
            return jira_html.summary(list(self.store.issues.values()))

    def refusal(self, status: int, retry_after: float | None) -> tuple[str, str]:
        words = {401: "Client must be authenticated to access this resource.", 429: "Rate limit exceeded."}
        messages = [words.get(status, f"The service answered {status}.")]
        return json.dumps({"errorMessages": messages, "errors": {}}), "application/json;charset=UTF-8"

    def _route(self, call: Call) -> Callable[..., ResponseReturnValue]:
        def view(version: str, **parts: str) -> ResponseReturnValue:
            self._base = request.host_url + "jira"
            try:
                api = self._api(version)
                with self.lock:
                    return _json(*call(api, *parts.values()))
            except JiraError as error:
                note(str(error))
                return _json(error.status, {"errorMessages": error.messages, "errors": error.errors})

        return view

    def _api(self, version: str) -> Api:
        self._check_credentials()
        if version not in VERSIONS or (version == "3" and not self.config.cloud):
            raise JiraError(404, f"null for uri: {request.url}")
        shape = Shape(self.config, self._base, VERSIONS[version])
        body = request.get_json(force=True, silent=True)
        if request.get_data() and body is None:
            raise JiraError(400, "There was an error parsing JSON. Check that your request body is valid.")
        args = request.args.to_dict()
        return Api(self.store, shape, version=VERSIONS[version], who=ACCOUNT, body=body or args, args=args)

    def _check_credentials(self) -> None:
        given = request.authorization
        if given is None:
            secret = ""
        elif self.config.cloud:
            secret = (given.password or "") if given.type == "basic" and given.username else ""
        else:
            secret = (given.token or "") if given.type == "bearer" else ""
        if not secret or "wrong" in secret:
            raise JiraError(401, "Client must be authenticated to access this resource.")

    def _list_webhooks(self) -> ResponseReturnValue:
        """The address of administrators: what is registered, as this sandbox is configured."""
        try:
            self._check_credentials()
        except JiraError as error:
            return _json(error.status, {"errorMessages": error.messages, "errors": {}})
        if "ADMINISTER" in self.config.denied:
            return _json(403, {"errorMessages": ["You are not authorized to perform this operation."], "errors": {}})
        events = self.config.webhook_events or ["jira:issue_created", "jira:issue_updated", "jira:issue_deleted"]
        hook = {"name": "VOC", "url": self.config.webhook_url, "events": events, "enabled": True}
        return _json(200, [hook] if self.config.webhook_url else [])

    def _tell(self, event: str, issue: Issue, who: str, more: dict[str, Any]) -> None:
        """Queue the webhook for a change, in the shape of the site's version 2 (webhooks hold wiki text, never ADF)."""
        shape = Shape(self.config, self._base, "2")
        payload = {
            "timestamp": self.store.now(),
            "webhookEvent": event,
            "user": user(self.config, who, shape.root),
            "issue": shape.issue(issue, None, most=0),
        }
        if changelog := more.get("changelog"):
            payload |= {"issue_event_type_name": "issue_generic", "changelog": changelog}
        if comment := more.get("comment"):
            payload["comment"] = shape.comment(issue, comment)
        self.webhooks.send(event, issue.key, payload)


def _json(status: int, value: Any) -> Response:
    if value is None:
        return Response(status=status)
    text = json.dumps(value, ensure_ascii=False)
    return Response(text, status=status, content_type="application/json;charset=UTF-8")
