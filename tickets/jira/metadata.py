"""What Jira wants to know of a new issue, asked before it is made, so that a refusal names the field and not its number."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings

from integrations.jira.base import CreateField, IssueType, JiraGone
from integrations.jira.client import JiraClient
from tickets.jira.refusals import Refusal
from tickets.results import Reason

KEPT_SECONDS: Final = 300
# What we always send, or what Jira fills in by itself.
OURS: Final = {"project", "issuetype", "summary", "description", "labels", "priority", "reporter"}


@dataclass(frozen=True, slots=True)
class Form:
    """What an issue of one type in one project is made with, by the fields' ids."""

    type: IssueType
    fields: Mapping[str, CreateField]

    def name_of(self, field_id: str) -> str:
        found = self.fields.get(field_id)
        return found.name if found and found.name else field_id


def configured_fields(*, project_key: str, issue_type: str) -> dict[str, Any]:
    """JIRA_FIELDS for all projects, this project, and this type in it, the nearest last."""
    found: dict[str, Any] = {}
    for place in ("*", project_key, f"*/{issue_type}", f"{project_key}/{issue_type}"):
        found |= settings.JIRA_FIELDS.get(place, {})
    return found


_kept: dict[tuple[str, str, str], tuple[float, Form]] = {}
_lock = threading.Lock()


def form_of(client: JiraClient, *, project_key: str, issue_type: str) -> Form:
    """The form, as Jira gave it within the last five minutes. Raises JiraRefused for a project or a type that is not there."""
    place = (settings.JIRA_BASE_URL, project_key, issue_type.casefold())
    with _lock:
        at, form = _kept.get(place, (0.0, None))
    if form is not None and time.monotonic() - at < KEPT_SECONDS:
        return form
    form = _asked(client, project_key=project_key, issue_type=issue_type)
    with _lock:
        _kept[place] = (time.monotonic(), form)
    return form


def forget(*, project_key: str = "") -> None:
    """Ask again next time: the project has changed, or all of them may have."""
    with _lock:
        for place in [place for place in _kept if project_key in ("", place[1])]:
            del _kept[place]


def _asked(client: JiraClient, *, project_key: str, issue_type: str) -> Form:
    try:
        types = client.issue_types(project_key)
    except JiraGone as error:
        raise Refusal(Reason("jira.no_project", {"project": project_key, "said": error.message})) from error
    wanted = next((each for each in types if each.name.casefold() == issue_type.casefold()), None)
    if wanted is None:
        names = ", ".join(each.name for each in types if not each.subtask) or "–"
        raise Refusal(Reason("jira.no_type", {"project": project_key, "type": issue_type, "names": names}))
    fields = client.create_fields(project_key, wanted.id)
    return Form(type=wanted, fields={field.id: field for field in fields})


def checked(form: Form, fields: Mapping[str, Any], *, project_key: str) -> dict[str, Any]:
    """The fields to send: a priority that the form has no place for is left out. Raises Refusal, naming each field."""
    wrong: dict[str, Reason | str] = {}
    for field_id, field in form.fields.items():
        given = fields.get(field_id)
        missing = given is None or given in ("", [], {})
        if field.required and missing and not field.has_default and field_id not in OURS:
            wrong[field.name] = Reason("jira.field_required", {"field": field_id, "project": project_key})
    for field_id in fields:
        if form.fields and field_id not in form.fields and field_id not in OURS:
            wrong[field_id] = Reason("jira.no_field")
    if form.fields and "labels" not in form.fields:
        wrong["labels"] = Reason("jira.no_labels")
    if wrong:
        forget(project_key=project_key)
        raise Refusal(Reason("jira.would_refuse"), reasons=wrong)
    left_out = {"priority"} if form.fields and not _takes_priority(form, fields) else set()
    return {name: value for name, value in fields.items() if name not in left_out}


def _takes_priority(form: Form, fields: Mapping[str, Any]) -> bool:
    field = form.fields.get("priority")
    if field is None:
        return False
    name = (fields.get("priority") or {}).get("name", "")
    return bool(name) and (not field.allowed or name in field.allowed)
