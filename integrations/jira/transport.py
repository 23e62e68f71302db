"""How the `jira` client's requests leave the house: to checked addresses, once, with a deadline, read up to a limit.

The client is built on requests; this is an adapter for its session. Connections are not kept: one that the other side has
closed meanwhile would make it unclear whether a creation arrived.
"""

import socket
import time
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

from voc.core.addresses import resolve
from voc.core.errors import Permanent

CONNECT_SECONDS = 5.0
MAX_BYTES = 20_000_000
CHUNK = 65_536


class TooSlow(requests.exceptions.ReadTimeout):
    """The answer began in time and did not end in time."""


def _connected(connection: HTTPConnection) -> socket.socket:
    """A socket to one of the host's addresses, all of which were checked where the name was resolved."""
    host = connection._dns_host
    failure: Exception | None = None
    for address in resolve(host, connection.port):
        try:
            made = socket.create_connection((address, connection.port), CONNECT_SECONDS)
        except TimeoutError as error:
            failure = ConnectTimeoutError(connection, f"{host} did not answer")
            failure.__cause__ = error
        except OSError as error:
            failure = NewConnectionError(connection, f"{host} cannot be reached: {type(error).__name__}")
            failure.__cause__ = error
        else:
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return made
    raise failure or NewConnectionError(connection, f"{host} has no address")


class _Http(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _connected(self)


class _Https(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _connected(self)


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _Http


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _Https


class CarefulAdapter(HTTPAdapter):
    """`seconds` is for one request, from its sending to the last byte of the answer."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        super().__init__(max_retries=0)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **pool_kwargs: Any) -> None:
        self.poolmanager = PoolManager(num_pools=connections, maxsize=maxsize, block=block, **pool_kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        deadline = time.monotonic() + self._seconds
        response = super().send(request, *args, **kwargs)
        body = bytearray()
        try:
            for chunk in response.raw.stream(CHUNK, decode_content=True):
                body += chunk
                if len(body) > MAX_BYTES:
                    raise Permanent(f"Jira answered with more than {MAX_BYTES:,} bytes.")
                if time.monotonic() > deadline:
                    raise TooSlow("the answer took too long")
        except HTTPError as error:
            raise requests.ConnectionError(type(error).__name__) from error
        finally:
            response.close()
        response._content = bytes(body)
        response._content_consumed = True  # type: ignore[attr-defined]
        return response


def prepare(session: requests.Session, *, seconds: float) -> None:
    """Make a session of the client's careful."""
    session.trust_env = False  # neither a proxy nor a .netrc decides where we go and as whom
    session.max_redirects = 0
    session.headers["Connection"] = "close"
    session.headers["User-Agent"] = "VOC/1.0"
    adapter = CarefulAdapter(seconds)
    session.mount("http://", adapter)
    session.mount("https://", adapter)


def never_left(error: requests.RequestException) -> bool:
    """Whether the error is certain to have come before anything was sent."""
    if isinstance(error, requests.ConnectTimeout):
        return True
    if isinstance(error, requests.exceptions.SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(error):
        return True
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(reason, NewConnectionError | ConnectTimeoutError)
