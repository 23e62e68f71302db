"""Which tables are audited, and how: each app says so for its models in `audited` of its AppConfig; silence fails a test.

audited = {"User": Audited(hidden=("password",)), "Pulse": NotAudited("a sign of life, every few seconds")}
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from django.apps import apps
from django.db import models

ALL: Final = ("INSERT", "UPDATE", "DELETE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited:
    """`hidden` columns are never written down: secrets, and what follows from other columns. `personal` ones name a customer:
    they are kept encrypted under the customer's key. `when` is an SQL condition on OLD and NEW; `on` the acts that count.

    `subject` and `contact` are columns: the number that people know the row by, and whom it leads to. `parent` is a foreign
    key to the row that has them, for a row that has not. Columns are named as in the database.
    """

    hidden: tuple[str, ...] = ()
    personal: tuple[str, ...] = ()
    subject: str = ""
    contact: str = ""
    parent: str = ""
    on: tuple[str, ...] = ALL
    when: str = ""


@dataclass(frozen=True, slots=True)
class NotAudited:
    """Left out, for a reason that a reader can judge."""

    because: str


def declarations() -> Iterator[tuple[type[models.Model], Audited | NotAudited]]:
    """Of all apps. A name with a dot is another app's model: of a library, which cannot declare its own. Raises LookupError."""
    for config in apps.get_app_configs():
        for name, declared in getattr(config, "audited", {}).items():
            model = apps.get_model(name) if "." in name else config.get_model(name)
            yield model, declared


def audited() -> Iterator[tuple[type[models.Model], Audited]]:
    for model, declared in declarations():
        if isinstance(declared, Audited):
            yield model, declared
