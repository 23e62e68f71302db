"""What is to be told, in the reader's language and free of any channel's markup."""

from dataclasses import dataclass

from voc.core.vocabulary import Urgency

# What NOTIFY_FIELDS may let a message say, beside its occasion and the link. A contact is not among them, ever.
ALLOWABLE = ("summary", "urgency", "problem_type", "system", "customer_name")


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationMessage:
    """One message about one event.

    `key` names the event: a message goes out at most once per (key, channel, target). `subject` is what it is about (a ticket
    id). `title`, `body` and the (label, value) pairs of `fields` are plain text, which each channel escapes and cuts for
    itself; whoever builds the message decides what it may say. `url` opens the subject; `language` is "ko" or "en".
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
