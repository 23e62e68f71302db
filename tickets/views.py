"""Pages about many tickets or none yet: the list, the queue, handing in a complaint."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.permissions import get_current_user, has_permission, require_permission
from tickets import queries, services
from tickets.forms import LIST_SORTS, QUEUE_SORTS, SubmitForm
from tickets.idempotency import Answer, once
from tickets.models import Status
from tickets.paging import page_of
from tickets.views_shared import list_form, page, wants_part
from tickets.views_trail import WAITING, Trail
from voc.core.errors import Conflict, InvalidInput

PAGE_SIZE = 25
MAX_PAGE = 100_000


@require_safe
@require_permission("ticket:read")
@page
def ticket_list(request: HttpRequest) -> HttpResponse:
    return _list(request, heading=_("Tickets"), statuses=tuple(Status), sorts=LIST_SORTS)


@require_safe
@require_permission("ticket:confirm")
@page
def queue(request: HttpRequest) -> HttpResponse:
    return _list(request, heading=_("Review queue"), statuses=WAITING, sorts=QUEUE_SORTS)


def _list(request: HttpRequest, *, heading: str, statuses: tuple[Status, ...], sorts: tuple[str, ...]) -> HttpResponse:
    user = get_current_user(request)
    internal = queries.sees_internal(user)
    form = list_form(request, statuses=statuses, sorts=sorts)
    sort, order = form.sorting()
    found = page_of(user, form.wanted(), sort=sort, order=order, page=_page_number(request), limit=PAGE_SIZE)
    in_queue = statuses == WAITING
    context = {
        "heading": heading,
        "form": form,
        "page": found,
        "previous_page": found.page - 1,
        "next_page": found.page + 1,
        "queue": in_queue,
        "narrowed": any(request.GET.get(name) for name in form.fields if name != "sort"),
        "internal": internal,
        "link_query": Trail(queue=True, sort=form.chosen_sort).query if in_queue else "",
        "may_submit": has_permission(user, "voc:submit"),
    }
    template = "tickets/list.html#results" if wants_part(request, "results") else "tickets/list.html"
    return render(request, template, context)


def _page_number(request: HttpRequest) -> int:
    number = request.GET.get("page", "")
    return min(max(int(number), 1), MAX_PAGE) if number.isdecimal() and len(number) < 10 else 1


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission("voc:submit")
@page
def submit(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        return _take(request)
    done = None
    if ticket_id := request.GET.get("done"):
        done = queries.visible_tickets(get_current_user(request)).filter(ticket_id=ticket_id[:32]).first()
    return render(request, "tickets/submit.html", {"form": SubmitForm(), "done": done})


def _take(request: HttpRequest) -> HttpResponse:
    form = SubmitForm(request.POST)
    if form.is_valid() and (ticket_id := _submitted(request, form)):
        return redirect(f"{reverse('voc_submit')}?done={ticket_id}")
    return render(request, "tickets/submit.html", {"form": form, "done": None}, status=422)


def _submitted(request: HttpRequest, form: SubmitForm) -> str | None:
    """The new ticket, or that of the click before this one; None, with the reason in the form, when the service refuses."""
    user = get_current_user(request)

    def submit() -> Answer:
        return Answer(302, {"ticket_id": services.submit_voc(**form.values(), submitted_by=user).ticket_id})

    key = form.fingerprint()
    try:
        answer = once(caller=f"user:{user.pk}", key=key, request=key, make=submit) if key else submit()
        return str(answer.body["ticket_id"])
    except InvalidInput as error:
        form.refuse(error)
    except Conflict as error:
        form.add_error(None, error.message)
    return None
