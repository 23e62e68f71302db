"""What a channel is: it takes one message to one target, and says exactly what became of it."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from notifications.message import NotificationMessage
from voc.core.errors import Permanent, VocError


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """The thread that a parcel belongs to. Without a `root_id` the parcel is to become its first message.

    `id` is in the first message's metadata too. `place` is where it stands, in the vendor's words. `since` is when it was
    thought of; `doubtful` says that somebody may have opened it already without our knowing.
    """

    id: str
    since: datetime
    root_id: str = ""
    place: str = ""
    doubtful: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A message on its way to one target.

    `id` is the delivery's own and the same at every try; `doubtful` says that an earlier try may have arrived.
    """

    id: str
    message: NotificationMessage
    target: str
    since: datetime
    doubtful: bool = False
    thread: Conversation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The other side took the message. `vendor_id` is its name for it, "" where the protocol gives none.

    `place` is where it stands, for threads. `root_id` and `root_of` name a conversation's first message that was found
    rather than made: its id, and the parcel that it was. `adrift` says that the message stands by itself, outside of the
    conversation that it was meant for: it is the first one of that now, and may show neither status nor buttons.
    """

    vendor_id: str = ""
    place: str = ""
    root_id: str = ""
    root_of: str = ""
    adrift: bool = False


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `count` messages in any `seconds`, over all who share `key`. A count of 0 is no limit."""

    key: str
    count: int
    seconds: float = 1.0


class RootGone(VocError):
    """The first message of the conversation is not there any more: nothing was sent, and a new one must be begun."""


class Channel(ABC):
    """One way out of the house.

    `name` is how targets begin ("slack:C024BE91L"). `lease_seconds` is longer than `deliver` can take. `exact` channels find
    out whether a doubtful parcel arrived, or cannot double it; `threaded` ones keep conversations.
    """

    name: ClassVar[str]
    exact: ClassVar[bool] = False
    threaded: ClassVar[bool] = False
    lease_seconds: float

    @abstractmethod
    def targets(self) -> tuple[str, ...]:
        """The targets that the configuration names, the one for messages without a target first. Never a secret."""

    @abstractmethod
    def deliver(self, parcel: Parcel) -> Receipt:
        """Send it once, with no try of its own beyond that.

        Raises Permanent (refused, and would be again), Transient (`ambiguous` when it may have arrived, else it was
        certainly not sent) or RootGone. The text of an error holds no secret.
        """

    @abstractmethod
    def verify(self) -> list[str]:
        """Whether the credentials hold, without sending anything: a line for each thing that was looked at.

        Raises Permanent or Transient.
        """

    def canonical(self, target: str) -> str:
        """The target as it is written in deliveries. Raises Permanent for one that cannot be reached."""
        if target not in self.targets():
            raise Permanent(f"{self.name} has no target {target!r}: it knows {', '.join(self.targets()) or 'none'}.")
        return target

    def declines(self, message: NotificationMessage) -> str:
        """Why this channel is not meant for such a message, "" if it is."""
        del message
        return ""

    def repeats(self, message: NotificationMessage) -> bool:
        """Whether to send once more when it may have arrived: rather twice than never. An exact channel always does."""
        del message
        return self.exact

    def rate(self, target: str) -> Rate:
        return Rate(f"{self.name}:{target}", 0)

    def edit(self, *, place: str, root_id: str, message: NotificationMessage, parcel_id: str, thread_id: str) -> None:
        """Let a conversation's first message show this instead. Raises as `deliver` does. Threaded channels only."""
        raise NotImplementedError
