"""What people and tests do on the Jira site: settings, issues moved and commented by its own people, webhooks, the page."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, jsonify, redirect, request
from flask.typing import ResponseReturnValue

from sandbox.vendors import jira_html
from sandbox.vendors.jira_fields import person
from sandbox.vendors.jira_site import PEOPLE, STATUSES, TRANSITIONS
from sandbox.vendors.jira_store import Comment, Issue, JiraError

if TYPE_CHECKING:
    from sandbox.vendors.jira import Jira

MAX_WAIT_SECONDS = 60.0
_POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'"


class Desk:
    """The control addresses of one site."""

    def __init__(self, jira: Jira) -> None:
        self._jira = jira
        self._store = jira.store

    def configure(self) -> ResponseReturnValue:
        """Settings of `jira_site.Config`; answers all of them."""
        with self._jira.lock:
            try:
                self._jira.config.set(request.get_json(force=True))
            except (TypeError, ValueError) as error:
                return jsonify({"field": "config", "error": str(error)}), 422
            self._jira.webhooks.throw_again()
            return jsonify(self._jira.config.public())

    def advance(self) -> ResponseReturnValue:
        """``{"advance": seconds}``: let search believe that so much time has passed."""
        self._store.advance_index(float(request.get_json(force=True)["advance"]))
        return jsonify({"indexed": len(self._store.indexed())})

    def create(self) -> ResponseReturnValue:
        """Issues of other people: ``{"issues": [attributes of `jira_store.Issue`]}``; answers their ids and keys."""
        made = [self._store.create(item.pop("who", "mia"), item) for item in request.get_json(force=True)["issues"]]
        return jsonify({"issues": [{"id": issue.id, "key": issue.key} for issue in made]}), 201

    def move(self, key: str) -> ResponseReturnValue:
        """``{"status": name, "resolution"?, "who"?}``: to any status, whatever the workflow says."""
        asked = request.get_json(force=True)
        found = [number for number, (name, _) in STATUSES.items() if name == asked["status"]]
        if not found:
            raise JiraError(422, f"there is no status {asked['status']}")
        self._store.move(self._store.find(key), asked.get("who", "mia"), found[0], asked.get("resolution"))
        return jsonify({})

    def change(self, key: str) -> ResponseReturnValue:
        """Attributes of an issue: ``{"labels", "assignee", "due", "summary", "priority", "project", "who"?}``."""
        asked = request.get_json(force=True)
        who, issue = asked.pop("who", "mia"), self._store.find(key)
        if "project" in asked:
            self._store.rename(issue, who, asked.pop("project"))
        self._store.change(issue, who, **asked)
        return jsonify({"key": issue.key})

    def delete(self, key: str) -> ResponseReturnValue:
        self._store.delete(self._store.find(key), "mia")
        return jsonify({})

    def comment(self, key: str) -> ResponseReturnValue:
        """``{"body": wiki text or ADF, "who"?}``"""
        asked = request.get_json(force=True)
        made = self._store.add_comment(self._store.find(key), asked.get("who", "mia"), asked["body"], {})
        return jsonify({"id": made.id}), 201

    def edit_comment(self, key: str, comment_id: str) -> ResponseReturnValue:
        issue, comment = self._comment(key, comment_id)
        self._store.edit_comment(issue, "mia", comment, request.get_json(force=True)["body"])
        return jsonify({})

    def delete_comment(self, key: str, comment_id: str) -> ResponseReturnValue:
        issue, comment = self._comment(key, comment_id)
        self._store.delete_comment(issue, "mia", comment)
        return jsonify({})

    def webhooks(self) -> ResponseReturnValue:
        """All deliveries, oldest first; ``?wait=seconds`` waits until they are sent, lost or given up."""
        seconds = min(request.args.get("wait", 0.0, type=float), MAX_WAIT_SECONDS)
        idle = self._jira.webhooks.wait(seconds) if seconds else False
        return jsonify({"idle": idle, "deliveries": self._jira.webhooks.public()})

    def hold_webhooks(self) -> ResponseReturnValue:
        """``{"held": bool}``: keep deliveries back, or let them go."""
        self._jira.webhooks.hold(held=bool(request.get_json(force=True)["held"]))
        return jsonify({})

    def replay(self, identifier: str) -> ResponseReturnValue:
        if not self._jira.webhooks.replay(identifier):
            raise JiraError(404, "no such delivery")
        return jsonify({})

    # --- the page -----------------------------------------------------------------------------------------------------
    def board(self) -> ResponseReturnValue:
        with self._jira.lock:
            return _page(jira_html.board(list(self._store.issues.values())))

    def issue(self, key: str) -> ResponseReturnValue:
        with self._jira.lock:
            return _page(jira_html.issue(self._store.find(key)))

    def form(self, key: str) -> ResponseReturnValue:
        """One of the page's forms: a transition, a comment or an assignee."""
        asked = request.form
        who = asked.get("who", "mia") if asked.get("who") in PEOPLE else "mia"
        with self._jira.lock:
            issue = self._store.find(key)
            if words := asked.get("comment", "").strip():
                self._store.add_comment(issue, who, words, {})
            if "assignee" in asked:
                name = asked["assignee"]
                self._store.change(issue, who, assignee=person({"name": name}) if name else None)
            chosen = [one for one in TRANSITIONS if one[0] == asked.get("transition") and issue.status in one[2]]
            for _, _, _, status, _, resolution in chosen:
                self._store.move(issue, who, status, resolution)
            return redirect(f"/_sandbox/jira/issues/{issue.key}", 303)

    def _comment(self, key: str, comment_id: str) -> tuple[Issue, Comment]:
        issue = self._store.find(key)
        return issue, self._store.comment(issue, comment_id)


def blueprint(jira: Jira) -> Blueprint:
    desk = Desk(jira)
    made = Blueprint("jira_desk", __name__)
    made.register_error_handler(JiraError, _refused)
    routes: list[tuple[str, str, Callable[..., Any]]] = [
        ("POST", "/config", desk.configure),
        ("POST", "/index", desk.advance),
        ("POST", "/issues", desk.create),
        ("POST", "/issues/<key>/move", desk.move),
        ("POST", "/issues/<key>/change", desk.change),
        ("DELETE", "/issues/<key>", desk.delete),
        ("POST", "/issues/<key>/comments", desk.comment),
        ("PUT", "/issues/<key>/comments/<comment_id>", desk.edit_comment),
        ("DELETE", "/issues/<key>/comments/<comment_id>", desk.delete_comment),
        ("GET", "/webhooks", desk.webhooks),
        ("POST", "/webhooks/held", desk.hold_webhooks),
        ("POST", "/webhooks/<identifier>/replay", desk.replay),
        ("GET", "/", desk.board),
        ("GET", "/issues/<key>", desk.issue),
        ("POST", "/issues/<key>/form", desk.form),
    ]
    for method, path, view in routes:
        made.add_url_rule(path, f"{method} {path}".replace(".", "_"), view, methods=[method])
    return made


def _refused(error: JiraError) -> ResponseReturnValue:
    return jsonify({"field": "", "error": str(error)}), error.status


def _page(html: str) -> Response:
    response = Response(html, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response
