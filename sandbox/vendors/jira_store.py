"""The issues of the Jira site: what is done to them, what search knows of them already, and whom it tells.

Every method holds the lock that it was given. Times are milliseconds since 1970 by the site's own clock.
"""

from __future__ import annotations

import itertools
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from threading import RLock
from typing import Any

from sandbox.vendors.jira_site import CATEGORIES, FIRST_STATUS, STATUSES, Config
from sandbox.vendors.jira_text import plain

KEPT_ISSUES = 50_000


class JiraError(Exception):
    """A refusal: a status, messages about the whole and about single fields."""

    def __init__(self, status: int, *messages: str, errors: dict[str, str] | None = None) -> None:
        super().__init__("; ".join([*messages, *(f"{name}: {text}" for name, text in (errors or {}).items())]))
        self.status = status
        self.messages = list(messages)
        self.errors = errors or {}


@dataclass
class Comment:
    id: str
    author: str
    body: Any
    created: int
    updated: int
    properties: dict[str, Any] = field(default_factory=dict)


@dataclass
class Issue:
    id: str
    key: str
    project: str
    type: str
    reporter: str
    created: int
    updated: int
    status: str = FIRST_STATUS
    summary: str = ""
    description: Any = None
    resolution: str | None = None
    resolved: int | None = None
    priority: str = "Medium"
    assignee: str | None = None
    due: str | None = None
    labels: list[str] = field(default_factory=list)
    custom: dict[str, Any] = field(default_factory=dict)
    properties: dict[str, Any] = field(default_factory=dict)
    links: list[dict[str, Any]] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    old_keys: list[str] = field(default_factory=list)

    def row(self) -> dict[str, Any]:
        """What search sees: the issue as it is now, in a copy that stays so."""
        name, category = STATUSES[self.status]
        return {
            "id": self.id,
            "key": self.key,
            "old_keys": list(self.old_keys),
            "project": self.project,
            "type": self.type,
            "labels": list(self.labels),
            "status": name,
            "status_id": self.status,
            "category": category,
            "category_name": CATEGORIES[category][1],
            "resolution": self.resolution,
            "priority": self.priority,
            "assignee": self.assignee,
            "summary": self.summary,
            "text": f"{self.summary} {plain(self.description)}",
            "created": self.created,
            "updated": self.updated,
            "issue": replace(self, labels=list(self.labels), comments=[replace(comment) for comment in self.comments]),
        }


Tell = Callable[[str, Issue, str, dict[str, Any]], None]
"""event, issue, who did it, what else the delivery holds"""


