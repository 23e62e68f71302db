"""Splunk 9.0.1 and later: search jobs over its REST API (`/services/search/v2/jobs`): create, poll, read, cancel."""

import json
import re
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import ceil
from threading import Event
from typing import Any, ClassVar
from urllib.parse import quote, urlencode

from integrations.logs.base import LogQuery, LogSourceError
from integrations.logs.fields import SCHEMAS, FieldMapping, parse_fields
from integrations.logs.levels import spellings
from integrations.logs.links import splunk_link
from integrations.logs.quoting import regex_literal
from integrations.logs.remote import RemoteLogAdapter, Wanted, bounds_ms
from voc.core.errors import VocError
from voc.core.http import request
from voc.core.vocabulary import LogEntry

JOBS = "/services/search/v2/jobs"
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 1.0
STOP_SECONDS = 1.0
KEPT_SECONDS = 60
MAX_BYTES = 20_000_000
_WORD = re.compile(r"[^\W_]{2,}")
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_.]*")
_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_. -]*")
_BACKSLASH = "\\\\"


@dataclass
class SplunkAdapter(RemoteLogAdapter):
    """`url` is the management port's (`https://splunk:8089`), `web_url` where people search; `index` one or several."""

    index: str = "main"
    fields: FieldMapping = field(default=SCHEMAS["plain"])
    token: str = field(default="", repr=False)
    web_url: str = ""

    name = "splunk"
    title: ClassVar[str] = "Splunk"

    def fetch(self, wanted: Wanted, deadline: float) -> list[LogEntry]:
        start, end = bounds_ms(wanted.time_range)
        form = {
            "search": translate(wanted, self.fields, self.places),
            # The upper bound is not included.
            "earliest_time": f"{start / 1000:.3f}",
            "latest_time": f"{(end + 1) / 1000:.3f}",
            "exec_mode": "normal",
            "max_count": str(wanted.limit),
            "max_time": str(max(1, ceil(self.left(deadline)))),
            "timeout": str(KEPT_SECONDS),
            "output_mode": "json",
        }
        job = self._call("POST", JOBS, deadline, form=form).get("sid")
        if not isinstance(job, str) or not job:
            raise self.malformed("no sid")
        finished = False
        try:
            self._wait(job, deadline)
            rows = self._rows(job, wanted, deadline)
            finished = True
        finally:
            if not finished:
                self._cancel(job)
        return [self._entry(row, wanted.query) for row in rows]

    def _wait(self, job: str, deadline: float) -> None:
        pause = FIRST_PAUSE
        while True:
            answer = self._call("GET", f"{JOBS}/{quote(job, safe='')}", deadline, params={"output_mode": "json"})
            try:
                state = answer["entry"][0]["content"]
                done, failed = bool(state["isDone"]), bool(state.get("isFailed"))
            except (KeyError, TypeError, IndexError) as error:
                raise self.malformed("a job without its state") from error
            if failed:
                raise LogSourceError("Splunk could not carry the search out.")
            if done:
                return
            Event().wait(min(pause, self.left(deadline)))
            pause = min(pause * 1.6, LONGEST_PAUSE)

    def _rows(self, job: str, wanted: Wanted, deadline: float) -> list[Any]:
        params = {"output_mode": "json", "count": str(wanted.limit), "offset": "0"}
        rows = self._call("GET", f"{JOBS}/{quote(job, safe='')}/results", deadline, params=params).get("results")
        if not isinstance(rows, list):
            raise self.malformed("no results")
        return rows

    def _cancel(self, job: str) -> None:
        """A job that nobody waits for takes one of the user's few places."""
        with suppress(VocError):
            self._call("DELETE", f"{JOBS}/{quote(job, safe='')}", time.monotonic() + STOP_SECONDS)

    def _call(
        self,
        method: str,
        path: str,
        deadline: float,
        *,
        form: dict[str, str] | None = None,
        params: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        headers = {"authorization": f"Bearer {self.token}"} if self.token else {}
        if form:
            headers["content-type"] = "application/x-www-form-urlencoded"
        response = request(
            self.peer,
            method,
            f"{self.url.rstrip('/')}{path}",
            data=urlencode(form).encode() if form else None,
            params=params,
            headers=headers,
            timeout=self.left(deadline),
            max_bytes=MAX_BYTES,
        )
        if response.status_code == 204 or method == "DELETE":
            return {}
        try:
            answer = response.json()
        except (ValueError, RecursionError) as error:
            raise self.malformed("not JSON") from error
        if not isinstance(answer, dict):
            raise self.malformed("not a JSON object")
        return answer

    def _entry(self, row: Any, query: LogQuery) -> LogEntry:
        try:
            moment = datetime.fromisoformat(row["_time"])
            native_id = str(row["_cd"])
        except (KeyError, TypeError, ValueError) as error:
            raise self.malformed("an event without _time or _cd") from error
        if moment.tzinfo is None:
            raise self.malformed("a time without a zone")
        moment = moment.astimezone(UTC)
        index = str(row.get("index") or self.index)
        url = splunk_link(self.web_url, index=index, native_id=native_id, moment=moment)
        return self.read(_document(row), moment=moment, native_id=native_id, url=url, query=query)


def _document(row: dict[str, Any]) -> dict[str, Any]:
    """The extracted fields, and those of the event itself where it is JSON."""
    raw = str(row.get("_raw", ""))
    try:
        parsed = json.loads(raw) if raw.startswith("{") else None
    except (ValueError, RecursionError):
        parsed = None
    found = {name: value for name, value in row.items() if not name.startswith("_") and name != "index"}
    return {"message": raw, **found, **(parsed if isinstance(parsed, dict) else {"_raw": raw})}


def translate(wanted: Wanted, fields: FieldMapping, places: Iterable[str]) -> str:
    """In SPL. Values stand in quoted regular expressions made of letters, digits and code points; a service and ids also
    in the search itself, where the index finds them fast. A text does not: in a raw event that is JSON, a word may
    follow the n of an escaped line break, and the index then has another word."""
    query = wanted.query
    search = [_any(f'index="{place}"' for place in places), *_indexed(query, fields)]
    conditions = []
    if query.service and fields.service:
        conditions.append(f'match({_name(fields.service)}, "(?i)^{_literal(query.service)}$")')
    if query.levels and fields.level:
        conditions.append(f'match({_name(fields.level)}, "(?i)^({"|".join(spellings(query.levels))})$")')
    if query.text:
        conditions.append(_any(f'match({_name(name)}, "(?i){_literal(query.text)}")' for name in fields.texts()))
    if query.ids:
        either = "|".join(_literal(identifier) for identifier in query.ids)
        named = (f'match({_name(name)}, "^({either})$")' for name in fields.ids)
        conditions.append(_any([f'match({_name(fields.message)}, "({either})")', *named]))
    stages = [f"search {' '.join(search)}"]
    if conditions:
        stages.append(f"where {' AND '.join(conditions)}")
    stages.append(f"sort {wanted.limit} {'+' if wanted.oldest_first else '-'}_time")
    shown = ["_time", "_raw", "_cd", "index", *fields.names()]
    stages.append("fields " + ", ".join(f'"{name}"' for name in shown))
    return " | ".join(stages)


def _indexed(query: LogQuery, fields: FieldMapping) -> list[str]:
    terms = []
    if query.service and _PLAIN.fullmatch(fields.service) and _SAFE.fullmatch(query.service):
        terms.append(f'{fields.service}="{query.service}"')
    ids = [" ".join(f'"{word}"' for word in _WORD.findall(identifier)) for identifier in query.ids]
    # An id without a word could be anywhere: then the index cannot help.
    if ids and all(ids):
        terms.append(_any(f"({words})" for words in ids))
    return terms


def _literal(text: str) -> str:
    return regex_literal(text, backslash=_BACKSLASH)


def _name(field_name: str) -> str:
    return f"'{field_name}'"


def _any(conditions: Iterable[str]) -> str:
    return f"({' OR '.join(conditions)})"


def from_settings(settings: Any) -> SplunkAdapter:
    """Raises UnknownFields."""
    return SplunkAdapter(
        url=settings.SPLUNK_URL,
        index=settings.SPLUNK_INDEX,
        fields=parse_fields(settings.SPLUNK_FIELDS),
        seconds=settings.LOG_SOURCE_SECONDS,
        token=settings.SPLUNK_TOKEN,
        web_url=settings.SPLUNK_WEB_URL,
    )
