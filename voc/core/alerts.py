"""Alerts for the admins: any part raises one, it is told once and stays open until the cause is mended."""

from typing import Any

import structlog
from django.db import connection

from voc.core import clock
from voc.core.models import Alert

# One statement, so that of many who notice the same thing at once one opens the alert and the others count. The text
# follows the latest one; the level never falls while it is open.
RAISE = """
INSERT INTO core_alert AS alert (key, level, title, body, raised_at, last_seen_at, times)
VALUES (%(key)s, %(level)s, %(title)s, %(body)s, %(now)s, %(now)s, 1)
ON CONFLICT (key) WHERE cleared_at IS NULL DO UPDATE
SET times = alert.times + 1, last_seen_at = excluded.last_seen_at, title = excluded.title, body = excluded.body,
    level = CASE
        WHEN array_position(%(levels)s::text[], excluded.level::text)
           > array_position(%(levels)s::text[], alert.level::text)
        THEN excluded.level ELSE alert.level END
RETURNING times
"""

log = structlog.get_logger(__name__)


def raise_alert(key: str, *, title: str, body: str = "", level: str = Alert.Level.WARNING) -> bool:
    """Open the alert `key`, or count once more if it is open. True only when this call opened it.

    Joins the caller's transaction if there is one. `level`: "info", "warning" or "critical".
    """
    parameters: dict[str, Any] = {
        "key": key[:200],
        "level": Alert.Level(level).value,
        "title": title[:200],
        "body": body,
        "now": clock.now(),
        "levels": list(Alert.Level.values),
    }
    with connection.cursor() as cursor:
        cursor.execute(RAISE, parameters)
        opened = bool(cursor.fetchone()[0] == 1)
    if opened:
        log.warning("alert.raised", alert=key, title=title)
    return opened


def open_alerts(prefix: str) -> list[str]:
    """The keys of the open alerts that begin so."""
    return list(Alert.objects.filter(key__startswith=prefix, cleared_at=None).values_list("key", flat=True))


def clear_alert(key: str) -> bool:
    """Close the alert `key`: the cause is mended. False when it was not open."""
    closed = Alert.objects.filter(key=key[:200], cleared_at=None).update(cleared_at=clock.now())
    if closed:
        log.info("alert.cleared", alert=key)
    return bool(closed)
