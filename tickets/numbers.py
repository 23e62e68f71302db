"""Ticket ids: `VOC-YYYYMMDD-NNNN`, the day in the site's zone.

One PostgreSQL sequence counts for ever; the first ticket of a day writes down where it stood (TicketDay), and a serial is
the distance from there. So serials start at 0001 each day, nobody waits for another's transaction (but for the first
ticket of a day), and a submission that is rolled back leaves a gap.
"""

from datetime import date

from django.db import connection

from tickets.models import TicketDay

SEQUENCE = "tickets_number"


def draw(day: date) -> str:
    """A ticket id that no other call has had or will get. It may still be taken by a ticket that was moved in."""
    while True:
        value, base = _next_value(day)
        if base is None:
            # Whoever is first writes the row; the others wait for it here, and only here.
            TicketDay.objects.bulk_create([TicketDay(day=day, base=value - 1)], ignore_conflicts=True)
            base = TicketDay.objects.values_list("base", flat=True).get(day=day)
        if value > base:
            return f"VOC-{day:%Y%m%d}-{value - base:04d}"
        # Drawn before the one that became the day's first: another try is past it.


def _next_value(day: date) -> tuple[int, int | None]:
    table = connection.ops.quote_name(TicketDay._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT nextval(%s::regclass), (SELECT base FROM {table} WHERE day = %s)",  # noqa: S608  # nosec B608
            [SEQUENCE, day],
        )
        row = cursor.fetchone()
    return row[0], row[1]
