"""The log systems that a site can have. A new one is a module and a line in `ADAPTERS`."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from integrations.logs.base import LogAdapter
from integrations.logs.gathering import LogSources

# Name → the setting that switches it on, and what makes the adapter from the settings. By path, because the vendors'
# clients take a second each to import, and most sites have one of them.
ADAPTERS: dict[str, tuple[str, str]] = {
    "elasticsearch": ("ELASTICSEARCH_URL", "integrations.logs.elasticsearch.from_settings"),
    "datadog": ("DATADOG_API_KEY", "integrations.logs.datadog.from_settings"),
    "cloudwatch": ("CLOUDWATCH_LOG_GROUPS", "integrations.logs.cloudwatch.from_settings"),
    "splunk": ("SPLUNK_URL", "integrations.logs.splunk.from_settings"),
}


def configured_names() -> tuple[str, ...]:
    """The systems that the settings switch on."""
    return tuple(name for name, (switch, _path) in ADAPTERS.items() if getattr(settings, switch))


def build(name: str) -> LogAdapter:
    """The adapter as the settings describe it. Raises ValueError when they describe none."""
    make: Callable[[Any], LogAdapter] = import_string(ADAPTERS[name][1])
    return make(settings)


def configured_adapter() -> LogAdapter | None:
    """The real log systems of this site as one, or None when the site has none."""
    adapters = [build(name) for name in configured_names()]
    return LogSources(adapters, seconds=settings.LOG_DEADLINE_SECONDS) if adapters else None
