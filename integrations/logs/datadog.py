"""Datadog: Logs Search v2 (`POST /api/v2/logs/events/search`) through Datadog's client, page by page."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import urllib3
from datadog_api_client import ApiClient, Configuration
from datadog_api_client.exceptions import ApiException, ApiTypeError, ApiValueError
from datadog_api_client.v2.api.logs_api import LogsApi
from datadog_api_client.v2.model.logs_list_request import LogsListRequest
from datadog_api_client.v2.model.logs_list_request_page import LogsListRequestPage
from datadog_api_client.v2.model.logs_query_filter import LogsQueryFilter
from datadog_api_client.v2.model.logs_sort import LogsSort

from integrations.logs.base import LogQuery
from integrations.logs.fields import SCHEMAS, FieldMapping, parse_fields
from integrations.logs.levels import spellings
from integrations.logs.links import datadog_link
from integrations.logs.quoting import datadog_contained, datadog_phrase
from integrations.logs.remote import RemoteLogAdapter, Wanted, bounds_ms
from voc.core import clock
from voc.core.errors import Transient
from voc.core.http import Refused, check_address, guarded, retry_after
from voc.core.vocabulary import LogEntry

PAGE = 1_000
# What Datadog keeps beside a log's own attributes; a query names these bare, and attributes with an @.
RESERVED = frozenset({"host", "service", "status", "source", "message", "trace_id", "tags", "timestamp"})


@dataclass
class DatadogAdapter(RemoteLogAdapter):
    """`url` is the API's (`https://api.datadoghq.com`), `index` a log index or several, comma-separated."""

    index: str = "*"
    fields: FieldMapping = field(default=SCHEMAS["datadog"])
    api_key: str = field(default="", repr=False)
    app_key: str = field(default="", repr=False)
    web_url: str = ""

    name = "datadog"
    title: ClassVar[str] = "Datadog"

    def fetch(self, wanted: Wanted, deadline: float) -> list[LogEntry]:
        check_address(self.url)
        entries: list[LogEntry] = []
        cursor = ""
        with ApiClient(self._configuration()) as client:
            while True:
                page = min(wanted.limit - len(entries), PAGE)
                answer = self._page(client, wanted, page=page, cursor=cursor, seconds=self.left(deadline))
                logs = answer.get("data")
                if not isinstance(logs, list):
                    raise self.malformed("no data")
                entries += [self._entry(log, wanted.query) for log in logs]
                cursor = ((answer.get("meta") or {}).get("page") or {}).get("after") or ""
                if not cursor or not logs or len(entries) >= wanted.limit:
                    return entries

    def _configuration(self) -> Configuration:
        configuration = Configuration(
            host=self.url.rstrip("/"), api_key={"apiKeyAuth": self.api_key, "appKeyAuth": self.app_key}
        )
        # No second tries and no redirects: when to try again is decided here, and where calls go is checked.
        configuration.retry_policy = urllib3.Retry(False)
        return configuration

    def _page(self, client: ApiClient, wanted: Wanted, *, page: int, cursor: str, seconds: float) -> dict[str, Any]:
        start, end = bounds_ms(wanted.time_range)
        client.configuration.request_timeout = seconds
        # The upper bound is not included; logs have milliseconds.
        logs = LogsQueryFilter(
            query=translate(wanted.query, self.fields),
            _from=str(start),
            to=str(end + 1),
            indexes=list(self.places),
        )
        body = LogsListRequest(
            filter=logs,
            page=LogsListRequestPage(limit=page, **({"cursor": cursor} if cursor else {})),
            sort=LogsSort.TIMESTAMP_ASCENDING if wanted.oldest_first else LogsSort.TIMESTAMP_DESCENDING,
        )
        with guarded(self.peer, self.url), self._typed(seconds):
            answer: dict[str, Any] = LogsApi(client).list_logs(body=body).to_dict()
        return answer

    @contextmanager
    def _typed(self, seconds: float) -> Iterator[None]:
        try:
            yield
        except ApiException as error:
            raise _judged(error) from error
        except urllib3.exceptions.TimeoutError as error:
            raise Transient(f"no answer within {seconds:.1f} s", ambiguous=True) from error
        except urllib3.exceptions.HTTPError as error:
            raise Transient(f"the connection failed ({type(error).__name__})", ambiguous=True) from error
        except (ApiTypeError, ApiValueError, AttributeError, UnicodeDecodeError) as error:
            raise self.malformed("not what Datadog documents") from error

    def _entry(self, log: Any, query: LogQuery) -> LogEntry:
        attributes = log.get("attributes") if isinstance(log, dict) else None
        if not isinstance(attributes, dict) or not log.get("id"):
            raise self.malformed("a log without id or attributes")
        moment = _moment(attributes.get("timestamp"))
        if moment is None:
            raise self.malformed("a log without a time")
        own = attributes.get("attributes")
        document = {
            **(own if isinstance(own, dict) else {}),
            **{key: attributes[key] for key in ("message", "service", "status", "host") if attributes.get(key)},
        }
        native_id = str(log["id"])
        url = datadog_link(self.web_url, native_id=native_id, service=str(document.get("service", "")), moment=moment)
        return self.read(document, moment=moment, native_id=native_id, url=url, query=query)


