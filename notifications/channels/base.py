"""What a channel is: it takes one message to one target, and says exactly what became of it."""

from dataclasses import dataclass
from typing import Protocol

from notifications.message import NotificationMessage
from voc.core.errors import Transient


@dataclass(frozen=True, slots=True)
class Receipt:
    """The other side took the message. `vendor_id` is its name for it, "" where the protocol gives none."""

    vendor_id: str = ""


class Ambiguous(Transient):
    """The message left and no answer came: it may have arrived."""


class Channel(Protocol):
    """One way to one target.

    `target` names where it leads, in the log too: never a secret. `lease_seconds` is longer than `deliver` can take.
    """

    name: str
    target: str
    lease_seconds: float

    def deliver(self, message: NotificationMessage) -> Receipt:
        """Send it once, with no try of its own beyond that.

        Raises Permanent (refused, and would be again), Ambiguous, or Transient (certainly not sent). The text of an error
        holds no secret.
        """
        ...

    def repeats(self, message: NotificationMessage) -> bool:
        """Whether to send once more when it may have arrived: rather twice than never."""
        ...
