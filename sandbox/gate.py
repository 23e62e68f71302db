"""The door before the vendors: records every request and applies the fault that it meets."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from werkzeug.datastructures import EnvironHeaders
from werkzeug.wrappers import Response

from sandbox import redaction
from sandbox.faults import Fault, FaultBook
from sandbox.recorder import Recorder
from sandbox.vendor import ACTIVE_FAULT, NOTES, Vendor

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MAX_BODY_BYTES = 16 * 1024 * 1024
UNKNOWN = "unknown"
"""Requests outside every vendor's addresses are kept under this name: a mistyped address should be seen."""

_OWN = {"", "_sandbox", "favicon.ico"}


class DroppedError(ConnectionError):
    """Close the connection without an answer; the server takes it for a peer that went away."""


class Gate:
    """WSGI middleware round the vendors' routes. The sandbox's own addresses pass untouched."""

    def __init__(
        self, app: WSGIApplication, *, vendors: Mapping[str, Vendor], recorder: Recorder, faults: FaultBook
    ) -> None:
        self._app = app
        self._vendors = vendors
        self._recorder = recorder
        self._faults = faults

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = _path(environ)
        first = path.split("/", 2)[1] if "/" in path else ""
        if first in _OWN:
            return self._app(environ, start_response)
        vendor = self._vendors.get(first)
        body = _read(environ)
        entry = self._recorder.arrive(
            vendor=first if vendor else UNKNOWN,
            method=environ["REQUEST_METHOD"],
            path=vendor.redact_path(path) if vendor else path,
            query=redaction.query(environ.get("QUERY_STRING", "")),
            headers=redaction.headers(EnvironHeaders(environ).items()),
            body=body or b"",
        )
        environ[NOTES] = []
        try:
            response = self._respond(environ, vendor, path, entry, too_large=body is None)
        except BaseException:
            self._recorder.finish(entry, status=500, notes=environ[NOTES])
            raise
        self._recorder.finish(entry, status=response.status_code if response else None, notes=environ[NOTES])
        if response is None:
            raise DroppedError
        return response(environ, start_response)

    def _respond(
        self, environ: WSGIEnvironment, vendor: Vendor | None, path: str, entry: int, *, too_large: bool
    ) -> Response | None:
        def run() -> Response:
            return Response.from_app(self._app, environ)

        if too_large:
            return Response("request too large\n", status=413, content_type="text/plain")
        if vendor is None:
            return run()
        fault = self._faults.pick(vendor=vendor.name, method=environ["REQUEST_METHOD"], path=path)
        if fault is None:
            return run()
        self._recorder.apply_fault(entry, fault.kind)
        environ[ACTIVE_FAULT] = fault
        return _apply(fault, run, vendor)


def _apply(fault: Fault, run: Callable[[], Response], vendor: Vendor) -> Response | None:
    """The answer that this fault leaves; None closes the connection without one."""
    if fault.after:
        run().close()
    if fault.effect == "status":
        return _refuse(fault, vendor)
    if fault.effect in ("hang", "drop"):
        if fault.effect == "hang":
            fault.wait()
        return None
    if fault.effect == "delay":
        fault.wait()
    response = run()
    if fault.effect == "truncated":
        return _truncate(response)
    if fault.effect == "malformed":
        return _malform(response, fault)
    return response


def _refuse(fault: Fault, vendor: Vendor) -> Response:
    body, content_type = vendor.refusal(fault.status, fault.retry_after)
    response = Response(
        body if fault.body is None else fault.body,
        status=fault.status,
        content_type=fault.content_type or (content_type if fault.body is None else "text/plain; charset=utf-8"),
    )
    if retry_after := fault.retry_after_header():
        response.headers["Retry-After"] = retry_after
    response.headers.update(fault.headers)
    return response


def _truncate(response: Response) -> Response:
    """Announce the whole answer and send half of it."""
    whole = response.get_data()
    cut = Response([whole[: len(whole) // 2]], status=response.status, headers=response.headers)
    cut.automatically_set_content_length = False
    cut.headers["Content-Length"] = str(len(whole))
    return cut


def _malform(response: Response, fault: Fault) -> Response:
    body = '{"ok": true, "broken": [1, 2' if fault.body is None else fault.body
    response.get_data()
    return Response(body, status=response.status, content_type=fault.content_type or response.content_type)


def _path(environ: WSGIEnvironment) -> str:
    path: str = environ.get("PATH_INFO", "")
    return path.encode("latin-1").decode("utf-8", "replace")


def _read(environ: WSGIEnvironment) -> bytes | None:
    """Take the body in, and put it back for the routes; None if it is larger than anything a vendor would take."""
    stream = environ["wsgi.input"]
    if environ.get("wsgi.input_terminated"):
        body: bytes = stream.read(MAX_BODY_BYTES + 1)
    else:
        try:
            length = int(environ.get("CONTENT_LENGTH") or 0)
        except ValueError:
            length = 0
        if length > MAX_BODY_BYTES:
            return None
        body = stream.read(length) if length > 0 else b""
    if len(body) > MAX_BODY_BYTES:
        return None
    environ["wsgi.input"] = io.BytesIO(body)
    environ["wsgi.input_terminated"] = True
    environ["CONTENT_LENGTH"] = str(len(body))
    return body
