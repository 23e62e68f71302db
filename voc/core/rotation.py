"""Writing every kept secret anew under the ring's first key."""

from collections.abc import Callable, Iterator
from typing import Any

from django.apps import apps
from django.db import connection, models, transaction
from django.db.backends.utils import CursorWrapper
from psycopg import sql

from voc.core import crypto
from voc.core.fields import EncryptedTextField

BATCH = 500
# Kept texts that stand elsewhere than in such a column. An app adds a function when it is ready; it returns how many it renewed.
others: list[Callable[[], int]] = []


def rotate() -> dict[str, int]:
    """Column → how many of its texts were written anew; other places under their function's name. Idempotent.

    Raises CannotDecrypt at the first text whose key has gone, with what was done before kept.
    """
    renewed = {field.purpose: _rotate(model, field) for model, field in columns()}
    return renewed | {f"{each.__module__}.{each.__qualname__}": each() for each in others}


def columns() -> Iterator[tuple[type[models.Model], EncryptedTextField]]:
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.local_concrete_fields:
            if isinstance(field, EncryptedTextField):
                yield model, field


def _rotate(model: type[models.Model], field: EncryptedTextField) -> int:
    """Past the ORM, which would decrypt: a batch at a time, the rows locked while they are written."""
    names = ("table", model._meta.db_table), ("key", model._meta.pk.column), ("column", field.column)
    place = {each: sql.Identifier(str(name)) for each, name in names}
    write = sql.SQL("UPDATE {table} SET {column} = %s WHERE {key} = %s").format(**place)
    count = 0
    last: Any = None
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            rows = _next(cursor, place, last)
            for pk, kept in rows:
                if not crypto.is_current(kept):
                    fresh = crypto.renewed(kept, purpose=field.purpose)
                    cursor.execute(write, [fresh, pk])
                    count += 1
        if not rows:
            return count
        last = rows[-1][0]


def _next(cursor: CursorWrapper, place: dict[str, sql.Identifier], last: Any) -> list[tuple[Any, str]]:
    after = sql.SQL("AND {key} > %s").format(**place) if last is not None else sql.SQL("")
    query = sql.SQL(
        "SELECT {key}, {column} FROM {table} WHERE {column} <> '' {after} ORDER BY {key} LIMIT %s FOR UPDATE"
    )
    cursor.execute(query.format(**place, after=after), [*([last] if last is not None else []), BATCH])
    return list(cursor.fetchall())
