"""CloudWatch Logs Insights through boto3: start a query, poll it, stop it when its time is over."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from math import ceil
from threading import Event
from typing import Any, ClassVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, ParamValidationError
from botocore.parsers import ResponseParserError

from integrations.logs.base import LogQuery, LogSourceError
from integrations.logs.fields import SCHEMAS, FieldMapping, parse_fields
from integrations.logs.levels import spellings
from integrations.logs.links import cloudwatch_link
from integrations.logs.quoting import regex_literal
from integrations.logs.remote import RemoteLogAdapter, Wanted, bounds_ms, from_ms
from voc.core import clock
from voc.core.addresses import host_and_port
from voc.core.errors import Permanent, Transient, VocError
from voc.core.http import Refused, check_address, guarded, retry_after
from voc.core.vocabulary import LogEntry

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 1.0
STOP_SECONDS = 1.0
AWS = (".amazonaws.com", ".amazonaws.com.cn")
RUNNING = ("Scheduled", "Running")
TOO_MANY = ("ThrottlingException", "Throttling", "LimitExceededException", "TooManyRequestsException")
# CloudWatch names no time; its limits are per second and per number of running queries.
TOO_MANY_SECONDS = 5


@dataclass
class CloudWatchAdapter(RemoteLogAdapter):
    """`index` is a log group or several, comma-separated. Credentials are AWS' own affair (role, profile, environment)."""

    region: str = ""
    fields: FieldMapping = field(default=SCHEMAS["plain"])
    console_url: str = ""

    name = "cloudwatch"
    title: ClassVar[str] = "CloudWatch"

    def fetch(self, wanted: Wanted, deadline: float) -> list[LogEntry]:
        check_address(self.url)
        start, end = bounds_ms(wanted.time_range)
        request = {
            "logGroupNames": list(self.places),
            "startTime": start // 1000,
            "endTime": end // 1000 + 1,
            "queryString": translate(wanted, self.fields),
            "limit": wanted.limit,
        }
        query_id = self._call("start_query", deadline, request).get("queryId")
        if not isinstance(query_id, str):
            raise self.malformed("no queryId")
        finished = False
        try:
            results = self._results(query_id, deadline)
            finished = True
        finally:
            if not finished:
                self._stop(query_id)
        return [self._entry(row, wanted.query) for row in results]

    def _results(self, query_id: str, deadline: float) -> list[Any]:
        pause = FIRST_PAUSE
        while True:
            answer = self._call("get_query_results", deadline, {"queryId": query_id})
            status = answer.get("status")
            if status == "Complete":
                results = answer.get("results")
                if not isinstance(results, list):
                    raise self.malformed("no results")
                return results
            if status not in RUNNING:
                raise LogSourceError(f"CloudWatch ended the query: {str(status)[:40]}.")
            Event().wait(min(pause, self.left(deadline)))
            pause = min(pause * 1.6, LONGEST_PAUSE)

    def _stop(self, query_id: str) -> None:
        """Queries that nobody waits for cost money and one of the account's thirty places."""
        with suppress(VocError):
            self._call("stop_query", time.monotonic() + STOP_SECONDS, {"queryId": query_id})

    @property
    def _elsewhere(self) -> str:
        """The address, unless it is AWS' own: then the client also asks the machine's metadata for credentials."""
        return "" if host_and_port(self.url)[0].endswith(AWS) else self.url

    def _call(self, operation: str, deadline: float, request: dict[str, Any]) -> dict[str, Any]:
        seconds = self.left(deadline)
        with guarded(self.peer, self._elsewhere), _typed():
            client = shared_client(self.url, self.region, ceil(seconds))
            answer: dict[str, Any] = getattr(client, operation)(**request)
        return answer

    def _entry(self, row: Any, query: LogQuery) -> LogEntry:
        try:
            values = {cell["field"]: cell["value"] for cell in row}
            moment = _moment(str(values["@timestamp"]))
            native_id = str(values["@ptr"])
        except (KeyError, TypeError, ValueError) as error:
            raise self.malformed("a row without @timestamp or @ptr") from error
        group = str(values.get("@log", "")).partition(":")[2] or str(values.get("@log", ""))
        url = cloudwatch_link(
            self.console_url, region=self.region, group=group, stream=str(values.get("@logStream", "")), moment=moment
        )
        return self.read(_document(values), moment=moment, native_id=native_id, url=url, query=query)


@lru_cache(maxsize=64)
def shared_client(url: str, region: str, seconds: int) -> Any:
    """A client whose requests take so many seconds at most. It is safe for threads, slow to make, and cannot be told per call."""
    config = Config(
        retries={"total_max_attempts": 1, "mode": "standard"},
        connect_timeout=seconds,
        read_timeout=seconds,
        proxies={},
        inject_host_prefix=False,
    )
    return boto3.session.Session().client("logs", region_name=region, endpoint_url=url, config=config)


