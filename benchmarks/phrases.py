"""Reads the parts that complaints are made of.

A line `[ko]` or `[en]` begins a language; `name: a | b | c` adds to a slot; `things: … ` and the `faults: …` behind it are
a topic. Lines with a # are comments.
"""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Topic:
    things: list[str]
    faults: list[str]


@dataclass(slots=True)
class Parts:
    slots: dict[str, list[str]] = field(default_factory=dict)
    topics: list[Topic] = field(default_factory=list)


def read(path: Path) -> dict[str, Parts]:
    """The parts by language."""
    found: dict[str, Parts] = {}
    parts, things = Parts(), list[str]()
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("["):
            parts = found[line.strip("[] ")] = Parts()
            continue
        name, _, rest = line.partition(": ")
        values = [value.strip() for value in rest.split(" | ")]
        if name == "things":
            things = values
        elif name == "faults":
            parts.topics.append(Topic(things, values))
        else:
            parts.slots.setdefault(name, []).extend(values)
    return found
