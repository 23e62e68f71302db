"""urllib, as vendors' clients use it, made to say whether a request has left the house. Follows no redirect."""

import http.client
import ssl
import urllib.error
import urllib.request
from typing import Any


class NotSent(OSError):
    """The connection was never made: nothing has left. `__cause__` says why."""


class _Http(http.client.HTTPConnection):
    def connect(self) -> None:
        try:
            super().connect()
        except OSError as error:
            raise NotSent(*error.args) from error


class _Https(http.client.HTTPSConnection):
    def connect(self) -> None:
        try:
            super().connect()
        except OSError as error:
            raise NotSent(*error.args) from error


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
    """Send it once, through the proxy that the environment names (with its exceptions) if any.

    Raises URLError whose `reason` is NotSent, HTTPError for any answer but 2xx; every other OSError or HTTPException left the
    request on its way: it may have been carried out. `timeout` (seconds) holds for each wait on the socket.
    """
    opener = urllib.request.build_opener(_HttpHandler, _HttpsHandler, _NoRedirect)
    response: http.client.HTTPResponse = opener.open(request, timeout=timeout)
    return response


def never_left(error: Exception) -> bool:
    """Whether this error of `open_once` is certain to have come before the request was sent."""
    return isinstance(error, urllib.error.URLError) and isinstance(error.reason, NotSent)
