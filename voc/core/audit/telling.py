"""What changes no row and belongs into the trail all the same: that somebody took data out of the system.

The application tells it, and can only add: by a function of the owner's, which writes this kind of entry and no other.
"""

import json
from collections.abc import Mapping
from typing import Final, LiteralString

from django.db import connection, models

from voc.core.audit import context

FUNCTION: Final[LiteralString] = """
CREATE OR REPLACE FUNCTION audit_exported(told jsonb, what text, about text, details jsonb)
RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    INSERT INTO audit_entry ("at", "table", "row", act, subject, actor, actor_name, entry, address, request_id, role,
                             after, personal)
    VALUES (clock_timestamp(), left(what, 63), '', 'X', left(about, 64), (told ->> 'actor')::bigint,
            left(coalesce(told ->> 'actor_name', ''), 150), left(coalesce(told ->> 'entry', ''), 200),
            left(coalesce(told ->> 'address', ''), 64), left(coalesce(told ->> 'request_id', ''), 80), session_user,
            details, '{}')
    RETURNING id
$$;
"""


def exported(model: type[models.Model], *, subject: str = "", details: Mapping[str, object]) -> int:
    """Say that rows of `model` are about to leave as a file; the entry's number. Call it before the first row does.

    `details` stays in the trail for good and is erased with nobody: no customer's data, and nothing that a person typed freely.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT audit_exported(%s::jsonb, %s, %s, %s::jsonb)",
            [json.dumps(context.current()), model._meta.db_table, subject, json.dumps(details)],
        )
        return int(cursor.fetchone()[0])
