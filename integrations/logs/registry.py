"""The log systems that a site can have. A new one is a module and a line in `ADAPTERS`."""

from collections.abc import Callable

from integrations.logs.base import LogAdapter

# Name → factory: the adapter as the settings describe it, or None when they do not.
ADAPTERS: dict[str, Callable[[], LogAdapter | None]] = {}


def configured_adapter() -> LogAdapter | None:
    """The real log system of this site, or None when the site has none."""
    built = (factory() for factory in ADAPTERS.values())
    return next((adapter for adapter in built if adapter is not None), None)
