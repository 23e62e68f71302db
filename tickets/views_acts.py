"""What people do on a ticket's page. Each address takes a form and leads back to the page, with or without htmx."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_aware
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.permissions import get_current_user, require_permission
from notifications.routing import services as routing
from tickets import services
from tickets.customers import reachable
from tickets.forms import (
    ActForm,
    AnswerForm,
    AssignForm,
    CommentForm,
    CompleteForm,
    ConfirmForm,
    IssueForm,
    LinkForm,
    RejectForm,
    RetryForm,
    system_names,
)
from tickets.jira import comments
from tickets.models import Ticket
from tickets.views_issue import issue_offer
from tickets.views_shared import page, ticket_or_404
from tickets.views_ticket import Shown, ticket_page
from tickets.views_trail import trail_of
from voc.core.errors import InvalidInput, NotAllowed

# Takes the cleaned form and the user, and calls one service.
Act = Callable[[Any, User, str], object]
FormMaker = Callable[[HttpRequest, Ticket], ActForm]
GET_TOO = ["GET", "HEAD", "POST"]


def _perform(request: HttpRequest, ticket_id: str, make_form: FormMaker, act: Act, *, said: str = "") -> HttpResponse:
    """Done: back to the page. Refused for its input: the page with the form and its errors. Refused for the ticket's
    state (somebody was first): the page as it is now, who did what when, and the text that was typed."""
    found = ticket_or_404(request, ticket_id)
    if request.method != "POST":
        return _back(request, ticket_id)
    form = make_form(request, found)
    if form.is_valid():
        try:
            act(form, get_current_user(request), ticket_id)
        except InvalidInput as error:
            form.refuse(error)
        except NotAllowed as error:
            messages.error(request, error.message)
            now = ticket_or_404(request, ticket_id)
            return ticket_page(request, now, Shown(kept_text=form.typed_text(), status=409))
        else:
            if said:
                messages.success(request, said)
            return _back(request, ticket_id)
    return ticket_page(request, found, Shown(forms={form.name: form}, status=422))


def _back(request: HttpRequest, ticket_id: str) -> HttpResponse:
    return redirect(f"{reverse('ticket', args=[ticket_id])}{trail_of(request, ticket_id).query}")


def _plain(form: type[ActForm]) -> FormMaker:
    return lambda request, _ticket: form(request.POST)


def _answering(form: type[AnswerForm]) -> FormMaker:
    return lambda request, found: form(request.POST, answers=reachable(found))


def _analysed(request: HttpRequest) -> datetime | None:
    """Which decision the page showed on which the verdict is given."""
    try:
        moment = parse_datetime(request.POST.get("analysed", ""))
    except ValueError:
        return None
    return moment if moment and is_aware(moment) else None


@require_http_methods(GET_TOO)
@require_permission("ticket:confirm")
@page
def confirm(request: HttpRequest, ticket_id: str) -> HttpResponse:
    def make(request: HttpRequest, found: Ticket) -> ConfirmForm:
        return ConfirmForm(
            request.POST,
            ticket=found,
            systems=system_names(),
            issue=issue_offer(found),
            answers=reachable(found),
        )

    def act(form: ConfirmForm, user: User, ticket_id: str) -> object:
        assignee = form.cleaned_data["assignee"] or None
        return services.confirm_ticket(
            ticket_id=ticket_id,
            actor=user,
            assignee=assignee,
            decision=form.decision(),
            jira=form.jira(),
            customer_answer=form.answer(),
            analysed=_analysed(request),
        )

    return _perform(request, ticket_id, make, act)


@require_http_methods(GET_TOO)
@require_permission("ticket:reject")
@page
def reject(request: HttpRequest, ticket_id: str) -> HttpResponse:
    def act(form: RejectForm, user: User, ticket_id: str) -> object:
        return services.reject_ticket(
            ticket_id=ticket_id,
            actor=user,
            reject_reason=form.cleaned_data["reject_reason"],
            reason_category=form.cleaned_data["reason_category"] or None,
            customer_answer=form.answer(),
            analysed=_analysed(request),
        )

    return _perform(request, ticket_id, _answering(RejectForm), act)


@require_http_methods(GET_TOO)
@require_permission("ticket:analyze")
@page
def retry(request: HttpRequest, ticket_id: str) -> HttpResponse:
    def act(form: RetryForm, user: User, ticket_id: str) -> object:
        return services.retry_ticket(ticket_id=ticket_id, actor=user, retry_reason=form.cleaned_data["retry_reason"])

    return _perform(request, ticket_id, _plain(RetryForm), act)


@require_http_methods(GET_TOO)
@require_permission("ticket:confirm")
@page
def complete(request: HttpRequest, ticket_id: str) -> HttpResponse:
    def act(form: CompleteForm, user: User, ticket_id: str) -> object:
        resolution = form.cleaned_data["manual_resolution"]
        return services.complete_ticket(
            ticket_id=ticket_id, actor=user, manual_resolution=resolution, customer_answer=form.answer()
        )

    return _perform(request, ticket_id, _answering(CompleteForm), act)


@require_http_methods(GET_TOO)
@require_permission("ticket:confirm")
@page
def undo(request: HttpRequest, ticket_id: str) -> HttpResponse:
    def act(_form: ActForm, user: User, ticket_id: str) -> object:
        return services.undo_verdict(ticket_id=ticket_id, actor=user)

    return _perform(request, ticket_id, _plain(ActForm), act, said=_("The verdict is undone."))


@require_http_methods(GET_TOO)
@require_permission("ticket:confirm")
@page
def assign(request: HttpRequest, ticket_id: str) -> HttpResponse:
    def act(form: AssignForm, user: User, ticket_id: str) -> object:
        return services.assign_ticket(ticket_id=ticket_id, actor=user, assignee=form.cleaned_data["assignee"] or None)

    return _perform(request, ticket_id, _plain(AssignForm), act, said=_("The assignee is changed."))


@require_http_methods(GET_TOO)
@require_permission("ticket:confirm")
@page
def comment(request: HttpRequest, ticket_id: str) -> HttpResponse:
    def act(form: CommentForm, user: User, ticket_id: str) -> object:
        add = comments.share_comment if form.cleaned_data["share"] else services.add_comment
        return add(ticket_id=ticket_id, actor=user, body=form.cleaned_data["body"])

    return _perform(request, ticket_id, _plain(CommentForm), act)


@require_http_methods(GET_TOO)
@require_permission("ticket:confirm")
@page
def issue(request: HttpRequest, ticket_id: str) -> HttpResponse:
    def act(form: IssueForm, user: User, ticket_id: str) -> object:
        return services.create_issue_again(ticket_id=ticket_id, actor=user, **form.cleaned_data)

    return _perform(request, ticket_id, _plain(IssueForm), act, said=_("Jira is asked for an issue."))


@require_http_methods(GET_TOO)
@require_permission("ticket:confirm")
@page
def link(request: HttpRequest, ticket_id: str) -> HttpResponse:
    def act(form: LinkForm, user: User, ticket_id: str) -> object:
        return services.link_issue(ticket_id=ticket_id, actor=user, key=form.cleaned_data["issue_key"])

    return _perform(request, ticket_id, _plain(LinkForm), act, said=_("The issue is being linked."))


@require_http_methods(GET_TOO)
@require_permission("ticket:confirm")
@page
def unlink(request: HttpRequest, ticket_id: str) -> HttpResponse:
    def act(_form: ActForm, user: User, ticket_id: str) -> object:
        return services.unlink_issue(ticket_id=ticket_id, actor=user)

    return _perform(request, ticket_id, _plain(ActForm), act, said=_("The issue is unlinked."))


@require_http_methods(GET_TOO)
@require_permission("ticket:confirm")
@page
def mute(request: HttpRequest, ticket_id: str) -> HttpResponse:
    """`on` "1": nobody is told anything more of this ticket; anything else: told again."""

    def act(_form: ActForm, user: User, ticket_id: str) -> None:
        if request.POST.get("on") == "1":
            routing.mute(subject=ticket_id, actor=user)
        else:
            routing.unmute(subject=ticket_id)

    return _perform(request, ticket_id, _plain(ActForm), act)
