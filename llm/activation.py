"""Which version of a prompt is in force: the database's last word, else the manifest's. Workers follow within seconds."""

import hashlib
import threading
import time
from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from llm.models import PromptActivation
from llm.prompts import ACTIVE, CANARY, LATEST, Prompt, prompt_manager, version_key
from voc.core import clock
from voc.core.errors import InvalidInput

# Running workers follow an activation after this long at most.
FOLLOW_SECONDS: Final = 3.0


@dataclass(frozen=True, slots=True)
class Choice:
    """Versions in force of one prompt: the `active` one, and a `canary` for `share` percent of the subjects."""

    active: str
    canary: str = ""
    share: int = 0

    def for_subject(self, name: str, subject: str) -> str:
        """The version for a subject; the same one always, as long as the canary stands."""
        return self.canary if self.canary and bucket(name, subject) < self.share else self.active


def bucket(name: str, subject: str) -> int:
    """0 to 99, evenly spread and the same in every process."""
    return int.from_bytes(hashlib.sha256(f"{name}\n{subject}".encode()).digest()[:8]) % 100


class _Followed:
    """The database's rows as this process last read them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._read_at = -FOLLOW_SECONDS
        self._rows: dict[tuple[str, str], PromptActivation] = {}

    def rows(self) -> dict[tuple[str, str], PromptActivation]:
        with self._lock:
            if time.monotonic() - self._read_at >= FOLLOW_SECONDS:
                self._rows = last_rows()
                self._read_at = time.monotonic()
            return self._rows

    def forget(self) -> None:
        with self._lock:
            self._read_at = -FOLLOW_SECONDS


_followed = _Followed()


def last_rows() -> dict[tuple[str, str], PromptActivation]:
    """The last activation by (prompt, label)."""
    rows = PromptActivation.objects.order_by("name", "label", "-id").distinct("name", "label")
    return {(row.name, row.label): row for row in rows}


def choice_of(name: str) -> Choice:
    """What is in force now. A version whose file is gone (an older release runs) gives way to the manifest's."""
    manager, rows = prompt_manager(), _followed.rows()
    known = manager.versions(name)
    active, canary = rows.get((name, ACTIVE)), rows.get((name, CANARY))
    version = active.version if active and active.version in known else manager.find(name, ACTIVE).version
    if canary and canary.version in known and canary.share:
        return Choice(active=version, canary=canary.version, share=canary.share)
    return Choice(active=version)


def prompt_for(name: str, subject: str) -> Prompt:
    """The prompt in force for a subject."""
    return prompt_manager().find(name, choice_of(name).for_subject(name, subject))


@transaction.atomic
def activate(*, name: str, version: str, actor: User | None, label: str = ACTIVE, share: int = 100) -> PromptActivation:
    """Put a published version in force for everybody, or as a canary for `share` percent. Raises InvalidInput."""
    manager = prompt_manager()
    if name not in manager.prompts:
        raise InvalidInput(field="name", message=_("There is no prompt %(name)s.") % {"name": name})
    wanted = manager.versions(name)[-1] if version == LATEST else version
    if wanted not in manager.prompts[name]:
        raise InvalidInput(
            field="version", message=_("%(name)s has no version %(version)s.") % {"name": name, "version": version}
        )
    if not 0 <= share <= 100:
        raise InvalidInput(field="share", message=_("A share is a percentage from 0 to 100."))
    if label == CANARY and version_key(wanted) <= version_key(choice_of(name).active):
        raise InvalidInput(field="version", message=_("A trial takes a version that is newer than the one in force."))
    return _add(name, label, wanted, share, actor)


@transaction.atomic
def rollback(*, name: str, actor: User | None) -> PromptActivation:
    """Back to the version before the one in force; ends a canary. Raises InvalidInput when there was none before."""
    manager = prompt_manager()
    if name not in manager.prompts:
        raise InvalidInput(field="name", message=_("There is no prompt %(name)s.") % {"name": name})
    _followed.forget()
    now = choice_of(name)
    before = _before(name, now.active)
    if now.canary:
        _add(name, CANARY, "", 0, actor)
        return _add(name, ACTIVE, now.active, 100, actor)
    if before not in manager.prompts[name]:
        raise InvalidInput(
            field="version", message=_("%(name)s had no other version in force before.") % {"name": name}
        )
    return _add(name, ACTIVE, before, 100, actor)


def has_version_before(name: str) -> bool:
    """Whether `rollback` has somewhere to go back to."""
    return _before(name, choice_of(name).active) in prompt_manager().prompts[name]


def _before(name: str, active: str) -> str:
    """The version that was in force before this one; "" when there was none."""
    rows = PromptActivation.objects.filter(name=name, label=ACTIVE).order_by("-id")
    versions = [*rows.values_list("version", flat=True), prompt_manager().find(name, ACTIVE).version]
    return next((version for version in versions if version != active), "")


def _add(name: str, label: str, version: str, share: int, actor: User | None) -> PromptActivation:
    row = PromptActivation.objects.create(
        name=name, label=label, version=version, share=share, at=clock.now(), by=actor
    )
    transaction.on_commit(_followed.forget, robust=True)
    return row
