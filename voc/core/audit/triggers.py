"""The triggers that write the audit trail, made anew after each migration from what the apps declare.

They run as the owner of the tables (SECURITY DEFINER), who may write the trail; the application's role may not.
"""

import hashlib
from typing import Any

from django.db import connections, models, transaction
from psycopg import sql

from voc.core.audit import keeping, telling
from voc.core.audit.declared import Audited, audited

# Arguments: key column, hidden columns, personal columns, subject column, contact column, parent table, foreign key to it.
FUNCTIONS = """
CREATE OR REPLACE FUNCTION audit_row()
RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    hidden text[] := TG_ARGV[1];
    personal text[] := TG_ARGV[2];
    context jsonb := nullif(current_setting('voc.context', true), '');
    was jsonb; is_now jsonb; before jsonb; after jsonb; whole jsonb; about jsonb;
    known text; customer_before text := ''; customer_after text := '';
    secret_before jsonb; secret_after jsonb; nonce text; names text[] := '{}'; number bigint;
BEGIN
    IF TG_OP <> 'INSERT' THEN was := to_jsonb(OLD) - hidden; END IF;
    IF TG_OP <> 'DELETE' THEN is_now := to_jsonb(NEW) - hidden; END IF;
    IF TG_OP = 'UPDATE' THEN
        SELECT jsonb_object_agg(key, value), jsonb_object_agg(key, is_now -> key) INTO before, after
        FROM jsonb_each(was) WHERE value IS DISTINCT FROM is_now -> key;
        IF before IS NULL THEN RETURN NULL; END IF;
    ELSE
        SELECT jsonb_object_agg(key, value) INTO before FROM jsonb_each(was) WHERE value <> 'null';
        SELECT jsonb_object_agg(key, value) INTO after FROM jsonb_each(is_now) WHERE value <> 'null';
    END IF;
    whole := coalesce(is_now, was);
    known := CASE WHEN TG_ARGV[3] <> '' THEN whole ->> TG_ARGV[3] END;
    IF TG_ARGV[5] <> '' THEN
        EXECUTE format('SELECT to_jsonb(each) FROM %I AS each WHERE id = $1', TG_ARGV[5])
        INTO about USING (whole ->> TG_ARGV[6])::bigint;
        known := about ->> TG_ARGV[3];
        customer_before := coalesce(about ->> TG_ARGV[4], '');
        customer_after := customer_before;
    ELSIF TG_ARGV[4] <> '' THEN
        customer_before := coalesce(was ->> TG_ARGV[4], '');
        customer_after := coalesce(is_now ->> TG_ARGV[4], '');
    END IF;
    IF current_setting('voc.erasing', true) = 'on' THEN
        -- A customer is being erased: that it happened is kept, and in which columns, but no value.
        SELECT array_agg(DISTINCT key ORDER BY key) INTO names
        FROM (SELECT jsonb_object_keys(before) UNION SELECT jsonb_object_keys(after)) AS both_sides (key);
        before := NULL;
        after := NULL;
    ELSIF coalesce(before, '{}') ?| personal OR coalesce(after, '{}') ?| personal THEN
        SELECT jsonb_object_agg(key, value) INTO secret_before FROM jsonb_each(before) WHERE key = ANY (personal);
        SELECT jsonb_object_agg(key, value) INTO secret_after FROM jsonb_each(after) WHERE key = ANY (personal);
        SELECT array_agg(DISTINCT key ORDER BY key) INTO names
        FROM (SELECT jsonb_object_keys(secret_before) UNION SELECT jsonb_object_keys(secret_after)) AS both_sides (key);
        before := before - personal;
        after := after - personal;
        nonce := gen_random_uuid()::text || gen_random_uuid()::text;
    END IF;
    INSERT INTO audit_entry ("at", "table", "row", act, subject, actor, actor_name, entry, address, request_id, role,
                             before, after, personal, seal)
    VALUES (clock_timestamp(), TG_TABLE_NAME, left(coalesce(whole ->> TG_ARGV[0], ''), 64), left(TG_OP, 1),
            left(coalesce(known, ''), 64), (context ->> 'actor')::bigint, left(coalesce(context ->> 'actor_name', ''), 150),
            left(coalesce(context ->> 'entry', ''), 200), left(coalesce(context ->> 'address', ''), 64),
            left(coalesce(context ->> 'request_id', ''), 80), session_user, before, after, names,
            CASE WHEN nonce IS NOT NULL THEN
                sha256(convert_to(nonce || coalesce(secret_before::text, '') || '|' || coalesce(secret_after::text, ''), 'UTF8'))
            END)
    RETURNING id INTO number;
    IF nonce IS NOT NULL THEN
        INSERT INTO audit_unsealed (entry_id, subject, contact_before, contact_after, before, after, nonce)
        VALUES (number, left(coalesce(known, ''), 64), customer_before, customer_after,
                secret_before::text, secret_after::text, nonce);
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION audit_emptied()
RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO audit_entry ("at", "table", "row", act, subject, actor_name, entry, address, request_id, role, personal)
    VALUES (clock_timestamp(), TG_TABLE_NAME, '', 'T', '', '', '', '', '', session_user, '{}');
    RETURN NULL;
END $$;

-- What a sealer made of an entry's values: once, and only while they wait for it.
CREATE OR REPLACE FUNCTION audit_seal(number bigint, sealed_before text, sealed_after text, handle_b text, handle_a text)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    DELETE FROM audit_unsealed WHERE entry_id = number;
    IF NOT FOUND THEN RETURN false; END IF;
    INSERT INTO audit_sealed (entry_id, before, after, handle_before, handle_after)
    VALUES (number, sealed_before, sealed_after, handle_b, handle_a);
    RETURN true;
END $$;

-- What waits to be sealed of a customer who is erased has nowhere to go.
CREATE OR REPLACE FUNCTION audit_forget(subjects text[])
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE gone bigint;
BEGIN
    DELETE FROM audit_unsealed WHERE subject = ANY (subjects);
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END $$;
"""
OLD_TRIGGERS = """
SELECT tgrelid::regclass::text, tgname FROM pg_trigger
WHERE NOT tgisinternal AND tgfoid IN (SELECT oid FROM pg_proc WHERE proname IN ('audit_row', 'audit_emptied'))
"""