def _moment(text: str) -> datetime:
    """Insights writes times in UTC without saying so; stand-ins such as moto and localstack write milliseconds."""
    return from_ms(int(text)) if text.isdigit() else datetime.fromisoformat(text).replace(tzinfo=UTC)


def _document(values: dict[str, Any]) -> dict[str, Any]:
    """The fields that were asked for, and those of the line itself where it is JSON."""
    line = str(values.get("@message", ""))
    try:
        parsed = json.loads(line) if line.startswith("{") else None
    except (ValueError, RecursionError):
        parsed = None
    found = {name: value for name, value in values.items() if not name.startswith("@")}
    return {"message": line, **(parsed if isinstance(parsed, dict) else {"@message": line}), **found}


def translate(wanted: Wanted, fields: FieldMapping) -> str:
    """In the Logs Insights query language. Values are regular expressions made of letters, digits and code points."""
    query = wanted.query
    start, end = bounds_ms(wanted.time_range)
    conditions = [f"toMillis(@timestamp) >= {start}", f"toMillis(@timestamp) <= {end}"]
    if query.service and fields.service:
        conditions.append(f"{_name(fields.service)} like /(?i)^{regex_literal(query.service)}$/")
    if query.levels and fields.level:
        conditions.append(f"{_name(fields.level)} like /(?i)^({'|'.join(spellings(query.levels))})$/")
    if query.text:
        conditions.append(_any(f"{_name(name)} like /(?i){regex_literal(query.text)}/" for name in fields.texts()))
    if query.ids:
        either = "|".join(regex_literal(identifier) for identifier in query.ids)
        named = (f"{_name(name)} like /^({either})$/" for name in fields.ids)
        conditions.append(_any([f"{_name(fields.message)} like /({either})/", *named]))
    shown = ", ".join(["@timestamp", "@message", "@log", "@logStream", *map(_name, _asked(fields))])
    order = "asc" if wanted.oldest_first else "desc"
    return f"fields {shown} | filter {' and '.join(conditions)} | sort @timestamp {order} | limit {wanted.limit}"


def _asked(fields: FieldMapping) -> list[str]:
    return [name for name in fields.names() if name not in ("@timestamp", "@message", "@log", "@logStream")]


def _name(field_name: str) -> str:
    """In backticks, unless all its characters may stand without: that is so for letters, digits, dots, underscores and @."""
    return f"`{field_name}`" if "-" in field_name else field_name


def _any(conditions: Any) -> str:
    return f"({' or '.join(conditions)})"


@contextmanager
def _typed() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        raise _judged(error) from error
    except (ResponseParserError, ValueError, KeyError, TypeError, AttributeError) as error:
        if isinstance(error, ParamValidationError):
            raise Permanent("the settings are not what CloudWatch takes (log groups?)") from error
        raise LogSourceError("CloudWatch answered what cannot be read: not what AWS documents") from error
    except HTTPClientError as error:
        raise Transient(f"the connection failed ({type(error).__name__})", ambiguous=True) from error
    except BotoCoreError as error:
        # Credentials or region are missing: nothing was sent.
        raise Permanent(f"no request could be made ({type(error).__name__})") from error


def _judged(error: ClientError) -> Exception:
    told: Any = error.response
    answer = told.get("ResponseMetadata", {})
    status, headers = int(answer.get("HTTPStatusCode", 0)), answer.get("HTTPHeaders", {})
    code = str(told.get("Error", {}).get("Code", ""))[:60]
    asked = retry_after(headers.get("retry-after"))
    if code in TOO_MANY or status in (429, 503):
        return Transient(
            f"asks to wait ({status}, {code})", at=asked or clock.now() + timedelta(seconds=TOO_MANY_SECONDS)
        )
    if status >= 500:
        return Transient(f"failed ({status}, {code})", ambiguous=True)
    return Refused(f"refuses the request ({status}, {code})", status=status)


def from_settings(settings: Any) -> CloudWatchAdapter:
    """Raises UnknownFields."""
    region = settings.CLOUDWATCH_REGION
    return CloudWatchAdapter(
        url=settings.CLOUDWATCH_URL or f"https://logs.{region}.amazonaws.com",
        index=settings.CLOUDWATCH_LOG_GROUPS,
        fields=parse_fields(settings.CLOUDWATCH_FIELDS),
        seconds=settings.LOG_SOURCE_SECONDS,
        region=region,
        console_url=f"https://{region}.console.aws.amazon.com",
    )
