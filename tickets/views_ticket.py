"""The page of one ticket, and the fragment that follows its analysis."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.permissions import get_current_user, has_permission, require_permission
from llm.base import PastCase
from llm.redaction import Redactor
from notifications.routing.telling import is_muted
from tickets import queries
from tickets.customers import reachable
from tickets.forms import (
    ActForm,
    AssignForm,
    CommentForm,
    CompleteForm,
    ConfirmForm,
    IssueForm,
    LinkForm,
    RejectForm,
    RetryForm,
    people_names,
    system_names,
)
from tickets.jira.links import LOOKED_AT
from tickets.lifecycle import TRANSITIONS, Act
from tickets.models import AnalysisStep, JiraLink, JiraState, RunState, Status, Ticket
from tickets.personal import as_read, hidden, redactor_of_stored
from tickets.services import may_complete
from tickets.similar import similar_cases
from tickets.views_issue import card_of, issue_offer
from tickets.views_models import models_of
from tickets.views_patterns import patterns_of
from tickets.views_reading import compare_runs, read_decision, read_proposal
from tickets.views_shared import page, ticket_or_404, wants_part
from tickets.views_timeline import Line, lines_of, similar_lines
from tickets.views_trail import WAITING, next_waiting, trail_of
from voc.core import clock

STAGES: Final[tuple[tuple[str, Promise], ...]] = (
    ("normalise", _("Understand the complaint")),
    ("retrieve", _("Fetch logs and similar tickets")),
    ("solve", _("Decide and quote evidence")),
    ("score", _("Weigh the confidence")),
)
LABELS: Final = {
    "reject": _("Reject"),
    "complete": _("Complete by hand"),
    "retry": _("Analyse again"),
    "assign": _("Assign"),
    "issue": _("Create an issue"),
    "link": _("Link"),
}
FORMS: Final[dict[str, type[ActForm]]] = {
    form.name: form for form in (RejectForm, RetryForm, CompleteForm, AssignForm, CommentForm, IssueForm, LinkForm)
}


# How many similar tickets are shown.
SIMILAR: Final = 5
# Lines of the timeline that always show, and how many are worth to be folded away.
NEWEST: Final = 10
LEAST_FOLDED: Final = 5


@dataclass(frozen=True, slots=True)
class Offers:
    """What the user may do to the ticket as it stands."""

    confirm: bool = False
    reject: bool = False
    retry: bool = False
    complete: bool = False
    assign: bool = False
    comment: bool = False
    needs_decision: bool = False

    @property
    def any(self) -> bool:
        return self.confirm or self.reject or self.retry or self.complete or self.assign


@dataclass(slots=True)
class Shown:
    """What a page shows beyond the ticket: a form that was refused, text that must not be lost, the status of the answer."""

    forms: Mapping[str, ActForm] = field(default_factory=dict)
    kept_text: str = ""
    status: int = 200


@require_safe
@require_permission("ticket:read")
@page
def ticket(request: HttpRequest, ticket_id: str) -> HttpResponse:
    return ticket_page(request, ticket_or_404(request, ticket_id))


@require_safe
@require_permission("ticket:read")
@page
def ticket_live(request: HttpRequest, ticket_id: str) -> HttpResponse:
    """The stages of a running analysis; once the ticket rests, a fragment that fetches the whole page again."""
    found = ticket_or_404(request, ticket_id)
    trail = trail_of(request, ticket_id)
    if request.headers.get("HX-Request") != "true":
        return redirect(f"{_address(ticket_id)}{trail.query}")
    template = "tickets/partials/rest.html" if found.is_resting else "tickets/partials/live.html"
    return render(request, template, {"ticket": found, "trail": trail, "stages": stages_of(found)})


def ticket_page(request: HttpRequest, found: Ticket, shown: Shown | None = None) -> HttpResponse:
    """The whole page, or its article alone when htmx asks for it."""
    shown = shown or Shown()
    template = "tickets/fragment.html" if wants_part(request, "ticket") else "tickets/ticket.html"
    return render(request, template, ticket_context(request, found, shown), status=shown.status)


def ticket_context(request: HttpRequest, found: Ticket, shown: Shown) -> dict[str, Any]:
    user = get_current_user(request)
    internal, personal = queries.sees_internal(user), queries.sees_personal_data(user, found)
    offers = offers_for(user, found)
    seconds = _seconds_left(queries.undo_until(found)) if has_permission(user, "ticket:confirm") else 0
    context: dict[str, Any] = {
        "ticket": found,
        "internal": internal,
        "offers": offers,
        "grace": settings.VOC_GRACE_SECONDS,
        "verdict_seconds": seconds,
        "live": not found.is_resting,
        "stages": stages_of(found),
        "contact": found.customer_contact if sees_contact(user, found) else "",
        **_told(lines_of(queries.timeline(found, internal=internal, personal=personal))),
        "labels": LABELS,
        "muted": offers.comment and is_muted(found.ticket_id),
    }
    context |= _trail_context(request, user, found)
    if internal:
        cases = similar_cases(text=found.raw_voc, exclude_ticket_id=found.ticket_id, limit=LOOKED_AT)
        redactor = None if personal else redactor_of_stored(found)
        context |= _analysis_context(found, cases[:SIMILAR], redactor=redactor, staff=bool(user.is_staff))
        context["issue"] = card_of(user, found, redactor=redactor)
        context |= _forms_context(found, offers, shown, cases)
    return context


def _told(lines: list[Line]) -> dict[str, Any]:
    """The newest lines of the timeline are read at once; the others of a long one are folded away."""
    fold = len(lines) - NEWEST if len(lines) > NEWEST + LEAST_FOLDED else 0
    return {"earlier": lines[:fold], "timeline": lines[fold:]}


def _analysis_context(
    found: Ticket, cases: Sequence[PastCase], *, redactor: Redactor | None, staff: bool
) -> dict[str, Any]:
    """With a `redactor`, what is personal is hidden."""
    runs = list(found.runs.select_related("asked_by").order_by("-id")[:20])
    similar = tuple(as_read(case, personal=redactor is None) for case in cases)
    if redactor:
        for run in runs:
            run.result, run.error = hidden(run.result, redactor), hidden(run.error, redactor)
            run.asked_reason = hidden(run.asked_reason, redactor)
    return {
        "reading": read_decision(found.decision_reason),
        "proposal": read_proposal(found.action_proposal),
        "runs": compare_runs(runs),
        "models": models_of(found.ticket_id, runs) if staff else None,
        "similar": similar_lines(similar),
        "patterns": patterns_of(found, redactor=redactor),
    }


def _forms_context(found: Ticket, offers: Offers, shown: Shown, cases: Sequence[PastCase]) -> dict[str, Any]:
    forms: dict[str, ActForm] = {name: form() for name, form in FORMS.items()}
    answers = reachable(found)
    forms["reject"], forms["complete"] = RejectForm(answers=answers), CompleteForm(answers=answers)
    forms["assign"] = AssignForm(initial={"assignee": found.assignee})
    link = JiraLink.objects.filter(ticket=found).first()
    if link is not None:
        forms["issue"] = IssueForm(initial={"project_key": link.project_key, "issue_type": link.issue_type})
    if shown.kept_text:
        forms["comment"] = CommentForm(initial={"body": shown.kept_text})
    if offers.confirm:
        offer = issue_offer(found, cases=cases)
        forms["confirm"] = ConfirmForm(ticket=found, systems=system_names(), issue=offer, answers=answers)
    forms |= shown.forms
    if link is None or link.state != JiraState.LINKED:
        forms["comment"].fields.pop("share", None)
    return {"forms": forms, "people": people_names() if offers.any else []}


def _trail_context(request: HttpRequest, user: User, found: Ticket) -> dict[str, Any]:
    """Where the reader came from and goes next, and the verdict just given on another ticket, still to be undone."""
    trail = trail_of(request, found.ticket_id)
    following = next_waiting(user, found, trail) if trail.queue and has_permission(user, "ticket:confirm") else None
    passed = queries.visible_tickets(user).filter(ticket_id=trail.after).first() if trail.after else None
    passed_seconds = _seconds_left(queries.undo_until(passed)) if passed and passed.pk != found.pk else 0
    return {
        "trail": trail_of(request, found.ticket_id, next_id=following.ticket_id if following else ""),
        "next": queries.as_seen_by(user, following) if following else None,
        "moves_on": trail.queue and found.status not in WAITING,
        "passed": passed if passed_seconds else None,
        "passed_seconds": passed_seconds,
    }


def offers_for(user: User, found: Ticket) -> Offers:
    """What the life of a ticket allows now, as far as the user's permissions go."""
    allowed = TRANSITIONS[Status(found.status)]
    decides = has_permission(user, "ticket:confirm")
    return Offers(
        confirm=decides and Act.CONFIRM in allowed,
        reject=has_permission(user, "ticket:reject") and Act.REJECT in allowed,
        retry=has_permission(user, "ticket:analyze") and Act.RETRY in allowed,
        complete=decides and Act.COMPLETE in allowed and may_complete(found),
        assign=decides,
        comment=decides,
        needs_decision=found.status == Status.MANUAL_REQUIRED,
    )


def sees_contact(user: User, found: Ticket) -> bool:
    """Personal data is for those who may decide on the ticket, and for who handed it in."""
    return has_permission(user, "ticket:confirm") or found.submitted_by_id == user.pk


def stages_of(found: Ticket) -> list[dict[str, Any]]:
    """The stages of the analysis that runs: done, running, still to come. Empty when none does."""
    if found.status == Status.ANALYZING:
        # A ticket that waits to be analysed again has no running run yet: nothing of the next one is done.
        steps = AnalysisStep.objects.filter(run__ticket=found, run__state=RunState.RUNNING)
        done = set(steps.values_list("stage", flat=True))
    elif found.status == Status.OPEN:
        return [{"label": label, "state": "open"} for _name, label in STAGES]
    else:
        return []
    stages: list[dict[str, Any]] = []
    running = False
    for name, label in STAGES:
        state = "done" if name in done else "open" if running else "running"
        running = running or state == "running"
        stages.append({"label": label, "state": state})
    return stages


def _seconds_left(until: datetime | None) -> int:
    return max(0, math.ceil((until - clock.now()).total_seconds())) if until else 0


def _address(ticket_id: str) -> str:
    return reverse("ticket", args=[ticket_id])