class Store:
    """The issues, by their ids."""

    def __init__(self, lock: RLock, config: Config, tell: Tell) -> None:
        self._lock = lock
        self._tell = tell
        self.config = config
        self.clear()

    def clear(self) -> None:
        self.issues: dict[str, Issue] = {}
        self._by_key: dict[str, str] = {}
        self._serials: dict[str, int] = {}
        self._ids = itertools.count(10_100)
        self._comment_ids = itertools.count(20_100)
        self._link_ids = itertools.count(30_100)
        self._index: dict[str, dict[str, Any]] = {}
        self._pending: deque[tuple[float, str, dict[str, Any] | None]] = deque()
        self._index_ahead = 0.0

    def now(self) -> int:
        return round((time.time() + self.config.clock_skew) * 1000)

    def find(self, id_or_key: str) -> Issue:
        """By id, key or a key of before it was moved; raises JiraError 404 as for one that may not be seen."""
        with self._lock:
            found = self.issues.get(self._by_key.get(id_or_key.upper(), id_or_key))
            if found is None or found.project in self.config.hidden or "BROWSE_PROJECTS" in self.config.denied:
                raise JiraError(404, "Issue does not exist or you do not have permission to see it.")
            return found

    def create(self, who: str, values: dict[str, Any]) -> Issue:
        with self._lock:
            if len(self.issues) >= KEPT_ISSUES:
                raise JiraError(500, "This sandbox keeps no more issues; reset it.")
            project = values["project"]
            serial = self._serials[project] = self._serials.get(project, 0) + 1
            now = self.now()
            issue = Issue(
                id=str(next(self._ids)), key=f"{project}-{serial}", reporter=who, created=now, updated=now, **values
            )
            self.issues[issue.id] = issue
            self._by_key[issue.key] = issue.id
            self._touched(issue, who, "jira:issue_created", moment=now)
            return issue

    def change(self, issue: Issue, who: str, **values: Any) -> None:
        """Set attributes of an issue; nothing happens where all are so already."""
        with self._lock:
            before = {name: getattr(issue, name) for name in values}
            if before == values:
                return
            for name, value in values.items():
                setattr(issue, name, value)
            self._touched(issue, who, "jira:issue_updated", changelog=_changelog(before, values))

    def move(self, issue: Issue, who: str, status: str, resolution: str | None) -> None:
        """To a status; the resolution goes with the category "done" and leaves with it."""
        done = STATUSES[status][1] == "done"
        resolution = (resolution or "Done") if done else None
        resolved = self.now() if done else None
        if (issue.status, issue.resolution) != (status, resolution):
            self.change(issue, who, status=status, resolution=resolution, resolved=resolved)

    def rename(self, issue: Issue, who: str, project: str) -> None:
        """Move it to another project: a new key, the old one goes on leading to it."""
        with self._lock:
            serial = self._serials[project] = self._serials.get(project, 0) + 1
            key = f"{project}-{serial}"
            self._by_key[key] = issue.id
            self.change(issue, who, old_keys=[*issue.old_keys, issue.key], key=key, project=project)

    def delete(self, issue: Issue, who: str) -> None:
        with self._lock:
            del self.issues[issue.id]
            self._by_key = {key: found for key, found in self._by_key.items() if found != issue.id}
            self._pending.append((time.time() + self.config.index_delay, issue.id, None))
            self._tell("jira:issue_deleted", issue, who, {})

    def add_comment(self, issue: Issue, who: str, body: Any, properties: dict[str, Any]) -> Comment:
        with self._lock:
            now = self.now()
            comment = Comment(str(next(self._comment_ids)), who, body, now, now, properties)
            issue.comments.append(comment)
            self._touched(issue, who, "comment_created", comment=comment)
            return comment

    def edit_comment(self, issue: Issue, who: str, comment: Comment, body: Any) -> None:
        with self._lock:
            comment.body, comment.updated = body, max(self.now(), comment.updated + 1)
            self._touched(issue, who, "comment_updated", comment=comment)

    def delete_comment(self, issue: Issue, who: str, comment: Comment) -> None:
        with self._lock:
            issue.comments.remove(comment)
            self._touched(issue, who, "comment_deleted", comment=comment)

    def comment(self, issue: Issue, comment_id: str) -> Comment:
        found = next((comment for comment in issue.comments if comment.id == comment_id), None)
        if found is None:
            raise JiraError(404, f"Can not find a comment for the id: {comment_id}.")
        return found

    def comment_anywhere(self, comment_id: str) -> Comment:
        with self._lock:
            found = (comment for issue in self.issues.values() for comment in issue.comments)
            if comment := next((one for one in found if one.id == comment_id), None):
                return comment
        raise JiraError(404, f"Can not find a comment for the id: {comment_id}.")

    def link(self, issue: Issue, data: dict[str, Any]) -> tuple[dict[str, Any], bool]:
        """Add a remote link, or replace the one with its ``globalId``; the link and whether it is new."""
        with self._lock:
            known = [item for item in issue.links if data.get("globalId") and item.get("globalId") == data["globalId"]]
            if known:
                known[0].update(data)
                return known[0], False
            link = {"id": next(self._link_ids), **data}
            issue.links.append(link)
            return link, True

    def indexed(self) -> list[dict[str, Any]]:
        """The rows that search knows by now."""
        with self._lock:
            now = time.time() + self._index_ahead
            while self._pending and self._pending[0][0] <= now:
                _, issue_id, row = self._pending.popleft()
                if row is None:
                    self._index.pop(issue_id, None)
                else:
                    self._index[issue_id] = row
            return [row for row in self._index.values() if row["project"] not in self.config.hidden]

    def advance_index(self, seconds: float) -> None:
        """Let search believe that so many seconds have passed."""
        with self._lock:
            self._index_ahead += seconds

    def state(self) -> dict[str, Any]:
        with self._lock:
            return {"issues": [asdict(issue) for issue in self.issues.values()], "serials": dict(self._serials)}

    def load(self, state: dict[str, Any]) -> None:
        issues = [
            Issue(**{**item, "comments": [Comment(**comment) for comment in item["comments"]]})
            for item in state["issues"]
        ]
        with self._lock:
            self.clear()
            self._serials = dict(state["serials"])
            self.issues = {issue.id: issue for issue in issues}
            self._by_key = {key: issue.id for issue in issues for key in (*issue.old_keys, issue.key)}
            self._index = {issue.id: issue.row() for issue in issues}
            self._ids = _after(10_100, (issue.id for issue in issues))
            self._comment_ids = _after(20_100, (comment.id for issue in issues for comment in issue.comments))
            self._link_ids = _after(30_100, (link["id"] for issue in issues for link in issue.links))

    def _touched(self, issue: Issue, who: str, event: str, *, moment: int | None = None, **more: Any) -> None:
        issue.updated = moment or max(self.now(), issue.updated + 1)
        self._pending.append((time.time() + self.config.index_delay, issue.id, issue.row()))
        self._tell(event, issue, who, more)


def _changelog(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    changed = [name for name in after if before[name] != after[name]]
    return {
        "items": [{"field": name, "fromString": str(before[name]), "toString": str(after[name])} for name in changed]
    }


def _after(first: int, ids: Any) -> Any:
    return itertools.count(max((int(one) for one in ids), default=first - 1) + 1)
