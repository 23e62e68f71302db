"""What is wrong with the settings of this app, said at boot with what to set."""

import ipaddress
import re
from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from notifications.channels import CHANNELS
from notifications.channels.named import DEFAULT, named
from notifications.channels.pagerduty import KEY
from notifications.channels.slack import CHANNEL_ID
from notifications.message import ALLOWABLE
from notifications.services import get_notifications
from voc.core.addresses import host_and_port, parse_allowed
from voc.core.errors import Permanent

COPY = "Copy it from Slack (https://hooks.slack.com/services/…), or leave it empty to send nothing."


@register()
def slack_webhook(app_configs: Sequence[AppConfig] | None, **_kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """The address is one that can be sent to. It is a secret: no message repeats it."""
    url = settings.SLACK_WEBHOOK_URL
    return list(_address("SLACK_WEBHOOK_URL", url, hint=COPY)) if url else []


@register()
def slack_app(app_configs: Sequence[AppConfig] | None, **_kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """The bot's token looks like one, and where messages go without a target is a channel's id."""
    problems: list[CheckMessage] = []
    if settings.SLACK_BOT_TOKEN:
        problems += _address(
            "SLACK_API_URL", settings.SLACK_API_URL, hint="It is https://slack.com/api/ unless you test."
        )
        if not re.fullmatch(r"xoxb-[A-Za-z0-9-]+", settings.SLACK_BOT_TOKEN):
            hint = "It begins with xoxb- and is on the app's page under OAuth & Permissions."
            problems.append(Error("SLACK_BOT_TOKEN is no bot token.", hint=hint, id="notifications.E005"))
    elif settings.SLACK_CHANNEL or settings.SLACK_SIGNING_SECRET:
        hint = "Set SLACK_BOT_TOKEN too; a webhook needs neither SLACK_CHANNEL nor SLACK_SIGNING_SECRET."
        problems.append(Warning("Slack's app has settings but no token.", hint=hint, id="notifications.W001"))
    if settings.SLACK_CHANNEL and not CHANNEL_ID.fullmatch(settings.SLACK_CHANNEL):
        hint = "It is at the end of the channel's details in Slack, like C024BE91L; its name can change."
        problems.append(Error("SLACK_CHANNEL is no channel's id.", hint=hint, id="notifications.E006"))
    return problems


@register()
def named_secrets(app_configs: Sequence[AppConfig] | None, **_kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """Teams' webhooks and PagerDuty's keys. They are secrets: no message repeats one."""
    problems: list[CheckMessage] = []
    hooks, keys = named(settings.TEAMS_WEBHOOKS), named(settings.PAGERDUTY_ROUTING_KEYS)
    hint = "Copy it from the flow “Post to a channel when a webhook request is received”, as name=address."
    for name, url in hooks.items():
        problems += _address(f"TEAMS_WEBHOOKS ({name})", url, hint=hint)
    hint = "An integration key (Events API v2) has 32 letters and digits; write it as name=key."
    for name, key in keys.items():
        if not KEY.fullmatch(key):
            problems.append(Error(f"PAGERDUTY_ROUTING_KEYS ({name}) is no key.", hint=hint, id="notifications.E007"))
    for setting, entries, found in (
        ("TEAMS_WEBHOOKS", settings.TEAMS_WEBHOOKS, hooks),
        ("PAGERDUTY_ROUTING_KEYS", settings.PAGERDUTY_ROUTING_KEYS, keys),
    ):
        if len(found) < len([entry for entry in entries if entry.strip()]):
            hint = f"Give each a name of its own; one without a name is called “{DEFAULT}”."
            problems.append(Error(f"{setting} names two alike.", hint=hint, id="notifications.E008"))
    if keys:
        problems += _address(
            "PAGERDUTY_URL", settings.PAGERDUTY_URL, hint="It is https://events.pagerduty.com, or .eu."
        )
    return problems


@register()
def targets(app_configs: Sequence[AppConfig] | None, **_kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """Every target that the settings name can be written to."""
    problems: list[CheckMessage] = []
    service = get_notifications()
    wanted = [("NOTIFY_CHANNELS", entry) for entry in settings.NOTIFY_CHANNELS]
    if settings.NOTIFY_EMAIL:
        wanted.append(("NOTIFY_EMAIL", f"email:{settings.NOTIFY_EMAIL}"))
    for setting, entry in wanted:
        channel, _colon, target = entry.partition(":")
        if channel not in CHANNELS:
            hint = f"It takes {', '.join(CHANNELS)}, each perhaps with a target as in email:ops@example.com."
            problems.append(Error(f"{setting} names {channel!r}.", hint=hint, id="notifications.E009"))
            continue
        way = service.channels.get(channel)
        try:
            if way and target:
                way.canonical(target)
        except Permanent as error:
            problems.append(Error(f"{setting}: {error.message}", id="notifications.E010"))
    return problems


def _address(setting: str, url: str, *, hint: str) -> Iterator[CheckMessage]:
    """What is wrong with an address of the web; it is not repeated."""
    try:
        host, _port = host_and_port(url)
    except Permanent as error:
        yield Error(f"{setting} cannot be called: {error.message}", hint=hint, id="notifications.E001")
        return
    if any(mark.isspace() for mark in url):
        yield Error(f"{setting} has blanks in it.", hint=hint, id="notifications.E001")
    elif url.startswith("http:") and not _is_named(host):
        hint = "Use https, or name the host in OUTBOUND_ALLOWED_NETWORKS if it stands in your own network."
        yield Error(f"{setting} would send in the clear.", hint=hint, id="notifications.E002")


def _is_named(host: str) -> bool:
    """Whether the allow-list has this host, by name or, if it is written as an address, by network. Asks no name server."""
    try:
        allowed = parse_allowed(settings.OUTBOUND_ALLOWED_NETWORKS)
    except ValueError:
        return True  # what is wrong there is said by the core's own check
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host.lower() in allowed.hosts
    return any(address in network for network in allowed.networks)


@register()
def wording(app_configs: Sequence[AppConfig] | None, **_kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """Messages have a language that exists, and may say only what can be allowed."""
    problems: list[CheckMessage] = []
    languages = [code for code, _name in settings.LANGUAGES]
    if settings.SLACK_LANGUAGE not in languages:
        hint = f"Set it to one of {', '.join(languages)}."
        problems.append(Error(f"SLACK_LANGUAGE is {settings.SLACK_LANGUAGE!r}.", hint=hint, id="notifications.E003"))
    if unknown := [name for name in settings.NOTIFY_FIELDS if name not in ALLOWABLE]:
        hint = f"It takes {', '.join(ALLOWABLE)}, separated by commas."
        problems.append(Error(f"NOTIFY_FIELDS names {', '.join(unknown)}.", hint=hint, id="notifications.E004"))
    return problems
