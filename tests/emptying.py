"""A database as a new installation has it, after a test that committed.

Django's own way truncates all tables and writes content types and permissions anew, which takes half a second each time, and it
leaves out what migrations wrote. Here only tables with rows are emptied, and those that migrations fill are filled again.
"""

from functools import cache
from typing import Final

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from psycopg import sql

# What no test changes.
FIXED: Final = {"django_migrations", "django_content_type", "auth_permission"}
# Where the rows of a new installation are kept, each table under its own name.
KEPT: Final = "new_installation"
# What is deleted makes triggers write elsewhere.
ROUNDS: Final = 4


def remember() -> None:
    """Keep what migrations wrote. Once, before the first test."""
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(KEPT)))
        for table in _with_rows(cursor, _tables()):
            copy = sql.SQL("CREATE TABLE IF NOT EXISTS {} AS TABLE {}")
            cursor.execute(copy.format(sql.Identifier(KEPT, table), sql.Identifier(table)))


def empty() -> None:
    """Leave no rows but those that were remembered. Keys refer to what is deleted only until the transaction ends."""
    filled = _filled()
    with transaction.atomic(), connection.cursor() as cursor:
        for _round in range(ROUNDS):
            others = [table for table in _with_rows(cursor, _tables()) if table not in filled]
            changed = [table for table in filled if _differs(cursor, table)]
            if not others and not changed:
                return
            for table in (*others, *changed):
                cursor.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
            for table in changed:
                again = sql.SQL("INSERT INTO {} TABLE {}")
                cursor.execute(again.format(sql.Identifier(table), sql.Identifier(KEPT, table)))
    raise AssertionError(f"Rows come back however often they are deleted: {others + changed}")


@cache
def _tables() -> tuple[str, ...]:
    return tuple(
        sorted({*connection.introspection.django_table_names(only_existing=True, include_views=False)} - FIXED)
    )


@cache
def _filled() -> tuple[str, ...]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename::text FROM pg_tables WHERE schemaname = %s ORDER BY 1", [KEPT])
        return tuple(name for (name,) in cursor.fetchall())


def _with_rows(cursor: CursorWrapper, tables: tuple[str, ...]) -> list[str]:
    each = (
        sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(sql.Literal(table), sql.Identifier(table))
        for table in tables
    )
    cursor.execute(sql.SQL(" UNION ALL ").join(each))
    return [name for (name,) in cursor.fetchall()]


def _differs(cursor: CursorWrapper, table: str) -> bool:
    both = {"now": sql.Identifier(table), "kept": sql.Identifier(KEPT, table)}
    cursor.execute(
        sql.SQL(
            "SELECT EXISTS (TABLE {now} EXCEPT TABLE {kept}) OR"
            " (SELECT count(*) FROM {now}) <> (SELECT count(*) FROM {kept})"
        ).format(**both)
    )
    return bool(cursor.fetchone()[0])
