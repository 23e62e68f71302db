"""What a Jira site has before any issue is in it: people, projects, types, fields, statuses, a workflow. Shapes as in
Atlassian's "Jira Cloud platform REST API" (v3) and "Jira Data Center REST API" (v2)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from typing import Any

CATEGORIES = {
    "new": (2, "To Do", "blue-gray"),
    "indeterminate": (4, "In Progress", "yellow"),
    "done": (3, "Done", "green"),
}
# id → name, category
STATUSES = {
    "10000": ("To Do", "new"),
    "10001": ("In Progress", "indeterminate"),
    "10002": ("In Review", "indeterminate"),
    "10003": ("Done", "done"),
}
FIRST_STATUS = "10000"
# id, name, from, to, the screen asks for a resolution, the resolution unless the screen names another
TRANSITIONS: tuple[tuple[str, str, tuple[str, ...], str, bool, str | None], ...] = (
    ("11", "Start work", ("10000",), "10001", False, None),
    ("21", "Ask for review", ("10001",), "10002", False, None),
    ("31", "Finish", ("10001", "10002"), "10003", True, "Done"),
    ("41", "Won't do", ("10000", "10001", "10002"), "10003", False, "Won't Do"),
    ("51", "Reopen", ("10003",), "10001", False, None),
    ("61", "Stop work", ("10001", "10002"), "10000", False, None),
)
RESOLUTIONS = {"10000": "Done", "10001": "Won't Do", "10002": "Duplicate", "10003": "Cannot Reproduce"}
PRIORITIES = {"1": "Highest", "2": "High", "3": "Medium", "4": "Low", "5": "Lowest"}
TYPES = {"10001": "Bug", "10002": "Task", "10003": "Story"}
PERMISSIONS = ("BROWSE_PROJECTS", "CREATE_ISSUES", "EDIT_ISSUES", "ADD_COMMENTS", "TRANSITION_ISSUES", "LINK_ISSUES")
PEOPLE = {"mia": "Mia Kim", "jun": "Jun Park", "lee": "Lee Hana"}
ACCOUNT = "voc-bot"
CUSTOM_TYPES = {
    "string": {"type": "string", "custom": "com.atlassian.jira.plugin.system.customfieldtypes:textfield"},
    "number": {"type": "number", "custom": "com.atlassian.jira.plugin.system.customfieldtypes:float"},
    "option": {"type": "option", "custom": "com.atlassian.jira.plugin.system.customfieldtypes:select"},
    "date": {"type": "date", "custom": "com.atlassian.jira.plugin.system.customfieldtypes:datepicker"},
}


@dataclass
class Custom:
    """A custom field, on every project's screen. ``options`` are the values of an option field."""

    id: str
    name: str
    type: str = "string"
    required: bool = False
    options: list[str] = field(default_factory=list)


