"""The application's own role in the database: it may do what the application does, and cannot touch the audit trail."""

from typing import Final, LiteralString

from django.db import connection, transaction
from psycopg import sql

TRAIL: Final = ("audit_entry", "audit_unsealed", "audit_sealed")


def set_up(*, role: str, password: str) -> None:
    """Make the role, or give it its password and rights anew. Idempotent; run by the owner of the tables, who may make roles.

    Tables of later migrations are the role's too, as soon as they are there. Raises ValueError when `role` is the owner's own.
    """
    name = sql.Identifier(role)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT current_user, current_database()")
        owner, database = cursor.fetchone()
        if owner == role:
            raise ValueError(f"{role} owns the tables: an owner cannot be kept from changing them")
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('voc roles', 0))")
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
        verb = "ALTER" if cursor.fetchone() else "CREATE"
        options: LiteralString = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD"
        statements = [
            sql.SQL(f"{verb} ROLE {{}} {options} {{}}").format(name, sql.Literal(password)),
            sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(sql.Identifier(database), name),
            sql.SQL("REVOKE CREATE ON SCHEMA public FROM PUBLIC"),
            *(sql.SQL(each).format(name) for each in RIGHTS),
            sql.SQL("REVOKE ALL ON {} FROM {}").format(sql.SQL(", ").join(map(sql.Identifier, TRAIL)), name),
            sql.SQL("GRANT SELECT ON {} TO {}").format(sql.SQL(", ").join(map(sql.Identifier, TRAIL)), name),
        ]
        for statement in statements:
            cursor.execute(statement)


RIGHTS: Final[tuple[LiteralString, ...]] = (
    "GRANT USAGE ON SCHEMA public TO {}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {}",
    "GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA public TO {}",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {}",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT, UPDATE ON SEQUENCES TO {}",
    "REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {}",
    "GRANT EXECUTE ON FUNCTION audit_seal(bigint, text, text, text, text), audit_forget(text[]) TO {}",
    "GRANT EXECUTE ON FUNCTION audit_prune(integer), audit_exported(jsonb, text, text, jsonb) TO {}",
)


def can_rewrite_history() -> bool:
    """Whether the role that the application runs as could change the trail."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT bool_or(has_table_privilege(each, 'INSERT, UPDATE, DELETE, TRUNCATE')) FROM unnest(%s::text[]) AS each",
            [list(TRAIL)],
        )
        return bool(cursor.fetchone()[0])
