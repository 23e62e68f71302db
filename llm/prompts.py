"""Prompts as files: `prompts/<name>/v<semver>.md`, published once, never changed; the manifest says which is in force.

A file has the system's part and, after the line `<!-- user -->`, the user's. `{{ name }}` stands for a variable.
"""

import difflib
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml
from django.conf import settings

USER_MARK: Final = "<!-- user -->"
LATEST: Final = "latest"
ACTIVE: Final = "active"
CANARY: Final = "canary"
_VARIABLE = re.compile(r"\{\{\s*([A-Za-z_]\w*)\s*\}\}")
_FILE = re.compile(r"v(\d+)\.(\d+)\.(\d+)\.md")
_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)")


class PromptError(ValueError):
    """A prompt that does not exist, or cannot be rendered; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """One published version. `schema` is the version of the answer's schema that it asks for."""

    name: str
    version: str
    text: str
    schema: str = ""

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def variables(self) -> frozenset[str]:
        return frozenset(_VARIABLE.findall(self.text))

    def render(self, variables: Mapping[str, Any]) -> str:
        """The text with each variable filled in, once: what a value contains is not looked at again.

        Raises PromptError that names variables which are missing, or which this version does not know.
        """
        if missing := sorted(self.variables - variables.keys()):
            raise PromptError(f"{self.name} v{self.version} needs {', '.join(missing)}")
        if unknown := sorted(variables.keys() - self.variables):
            raise PromptError(f"{self.name} v{self.version} has no {', '.join(unknown)}")
        return _VARIABLE.sub(lambda match: str(variables[match[1]]), self.text)

    def parts(self, variables: Mapping[str, Any]) -> tuple[str, str]:
        """System's and user's part, rendered apart, so that no value can move the border between them."""
        self.render(variables)
        system, _mark, user = self.text.partition(USER_MARK)
        return tuple(_VARIABLE.sub(lambda match: str(variables[match[1]]), part).strip() for part in (system, user))  # type: ignore[return-value]


@dataclass(frozen=True, slots=True)
class Published:
    """What the manifest says of one prompt: version by label, hash and schema by version."""

    labels: dict[str, str] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)
    schemas: dict[str, str] = field(default_factory=dict)


def version_key(version: str) -> tuple[int, int, int]:
    """For sorting by semantic version: 1.10.0 is newer than 1.9.0. Raises PromptError for what is none."""
    match = _VERSION.fullmatch(version)
    if match is None:
        raise PromptError(f"{version!r} is not a version such as 1.2.0")
    return int(match[1]), int(match[2]), int(match[3])


class PromptManager:
    """All prompts of a folder. Reads once; which version is in force beyond the manifest is `llm.activation`'s to say."""

    def __init__(self, prompt_dir: str = "prompts") -> None:
        folder = Path(prompt_dir)
        self.prompt_dir = folder if folder.is_absolute() else Path(settings.BASE_DIR) / folder
        self.manifest = _manifest(self.prompt_dir / "manifest.yaml")
        self.prompts = self._load_prompts()

    def get_prompt(self, name: str, version: str = LATEST) -> str:
        """The text of a version: "latest" by semantic version, a label of the manifest ("active"), or a number."""
        return self.find(name, version).text

    def render_prompt(self, name: str, variables: Mapping[str, Any]) -> str:
        """The version that the manifest has in force, with its variables filled in."""
        return self.find(name, ACTIVE).render(variables)

    def names(self) -> list[str]:
        return sorted(self.prompts)

    def versions(self, name: str) -> list[str]:
        """Oldest first."""
        if name not in self.prompts:
            raise PromptError(f"there is no prompt {name!r}; there are {', '.join(self.names())}")
        return sorted(self.prompts[name], key=version_key)

    def find(self, name: str, version: str = LATEST) -> Prompt:
        versions = self.versions(name)
        published = self.manifest.get(name, Published())
        number = versions[-1] if version == LATEST else published.labels.get(version, version)
        if number not in self.prompts[name]:
            raise PromptError(f"{name} has no version {version!r}; there are {', '.join(versions)}")
        return self.prompts[name][number]

    def diff(self, name: str, old: str, new: str) -> str:
        """A unified diff of two versions; empty when they say the same."""
        before, after = self.find(name, old), self.find(name, new)
        return "".join(
            difflib.unified_diff(
                before.text.splitlines(keepends=True),
                after.text.splitlines(keepends=True),
                f"{name} v{before.version}",
                f"{name} v{after.version}",
            )
        )

    def problems(self) -> Iterator[str]:
        """What is wrong with files and manifest: a changed file above all, since a published version must stay as it was."""
        for name in sorted(self.prompts.keys() | self.manifest.keys()):
            files, published = self.prompts.get(name, {}), self.manifest.get(name, Published())
            for version in sorted(files.keys() | published.hashes.keys()):
                if version not in files:
                    yield f"{name} v{version} is in the manifest, and its file is gone"
                elif version not in published.hashes:
                    yield f"{name} v{version} is not in the manifest; its hash is {files[version].sha256}"
                elif files[version].sha256 != published.hashes[version]:
                    yield f"{name} v{version} was changed after it was published: put it back and publish a new version"
            yield from (
                f"the label {label!r} of {name} points to v{version}, which does not exist"
                for label, version in published.labels.items()
                if version not in files
            )
            if ACTIVE not in published.labels:
                yield f"{name} has no active version in the manifest"

    def _load_prompts(self) -> dict[str, dict[str, Prompt]]:
        found: dict[str, dict[str, Prompt]] = {}
        for path in sorted(self.prompt_dir.glob("*/v*.md")):
            if match := _FILE.fullmatch(path.name):
                name, version = path.parent.name, ".".join(match.groups())
                schema = self.manifest.get(name, Published()).schemas.get(version, "")
                text = path.read_text(encoding="utf-8")
                found.setdefault(name, {})[version] = Prompt(name, version, text, schema)
        if not found:
            raise PromptError(f"there are no prompts in {self.prompt_dir}")
        return found


def _manifest(path: Path) -> dict[str, Published]:
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        return {name: _published(entry) for name, entry in data["prompts"].items()}
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise PromptError(f"{path} cannot be read: {error}") from error


def _published(entry: dict[str, Any]) -> Published:
    versions = entry["versions"]
    return Published(
        labels={str(label): str(version) for label, version in entry["labels"].items()},
        hashes={str(version): str(facts["sha256"]) for version, facts in versions.items()},
        schemas={str(version): str(facts["schema"]) for version, facts in versions.items()},
    )


@cache
def _manager(folder: str) -> PromptManager:
    return PromptManager(folder)


def prompt_manager() -> PromptManager:
    """This process's own, of the configured folder."""
    return _manager(settings.PROMPT_DIR)
