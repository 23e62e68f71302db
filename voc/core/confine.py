"""Vendors' own clients make their own connections: while one is at work, the process connects nowhere but where it may.

The interpreter asks before each connection (audit event `socket.connect`), past every library: a name that resolves to another
address than a moment ago, a redirect and a proxy from the environment all end here.
"""

import ipaddress
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any

from voc.core.addresses import host_and_port, is_allowed
from voc.core.errors import Permanent

_host: ContextVar[str] = ContextVar("outgoing_host", default="")


@contextmanager
def confined(url: str) -> Iterator[None]:
    """For what happens inside, in this context (a thread that is to share it runs in a copy of it).

    Connections to addresses that `url`'s host may not have raise Permanent; clients may turn that into errors of their own.
    """
    _watch()
    token = _host.set(host_and_port(url)[0])
    try:
        yield
    finally:
        _host.reset(token)


@cache
def _watch() -> None:
    """Once for the process: such a hook cannot be taken away again. It costs 0.1 µs for each event of the interpreter."""
    sys.addaudithook(_look)


def _look(event: str, arguments: tuple[Any, ...]) -> None:
    if event != "socket.connect":
        return
    host = _host.get()
    if not host:
        return
    address = arguments[1]
    if not isinstance(address, tuple) or not address:
        raise Permanent(f"{host}: only addresses of the net are called.")
    called = str(address[0])
    if not _is_address(called) or not is_allowed(host, called):
        raise Permanent(
            f"{host} leads to the internal address {called}: add it to OUTBOUND_ALLOWED_NETWORKS if that is meant."
        )


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return True
