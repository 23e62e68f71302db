"""What the pages of tickets have in common."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.vary import vary_on_headers

from accounts.permissions import get_current_user
from tickets.forms import FilterForm, people_names, system_names
from tickets.models import Status, Ticket
from tickets.queries import get_visible, sees_internal

View = Callable[..., HttpResponse]


def page(view: View) -> View:
    """A page that is somebody's own, and that is answered in part when htmx asks for a part: no cache may mix these."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return view(request, *args, **kwargs)

    return cast(View, never_cache(vary_on_headers("HX-Request", "HX-Target")(wrapped)))


def wants_part(request: HttpRequest, target: str) -> bool:
    """Whether htmx asks for the element `target` alone. A page restored from history is always a whole one."""
    headers = request.headers
    asked = headers.get("HX-Request") == "true" and headers.get("HX-Target") == target
    return asked and headers.get("HX-History-Restore-Request") != "true"


def ticket_or_404(request: HttpRequest, ticket_id: str) -> Ticket:
    try:
        return get_visible(get_current_user(request), ticket_id)
    except Ticket.DoesNotExist as error:
        raise Http404(_("There is no such ticket.")) from error


def list_form(request: HttpRequest, *, statuses: tuple[Status, ...], sorts: tuple[str, ...]) -> FilterForm:
    """The filters of a list as the address says them, with what this reader may filter by."""
    people = people_names() if sees_internal(get_current_user(request)) else None
    return FilterForm(request.GET, statuses=statuses, systems=system_names(), people=people, sorts=sorts)
