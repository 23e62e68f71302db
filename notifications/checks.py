"""What is wrong with the settings of this app, said at boot with what to set."""

import ipaddress
from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from notifications.message import ALLOWABLE
from voc.core.addresses import host_and_port, parse_allowed
from voc.core.errors import Permanent


@register()
def slack_webhook(app_configs: Sequence[AppConfig] | None, **_kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """The address is one that can be sent to. It is a secret: no message repeats it."""
    url = settings.SLACK_WEBHOOK_URL
    if not url:
        return []
    hint = "Copy it from Slack (https://hooks.slack.com/services/…), or leave it empty to send nothing."
    try:
        host, _port = host_and_port(url)
    except Permanent as error:
        return [Error(f"SLACK_WEBHOOK_URL cannot be called: {error.message}", hint=hint, id="notifications.E001")]
    if any(mark.isspace() for mark in url):
        return [Error("SLACK_WEBHOOK_URL has blanks in it.", hint=hint, id="notifications.E001")]
    if url.startswith("http:") and not _is_named(host):
        hint = "Use https, or name the host in OUTBOUND_ALLOWED_NETWORKS if it stands in your own network."
        return [Error("SLACK_WEBHOOK_URL would send in the clear.", hint=hint, id="notifications.E002")]
    return []


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