# Who may call what: a trigger needs no permission to fire, and a function is everybody's unless that is taken back.
CLOSED = """
REVOKE ALL ON FUNCTION audit_row(), audit_emptied() FROM PUBLIC;
REVOKE ALL ON FUNCTION audit_seal(bigint, text, text, text, text), audit_forget(text[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION audit_prune(integer), audit_exported(jsonb, text, text, jsonb) FROM PUBLIC;
"""


def install(*, using: str = "default", **_kwargs: Any) -> None:
    """After `migrate` (it listens to post_migrate of the audit app): functions and triggers as they are declared now."""
    tables = set(connections[using].introspection.table_names())
    if "audit_entry" not in tables:
        return
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        wanted = [
            statement
            for model, declared in audited()
            if model._meta.db_table in tables
            for statement in _statements(model, declared)
        ]
        kept = keeping.function().as_string(None)
        text = [FUNCTIONS, telling.FUNCTION, kept, CLOSED, *(statement.as_string(None) for statement in wanted)]
        version = hashlib.sha256("\n".join(text).encode()).hexdigest()
        cursor.execute(OLD_TRIGGERS)
        there = cursor.fetchall()
        cursor.execute("SELECT obj_description(to_regproc('audit_row'), 'pg_proc')")
        if len(there) == len(wanted) and cursor.fetchone() == (version,):
            return
        for table, trigger in there:
            # The name of the table comes quoted where it needs to be.
            cursor.execute(sql.SQL("DROP TRIGGER {} ON {}").format(sql.Identifier(trigger), sql.SQL(table)))
        for statement in text:
            cursor.execute(statement)
        cursor.execute(sql.SQL("COMMENT ON FUNCTION audit_row() IS {}").format(sql.Literal(version)))


def _statements(model: type[models.Model], declared: Audited) -> list[sql.Composed]:
    table = model._meta.db_table
    arguments = sql.SQL(", ").join(sql.Literal(each) for each in _arguments(model, declared))
    statements = [
        sql.SQL(
            "CREATE TRIGGER {name} AFTER {on} ON {table} FOR EACH ROW {when} EXECUTE FUNCTION audit_row({arguments})"
        ).format(
            name=sql.Identifier(f"audit_{each.lower()}"),
            on=sql.SQL(each),
            table=sql.Identifier(table),
            when=_condition(model, declared, each),
            arguments=arguments,
        )
        for each in declared.on
    ]
    emptied = sql.SQL(
        "CREATE TRIGGER audit_truncate AFTER TRUNCATE ON {} FOR EACH STATEMENT EXECUTE FUNCTION audit_emptied()"
    )
    return [*statements, emptied.format(sql.Identifier(table))]


def _condition(model: type[models.Model], declared: Audited, on: str) -> sql.Composable:
    """An update that touches hidden columns only is not worth the trigger's call."""
    if declared.when:
        return sql.SQL(f"WHEN ({declared.when})")
    if on != "UPDATE":
        return sql.SQL("")
    columns = [field.column for field in model._meta.local_concrete_fields if field.column not in declared.hidden]
    old, new = (
        sql.SQL(", ").join(sql.SQL(f"{side}.{{}}").format(sql.Identifier(str(each))) for each in columns)
        for side in ("OLD", "NEW")
    )
    return sql.SQL("WHEN (ROW({}) IS DISTINCT FROM ROW({}))").format(old, new)


def _arguments(model: type[models.Model], declared: Audited) -> list[str]:
    parent = ""
    if declared.parent:
        field = next(each for each in model._meta.local_concrete_fields if each.column == declared.parent)
        parent = field.related_model._meta.db_table if field.related_model else ""
    return [
        str(model._meta.pk.column),
        _array(declared.hidden),
        _array(declared.personal),
        declared.subject,
        declared.contact,
        parent,
        declared.parent,
    ]


def _array(names: tuple[str, ...]) -> str:
    return "{" + ",".join(names) + "}"
