"""Whether all that the work with Jira needs is there, and what to mend where it is not. Reads, and changes nothing in Jira."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.urls import NoReverseMatch, reverse

from integrations.jira.base import JiraRefused, JiraUnauthorised
from integrations.jira.client import JiraClient, get_client
from tickets.jira import metadata
from tickets.models import System
from voc.core import clock
from voc.core.errors import VocError
from voc.core.vocabulary import ProblemType

NEEDED: Final = ("BROWSE_PROJECTS", "CREATE_ISSUES", "EDIT_ISSUES", "ADD_COMMENTS", "LINK_ISSUES")
SKEW_SECONDS: Final = 120
WEBHOOK_PATH: Final = "jira_webhook"
EVENTS: Final = ("jira:issue_created", "jira:issue_updated", "jira:issue_deleted", "comment_created", "comment_updated")


@dataclass(frozen=True, slots=True)
class Finding:
    """`level` is ok, advice (it works without) or wrong; `text` says what was found, `hint` what to do."""

    level: str
    text: str
    hint: str = ""


def findings() -> Iterator[Finding]:
    """One by one, as they are found; ends early where the rest needs what is missing. Raises nothing of Jira's."""
    try:
        client = get_client()
    except VocError as error:
        yield Finding("wrong", error.message, "See docs/jira.md.")
        return
    signed_in = yield from _credentials(client)
    if not signed_in:
        return
    for check in (_clock, _projects, _webhook):
        try:
            yield from check(client)
        except VocError as error:
            yield Finding("wrong", f"Jira: {error.message}")


def _credentials(client: JiraClient) -> Generator[Finding, None, bool]:
    """Returns whether there is a point in going on."""
    kind = "Cloud, as JIRA_EMAIL is set" if client.is_cloud else "Data Center, as JIRA_EMAIL is empty"
    try:
        account = client.myself()
    except JiraUnauthorised as error:
        cloud = "Make a new API token for JIRA_EMAIL (or leave that empty, if this is a Data Center)."
        centre = "Make a new personal access token (or set JIRA_EMAIL, if this is Cloud)."
        yield Finding("wrong", error.message, f"{cloud if client.is_cloud else centre} Set JIRA_API_TOKEN. ({kind})")
        return False
    except VocError as error:
        yield Finding("wrong", f"Jira: {error.message}", f"Is JIRA_BASE_URL right? ({kind})")
        return False
    zone = account.time_zone or "unknown"
    yield Finding("ok", f"Signed in as {account.name} ({account.id}), time zone {zone}.")
    return True


def _clock(client: JiraClient) -> Iterator[Finding]:
    info = client.server_info()
    yield Finding("ok", f"{info.deployment} {info.version} {info.title}".strip() + ".")
    if client.is_cloud != (info.deployment == "Cloud"):
        hint = "Set JIRA_EMAIL for Cloud; leave it empty for Data Center."
        yield Finding("wrong", f"This Jira is {info.deployment}.", hint)
    if info.time is not None:
        skew = (info.time - clock.now()).total_seconds()
        level, hint = ("ok", "") if abs(skew) <= SKEW_SECONDS else ("wrong", "Set this machine's clock (NTP).")
        yield Finding(level, f"Jira's clock differs from ours by {skew:+.0f} s.", hint)


def _projects(client: JiraClient) -> Iterator[Finding]:
    wanted: dict[str, set[str]] = {}
    usual = {settings.JIRA_ISSUE_TYPES.get(each, "Task") for each in ProblemType.values}
    wanted[settings.JIRA_DEFAULT_PROJECT] = set(usual)
    for system in System.objects.filter(is_active=True).exclude(jira_project="", jira_issue_type=""):
        types = {system.jira_issue_type} if system.jira_issue_type else usual
        wanted.setdefault(system.jira_project or settings.JIRA_DEFAULT_PROJECT, set()).update(types)
    metadata.forget()
    for project_key in sorted(wanted):
        yield from _project(client, project_key, sorted(wanted[project_key]))


def _project(client: JiraClient, project_key: str, types: list[str]) -> Iterator[Finding]:
    try:
        name = client.project(project_key)
        held = client.permissions(project_key, NEEDED)
    except JiraRefused as error:
        hint = "Set JIRA_DEFAULT_PROJECT or the system's Jira project, or give the account the permission to browse it."
        yield Finding("wrong", f"{project_key}: {error.message}", hint)
        return
    yield Finding("ok", f"{project_key}: {name}.")
    if missing := [each for each in NEEDED if not held[each]]:
        yield Finding(
            "wrong", f"{project_key}: the account lacks {', '.join(missing)}.", "Ask the project's administrator."
        )
    for issue_type in types:
        yield _type(client, project_key, issue_type)


def _type(client: JiraClient, project_key: str, issue_type: str) -> Finding:
    """Whether an issue of this type would have all its required fields."""
    try:
        form = metadata.form_of(client, project_key=project_key, issue_type=issue_type)
        extra = metadata.configured_fields(project_key=project_key, issue_type=issue_type)
        fields = {
            "project": project_key,
            "issuetype": issue_type,
            "summary": "–",
            "labels": settings.JIRA_LABELS,
            **extra,
        }
        metadata.checked(form, fields, project_key=project_key)
    except JiraRefused as error:
        named = "; ".join(f"{name}: {why}" for name, why in error.field_errors.items())
        return Finding(
            "wrong", f"{project_key}/{issue_type}: {named or error.message}", "See docs/jira.md, JIRA_FIELDS."
        )
    return Finding("ok", f"{project_key}/{issue_type}: {len(form.fields)} fields, all required ones are set.")


def _webhook(client: JiraClient) -> Iterator[Finding]:
    if not settings.JIRA_WEBHOOK_SECRET:
        hint = "Set JIRA_WEBHOOK_SECRET and register the webhook; until then the poll is all that tells of changes."
        yield Finding("advice", "No webhook is taken.", hint)
        return
    try:
        url = settings.SITE_URL + reverse(WEBHOOK_PATH)
    except NoReverseMatch:
        return
    try:
        found = [each for each in client.webhooks() if each.url.partition("?")[0] == url]
    except JiraRefused:
        hint = f"An administrator of Jira sees whether {url} is registered."
        yield Finding("advice", "Our account may not see the webhooks.", hint)
        return
    if not found:
        yield Finding("wrong", f"Jira has no webhook for {url}.", "Register it with the secret, see docs/jira.md.")
        return
    for each in found:
        if not each.enabled:
            yield Finding("wrong", f"The webhook {each.name} is switched off.", "Switch it on in Jira.")
        elif missing := [name for name in EVENTS if name not in each.events]:
            yield Finding(
                "wrong", f"The webhook {each.name} does not tell of {', '.join(missing)}.", "Add them in Jira."
            )
        else:
            yield Finding("ok", f"The webhook {each.name} leads to {url}.")
