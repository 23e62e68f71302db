"""Writing every kept secret anew under the ring's first key."""

from collections.abc import Callable, Iterator
from typing import Any

from django.apps import apps
from django.db import connection, models, transaction
from django.db.backends.utils import CursorWrapper

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
    quote = connection.ops.quote_name
    table, key, column = (quote(str(name)) for name in (model._meta.db_table, model._meta.pk.column, field.column))
    count = 0
    last: Any = None
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            rows = _next(cursor, table, key, column, last)
            for pk, kept in rows:
                if not crypto.is_current(kept):
                    fresh = crypto.renewed(kept, purpose=field.purpose)
                    cursor.execute(f"UPDATE {table} SET {column} = %s WHERE {key} = %s", [fresh, pk])  # noqa: S608 - quoted names
                    count += 1
        if not rows:
            return count
        last = rows[-1][0]


def _next(cursor: CursorWrapper, table: str, key: str, column: str, last: Any) -> list[tuple[Any, str]]:
    after = f"AND {key} > %s" if last is not None else ""
    cursor.execute(
        f"SELECT {key}, {column} FROM {table} WHERE {column} <> '' {after} ORDER BY {key} LIMIT {BATCH} FOR UPDATE",  # noqa: S608
        [last] if last is not None else [],
    )
    return list(cursor.fetchall())
