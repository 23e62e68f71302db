"""PagerDuty, through its Events API v2: urgent messages open an incident, and what ends the matter resolves it.

All events of one subject have the same deduplication key. An event whose answer was lost is sent again with it: PagerDuty
keeps one incident whatever arrives twice.
Source: developer.pagerduty.com/docs/events-api-v2.
"""

import hashlib
import logging
import re
import warnings
from typing import Any, ClassVar, Final
from urllib.parse import urlsplit

import requests
from django.conf import settings
from django.utils.translation import gettext as _

from notifications.channels.base import Channel, Parcel, Rate, Receipt
from notifications.channels.named import named
from notifications.channels.text import clean, cut, hide, one_line
from notifications.message import Incident, NotificationMessage
from notifications.sessions import be_careful, never_left
from voc.core.errors import Permanent, Transient
from voc.core.http import check_address, guarded, retry_after
from voc.core.vocabulary import Urgency

with warnings.catch_warnings():
    # It says on import that it is no longer updated, which docs/decisions/dependencies.md knows.
    warnings.simplefilter("ignore")
    import pdpyras

KEY: Final = re.compile(r"[A-Za-z0-9]{32}")
MAX_SUMMARY = 1000
MAX_DETAIL = 2000
MAX_DEDUP = 255


class PagerDuty(Channel):
    """The channel `pagerduty`; a target is the name of one of the integration keys. The keys are secrets."""

    name: ClassVar[str] = "pagerduty"
    exact: ClassVar[bool] = True

    def __init__(self, keys: dict[str, str], *, url: str, timeout: float, per_second: int) -> None:
        self._keys = keys
        self._url = url.rstrip("/")
        self._timeout = timeout
        self._per_second = per_second
        self.lease_seconds = 3 * timeout + 2

    def targets(self) -> tuple[str, ...]:
        return tuple(self._keys)

    def rate(self, target: str) -> Rate:
        return Rate(f"pagerduty:{target}", self._per_second)

    def declines(self, message: NotificationMessage) -> str:
        if message.incident == Incident.TRIGGER and message.urgency != Urgency.HIGH:
            return _("PagerDuty is for urgent messages only.")
        return ""

    def verify(self) -> list[str]:
        check_address(self._url)
        lines = []
        for target, key in self._keys.items():
            if not KEY.fullmatch(key):
                told = _(
                    "%(target)s: an integration key has 32 letters and digits: copy it anew into PAGERDUTY_ROUTING_KEYS."
                )
                raise Permanent(told % {"target": target})
            lines.append(
                _("%(target)s: the key looks right; only an event would show whether it is.") % {"target": target}
            )
        return lines

    def deliver(self, parcel: Parcel) -> Receipt:
        key = self._keys[self.canonical(parcel.target)]
        check_address(self._url)
        with guarded(f"pagerduty:{urlsplit(self._url).hostname}", self._url):
            return Receipt(vendor_id=self._send(key, parcel.message))

    def _send(self, key: str, message: NotificationMessage) -> str:
        try:
            with _Session(key, url=self._url, timeout=self._timeout) as session:
                return str(session.tell(message))
        except _Throttled as error:
            raise Transient(_("PagerDuty asks to wait (%(answer)s).") % {"answer": error.status}, at=error.at) from None
        except pdpyras.PDClientError as error:
            raise self._meaning(error, key) from None

    def _meaning(self, error: "pdpyras.PDClientError", key: str) -> Permanent | Transient:
        answer = getattr(error, "response", None)
        if answer is None:
            cause = error.__cause__ or error
            why = {"why": type(cause).__name__}
            if never_left(cause):
                return Transient(_("PagerDuty cannot be reached: %(why)s") % why)
            return Transient(_("PagerDuty gave no answer: %(why)s") % why, ambiguous=True)
        said = {"answer": hide(f"{answer.status_code} {answer.text}".strip(), key)}
        if answer.status_code >= 500 or answer.ok:
            return Transient(_("PagerDuty's answer cannot be understood (%(answer)s).") % said, ambiguous=True)
        return Permanent(_("PagerDuty refuses the event (%(answer)s)") % said)


class _Throttled(Exception):
    """Too many events, or PagerDuty is away for a while."""

    def __init__(self, answer: requests.Response) -> None:
        super().__init__(answer.status_code)
        self.status = answer.status_code
        self.at = retry_after(answer.headers.get("retry-after"))


class _Session(pdpyras.EventsAPISession):  # type: ignore[misc]  # the package has no types
    """PagerDuty's client, which neither waits nor tries again by itself."""

    max_network_attempts = 0

    def __init__(self, key: str, *, url: str, timeout: float) -> None:
        super().__init__(key)
        self.url = url
        self.timeout = timeout
        self.retry: dict[int, int] = {}
        self.log = _quiet
        be_careful(self)

    def postprocess(self, response: requests.Response) -> None:
        # Its own answer to 429 is to sleep in a loop, whatever Retry-After says.
        if response.status_code in (429, 503):
            raise _Throttled(response)

    def tell(self, message: NotificationMessage) -> str:
        dedup_key = dedup_key_of(message)
        if message.incident == Incident.ACKNOWLEDGE:
            return str(self.acknowledge(dedup_key))
        if message.incident == Incident.RESOLVE:
            return str(self.resolve(dedup_key))
        return str(self.trigger(**payload(message), dedup_key=dedup_key))


_quiet = logging.getLogger("notifications.channels.pagerduty.client")
_quiet.setLevel(logging.CRITICAL + 1)


def payload(message: NotificationMessage) -> dict[str, Any]:
    """What a trigger says. PagerDuty shows plain text."""
    details = {one_line(label)[:100]: cut(clean(value), MAX_DETAIL) for label, value in message.fields}
    if body := cut(clean(message.body), MAX_DETAIL):
        details[_("Summary")] = body
    made: dict[str, Any] = {
        "summary": cut(one_line(message.title), MAX_SUMMARY) or message.subject,
        "source": settings.SITE_URL,
        "severity": "critical" if message.urgency == Urgency.HIGH else "warning",
        "custom_details": details,
    }
    if message.url:
        made["links"] = [{"href": message.url, "text": one_line(message.subject)[:100]}]
    return made


def dedup_key_of(message: NotificationMessage) -> str:
    """One for each subject of this installation, at most 255 characters."""
    key = f"voc:{urlsplit(settings.SITE_URL).netloc}:{message.subject}"
    return key if len(key) <= MAX_DEDUP else f"voc:{hashlib.sha256(key.encode()).hexdigest()}"


def from_settings() -> PagerDuty | None:
    keys = named(settings.PAGERDUTY_ROUTING_KEYS)
    if not keys:
        return None
    return PagerDuty(
        keys,
        url=settings.PAGERDUTY_URL,
        timeout=settings.NOTIFY_TIMEOUT_SECONDS,
        per_second=settings.PAGERDUTY_EVENTS_PER_SECOND,
    )
