"""How long the trail is kept. What is older than AUDIT_KEEP_DAYS goes, oldest first, by a function of the owner's.

The age stands in the function, which `migrate` writes as the owner: whoever takes over the application can call it, and gets rid
of nothing that was not to go anyway. The trail says of each call what went.
"""

from typing import LiteralString

from django.conf import settings
from django.db import connection
from psycopg import sql

BATCH = 2000
# In one night; the rest goes the next.
MOST = 500_000

FUNCTION: LiteralString = """
CREATE OR REPLACE FUNCTION audit_prune(most integer)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    kept_days constant integer := {days};
    numbers bigint[]; first_at timestamptz; last_at timestamptz; gone bigint;
BEGIN
    IF kept_days < 1 THEN RETURN 0; END IF;
    -- Two at once take different rows.
    SELECT array_agg(id), min("at"), max("at") INTO numbers, first_at, last_at FROM (
        SELECT id, "at" FROM audit_entry WHERE "at" < clock_timestamp() - kept_days * interval '1 day'
        ORDER BY "at", id LIMIT least(greatest(most, 1), 10000) FOR UPDATE SKIP LOCKED
    ) AS old;
    IF numbers IS NULL THEN RETURN 0; END IF;
    DELETE FROM audit_unsealed WHERE entry_id = ANY (numbers);
    DELETE FROM audit_sealed WHERE entry_id = ANY (numbers);
    DELETE FROM audit_entry WHERE id = ANY (numbers);
    GET DIAGNOSTICS gone = ROW_COUNT;
    INSERT INTO audit_entry ("at", "table", "row", act, subject, actor_name, entry, address, request_id, role, before, personal)
    VALUES (clock_timestamp(), 'audit_entry', '', 'D', '', '', 'retention', '', '', session_user,
            jsonb_build_object('entries', gone, 'from', first_at, 'to', last_at), '{{}}');
    RETURN gone;
END $$;
"""


def function() -> sql.Composed:
    """The function, with the age that is configured now."""
    return sql.SQL(FUNCTION).format(days=sql.Literal(settings.AUDIT_KEEP_DAYS))


def prune() -> int:
    """Let go of what is older than it may be, a batch at a time, each in a transaction of its own; how many entries."""
    total = 0
    with connection.cursor() as cursor:
        while total < MOST:
            cursor.execute("SELECT audit_prune(%s)", [BATCH])
            (gone,) = cursor.fetchone()
            total += gone
            if gone < BATCH:
                break
    return total
