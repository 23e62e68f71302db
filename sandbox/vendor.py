"""What a vendor has to be; the frame does the rest (recording, faults, state, the page)."""

from __future__ import annotations

import json
import threading
from abc import ABC, abstractmethod
from datetime import datetime
from typing import Any, ClassVar

from flask import Blueprint, request
from markupsafe import Markup

ACTIVE_FAULT = "sandbox.fault"
NOTES = "sandbox.notes"


class Vendor(ABC):
    """One vendor: its routes under ``/<name>/``, its state, and how people see it.

    Routes run on many threads at once: every read and write of the vendor's state holds ``self.lock``.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    fault_kinds: ClassVar[tuple[str, ...]] = ()
    """Kinds of fault that only this vendor knows; its routes ask `active_fault` whether one applies."""

    def __init__(self) -> None:
        self.lock = threading.RLock()

    @abstractmethod
    def blueprint(self) -> Blueprint:
        """The vendor's own addresses, relative to ``/<name>``."""

    def control(self) -> Blueprint | None:
        """Addresses for people and tests, relative to ``/_sandbox/<name>``: neither recorded nor subject to faults."""
        return None

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """All that the vendor remembers, as JSON that `load` takes back."""

    @abstractmethod
    def load(self, state: dict[str, Any]) -> None:
        """Replace what the vendor remembers by an earlier `state`; raises KeyError, TypeError or ValueError if it is not one."""

    @abstractmethod
    def reset(self) -> None:
        """Forget everything."""

    def render(self) -> Markup:
        """What people see of the state, newest first, as safe HTML."""
        return Markup("")

    def refusal(self, status: int, retry_after: float | None) -> tuple[str, str]:
        """Body and content type of the vendor's own answer for a failing status."""
        return json.dumps({"error": status}), "application/json"

    def redact_path(self, path: str) -> str:
        """The path as it may be shown and kept, without secrets that stand in it."""
        return path


def active_fault() -> str:
    """The kind of the vendor's own fault that applies to this request, or an empty string."""
    fault = request.environ.get(ACTIVE_FAULT)
    return fault.kind if fault is not None else ""


def fault_body() -> str:
    """The text that came with the vendor's own fault, or an empty string."""
    fault = request.environ.get(ACTIVE_FAULT)
    return (fault.body or "") if fault is not None else ""


def note(text: str) -> None:
    """Say something about this request on its record: why it was refused, for one."""
    request.environ.setdefault(NOTES, []).append(text)


def clock(at: str) -> str:
    """The time of day of an ISO timestamp where the sandbox runs, which is where its reader sits."""
    return datetime.fromisoformat(at).astimezone().strftime("%H:%M:%S")
