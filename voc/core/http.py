"""The one door for outgoing calls: checked addresses, typed errors, a breaker per peer, deadlines that hold.

`request` is for plain HTTP. `check_address` and `guarded` are for a vendor's own client, which makes its own connections:
check where it will go, and put the call into the guard with its address. Neither works inside a database transaction.
"""

import json as json_module
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from ssl import SSLContext
from typing import Any

import httpcore
import httpx

from voc.core import clock
from voc.core.addresses import host_and_port, resolve
from voc.core.breaker import Breaker
from voc.core.confine import confined
from voc.core.database import in_transaction
from voc.core.errors import Permanent, Transient

TIMEOUT_SECONDS = 15.0
CONNECT_SECONDS = 5.0
MAX_BYTES = 5_000_000
BODY_KEPT = 2000
USER_AGENT = "VOC/1.0"
NOT_CARRIED_OUT = (429, 503)


class Refused(Permanent):
    """The peer answered, and the answer is no. `status` is HTTP's, `body` the beginning of what it said (may hold secrets)."""

    def __init__(self, message: str, *, status: int, body: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.body = body


def check_address(url: str) -> None:
    """Raise Permanent unless `url` may be called: http(s), no credentials, no internal address but an allowed one.

    Raises Transient when the name cannot be resolved now. No message contains more of the address than its host.
    """
    resolve(*host_and_port(url))


@contextmanager
def guarded(peer: str, url: str = "") -> Iterator[None]:
    """The breaker of `peer` around one call of a vendor's client; see Breaker.guard for what counts as a failure.

    With `url`, the client connects to addresses that its host may have and to no others (see `voc.core.confine`).

    Raises RuntimeError inside a transaction: locks would be held for as long as the other side takes.
    """
    _outside_transaction(peer)
    with Breaker(peer).guard(), confined(url) if url else nullcontext():
        yield


def request(
    peer: str,
    method: str,
    url: str,
    *,
    json: Any = None,
    data: bytes | None = None,
    params: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: float = TIMEOUT_SECONDS,
    max_bytes: int = MAX_BYTES,
    accept: Iterable[int] = (),
) -> httpx.Response:
    """One call, and its 2xx answer (or one whose status is in `accept`), read whole. No retries, no redirects, no proxy.

    `timeout` is for all of it, from resolving the name to the last byte. Raises Transient (429 and 503 with the time they
    ask for, other 5xx, connections that fail or take too long; `ambiguous` when the peer may have acted on it), Refused (a
    Permanent: 3xx and 4xx) and Permanent (an address that is not allowed, an answer larger than `max_bytes`). Messages
    name the peer and the host; never the path or the query, which may be secret.
    """
    _outside_transaction(peer)
    host, _port = host_and_port(url)
    deadline = time.monotonic() + timeout
    content, kind = _body(json, data)
    try:
        sent = httpx.Request(
            method,
            url,
            params=params,
            content=content,
            headers={"user-agent": USER_AGENT, "accept-encoding": "identity", **kind, **(headers or {})},
        )
    except httpx.InvalidURL:
        raise Permanent(f"{peer}: this is not an address.") from None
    with Breaker(peer).guard():
        response = _send(sent, name=f"{peer} ({host})", deadline=deadline, max_bytes=max_bytes)
        _judge(response, name=f"{peer} ({host})", accept=accept)
    return response


def retry_after(value: str | None) -> datetime | None:
    """The moment that a Retry-After header names, in seconds or as a date (RFC 9110, 10.2.3); None if it names none."""
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return clock.now() + timedelta(seconds=min(int(text[:10]), 10**6))
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class CheckedStream(httpcore.NetworkStream):
    """A connection on which every wait ends at the call's deadline, however slowly the bytes drip."""

    def __init__(self, inner: httpcore.NetworkStream, deadline: float) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(self._deadline, httpcore.ReadTimeout, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left(self._deadline, httpcore.WriteTimeout, timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = _left(self._deadline, httpcore.ConnectTimeout, timeout)
        return CheckedStream(self._inner.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class CheckedBackend(httpcore.NetworkBackend):
    """Resolves and checks a name where the connection is made, and connects to just the addresses that it has checked."""

    def __init__(self, deadline: float) -> None:
        self._inner = httpcore.SyncBackend()
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        failure: Exception = httpcore.ConnectError("no address")
        for address in resolve(host, port, seconds=_left(self._deadline, httpcore.ConnectTimeout, timeout)):
            left = _left(self._deadline, httpcore.ConnectTimeout, timeout)
            try:
                stream = self._inner.connect_tcp(address, port, left, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return CheckedStream(stream, self._deadline)
        raise failure


def _send(sent: httpx.Request, *, name: str, deadline: float, max_bytes: int) -> httpx.Response:
    left = max(0.001, deadline - time.monotonic())
    limits = {"connect": min(left, CONNECT_SECONDS), "read": left, "write": left, "pool": left}
    try:
        with httpcore.ConnectionPool(ssl_context=_ssl_context(), network_backend=CheckedBackend(deadline)) as pool:
            answer = pool.handle_request(
                httpcore.Request(
                    method=sent.method.encode(),
                    url=str(sent.url),
                    headers=sent.headers.raw,
                    content=sent.read(),
                    extensions={"timeout": limits},
                )
            )
            body = _read(answer, name=name, max_bytes=max_bytes)
    except (httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.PoolTimeout) as error:
        raise Transient(f"{name} cannot be reached: {_reason(error)}") from error
    except httpcore.TimeoutException as error:
        raise Transient(f"{name} took too long", ambiguous=True) from error
    except (httpcore.NetworkError, httpcore.ProtocolError) as error:
        raise Transient(f"{name} broke the connection off: {_reason(error)}", ambiguous=True) from error
    return httpx.Response(answer.status, headers=answer.headers, content=body, request=sent)


def _read(answer: httpcore.Response, *, name: str, max_bytes: int) -> bytes:
    body = bytearray()
    try:
        for chunk in answer.iter_stream():
            body += chunk
            if len(body) > max_bytes:
                raise Permanent(f"{name} answered with more than {max_bytes:,} bytes")
    finally:
        answer.close()
    return bytes(body)


def _judge(response: httpx.Response, *, name: str, accept: Iterable[int]) -> None:
    status = response.status_code
    if response.is_success or status in accept:
        return
    if status in NOT_CARRIED_OUT:
        raise Transient(f"{name} asks to wait ({status})", at=retry_after(response.headers.get("retry-after")))
    if status >= 500:
        raise Transient(f"{name} failed ({status})", ambiguous=True)
    what = "redirects elsewhere, which is not followed" if response.is_redirect else "refuses the request"
    raise Refused(f"{name} {what} ({status})", status=status, body=response.text[:BODY_KEPT])


def _body(json: Any, data: bytes | None) -> tuple[bytes, dict[str, str]]:
    if json is None:
        return data or b"", {}
    return json_module.dumps(json, ensure_ascii=False, allow_nan=False).encode(), {"content-type": "application/json"}


def _left(deadline: float, error: Callable[[str], Exception], timeout: float | None) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise error("the call's time is over")
    return left if timeout is None else min(left, timeout)


def _reason(error: Exception) -> str:
    return str(error)[:200] or type(error).__name__


def _outside_transaction(peer: str) -> None:
    if in_transaction():
        raise RuntimeError(f"a call to {peer} inside a database transaction: commit first, then call")


@cache
def _ssl_context() -> SSLContext:
    return httpx.create_ssl_context()
