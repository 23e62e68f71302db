"""Jira's JSON as plain values. What is missing there is empty here; nothing of it is trusted to have a shape."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any, Final

from integrations.jira.base import (
    COMMENT_PROPERTY,
    Account,
    CreateField,
    IssueType,
    JiraComment,
    JiraIssue,
    ServerInfo,
    Transition,
    Webhook,
)
from integrations.jira.document import read

ISSUE_FIELDS: Final = (
    "summary",
    "status",
    "issuetype",
    "project",
    "resolution",
    "assignee",
    "priority",
    "duedate",
    "created",
    "updated",
    "labels",
    "comment",
)
MOST_COMMENTS: Final = 20
LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)


def issue(raw: object) -> JiraIssue:
    """Raises ValueError for what is no issue at all."""
    data = mapping(raw)
    fields = mapping(data.get("fields"))
    key = text(data.get("key"))
    if not (key and data.get("id")):
        raise ValueError("an issue without an id")
    status = mapping(fields.get("status"))
    labels = fields.get("labels")
    return JiraIssue(
        id=text(data.get("id")),
        key=key,
        project_key=text(mapping(fields.get("project")).get("key")) or key.rpartition("-")[0],
        issue_type=text(mapping(fields.get("issuetype")).get("name")),
        summary=text(fields.get("summary")),
        status=text(status.get("name")),
        status_category=text(mapping(status.get("statusCategory")).get("key")),
        resolution=text(mapping(fields.get("resolution")).get("name")),
        assignee=text(mapping(fields.get("assignee")).get("displayName")),
        priority=text(mapping(fields.get("priority")).get("name")),
        due_on=day(fields.get("duedate")),
        created=moment(fields.get("created")),
        updated=moment(fields.get("updated")),
        labels=tuple(str(each) for each in labels) if isinstance(labels, list) else (),
        comments=_signature(fields.get("comment")),
    )


def signature(comments: Iterable[tuple[str, datetime]]) -> str:
    """Of comments by id and the time of their last change."""
    told = [f"{number}@{at.timestamp():.3f}" for number, at in comments]
    return f"{len(told)}:{hashlib.sha256(' '.join(sorted(told)).encode()).hexdigest()[:24]}"


def _signature(raw: object) -> str:
    """Of the comments that an issue's answer holds, if it holds them all. A search gives no more than twenty, and what
    is read otherwise shall be comparable."""
    data = mapping(raw)
    listed = data.get("comments")
    if not isinstance(listed, list) or data.get("total") != len(listed) or len(listed) > MOST_COMMENTS:
        return ""
    return signature(
        (text(mapping(each).get("id")), moment(mapping(each).get("updated")) or LONG_AGO) for each in listed
    )


def comment(raw: object) -> JiraComment:
    data = mapping(raw)
    author = mapping(data.get("author"))
    created = moment(data.get("created")) or LONG_AGO
    return JiraComment(
        id=text(data.get("id")),
        author_id=account_id(author),
        author=text(author.get("displayName")) or text(author.get("name")),
        created=created,
        updated=moment(data.get("updated")) or created,
        body=read(data.get("body")),
        marker=_marker(data.get("properties")),
    )


def _marker(properties: object) -> str:
    for each in properties if isinstance(properties, list) else []:
        found = mapping(each)
        if found.get("key") == COMMENT_PROPERTY:
            return text(mapping(found.get("value")).get("id"))
    return ""


def account(raw: object) -> Account:
    data = mapping(raw)
    name = text(data.get("displayName")) or text(data.get("name"))
    return Account(id=account_id(data), name=name, time_zone=text(data.get("timeZone")))


def account_id(person: Mapping[str, Any]) -> str:
    """Cloud knows people by accountId, Data Center by key or name."""
    return text(person.get("accountId")) or text(person.get("key")) or text(person.get("name"))


def server(raw: object) -> ServerInfo:
    data = mapping(raw)
    return ServerInfo(
        version=text(data.get("version")),
        deployment=text(data.get("deploymentType")) or "Server",
        title=text(data.get("serverTitle")),
        time=moment(data.get("serverTime")),
    )


def issue_type(raw: object) -> IssueType:
    data = mapping(raw)
    return IssueType(id=text(data.get("id")), name=text(data.get("name")), subtask=data.get("subtask") is True)


def create_field(raw: object) -> CreateField:
    data = mapping(raw)
    allowed = data.get("allowedValues")
    names = [_allowed(each) for each in allowed] if isinstance(allowed, list) else []
    return CreateField(
        id=text(data.get("fieldId")) or text(data.get("key")),
        name=text(data.get("name")),
        required=data.get("required") is True,
        has_default=data.get("hasDefaultValue") is True,
        kind=text(mapping(data.get("schema")).get("type")),
        allowed=tuple(name for name in names if name),
    )


def _allowed(value: object) -> str:
    data = mapping(value)
    return text(data.get("name")) or text(data.get("value")) or text(data.get("key"))


def transition(raw: object) -> Transition:
    data = mapping(raw)
    to = mapping(data.get("to"))
    return Transition(
        id=text(data.get("id")),
        name=text(data.get("name")),
        to_status=text(to.get("name")),
        to_category=text(mapping(to.get("statusCategory")).get("key")),
    )


def webhook(raw: object) -> Webhook:
    data = mapping(raw)
    events = data.get("events")
    return Webhook(
        name=text(data.get("name")),
        url=text(data.get("url")),
        enabled=data.get("enabled") is not False,
        events=tuple(map(str, events)) if isinstance(events, list) else (),
    )


def moment(value: object) -> datetime | None:
    """Jira writes 2026-11-22T21:16:13.000+0900."""
    try:
        found = datetime.fromisoformat(text(value))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def day(value: object) -> date | None:
    try:
        return date.fromisoformat(text(value))
    except ValueError:
        return None


def mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def text(value: object) -> str:
    """Numbers too: some ids are, in some versions."""
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