def translate(query: LogQuery, fields: FieldMapping) -> str:
    """In Datadog's log search syntax."""
    parts = []
    if query.service and fields.service:
        # Datadog writes service tags in lower case, and attributes as they came.
        names = dict.fromkeys((query.service, query.service.lower()))
        parts.append(_any(f"{_name(fields.service)}:{datadog_phrase(name)}" for name in names))
    if query.levels and fields.level:
        names = dict.fromkeys(name for level in spellings(query.levels) for name in (level.lower(), level))
        parts.append(_any(f"{_name(fields.level)}:{name}" for name in names))
    if query.text:
        parts.append(_any(_text(query.text, fields)))
    if query.ids:
        parts.append(_any(each for identifier in query.ids for each in _id(identifier, fields)))
    return " ".join(parts) or "*"


def _text(text: str, fields: FieldMapping) -> Iterator[str]:
    for name in fields.texts():
        # The message is searched by words; attributes are compared whole, so there it has to be wildcards.
        yield datadog_phrase(text) if name == "message" else f"{_name(name)}:{datadog_contained(text)}"


def _id(identifier: str, fields: FieldMapping) -> Iterator[str]:
    yield datadog_phrase(identifier)
    for name in fields.ids:
        yield f"{_name(name)}:{datadog_phrase(identifier)}"


def _name(field_name: str) -> str:
    return field_name if field_name in RESERVED else f"@{field_name}"


def _any(conditions: Any) -> str:
    return f"({' OR '.join(conditions)})"


def _moment(value: Any) -> datetime | None:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


def _judged(error: ApiException) -> Exception:
    status, headers = error.status or 0, error.headers or {}
    if status in (429, 503):
        return Transient(f"asks to wait ({status})", at=_asked(headers))
    if status >= 500:
        return Transient(f"failed ({status})", ambiguous=True)
    if not status:
        return Transient("no secure connection", ambiguous=False)
    return Refused(f"refuses the request ({status})", status=status)


def _asked(headers: Any) -> datetime | None:
    """Datadog's own header counts seconds; the standard one is what proxies before it send."""
    reset = str(headers.get("x-ratelimit-reset") or headers.get("X-RateLimit-Reset") or "")
    if reset.isascii() and reset.isdigit():
        return clock.now() + timedelta(seconds=int(reset[:6]))
    return retry_after(headers.get("retry-after") or headers.get("Retry-After"))


def from_settings(settings: Any) -> DatadogAdapter:
    """Raises UnknownFields."""
    site = settings.DATADOG_SITE
    # The first sites have their pages at app., the later ones at the site itself.
    pages = f"app.{site}" if site.count(".") == 1 else site
    return DatadogAdapter(
        url=settings.DATADOG_URL or f"https://api.{site}",
        index=settings.DATADOG_INDEX,
        fields=parse_fields(settings.DATADOG_FIELDS),
        seconds=settings.LOG_SOURCE_SECONDS,
        api_key=settings.DATADOG_API_KEY,
        app_key=settings.DATADOG_APP_KEY,
        web_url=f"https://{pages}",
    )
