"""urllib, as vendors' clients use it, made as careful as `voc.core.http`: it connects to checked addresses only, follows no
redirect, takes no proxy, and says whether a request has left the house.
"""

import http.client
import socket
import ssl
import urllib.error
import urllib.request
from typing import Any

from voc.core.addresses import resolve


class NotSent(OSError):
    """The connection was never made: nothing has left. `__cause__` says why."""


class _Http(http.client.HTTPConnection):
    def connect(self) -> None:
        _connect(self, super().connect)


class _Https(http.client.HTTPSConnection):
    def connect(self) -> None:
        _connect(self, super().connect)


def _connect(connection: Any, connect: Any) -> None:
    # http.client has this attribute so that it can be replaced; a name is resolved and checked where it is used.
    connection._create_connection = _to_checked_address
    try:
        connect()
    except OSError as error:
        raise NotSent(*error.args) from error


def _to_checked_address(
    address: tuple[str, int], timeout: float | None = None, source_address: tuple[str, int] | None = None
) -> socket.socket:
    failure = OSError("no address")
    for each in resolve(*address):
        try:
            return socket.create_connection((each, address[1]), timeout, source_address)
        except OSError as error:
            failure = error
    raise failure


class _HttpHandler(urllib.request.HTTPHandler):
    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_Http, req)


class _HttpsHandler(urllib.request.HTTPSHandler):
    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_Https, req, context=ssl.create_default_context())


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: Any, **_more: Any) -> None:
        """A redirect would lead past the check of the address: it is answered as the error that it then is."""


def open_once(request: urllib.request.Request, *, timeout: float) -> http.client.HTTPResponse:
    """Send it once.

    Raises URLError whose `reason` is NotSent, HTTPError for any answer but 2xx, and VocError for an address that may not be
    called; every other OSError or HTTPException left the request on its way: it may have been carried out. `timeout`
    (seconds) holds for each wait on the socket.
    """
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _HttpHandler, _HttpsHandler, _NoRedirect)
    response: http.client.HTTPResponse = opener.open(request, timeout=timeout)
    return response


def never_left(error: Exception) -> bool:
    """Whether this error of `open_once` is certain to have come before the request was sent."""
    if isinstance(error, urllib.error.URLError):
        return isinstance(error.reason, NotSent)
    return isinstance(error, http.client.InvalidURL)
