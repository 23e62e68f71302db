"""What is said to Jira and heard from it, as plain values; and how it refuses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from voc.core.errors import Permanent


class JiraRefused(Permanent):
    """Jira's answer is no. `messages` and `field_errors` ({id of the field: why}) are in its own words."""

    def __init__(
        self, message: str, *, status: int, messages: Sequence[str] = (), field_errors: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.messages = tuple(messages)
        self.field_errors = dict(field_errors or {})


class JiraUnauthorised(JiraRefused):
    """It does not know us (any more): the token is wrong, has expired or was revoked. Nothing will work until it is mended."""


class JiraGone(JiraRefused):
    """There is no such thing, or none that our account may see: Jira does not say which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JiraIssue:
    """`status_category` is new, indeterminate, done or "" ; `id` never changes, `key` does when the issue is moved.

    `comments` is a signature of all comments as they were: two equal ones, the same comments. "" when there are more than
    twenty, which is what a search tells.
    """

    id: str
    key: str
    project_key: str
    issue_type: str = ""
    summary: str = ""
    status: str = ""
    status_category: str = ""
    resolution: str = ""
    assignee: str = ""
    priority: str = ""
    due_on: date | None = None
    created: datetime | None = None
    updated: datetime | None = None
    labels: tuple[str, ...] = ()
    comments: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedIssue:
    """All that Jira says of an issue that it has just made."""

    id: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JiraComment:
    """`body` is plain text. `marker` is ours, on comments that we sent (`COMMENT_PROPERTY`)."""

    id: str
    author_id: str
    author: str
    created: datetime
    updated: datetime
    body: str
    marker: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuePage:
    """Some results of a search; `next_token` is "" on the last page."""

    issues: tuple[JiraIssue, ...]
    next_token: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    id: str
    name: str
    time_zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerInfo:
    """`deployment` is Cloud or Server; `time` what its clock said when it answered, None if it does not tell."""

    version: str
    deployment: str
    title: str
    time: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueType:
    id: str
    name: str
    subtask: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateField:
    """A field that an issue can be made with. `kind` is Jira's schema type (string, option, array, user, date …)."""

    id: str
    name: str
    required: bool
    has_default: bool
    kind: str
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    id: str
    name: str
    to_status: str
    to_category: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    name: str
    url: str
    enabled: bool
    events: tuple[str, ...] = field(default=())


ISSUE_PROPERTY = "voc"
COMMENT_PROPERTY = "voc.comment"