@dataclass
class Config:
    """What tests and people may set with ``POST /_sandbox/jira/config``; a field that is left out stays as it is."""

    deployment: str = "cloud"
    """``cloud``: v2 and v3, e-mail and API token, /search/jql. ``datacenter``: v2, a personal access token, /search."""
    time_zone: str = "Asia/Seoul"
    """Of the account that calls; quoted times in JQL and every time in an answer are in it."""
    projects: dict[str, str] = field(default_factory=lambda: {"VOC": "Voice of Customer", "OPS": "Operations"})
    hidden: list[str] = field(default_factory=list)
    """Projects that the calling account may not see (any more)."""
    denied: list[str] = field(default_factory=list)
    """Permissions that it lacks, of `PERMISSIONS`."""
    custom: list[dict[str, Any]] = field(default_factory=list)
    """Custom fields: ``{"id": "customfield_10050", "name", "type", "required", "options"}``."""
    index_delay: float = 0
    """Seconds after which search sees a change."""
    clock_skew: float = 0
    """Seconds by which this site's clock is ahead."""
    webhook_url: str = ""
    webhook_secret: str = ""
    webhook_events: list[str] = field(default_factory=list)
    """Events to send; all of them when empty."""
    webhook_retry_seconds: float = 1
    """Between two tries of a delivery (five at most; Data Center never tries again)."""
    webhook_lost: float = 0
    webhook_doubled: float = 0
    """The part of the deliveries that never leaves, or leaves twice, by dice."""
    webhook_reordered: bool = False
    webhook_seed: int = 1

    def set(self, changes: Any) -> None:
        """Take changes over; raises ValueError that names what is wrong."""
        if not isinstance(changes, dict):
            raise ValueError("an object of settings is wanted")
        known = {item.name: type(getattr(self, item.name)) for item in fields(self)}
        for name, value in changes.items():
            if name not in known:
                raise ValueError(f"{name}: unknown; there are {', '.join(known)}")
            kind = (int, float) if known[name] in (int, float) else known[name]
            if not isinstance(value, kind):
                raise ValueError(f"{name}: must be a {known[name].__name__}")
        if changes.get("deployment", "cloud") not in ("cloud", "datacenter"):
            raise ValueError("deployment: cloud or datacenter")
        [Custom(**item) for item in changes.get("custom", [])]
        for name, value in changes.items():
            setattr(self, name, value)

    @property
    def cloud(self) -> bool:
        return self.deployment == "cloud"

    def fields(self) -> dict[str, Custom]:
        return {item["id"]: Custom(**item) for item in self.custom}

    def public(self) -> dict[str, Any]:
        return asdict(self)


def status(status_id: str, root: str) -> dict[str, Any]:
    name, category = STATUSES[status_id]
    number, label, color = CATEGORIES[category]
    return {
        "self": f"{root}/status/{status_id}",
        "description": "",
        "iconUrl": f"{root}/images/status.png",
        "name": name,
        "id": status_id,
        "statusCategory": {
            "self": f"{root}/statuscategory/{number}",
            "id": number,
            "key": category,
            "colorName": color,
            "name": label,
        },
    }


def named(table: dict[str, str], name: str | None, root: str, kind: str) -> dict[str, Any] | None:
    """The entry of a table of ids and names, as the answers show one."""
    found = next((key for key, text in table.items() if text == name), None)
    return None if found is None else {"self": f"{root}/{kind}/{found}", "id": found, "name": str(name)}


def issue_type(type_id: str, root: str) -> dict[str, Any]:
    return {
        "self": f"{root}/issuetype/{type_id}",
        "id": type_id,
        "description": "",
        "iconUrl": f"{root}/images/type.png",
        "name": TYPES[type_id],
        "subtask": False,
    }


def project(config: Config, key: str, root: str) -> dict[str, Any]:
    return {
        "self": f"{root}/project/{project_id(config, key)}",
        "id": project_id(config, key),
        "key": key,
        "name": config.projects[key],
        "projectTypeKey": "software",
    }


def project_id(config: Config, key: str) -> str:
    return str(10_000 + list(config.projects).index(key))


def find_project(config: Config, id_or_key: str) -> str | None:
    """The key of a project that the account may see, by its key or id."""
    seen: Iterable[str] = (key for key in config.projects if key not in config.hidden)
    return next((key for key in seen if id_or_key in (key, project_id(config, key))), None)


def user(config: Config, who: str | None, root: str) -> dict[str, Any] | None:
    if not who:
        return None
    common = {"displayName": PEOPLE.get(who, "VOC Bot"), "active": True, "timeZone": config.time_zone}
    if config.cloud:  # which hides e-mail addresses
        return {
            "self": f"{root}/user?accountId={account_id(who)}",
            "accountId": account_id(who),
            "accountType": "atlassian",
            **common,
        }
    return {"self": f"{root}/user?username={who}", "name": who, "key": f"JIRAUSER{who}", **common}


def account_id(who: str) -> str:
    return f"557058:{who}"
