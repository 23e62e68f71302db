"""Ports on loopback."""

import random
import socket

from voc.dev.errors import CannotRun

# Below the range from which the kernel takes ports for outgoing connections, so that none of those gets there first.
FIRST, LAST = 20_000, 32_000


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_port() -> int:
    for _ in range(200):
        port = random.randint(FIRST, LAST)
        if is_free(port):
            return port
    raise CannotRun(f"No free port between {FIRST} and {LAST} on 127.0.0.1: too many programs listen there.")
