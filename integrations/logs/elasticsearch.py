"""Elasticsearch 7 to 9 and OpenSearch: `_search` with the query DSL, through Elastic's client.

The client's transport is used directly, with plain JSON headers: its typed methods refuse servers that do not call
themselves Elasticsearch, and send a media type that OpenSearch and older versions do not know.
"""

import json
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, ClassVar
from urllib.parse import quote

import elastic_transport
import httpx
from elastic_transport.client_utils import DEFAULT
from elasticsearch import Elasticsearch

from integrations.logs.base import LogQuery, LogSourceError
from integrations.logs.fields import SCHEMAS, FieldMapping, parse_fields
from integrations.logs.levels import spellings
from integrations.logs.links import kibana_link
from integrations.logs.remote import RemoteLogAdapter, Wanted, bounds_ms, from_ms
from voc.core.errors import Transient
from voc.core.http import Refused, check_address, guarded, retry_after
from voc.core.vocabulary import LogEntry

# `date` fields sort by milliseconds, `date_nanos` by nanoseconds; no log is from after the year 5000 or before 1970.
LARGEST_MS = 10**14


@dataclass
class ElasticsearchAdapter(RemoteLogAdapter):
    """`index` is a pattern such as `logs-*` (several comma-separated); `kibana_url` is where people open entries."""

    index: str = "logs-*"
    fields: FieldMapping = field(default=SCHEMAS["ecs"])
    api_key: str = field(default="", repr=False)
    user: str = ""
    password: str = field(default="", repr=False)
    kibana_url: str = ""

    name = "elasticsearch"
    title: ClassVar[str] = "Elasticsearch"

    def __post_init__(self) -> None:
        super().__post_init__()
        self._headers = {"accept": "application/json", "content-type": "application/json"}
        if self.api_key:
            self._headers["authorization"] = f"ApiKey {self.api_key}"
        elif self.user:
            pair = b64encode(f"{self.user}:{self.password}".encode()).decode()
            self._headers["authorization"] = f"Basic {pair}"

    def fetch(self, wanted: Wanted, deadline: float) -> list[LogEntry]:
        answer = self._search(translate(wanted, self.fields), self.left(deadline))
        hits = answer.get("hits")
        found = hits.get("hits") if isinstance(hits, dict) else None
        if not isinstance(found, list):
            raise self.malformed("no hits")
        if answer.get("timed_out"):
            raise LogSourceError("Elasticsearch gave up the search for lack of time.")
        return [self._entry(hit, wanted.query) for hit in found]

    def _search(self, body: dict[str, Any], seconds: float) -> dict[str, Any]:
        check_address(self.url)
        # Unreadable indices and lost shards are told (an error), not left out in silence.
        target = f"/{quote(self.index, safe=',*')}/_search?ignore_unavailable=true&allow_partial_search_results=false"
        with guarded(self.peer, self.url), _typed(seconds):
            response = shared_client(self.url).transport.perform_request(
                "POST",
                target,
                body=body,
                headers=self._headers,
                request_timeout=seconds,
                # When to try again is decided here, not in the client.
                max_retries=0,
                retry_on_status=(),
                retry_on_timeout=False,
            )
            _judge(response)
        if not isinstance(response.body, dict):
            raise self.malformed("not a JSON object")
        return response.body

    def _entry(self, hit: Any, query: LogQuery) -> LogEntry:
        try:
            stamp, document = int(hit["sort"][0]), dict(hit["_source"])
            index, native_id = str(hit["_index"]), str(hit["_id"])
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise self.malformed("a hit without sort, _source, _index or _id") from error
        moment = from_ms(stamp if abs(stamp) < LARGEST_MS else stamp // 1_000_000)
        url = kibana_link(self.kibana_url, index=index, native_id=native_id, moment=moment)
        return self.read(document, moment=moment, native_id=native_id, url=url, query=query)


@lru_cache(maxsize=16)
def shared_client(url: str) -> Elasticsearch:
    """One per address, with its connections; safe for threads."""
    return Elasticsearch(
        url,
        # The same authorities as everywhere else here, SSL_CERT_FILE included.
        ssl_context=httpx.create_ssl_context() if url.startswith("https:") else DEFAULT,
    )


def translate(wanted: Wanted, fields: FieldMapping) -> dict[str, Any]:
    """The search request. Values are JSON strings in places where Elasticsearch takes them as such: nothing is parsed."""
    start, end = bounds_ms(wanted.time_range)
    query = wanted.query
    conditions: list[dict[str, Any]] = [
        {"range": {fields.timestamp: {"gte": start, "lt": end + 1, "format": "epoch_millis"}}}
    ]
    if query.service and fields.service:
        conditions.append({"term": {fields.service: {"value": query.service, "case_insensitive": True}}})
    if query.levels and fields.level:
        conditions.append(
            _any(
                {"term": {fields.level: {"value": name, "case_insensitive": True}}} for name in spellings(query.levels)
            )
        )
    if query.text:
        conditions.append(_phrase(query.text, [*fields.texts(), *([f"{fields.trace}.text"] if fields.trace else [])]))
    if query.ids:
        conditions.append(_any(each for identifier in query.ids for each in _id_conditions(identifier, fields)))
    return {
        "query": {"bool": {"filter": conditions}},
        "size": wanted.limit,
        "sort": [{fields.timestamp: {"order": "asc" if wanted.oldest_first else "desc", "unmapped_type": "date"}}],
        "track_total_hits": False,
    }


def _id_conditions(identifier: str, fields: FieldMapping) -> Iterator[dict[str, Any]]:
    yield _phrase(identifier, [fields.message])
    for name in fields.ids:
        yield {"term": {name: {"value": identifier}}}


def _phrase(text: str, names: list[str]) -> dict[str, Any]:
    """The words of `text` one after another in one of the fields; one that the index does not have is no error."""
    return {"multi_match": {"query": text, "type": "phrase", "fields": names, "lenient": True}}


def _any(conditions: Iterator[dict[str, Any]]) -> dict[str, Any]:
    return {"bool": {"should": list(conditions), "minimum_should_match": 1}}


@contextmanager
def _typed(seconds: float) -> Iterator[None]:
    try:
        yield
    except elastic_transport.ConnectionTimeout as error:
        raise Transient(f"no answer within {seconds:.1f} s", ambiguous=True) from error
    except elastic_transport.SerializationError as error:
        raise LogSourceError("Elasticsearch answered what cannot be read: not JSON") from error
    except elastic_transport.TransportError as error:
        raise Transient(f"the connection failed ({type(error).__name__})", ambiguous=True) from error


def _judge(response: Any) -> None:
    status, headers = response.meta.status, response.meta.headers
    if status < 300:
        return
    if status in (429, 503):
        raise Transient(f"asks to wait ({status})", at=retry_after(headers.get("retry-after")))
    reason = _reason(response.body)
    if status >= 500:
        raise Transient(f"failed ({status}{reason})", ambiguous=True)
    raise Refused(f"refuses the request ({status}{reason})", status=status, body=json.dumps(response.body)[:2000])


def _reason(body: Any) -> str:
    """The kind of error that the server names; its reason is left out, since it may quote what was searched for."""
    error = body.get("error") if isinstance(body, dict) else None
    kind = error.get("type") if isinstance(error, dict) else None
    return f", {kind}" if isinstance(kind, str) else ""


def from_settings(settings: Any) -> ElasticsearchAdapter:
    """Raises UnknownFields."""
    return ElasticsearchAdapter(
        url=settings.ELASTICSEARCH_URL,
        index=settings.ELASTICSEARCH_INDEX,
        fields=parse_fields(settings.ELASTICSEARCH_FIELDS),
        seconds=settings.LOG_SOURCE_SECONDS,
        api_key=settings.ELASTICSEARCH_API_KEY,
        user=settings.ELASTICSEARCH_USER,
        password=settings.ELASTICSEARCH_PASSWORD,
        kibana_url=settings.KIBANA_URL,
    )
