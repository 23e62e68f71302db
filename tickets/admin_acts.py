"""What staff can do to selected tickets in the Django admin. Each goes through its service; each ticket's result is told."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts.permissions import get_current_user
from tickets import cleaning, services
from tickets.models import RejectCategory, Ticket
from tickets.personal import restored
from voc.core.errors import VocError

# As many as a person can mean, and as one request can do.
MAX_TICKETS = 200
TicketAdmin = admin.ModelAdmin[Ticket]


class RejectForm(forms.Form):
    reject_reason = forms.CharField(
        label=_("Reason"),
        max_length=cleaning.MAX_REJECT_REASON,
        widget=forms.Textarea(attrs={"rows": 4, "cols": 80, "autofocus": True}),
    )
    reason_category = forms.ChoiceField(
        label=_("Category"), choices=[("", "—"), *RejectCategory.choices], required=False
    )


class CompleteForm(forms.Form):
    manual_resolution = forms.CharField(
        label=_("What was done"),
        max_length=cleaning.MAX_RESOLUTION,
        widget=forms.Textarea(attrs={"rows": 6, "cols": 80, "autofocus": True}),
    )


@admin.action(description=_("Approve"), permissions=["confirm"])
def approve(modeladmin: TicketAdmin, request: HttpRequest, queryset: QuerySet[Ticket]) -> None:
    _do(modeladmin, request, queryset, services.confirm_ticket)


@admin.action(description=_("Reject…"), permissions=["reject"])
def reject(modeladmin: TicketAdmin, request: HttpRequest, queryset: QuerySet[Ticket]) -> TemplateResponse | None:
    return _ask(modeladmin, request, queryset, RejectForm, services.reject_ticket, title=_t("Reject tickets"))


@admin.action(description=_("Analyse again"), permissions=["analyze"])
def analyse_again(modeladmin: TicketAdmin, request: HttpRequest, queryset: QuerySet[Ticket]) -> None:
    _do(modeladmin, request, queryset, services.retry_ticket)


@admin.action(description=_("Complete by hand…"), permissions=["confirm"])
def complete(modeladmin: TicketAdmin, request: HttpRequest, queryset: QuerySet[Ticket]) -> TemplateResponse | None:
    title = _t("Complete tickets by hand")
    return _ask(modeladmin, request, queryset, CompleteForm, services.complete_ticket, title=title)


def _ask(
    modeladmin: TicketAdmin,
    request: HttpRequest,
    queryset: QuerySet[Ticket],
    form_class: type[forms.Form],
    service: Callable[..., Ticket],
    *,
    title: str,
) -> TemplateResponse | None:
    """A page that asks for what the service needs; sent from there, do it."""
    answered = "answered" in request.POST
    form = form_class(request.POST if answered else None)
    if answered and form.is_valid():
        _do(modeladmin, request, queryset, service, **form.cleaned_data)
        return None
    tickets = list(queryset[: MAX_TICKETS + 1])
    if _are_too_many(modeladmin, request, len(tickets)):
        return None
    context = {
        **modeladmin.admin_site.each_context(request),
        "opts": modeladmin.opts,
        "title": title,
        "tickets": [restored(ticket) for ticket in tickets],
        "form": form,
        "action": request.POST["action"],
        "checkbox": ACTION_CHECKBOX_NAME,
    }
    return TemplateResponse(request, "admin/tickets/ticket/act.html", context)


def _do(
    modeladmin: TicketAdmin,
    request: HttpRequest,
    queryset: QuerySet[Ticket],
    service: Callable[..., Ticket],
    **arguments: Any,
) -> None:
    ticket_ids = list(queryset.order_by("id").values_list("ticket_id", flat=True)[: MAX_TICKETS + 1])
    if _are_too_many(modeladmin, request, len(ticket_ids)):
        return
    done: list[str] = []
    for ticket_id in ticket_ids:
        try:
            ticket = service(ticket_id=ticket_id, actor=get_current_user(request), **arguments)
            done.append(f"{ticket_id} ({ticket.get_status_display()})")
        except VocError as error:
            modeladmin.message_user(request, f"{ticket_id}: {error.message}", messages.ERROR)
    if done:
        modeladmin.message_user(request, _t("Done: %(tickets)s") % {"tickets": ", ".join(done)}, messages.SUCCESS)


def _are_too_many(modeladmin: TicketAdmin, request: HttpRequest, number: int) -> bool:
    if number <= MAX_TICKETS:
        return False
    message = _t("These are more than %(most)d tickets at once. Select fewer.") % {"most": MAX_TICKETS}
    modeladmin.message_user(request, message, messages.ERROR)
    return True
