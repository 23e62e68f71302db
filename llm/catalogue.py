"""The models that are known, from `llm/models.yaml`, and which of them this site uses for what."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml
from django.conf import settings

FILE: Final = Path(__file__).with_name("models.yaml")
PROVIDERS: Final = ("openai", "anthropic", "ollama_chat")
MILLION: Final = Decimal(1_000_000)
# For a model that the file does not list: small enough for any, and dear enough that a budget does not run away.
UNKNOWN_WINDOW: Final = 8192
UNKNOWN_PRICE: Final = Decimal(30)


class Role(StrEnum):
    """What a model is wanted for."""

    PRECISE = "precise"
    FAST = "fast"
    LONG = "long"
    LOCAL = "local"


@dataclass(frozen=True, slots=True)
class Model:
    """`name` is provider/model; `window` and `max_output` in tokens; prices in US dollars per million tokens."""

    name: str
    window: int
    max_output: int
    input_price: Decimal
    output_price: Decimal
    switched_off: date | None = None
    known: bool = True

    @property
    def provider(self) -> str:
        return self.name.partition("/")[0]

    @property
    def peer(self) -> str:
        """The name of its breaker."""
        return f"llm:{self.name}"

    def cost(self, input_tokens: int, output_tokens: int) -> Decimal:
        return (self.input_price * input_tokens + self.output_price * output_tokens) / MILLION


@dataclass(frozen=True, slots=True)
class Catalogue:
    models: dict[str, Model]
    aliases: dict[str, str]

    def resolve(self, name: str) -> str:
        """The full name that an alias stands for; a full name is itself."""
        return self.aliases.get(name.lower(), name)

    def find(self, name: str) -> Model:
        """A model by name or alias. One that is not listed is taken for small and dear."""
        full = self.resolve(name)
        if full in self.models:
            return self.models[full]
        price = Decimal(0) if full.startswith("ollama") else UNKNOWN_PRICE
        return Model(full, UNKNOWN_WINDOW, UNKNOWN_WINDOW // 2, price, price, known=False)


def read(path: Path = FILE) -> Catalogue:
    """Raises ValueError that says which entry is wrong."""
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    models = {name: _model(name, entry) for name, entry in data["models"].items()}
    return Catalogue(models, {str(alias).lower(): str(name) for alias, name in data["aliases"].items()})


def _model(name: str, entry: dict[str, Any]) -> Model:
    try:
        return Model(
            name=name,
            window=int(entry["window"]),
            max_output=int(entry["max_output"]),
            input_price=Decimal(str(entry["input_price"])),
            output_price=Decimal(str(entry["output_price"])),
            switched_off=entry.get("switched_off"),
        )
    except (KeyError, TypeError, ValueError, InvalidOperation) as error:
        raise ValueError(f"{name} in {FILE.name}: {error!r}") from error


@cache
def catalogue() -> Catalogue:
    return read()


def configured() -> dict[Role, Model]:
    """The site's model for each role that has one."""
    names = {
        Role.PRECISE: settings.LLM_PRECISE_MODEL,
        Role.FAST: settings.LLM_FAST_MODEL,
        Role.LONG: settings.LLM_LONG_MODEL,
        Role.LOCAL: settings.LLM_LOCAL_MODEL,
    }
    return {role: catalogue().find(name) for role, name in names.items() if name}
