"""What may be set on an issue, what must be, and what Jira says when it is not: create metadata and the checks by it."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from sandbox.vendors import jira_site as site
from sandbox.vendors.jira_site import Config, Custom
from sandbox.vendors.jira_store import Issue, JiraError
from sandbox.vendors.jira_text import problem

MAX_SUMMARY = 255
_SCREEN = {
    "summary": ("Summary", "string", True),
    "issuetype": ("Issue Type", "issuetype", True),
    "project": ("Project", "project", True),
    "description": ("Description", "string", False),
    "priority": ("Priority", "priority", False),
    "labels": ("Labels", "array", False),
    "assignee": ("Assignee", "user", False),
    "duedate": ("Due date", "date", False),
}


def metadata(config: Config, project: str, type_id: str, root: str) -> list[dict[str, Any]]:
    """The fields of a project's create screen."""
    found = [
        _meta(name, label, {"type": kind, "system": name} | ({"items": "string"} if kind == "array" else {}), must)
        for name, (label, kind, must) in _SCREEN.items()
    ]
    allowed = {
        "priority": [site.named(site.PRIORITIES, name, root, "priority") for name in site.PRIORITIES.values()],
        "issuetype": [site.issue_type(type_id, root)],
        "project": [site.project(config, project, root)],
    }
    for item in found:
        if values := allowed.get(item["fieldId"]):
            item["allowedValues"] = values
    return found + [_custom_meta(field, root) for field in config.fields().values()]


def _meta(name: str, label: str, schema: dict[str, Any], required: bool) -> dict[str, Any]:
    return {
        "required": required,
        "schema": schema,
        "name": label,
        "key": name,
        "fieldId": name,
        "hasDefaultValue": name == "priority",
        "operations": ["set", "add", "remove"] if schema["type"] == "array" else ["set"],
    }


def _custom_meta(field: Custom, root: str) -> dict[str, Any]:
    schema = {**site.CUSTOM_TYPES[field.type], "customId": int(field.id.rsplit("_", 1)[1])}
    shown = _meta(field.id, field.name, schema, field.required)
    if field.options:
        shown["allowedValues"] = [
            {"self": f"{root}/customFieldOption/{number}", "value": value, "id": str(number)}
            for number, value in enumerate(field.options, 10_020)
        ]
    return shown


class Checker:
    """Reads the ``fields`` of a request into attributes of an `Issue`; raises JiraError 400 with all that is wrong."""

    def __init__(self, config: Config, version: str) -> None:
        self._config = config
        self._version = version
        self._errors: dict[str, str] = {}

    def for_creation(self, fields: Any) -> dict[str, Any]:
        if not isinstance(fields, dict):
            raise JiraError(400, "INVALID_INPUT")
        values: dict[str, Any] = {"project": self._project(fields.get("project"))}
        values["type"] = self._type(fields.get("issuetype"))
        if not fields.get("summary"):
            self._errors["summary"] = "You must specify a summary of the issue."
        for field in self._config.fields().values():
            if field.required and fields.get(field.id) in (None, "", []):
                self._errors[field.id] = f"{field.name} is required."
        values |= self._rest({name: value for name, value in fields.items() if name not in ("project", "issuetype")})
        self._finish()
        return values

    def for_editing(self, fields: Any, update: Any, issue: Issue) -> dict[str, Any]:
        values = self._rest(fields or {})
        labels = list(values.get("labels", issue.labels))
        for step in (update or {}).get("labels", []):
            if "add" in step and step["add"] not in labels:
                labels.append(step["add"])
            elif step.get("remove") in labels:
                labels.remove(step["remove"])
        if labels != issue.labels:
            values["labels"] = labels
        self._finish()
        if "custom" in values:
            values["custom"] = {**issue.custom, **values["custom"]}
        return values

    def _finish(self) -> None:
        if self._errors:
            raise JiraError(400, errors=self._errors)

    def _project(self, given: Any) -> str:
        named = str((given or {}).get("key") or (given or {}).get("id") or "") if isinstance(given, dict) else ""
        key = site.find_project(self._config, named)
        if key is None or "CREATE_ISSUES" in self._config.denied:
            message = "valid project is required" if key is None else "You cannot create issues in this project."
            self._errors["project"] = message
        return key or ""

    def _type(self, given: Any) -> str:
        wanted = given if isinstance(given, dict) else {}
        found = [key for key, name in site.TYPES.items() if wanted.get("id") == key or wanted.get("name") == name]
        if not found:
            self._errors["issuetype"] = "Specify a valid issue type" if given else "Specify an issue type"
        return found[0] if found else ""

    def _rest(self, fields: dict[str, Any]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        custom: dict[str, Any] = {}
        for name, value in fields.items():
            if field := self._config.fields().get(name):
                custom[name] = self._custom(field, value)
            elif reader := _READERS.get(name):
                try:
                    attribute, read = reader(self, value)
                except (TypeError, ValueError, AttributeError) as error:
                    self._errors[name] = str(error)
                else:
                    values[attribute] = read
            else:
                self._errors[name] = f"Field '{name}' cannot be set. It is not on the appropriate screen, or unknown."
        return values | ({"custom": custom} if custom else {})

    def _custom(self, field: Custom, value: Any) -> Any:
        if field.type == "option" and value is not None:
            given = value.get("value") if isinstance(value, dict) else None
            if given not in field.options:
                self._errors[field.id] = f"Option value '{given or value}' is not valid"
        elif field.type == "number" and not isinstance(value, int | float | None):
            self._errors[field.id] = "Operation value must be a number"
        elif field.type in ("string", "date") and not isinstance(value, str | None):
            self._errors[field.id] = "Operation value must be a string"
        return value

    def _summary(self, value: Any) -> tuple[str, Any]:
        if not isinstance(value, str):
            raise TypeError("Operation value must be a string")
        if len(value) > MAX_SUMMARY:
            raise ValueError(f"Summary can't exceed {MAX_SUMMARY} characters.")
        if "\n" in value or "\r" in value:
            raise ValueError("The summary is invalid because it contains newline characters.")
        return "summary", value

    def _description(self, value: Any) -> tuple[str, Any]:
        if value is not None and (wrong := problem(value, self._version)):
            raise ValueError(wrong)
        return "description", value

    def _priority(self, value: Any) -> tuple[str, Any]:
        name = value.get("name") or site.PRIORITIES.get(str(value.get("id")))
        if name not in site.PRIORITIES.values():
            raise ValueError(f"The priority selected is invalid: {name}")
        return "priority", name

    def _labels(self, value: Any) -> tuple[str, Any]:
        if not isinstance(value, list) or not all(isinstance(label, str) for label in value):
            raise TypeError("Operation value must be an array of strings")
        for label in value:
            if re.search(r"\s", label):
                raise ValueError(f"The label '{label}' contains spaces which is invalid.")
        return "labels", list(dict.fromkeys(value))

    def _assignee(self, value: Any) -> tuple[str, Any]:
        return "assignee", person(value)

    def _due(self, value: Any) -> tuple[str, Any]:
        if value is not None:
            date.fromisoformat(value)
        return "due", value


def person(value: Any) -> str | None:
    """Whom a user object names, by account id or name."""
    if value is None:
        return None
    who = str(value.get("accountId") or value.get("name") or "").removeprefix("557058:")
    if who not in (*site.PEOPLE, site.ACCOUNT):
        raise ValueError(f"User '{who}' does not exist.")
    return who


_READERS = {
    "summary": Checker._summary,
    "description": Checker._description,
    "priority": Checker._priority,
    "labels": Checker._labels,
    "assignee": Checker._assignee,
    "duedate": Checker._due,
}
