"""Which addresses the system may call: public ones, and private ones that the settings allow.

Asked again at the moment of connecting (see `voc.core.http`), so that a name cannot pass the check with one address and be
called at another.
"""

import ipaddress
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from queue import Empty, Queue
from threading import Thread
from urllib.parse import urlsplit

from django.conf import settings

from voc.core.errors import Permanent, Transient

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
PORTS = {"http": 80, "https": 443}
RESOLVE_SECONDS = 5.0
NAT64 = ipaddress.ip_network("64:ff9b::/96")
# What some versions of Python take for public, and nobody on the net has: protocol assignments (a cloud's metadata among them),
# 6to4 relays, local NAT64, site-local, documentation, segment routing.
NOBODYS = tuple(
    map(
        ipaddress.ip_network,
        ("192.0.0.0/24", "192.88.99.0/24", "64:ff9b:1::/48", "fec0::/10", "3fff::/20", "5f00::/16", "::/96"),
    )
)


@dataclass(frozen=True, slots=True)
class Allowed:
    """What OUTBOUND_ALLOWED_NETWORKS names: networks, and hosts whose private addresses are trusted by name."""

    networks: tuple[Network, ...]
    hosts: frozenset[str]


def parse_allowed(entries: Iterable[str]) -> Allowed:
    """Raises ValueError that names the entry which is neither a network nor a host."""
    networks: list[Network] = []
    hosts: set[str] = set()
    for entry in filter(None, (entry.strip() for entry in entries)):
        try:
            networks.append(ipaddress.ip_network(entry, strict=False))
        except ValueError:
            if "/" in entry or ":" in entry or "@" in entry or entry.replace(".", "").isdigit():
                raise ValueError(f"{entry!r} is neither a network such as 10.0.0.0/8 nor a host name") from None
            hosts.add(_normal(entry))
    return Allowed(networks=tuple(networks), hosts=frozenset(hosts))


def host_and_port(url: str) -> tuple[str, int]:
    """Where an address of the web points. Raises Permanent for what is not a plain http or https address."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise Permanent("This is not an address.") from None
    if parts.scheme not in PORTS:
        raise Permanent("Only http and https addresses can be called.")
    if not host:
        raise Permanent("This address names no host.")
    if parts.username is not None or parts.password is not None:
        raise Permanent("An address must not carry credentials.")
    return host, port or PORTS[parts.scheme]


def resolve(host: str, port: int, *, seconds: float = RESOLVE_SECONDS) -> list[str]:
    """The addresses of `host` that may be called, all of them checked, found within `seconds`.

    Raises Permanent when any of them is not allowed, Transient (nothing was sent) when the name cannot be resolved.
    """
    addresses = _look_up(host, port, seconds)
    refused = [address for address in addresses if not is_allowed(host, address)]
    if refused or not addresses:
        raise Permanent(
            f"{host} leads to the internal address {', '.join(refused)}: add it to OUTBOUND_ALLOWED_NETWORKS if that is meant."
        )
    return addresses


def _look_up(host: str, port: int, seconds: float) -> list[str]:
    """getaddrinfo has no deadline of its own: a name server that is away would hold its caller for half a minute."""
    answer: Queue[list[str] | Exception] = Queue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
        except (OSError, UnicodeError) as error:
            answer.put(error)
        else:
            answer.put(list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found)))

    Thread(target=ask, name="resolve", daemon=True).start()
    try:
        result = answer.get(timeout=seconds)
    except Empty:
        raise Transient(f"{host} could not be resolved within {seconds:.1f} s.") from None
    if isinstance(result, Exception):
        raise Transient(f"{host} cannot be resolved.") from result
    return result


def is_allowed(host: str, address: str) -> bool:
    """Whether `host` may be called at `address`."""
    allowed = _allowed(tuple(settings.OUTBOUND_ALLOWED_NETWORKS))
    real = [_bare(ipaddress.ip_address(address.partition("%")[0]))]
    real.extend(_embedded(real[0]))
    return all(_one_allowed(host, each, allowed) for each in real)


def _one_allowed(host: str, address: Address, allowed: Allowed) -> bool:
    if any(address.version == network.version and address in network for network in allowed.networks):
        return True
    if address.is_multicast or address.is_unspecified or address.is_link_local:
        # Link-local is where clouds keep their metadata: no name is trusted that far.
        return False
    if _normal(host) in allowed.hosts:
        return True
    if any(address.version == network.version and address in network for network in NOBODYS):
        return False
    return address.is_global and not address.is_reserved


def _bare(address: Address) -> Address:
    """An IPv4 address that is written as IPv6 is what it means."""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address


def _embedded(address: Address) -> Sequence[Address]:
    """The IPv4 addresses that a transition address (NAT64, 6to4, Teredo) stands for: a gateway would call those."""
    if not isinstance(address, ipaddress.IPv6Address):
        return []
    if address in NAT64:
        return [ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)]
    if address.sixtofour:
        return [address.sixtofour]
    return list(address.teredo or [])


def _normal(host: str) -> str:
    return host.strip().rstrip(".").lower()


@cache
def _allowed(entries: tuple[str, ...]) -> Allowed:
    return parse_allowed(entries)
