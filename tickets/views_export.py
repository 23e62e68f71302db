"""The list of tickets as a file."""

from collections.abc import Callable, Iterable
from typing import Final

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.permissions import get_current_user, require_permission
from tickets.exports import Export, export_of
from tickets.forms import LIST_SORTS, system_names
from tickets.models import Status, Ticket
from tickets.queries import TicketFilter
from tickets.views_shared import list_form
from voc.core.audit import telling
from voc.core.spreadsheet import csv_lines, xlsx_chunks

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
WRITERS: Final[dict[str, tuple[str, Callable[[Export], Iterable[str | bytes]]]]] = {
    "csv": ("text/csv; charset=utf-8", lambda export: csv_lines(export.head, export.rows)),
    "xlsx": (XLSX, lambda export: xlsx_chunks(export.head, export.rows)),
}


@require_safe
@require_permission("ticket:read")
@never_cache
def ticket_export(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """What the list would show with the same filters, newest first; the trail says who took it along. ?format=csv|xlsx&…"""
    ending = request.GET.get("format", "")
    if ending not in WRITERS:
        message = _("format: choose csv or xlsx.")
        return HttpResponse(message, status=400, content_type="text/plain; charset=utf-8")
    form = list_form(request, statuses=tuple(Status), sorts=LIST_SORTS)
    wanted = form.wanted()
    export = export_of(get_current_user(request), wanted)
    telling.exported(Ticket, details={"format": ending, "rows": export.number, **_told(wanted)})
    kind, write = WRITERS[ending]
    name = f"tickets-{timezone.localdate():%Y-%m-%d}.{ending}"
    return StreamingHttpResponse(
        write(export), content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def _told(wanted: TicketFilter) -> dict[str, object]:
    """The filter, as far as people cannot type into it what they like; of the rest, which fields it set."""
    known = set(system_names())
    plain = {
        "status": wanted.statuses,
        "urgency": wanted.urgencies,
        "type": wanted.problem_types,
        "system": tuple(each for each in wanted.systems if each in known),
    }
    typed = {"q": wanted.q, "system": set(wanted.systems) - known, "assignee": wanted.assignee}
    return {
        "filter": {name: list(values) for name, values in plain.items() if values},
        "also_by": [name for name, value in typed.items() if value],
    }
