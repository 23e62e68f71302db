"""Who changes the database, told to it with each statement that may: the triggers write it down.

It travels in the statement's own round trip, and ends with its transaction, so that no connection of the pool carries it on.
"""

import getpass
import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any

import structlog
from django.db.backends.base.base import BaseDatabaseWrapper

Told = dict[str, Any]
WRITES = re.compile(r"\s*(?:INSERT|UPDATE|DELETE|MERGE|TRUNCATE|WITH)\b", re.IGNORECASE)
_source: ContextVar[Callable[[], Told] | None] = ContextVar("audit_source", default=None)


@contextmanager
def told_by(source: Callable[[], Told]) -> Iterator[None]:
    """For what happens inside, `source` says who acts: `actor` (a user's number), `actor_name`, `entry`, `address`, `request_id`.

    It is asked at each write and must not write itself.
    """
    token = _source.set(source)
    try:
        yield
    finally:
        _source.reset(token)


def current() -> Told:
    """What the audit trail would say of a change made now."""
    source = _source.get()
    return source() if source else _process()


def attach(connection: BaseDatabaseWrapper, **_kwargs: Any) -> None:
    """Listens to connection_created."""
    if connection.vendor == "postgresql" and _with_context not in connection.execute_wrappers:
        connection.execute_wrappers.append(_with_context)


def _with_context(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    if many or not isinstance(sql, str) or not WRITES.match(sql):
        return execute(sql, params, many, context)
    told = json.dumps(current(), ensure_ascii=True).replace("'", "''")
    if params is not None:
        told = told.replace("%", "%%")
    result = execute(f"SELECT set_config('voc.context', '{told}', true); {sql}", params, many, context)
    # The statement's own answer is the last one.
    while context["cursor"].cursor.nextset():
        pass
    return result


def _process() -> Told:
    """No request: a job of the worker, a command, a shell."""
    bound = structlog.contextvars.get_contextvars()
    if "job_id" in bound:
        entry = f"job {bound.get('event_name', '')} {bound['job_id']}"
        return {"entry": entry, "request_id": str(bound.get("request_id", ""))}
    return _program()


@cache
def _program() -> Told:
    name = Path(sys.argv[0]).name if sys.argv else "python"
    if name == "manage.py" and len(sys.argv) > 1:
        return {"entry": f"command {sys.argv[1]}", "actor_name": _system_user()}
    return {"entry": f"program {name}"}


def _system_user() -> str:
    try:
        return f"{getpass.getuser()} (system)"
    except (OSError, KeyError):
        return ""
