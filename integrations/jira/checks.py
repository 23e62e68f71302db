"""What must be right about the Jira settings before anything runs."""

from collections.abc import Iterator
from typing import Any, Final

from django.conf import settings
from django.core.checks import CheckMessage, Error

from voc.core.addresses import host_and_port
from voc.core.errors import Permanent
from voc.core.vocabulary import ProblemType, Urgency

# What of a ticket JIRA_SHARE may name.
SHAREABLE: Final = ("summary", "analysis", "evidence", "proposal", "complaint", "customer_name", "customer_contact")
MEANINGS: Final = ("IN_PROGRESS", "DONE")
HINT: Final = "See docs/jira.md."


def check_jira_settings(*_: Any, **__: Any) -> list[CheckMessage]:
    return [*_address(), *_wording(), *_shapes()]


def _address() -> Iterator[CheckMessage]:
    url, token = settings.JIRA_BASE_URL, settings.JIRA_API_TOKEN
    if bool(url) != bool(token):
        given, missing = ("JIRA_BASE_URL", "JIRA_API_TOKEN") if url else ("JIRA_API_TOKEN", "JIRA_BASE_URL")
        yield Error(f"{given} is set and {missing} is not.", hint=f"Set {missing}, or neither.", id="jira.E001")
    for name in ("JIRA_BASE_URL", "JIRA_BROWSE_URL"):
        if not getattr(settings, name):
            continue
        try:
            host_and_port(getattr(settings, name))
        except Permanent as error:
            yield Error(f"{name}: {error.message}", hint="Such as https://your-org.atlassian.net", id="jira.E002")
    if url.startswith("http:") and not settings.OUTBOUND_ALLOWED_NETWORKS:
        hint = "Use https, or name the host in OUTBOUND_ALLOWED_NETWORKS if it stands in your own network."
        yield Error("JIRA_BASE_URL would send the token in the clear.", hint=hint, id="jira.E003")


def _wording() -> Iterator[CheckMessage]:
    languages = [code for code, _name in settings.LANGUAGES]
    if settings.JIRA_LANGUAGE not in languages:
        hint = f"Set it to one of {', '.join(languages)}."
        yield Error(f"JIRA_LANGUAGE is {settings.JIRA_LANGUAGE!r}.", hint=hint, id="jira.E004")
    if unknown := [name for name in settings.JIRA_SHARE if name not in SHAREABLE]:
        hint = f"It takes {', '.join(SHAREABLE)}, separated by commas."
        yield Error(f"JIRA_SHARE names {', '.join(unknown)}.", hint=hint, id="jira.E005")
    if not settings.JIRA_LABELS or any(not label or " " in label for label in settings.JIRA_LABELS):
        yield Error("JIRA_LABELS needs a label, and labels have no blanks.", hint=HINT, id="jira.E006")


def _shapes() -> Iterator[CheckMessage]:
    for name, known in (("JIRA_ISSUE_TYPES", ProblemType.values), ("JIRA_PRIORITIES", Urgency.values)):
        if unknown := [key for key in getattr(settings, name) if key not in known]:
            hint = f"It takes {', '.join(known)}."
            yield Error(f"{name} names {', '.join(unknown)}.", hint=hint, id="jira.E007")
    waits = settings.JIRA_LOOK_SECONDS
    if not waits or waits != sorted(waits) or waits[0] < 0:
        yield Error("JIRA_LOOK_SECONDS must be ascending seconds, such as 60,180,600.", hint=HINT, id="jira.E008")
    for name in ("JIRA_FIELDS", "JIRA_STATUS_MAP"):
        value = getattr(settings, name)
        if not isinstance(value, dict) or not all(isinstance(each, dict) for each in value.values()):
            yield Error(f"{name} must be a JSON object of objects.", hint=HINT, id="jira.E009")
            return
    meant = {means for by_name in settings.JIRA_STATUS_MAP.values() for means in by_name.values()}
    if wrong := sorted(str(each) for each in meant if each not in MEANINGS):
        yield Error(f"JIRA_STATUS_MAP maps to {', '.join(wrong)}.", hint=f"To {' or '.join(MEANINGS)}.", id="jira.E010")
