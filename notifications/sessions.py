"""requests, as some vendors' clients use it, made as careful as `voc.core.http`: it connects to checked addresses only, follows
no redirect, takes no proxy, and its errors say whether a request has left the house.
"""

import logging
import socket
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError

from voc.core.addresses import resolve

# At DEBUG it logs addresses whole, and those of webhooks are secrets.
logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)


class _Checked:
    """Resolves and checks the name where the connection is made."""

    host: str
    port: int
    timeout: Any

    def _new_conn(self) -> socket.socket:
        failure: OSError = OSError("no address")
        for address in resolve(self.host, self.port):
            try:
                return socket.create_connection((address, self.port), self.timeout)
            except OSError as error:
                failure = error
        raise NewConnectionError(self, str(failure))  # type: ignore[arg-type]  # it is mixed into a connection


class _Http(_Checked, HTTPConnection):
    pass


class _Https(_Checked, HTTPSConnection):
    pass


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _Http


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _Https


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}


def be_careful(session: requests.Session) -> None:
    """Make this session, a vendor's client or our own, connect as this module says."""
    session.trust_env = False
    session.mount("http://", _Adapter())
    session.mount("https://", _Adapter())
    # A redirect would lead past the check of the address: it is handed back as the answer that it is.
    session.get_redirect_target = lambda resp: None  # type: ignore[method-assign]


def never_left(error: BaseException) -> bool:
    """Whether this error of `requests` is certain to have come before the request was sent."""
    if isinstance(error, requests.exceptions.ConnectTimeout | requests.exceptions.InvalidURL):
        return True
    if isinstance(error, requests.exceptions.SSLError):
        # The handshake comes before the request.
        return True
    reason = error.args[0] if isinstance(error, requests.exceptions.ConnectionError) and error.args else None
    reason = reason.reason if isinstance(reason, MaxRetryError) else reason
    return isinstance(reason, NewConnectionError | ConnectTimeoutError)
