"""Sends what waits in a channel's queue, in children that are killed before or after the vendor took a message.

Arguments: a channel and "before" or "after" for each child, as "slack:before". Prints for each the signal that ended it. The
parent imports once and never touches the database: children are forks of it.
"""

import os
import signal
import sys
from typing import Any

import django

django.setup()

from notifications.channels.base import Channel, Parcel, Receipt  # noqa: E402
from notifications.services import get_notifications  # noqa: E402
from voc.core.outbox.drain import drain  # noqa: E402


def die_at(way: Channel, *, after: bool) -> None:
    """Let every sender of this kind die at its first message."""
    kind: Any = type(way)
    inner = kind.deliver

    def deliver(self: Channel, parcel: Parcel) -> Receipt:
        if after:
            inner(self, parcel)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("nobody survives that")

    kind.deliver = deliver


def main() -> None:
    ways = get_notifications().channels
    for argument in sys.argv[1:]:
        channel, _colon, when = argument.partition(":")
        way = ways[channel]
        assert way is not None, channel
        pid = os.fork()
        if pid == 0:
            die_at(way, after=when == "after")
            drain(channel)
            os._exit(0)
        _pid, status = os.waitpid(pid, 0)
        print(argument, os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0, flush=True)


if __name__ == "__main__":
    main()
