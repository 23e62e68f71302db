"""Every address of the site, as the URL resolver knows them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLResolver, get_resolver, reverse

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Address:
    name: str
    pattern: str
    view: Callable[..., Any]
    in_admin: bool
    parameters: tuple[str, ...]

    def path(self, values: dict[str, str]) -> str:
        name = f"admin:{self.name}" if self.in_admin else self.name
        return reverse(name, kwargs={each: values[each] for each in self.parameters})

    def handles(self, method: str) -> bool:
        cls = getattr(self.view, "cls", None) or getattr(self.view, "view_class", None)
        actions = getattr(self.view, "actions", None)
        if actions is not None:
            return method.lower() in actions
        return cls is None or hasattr(cls, method.lower())


def all_addresses() -> list[Address]:
    return list(_below(get_resolver().url_patterns, "", ()))


def _below(patterns: list[Any], prefix: str, apps: tuple[str | None, ...]) -> Iterator[Address]:
    for each in patterns:
        if isinstance(each, URLResolver):
            yield from _below(each.url_patterns, prefix + str(each.pattern), (*apps, each.app_name))
            continue
        yield Address(
            name=each.name or "",
            pattern=prefix + str(each.pattern),
            view=each.callback,
            in_admin="admin" in apps,
            parameters=tuple(each.pattern.regex.groupindex),
        )
