"""Issues and comments as Jira's answers show them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.vendors import jira_site as site
from sandbox.vendors.jira_site import Config
from sandbox.vendors.jira_store import Comment, Issue
from sandbox.vendors.jira_text import for_version

COMMENTS_IN_A_RESULT = 20
EMPTY = ("components", "fixVersions", "versions", "issuelinks", "subtasks")


class Shape:
    """Builds answers of one REST version; ``base`` is the site's own address."""

    def __init__(self, config: Config, base: str, version: str) -> None:
        self._config = config
        self._version = version
        self.base = base
        self.root = f"{base}/rest/api/{version}"

    def moment(self, ms: int | None) -> str | None:
        """As Jira writes times: in the account's zone, without a colon in the offset."""
        if ms is None:
            return None
        at = datetime.fromtimestamp(ms / 1000, UTC).astimezone(ZoneInfo(self._config.time_zone))
        return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}{at:%z}"

    def issue(
        self, issue: Issue, fields: list[str] | None, *, properties: list[str] | None = None, most: int | None = None
    ) -> dict[str, Any]:
        """An issue with these fields (None: all). ``most``: so many comments at the most."""
        shown: dict[str, Any] = {
            "expand": "",
            "id": issue.id,
            "self": f"{self.root}/issue/{issue.id}",
            "key": issue.key,
        }
        chosen = self._chosen(self.fields(issue, most=most), fields)
        if fields is None or chosen or fields != ["id"]:
            shown["fields"] = chosen
        if fields == ["id"]:
            del shown["key"]
        if properties:
            shown["properties"] = {name: issue.properties[name] for name in properties if name in issue.properties}
        return shown

    def fields(self, issue: Issue, *, most: int | None = None) -> dict[str, Any]:
        comments = issue.comments if most is None else issue.comments[:most]
        category = site.STATUSES[issue.status][1]
        status = site.status(issue.status, self.root)
        return {
            "summary": issue.summary,
            "description": for_version(issue.description, self._version),
            "issuetype": site.issue_type(issue.type, self.root),
            "project": site.project(self._config, issue.project, self.root),
            "status": status,
            "statusCategory": status["statusCategory"] if category else None,
            "resolution": site.named(site.RESOLUTIONS, issue.resolution, self.root, "resolution"),
            "resolutiondate": self.moment(issue.resolved),
            "priority": site.named(site.PRIORITIES, issue.priority, self.root, "priority"),
            "labels": list(issue.labels),
            "assignee": site.user(self._config, issue.assignee, self.root),
            "reporter": site.user(self._config, issue.reporter, self.root),
            "creator": site.user(self._config, issue.reporter, self.root),
            "duedate": issue.due,
            "created": self.moment(issue.created),
            "updated": self.moment(issue.updated),
            "comment": {
                "comments": [self.comment(issue, one) for one in comments],
                "self": f"{self.root}/issue/{issue.id}/comment",
                "maxResults": len(comments) if most is None else most,
                "total": len(issue.comments),
                "startAt": 0,
            },
            **{name: [] for name in EMPTY},
            **{name: issue.custom.get(name) for name in self._config.fields()},
        }

    def comment(self, issue: Issue, comment: Comment, *, properties: bool = False) -> dict[str, Any]:
        shown = {
            "self": f"{self.root}/issue/{issue.id}/comment/{comment.id}",
            "id": comment.id,
            "author": site.user(self._config, comment.author, self.root),
            "body": for_version(comment.body, self._version),
            "updateAuthor": site.user(self._config, comment.author, self.root),
            "created": self.moment(comment.created),
            "updated": self.moment(comment.updated),
        }
        if self._config.cloud:
            shown["jsdPublic"] = True
        if properties:
            shown["properties"] = [{"key": name, "value": value} for name, value in comment.properties.items()]
        return shown

    @staticmethod
    def _chosen(fields: dict[str, Any], wanted: list[str] | None) -> dict[str, Any]:
        if wanted is None or "*all" in wanted:
            hidden = [name[1:] for name in wanted or [] if name.startswith("-")]
            return {name: value for name, value in fields.items() if name not in hidden}
        if "*navigable" in wanted:
            return {name: value for name, value in fields.items() if name != "comment"}
        return {name: value for name, value in fields.items() if name in wanted}
