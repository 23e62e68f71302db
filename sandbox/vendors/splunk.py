"""Splunk: search jobs at ``/splunk/services/search/v2/jobs`` over stored events.

After "Search endpoint descriptions" of the Splunk Enterprise REST API reference and the Search Reference; the part of SPL
that is known stands in `splunk_query`. A line's document is the event's JSON (``{"_raw": "text"}`` for plain text). A job is
running when first asked for, then done. Times are answered in the user's zone, which is +09:00 here. Calls without a token get
401.
"""

from __future__ import annotations

import itertools
import json
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, ClassVar

from flask import Blueprint, Response, jsonify, request

from sandbox.logs import Line, LogVendor, QueryError, flat
from sandbox.vendor import active_fault, note
from sandbox.vendors.splunk_query import parse

ZONE = timezone(timedelta(hours=9))
KEPT_JOBS = 1_000
FORM = {
    "search",
    "earliest_time",
    "latest_time",
    "exec_mode",
    "max_count",
    "max_time",
    "timeout",
    "auto_cancel",
    "output_mode",
}


@dataclass
class Job:
    """A search job; its results are those of the moment at which it was made."""

    id: str
    search: str
    rows: list[dict[str, str]] = field(default_factory=list)
    state: str = "RUNNING"
    asked: int = 0


class Splunk(LogVendor):
    name: ClassVar[str] = "splunk"
    title: ClassVar[str] = "Splunk"
    fault_kinds: ClassVar[tuple[str, ...]] = ("never_done", "job_failed")

    def __init__(self) -> None:
        super().__init__()
        self._ids = itertools.count(1)
        self._jobs: deque[Job] = deque(maxlen=KEPT_JOBS)

    def blueprint(self) -> Blueprint:
        blueprint = Blueprint("splunk", __name__)
        base = "/services/search/v2/jobs"
        blueprint.before_request(_signed_in)
        blueprint.post(base)(self._create)
        blueprint.get(f"{base}/<sid>")(self._status)
        blueprint.get(f"{base}/<sid>/results")(self._results)
        blueprint.delete(f"{base}/<sid>")(self._cancel)
        return blueprint

    def state(self) -> dict[str, Any]:
        with self.lock:
            jobs = [{"id": job.id, "search": job.search, "state": job.state} for job in self._jobs]
        return {**super().state(), "jobs": jobs}

    def load(self, state: dict[str, Any]) -> None:
        super().load(state)
        with self.lock:
            self._jobs = deque((Job(**job) for job in state["jobs"]), maxlen=KEPT_JOBS)

    def reset(self) -> None:
        super().reset()
        with self.lock:
            self._jobs.clear()

    def refusal(self, status: int, retry_after: float | None) -> tuple[str, str]:
        return json.dumps({"messages": [{"type": "ERROR", "text": "fault"}]}), "application/json"

    def _create(self) -> Response:
        form = request.form
        if unknown := set(form) - FORM:
            return _messages(400, f"Argument {sorted(unknown)[0]!r} is not supported by this handler.")
        if form.get("output_mode") != "json" or form.get("exec_mode", "normal") != "normal":
            return _messages(400, "The sandbox knows output_mode=json and exec_mode=normal.")
        try:
            start, end = float(form["earliest_time"]), float(form["latest_time"])
            search = parse(form["search"])
        except KeyError as error:
            return _messages(400, f"{error} is required.")
        except QueryError as error:
            return _messages(400, f"Error in 'search' command: {error}")
        except ValueError:
            return _messages(400, "Invalid earliest_time or latest_time.")
        lines = [line for line in self.lines() if round(start * 1000) <= line.at < round(end * 1000)]
        rows = [_row(line, search.shown) for line in search.run(lines)][: int(form.get("max_count", "10000"))]
        with self.lock:
            job = Job(id=f"1700000000.{next(self._ids)}", search=form["search"], rows=rows)
            self._jobs.append(job)
        response = jsonify({"sid": job.id})
        response.status_code = 201
        return response

    def _status(self, sid: str) -> Response:
        with self.lock:
            job = self._job(sid)
            if job is None:
                return _messages(404, "Unknown sid.")
            job.asked += 1
            if active_fault() == "job_failed":
                job.state = "FAILED"
            elif job.state == "RUNNING" and job.asked > 1 and active_fault() != "never_done":
                job.state = "DONE"
            content = {
                "sid": job.id,
                "dispatchState": job.state,
                "isDone": job.state in ("DONE", "FAILED"),
                "isFailed": job.state == "FAILED",
                "resultCount": len(job.rows) if job.state == "DONE" else 0,
            }
        return jsonify({"entry": [{"name": job.search, "content": content}]})

    def _results(self, sid: str) -> Response:
        with self.lock:
            job = self._job(sid)
            if job is None:
                return _messages(404, "Unknown sid.")
            if job.state != "DONE":
                return Response(status=204)
            count, offset = request.args.get("count", 100, type=int), request.args.get("offset", 0, type=int)
            rows = job.rows[offset : offset + count] if count else job.rows[offset:]
        names = sorted({name for row in rows for name in row})
        return jsonify(
            {
                "preview": False,
                "init_offset": offset,
                "messages": [],
                "fields": [{"name": name} for name in names],
                "results": rows,
            }
        )

    def _cancel(self, sid: str) -> Response:
        with self.lock:
            job = self._job(sid)
            if job is None:
                return _messages(404, "Unknown sid.")
            job.state = "CANCELLED"
        return _messages(200, "Search job cancelled.", kind="INFO")

    def _job(self, sid: str) -> Job | None:
        return next((job for job in self._jobs if job.id == sid and job.state != "CANCELLED"), None)


def _signed_in() -> Response | None:
    scheme = request.headers.get("Authorization", "").partition(" ")[0]
    if scheme not in ("Bearer", "Splunk", "Basic"):
        return _messages(401, "call not properly authenticated", kind="WARN")
    return None


def _row(line: Line, shown: tuple[str, ...] | None) -> dict[str, str]:
    """Results are texts. ``_cd`` is the event's address in its index."""
    moment = datetime.fromtimestamp(line.at / 1000, ZONE)
    raw = line.document.get("_raw") or json.dumps(line.document, ensure_ascii=False)
    row = {
        **{name: str(value) for name, value in flat(line.document) if value is not None},
        "_time": moment.isoformat(timespec="milliseconds"),
        "_raw": raw,
        "_cd": line.id,
        "index": line.place,
    }
    return {name: value for name, value in row.items() if shown is None or name in shown}


def _messages(status: int, text: str, *, kind: str = "FATAL") -> Response:
    if status >= 400:
        note(text)
    response = jsonify({"messages": [{"type": kind, "text": text}]})
    response.status_code = status
    return response
