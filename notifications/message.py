"""What is to be told, in the reader's language and free of any channel's markup."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self

from voc.core.vocabulary import Urgency

# What NOTIFY_FIELDS may let a message say, beside its occasion and the link. A contact is not among them, ever.
ALLOWABLE = ("summary", "urgency", "problem_type", "system", "customer_name")


class Incident(StrEnum):
    """What a message means to a channel that keeps incidents: it opens one, somebody is on it, it is over."""

    TRIGGER = "trigger"
    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """Something that a reader may press. `style` is "", "primary" or "danger"; one with a `url` only leads there."""

    action: str
    label: str
    value: str = ""
    style: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationMessage:
    """One message about one event.

    `key` names the event: a message goes out at most once per (key, channel, target). `subject` is what it is about (a ticket
    id). `title`, `body` and the (label, value) pairs of `fields` are plain text, which each channel escapes and cuts for
    itself; whoever builds the message decides what it may say. `url` opens the subject; `language` is "ko" or "en".

    Messages with the same `thread` make one conversation where a channel has such. Its first message also shows how things
    stand: the newest `status` that any of them brought, and the `buttons` that came with it.
    """

    event: str
    key: str
    subject: str
    title: str
    body: str = ""
    url: str = ""
    urgency: Urgency | None = None
    fields: tuple[tuple[str, str], ...] = ()
    language: str = "ko"
    thread: str = ""
    status: str = ""
    buttons: tuple[Button, ...] = ()
    incident: Incident = Incident.TRIGGER

    def to_json(self) -> dict[str, Any]:
        """As plain JSON, which `from_json` takes back."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """Raises KeyError, TypeError or ValueError for what `to_json` did not make."""
        return cls(
            **{
                **stored,
                "urgency": Urgency(stored["urgency"]) if stored.get("urgency") else None,
                "fields": tuple((label, value) for label, value in stored.get("fields", ())),
                "buttons": tuple(Button(**button) for button in stored.get("buttons", ())),
                "incident": Incident(stored.get("incident", Incident.TRIGGER)),
            }
        )
