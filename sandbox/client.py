"""A client of the sandbox's own addresses, for tests and the demo."""

from __future__ import annotations

import json
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx


class SandboxError(Exception):
    """The sandbox refused; ``field`` names the part of a fault that is wrong, if it was that."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class RecordedRequest:
    """A request as the sandbox saw it; ``status`` is None when it was left without an answer."""

    id: int
    vendor: str
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: str
    body_cut: bool
    received_at: str
    status: int | None
    finished: bool
    seconds: float
    fault: str
    notes: list[str]

    @property
    def json(self) -> Any:
        """The body, parsed; raises ValueError if it is not JSON."""
        return json.loads(self.body)


class SandboxClient:
    """Safe to share between threads. ``base_url`` as the sandbox prints it."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url.rstrip("/")
        # Loopback needs no proxy, whatever the environment says.
        self._http = httpx.Client(base_url=f"{self.base_url}/_sandbox", timeout=70, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def url(self, path: str) -> str:
        """An address of the sandbox, such as ``url("/slack/services/T0/B0/x")``."""
        return f"{self.base_url}/{path.lstrip('/')}"

    def reset(self, vendor: str | None = None) -> None:
        """Forget state, requests and faults, of all vendors or of one."""
        self._call("POST", "/reset", params=_given(vendor=vendor))

    def state(self, vendor: str | None = None) -> dict[str, Any]:
        """What a vendor remembers, or what each does, by name."""
        state: dict[str, Any] = self._call("GET", "/state", params=_given(vendor=vendor))
        return state

    def requests(self, vendor: str | None = None) -> list[RecordedRequest]:
        """What arrived, oldest first."""
        return self._requests(vendor=vendor)

    def wait_for(
        self, at_least: int, vendor: str | None = None, *, timeout: float = 30.0, answered: bool = True
    ) -> list[RecordedRequest]:
        """Wait for so many requests, answered ones unless told otherwise; raises TimeoutError."""
        arrived = None if answered else "1"
        return self._requests(vendor=vendor, at_least=at_least, timeout=timeout, arrived=arrived, must=True)

    def fault(self, vendor: str, kind: str, **fields: Any) -> int:
        """Switch a fault on; returns its id. Raises SandboxError that names the field which is wrong."""
        answer = self._call("POST", "/faults", json={"vendor": vendor, "kind": kind, **fields})
        return int(answer["id"])

    def faults(self) -> list[dict[str, Any]]:
        """The faults that are on, with how often each was applied (``hits``)."""
        found: list[dict[str, Any]] = self._call("GET", "/faults")["faults"]
        return found

    def clear_faults(self, vendor: str | None = None) -> None:
        """Switch all faults off, or one vendor's; requests that wait in them go on at once."""
        self._call("DELETE", "/faults", params=_given(vendor=vendor))

    def remove_fault(self, fault_id: int) -> None:
        self._call("DELETE", f"/faults/{fault_id}")

    def _requests(self, *, must: bool = False, **params: Any) -> list[RecordedRequest]:
        answer = self._call("GET", "/requests", params=_given(**params))
        found = [RecordedRequest(**entry) for entry in answer["requests"]]
        if must and not answer["complete"]:
            raise TimeoutError(f"waited for {params['at_least']} requests, {len(found)} arrived")
        return found

    def _call(self, method: str, path: str, **options: Any) -> Any:
        response = self._http.request(method, path, **options)
        answer = response.json()
        if response.is_error:
            raise SandboxError(answer.get("error", response.reason_phrase), answer.get("field", ""))
        return answer


def _given(**params: Any) -> dict[str, Any]:
    return {name: value for name, value in params.items() if value is not None}
