"""How allauth reaches an identity provider: through the house's own door, which checks the address and follows no redirect."""

import base64
from types import TracebackType
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
from allauth.socialaccount.providers.oauth2.client import OAuth2Error

from voc.core import http
from voc.core.errors import VocError

PEER = "sso"  # and the host: one provider that is down keeps nobody from another
SECONDS = 8
MAX_BYTES = 1_000_000
# What an answer says with these is for allauth to judge: no reason to think that the provider is down.
ACCEPT = (400, 401, 403, 404)


class DoorSession:
    """As much of `requests.Session` as allauth uses. Raises OAuth2Error for whatever goes wrong on the way."""

    def __enter__(self) -> "DoorSession":
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Nothing is kept open."""

    def get(self, url: str, *, headers: dict[str, str] | None = None, **_kwargs: Any) -> "Answer":
        return self.request("GET", url, headers=headers)

    def request(
        self,
        method: str,
        url: str,
        *,
        params: dict[str, Any] | None = None,
        data: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        auth: Any = None,
    ) -> "Answer":
        sent = {"accept": "application/json"} | (headers or {})
        if data is not None:
            sent["content-type"] = "application/x-www-form-urlencoded"
        if auth is not None:
            pair = f"{auth.username}:{auth.password}".encode()
            sent["authorization"] = f"Basic {base64.b64encode(pair).decode()}"
        body = urlencode(data).encode() if data is not None else None
        try:
            answer = http.request(
                f"{PEER} {urlsplit(url).hostname}",
                method,
                url,
                data=body,
                params=params,
                headers=sent,
                timeout=SECONDS,
                max_bytes=MAX_BYTES,
                accept=ACCEPT,
            )
        except VocError as error:
            raise OAuth2Error(error.message) from error
        return Answer(answer)


class Answer:
    """An answer, of which a part that makes no sense is an OAuth2Error like everything else that fails."""

    def __init__(self, answer: httpx.Response) -> None:
        self._answer = answer
        self.status_code = answer.status_code
        self.headers = answer.headers
        self.text = answer.text
        self.content = answer.content

    def json(self) -> Any:
        try:
            return self._answer.json()
        except ValueError as error:
            raise OAuth2Error("The identity provider's answer is no JSON") from error

    def raise_for_status(self) -> None:
        if not self._answer.is_success:
            raise OAuth2Error(f"The identity provider answered {self.status_code}")
