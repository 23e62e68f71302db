"""What Jira's refusals and broken connections mean, in the words of `voc.core.errors`."""

from typing import Any, Final, NoReturn

import requests
from jira.exceptions import JIRAError

from integrations.jira.base import JiraGone, JiraRefused, JiraUnauthorised
from integrations.jira.reading import mapping
from integrations.jira.transport import never_left
from voc.core.errors import Permanent, Transient
from voc.core.http import retry_after

MOST: Final = 500
# Set on a 200, too, when the credentials were not taken and the answer is what anybody may see.
LOGIN_REASON: Final = "X-Seraph-LoginReason"


def raise_for_connection(error: requests.RequestException) -> NoReturn:
    """Raises Transient (ambiguous unless nothing was sent) or, for a redirect, Permanent. Names no path: it may be secret."""
    if isinstance(error, requests.TooManyRedirects):
        raise Permanent("Jira redirects elsewhere, which is not followed: set JIRA_BASE_URL to the final address.")
    if never_left(error):
        raise Transient(f"Jira cannot be reached: {_reason(error)}") from error
    if isinstance(error, requests.Timeout):
        raise Transient("Jira took too long", ambiguous=True) from error
    raise Transient(f"Jira broke the connection off: {_reason(error)}", ambiguous=True) from error


def raise_for_answer(error: JIRAError) -> NoReturn:
    """Raises Transient (429; 5xx; with the time that Jira asks for) or JiraRefused, JiraUnauthorised, JiraGone.

    The client's own text holds the request's headers, and with them the token: nothing of it is passed on.
    """
    response = error.response
    status = int(error.status_code or 0)
    headers: Any = response.headers if response is not None else {}
    at = retry_after(headers.get("Retry-After"))
    if status == 429 or (status == 503 and at):
        raise Transient(f"Jira asks to wait ({status})", at=at) from None
    if status >= 500 or status in (0, 408):
        raise Transient(f"Jira failed ({status})", ambiguous=True) from None
    messages, fields = _said(response)
    words = _words(messages, fields) or f"HTTP {status}"
    if status == 401 or _not_signed_in(headers):
        raise JiraUnauthorised(f"Jira does not accept our credentials: {words}", status=status) from None
    kind = JiraGone if status in (404, 410) else JiraRefused
    raise kind(words, status=status, messages=messages, field_errors=fields) from None


def check_signed_in(response: requests.Response) -> None:
    """Raise JiraUnauthorised when Jira answered as it answers to strangers."""
    if _not_signed_in(response.headers):
        raise JiraUnauthorised("Jira does not accept our credentials: it answers as to a stranger.", status=401)


def _not_signed_in(headers: Any) -> bool:
    reason = str(headers.get(LOGIN_REASON, ""))
    return "AUTHENTICATED_FAILED" in reason or "AUTHENTICATION_DENIED" in reason


def _said(response: requests.Response | None) -> tuple[list[str], dict[str, str]]:
    """errorMessages and errors of Jira's error collection; the older `message`; nothing of a page of HTML."""
    try:
        data = mapping(response.json()) if response is not None else {}
    except ValueError:
        return [], {}
    messages = data.get("errorMessages") or data.get("message") or data.get("errorMessage") or []
    listed = messages if isinstance(messages, list) else [messages]
    fields = mapping(data.get("errors"))
    return [str(each)[:MOST] for each in listed], {str(name): str(why)[:MOST] for name, why in fields.items()}


def _words(messages: list[str], fields: dict[str, str]) -> str:
    return " ".join([*messages, *(f"{name}: {why}" for name, why in fields.items())])[: 2 * MOST]


def _reason(error: Exception) -> str:
    return type(error.__cause__ or error).__name__
