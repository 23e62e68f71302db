"""The trail as CSV. Without personal values: a file knows nothing of an erasure."""

import json
from collections.abc import Iterator, Mapping
from typing import Final

from django.utils import formats, timezone
from django.utils.translation import gettext as _

from voc.core.audit import queries
from voc.core.audit.models import Act, Entry
from voc.core.spreadsheet import csv_lines

HEAD: Final = (
    "id",
    "at",
    "table",
    "row",
    "subject",
    "act",
    "actor",
    "role",
    "way",
    "address",
    "request_id",
    "before",
    "after",
    "sealed",
)


def lines(wanted: queries.Wanted, *, most: int | None = None) -> Iterator[str]:
    """The file, line by line, the newest entry first; never more than a thousand entries at hand.

    With `most` it ends after so many, and the last line says from which day on older ones are left out.
    """
    return csv_lines(HEAD, _rows(wanted, most))


def _rows(wanted: queries.Wanted, most: int | None) -> Iterator[tuple[object, ...]]:
    # Translated once: asking for each entry's own would take half the time.
    acts = {value: str(label) for value, label in Act.choices}
    for count, entry in enumerate(queries.all_of(wanted), start=1):
        if most is not None and count > most:
            day = formats.date_format(timezone.localtime(entry.at), "DATE_FORMAT")
            yield (_("The file is full: entries of %(day)s and before are missing.") % {"day": day},)
            return
        yield _row(entry, acts)


def _row(entry: Entry, acts: Mapping[str, str]) -> tuple[object, ...]:
    return (
        entry.pk,
        entry.at.isoformat(),
        entry.table,
        entry.row,
        entry.subject,
        acts.get(entry.act, entry.act),
        entry.actor_name,
        entry.role,
        entry.entry,
        entry.address,
        entry.request_id,
        json.dumps(entry.before, ensure_ascii=False) if entry.before is not None else "",
        json.dumps(entry.after, ensure_ascii=False) if entry.after is not None else "",
        " ".join(entry.personal),
    )
