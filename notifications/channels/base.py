"""What a channel is: it takes one message to one target, and says exactly what became of it."""

from dataclasses import dataclass
from typing import Protocol

from notifications.message import NotificationMessage


@dataclass(frozen=True, slots=True)
class Receipt:
    """The other side took the message. `vendor_id` is its name for it, "" where the protocol gives none."""

    vendor_id: str = ""


class Channel(Protocol):
    """One way to one target.

    `target` names where it leads, in the log too: never a secret. `lease_seconds` is longer than `deliver` can take.
    """

    name: str
    target: str
    lease_seconds: float

    def deliver(self, message: NotificationMessage) -> Receipt:
        """Send it once, with no try of its own beyond that.

        Raises Permanent (refused, and would be again) or Transient: `ambiguous` when it may have arrived, else it was
        certainly not sent. The text of an error holds no secret.
        """
        ...

    def repeats(self, message: NotificationMessage) -> bool:
        """Whether to send once more when it may have arrived: rather twice than never."""
        ...
