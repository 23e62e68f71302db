"""The page on Jira: whether it can be reached, how far it was read, what waits, what it refused."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Max, Min
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.permissions import get_current_user, login_only, require_permission
from integrations.jira.client import is_configured
from integrations.jira.models import WebhookDelivery
from tickets import services
from tickets.jira import comments, outage
from tickets.models import JiraComment, JiraLink, JiraState, JiraSync, Ticket
from voc.core import clock
from voc.core.errors import NotAllowed
from voc.core.outbox.models import OPEN_STATES, Gate, Job

SHOWN: Final = 50
IN_THE_AIR: Final = (JiraState.SENDING, JiraState.UNKNOWN)
DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of issues in a state."""

    label: str
    count: int
    chip: str


@require_safe
@require_permission("ticket:confirm")
@never_cache
def jira(request: HttpRequest) -> HttpResponse:
    sync = JiraSync.objects.filter(pk=1).first()
    gate = Gate.objects.filter(queue=outage.QUEUE).first()
    closed = gate if gate and (gate.closed_until is None or gate.closed_until > clock.now()) else None
    context: dict[str, Any] = {
        "configured": is_configured(),
        "host": urlsplit(settings.JIRA_BASE_URL).netloc,
        "product": "Jira Cloud" if settings.JIRA_EMAIL else "Jira Data Center",
        "gate": closed,
        "sync": sync,
        "well": is_configured() and closed is None and not (sync and sync.error),
        "may_open": get_current_user(request).is_admin,
        "figures": _figures(),
        "backlog": Job.objects.filter(queue=outage.QUEUE, state__in=OPEN_STATES).aggregate(
            count=Count("pk"), oldest=Min("created_at")
        ),
        "hook": bool(settings.JIRA_WEBHOOK_SECRET),
        "told": WebhookDelivery.objects.filter(received_at__gte=clock.now() - DAY).aggregate(
            count=Count("pk"), last=Max("received_at")
        ),
        "blocked": _links(state=JiraState.BLOCKED),
        "in_the_air": _links(state__in=IN_THE_AIR),
        "gone": _links(state=JiraState.LINKED, gone_at__isnull=False),
        "comments": JiraComment.objects.filter(state=JiraComment.State.BLOCKED).select_related("ticket")[:SHOWN],
    }
    return render(request, "portal/jira.html", context)


@require_POST
@require_permission("ticket:confirm")
def jira_retry(request: HttpRequest, ticket_id: str) -> HttpResponse:
    """Try once more what Jira refused, as the ticket says it."""
    try:
        services.create_issue_again(ticket_id=ticket_id, actor=get_current_user(request))
    except Ticket.DoesNotExist as error:
        raise Http404 from error
    except NotAllowed as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("Jira is asked again."))
    return redirect("jira")


@require_POST
@require_permission("ticket:confirm")
def jira_retry_comment(request: HttpRequest, comment_id: int) -> HttpResponse:
    try:
        comments.try_again(comment_id=comment_id, by=get_current_user(request).get_username())
    except JiraComment.DoesNotExist as error:
        raise Http404 from error
    messages.success(request, _("Jira is asked again."))
    return redirect("jira")


@require_POST
@login_only
def jira_go_on(request: HttpRequest) -> HttpResponse:
    """Let the queue go on, once its cause is mended. If it is not, the next call closes it again."""
    if not get_current_user(request).is_admin:
        raise PermissionDenied
    outage.go_on()
    messages.success(request, _("The queue goes on."))
    return redirect("jira")


def _figures() -> list[Figure]:
    rows = JiraLink.objects.order_by().values("state").annotate(number=Count("pk"))
    counts = {row["state"]: row["number"] for row in rows}
    figures = (
        (_("Linked"), counts.get(JiraState.LINKED, 0), "DONE"),
        (_("To be created"), counts.get(JiraState.WAITING, 0), "info"),
        (_("Being looked for"), sum(counts.get(state, 0) for state in IN_THE_AIR), "warning"),
        (_("Refused"), counts.get(JiraState.BLOCKED, 0), "critical"),
    )
    return [Figure(label, count, chip if count else "plain") for label, count, chip in figures]


def _links(**wanted: Any) -> list[JiraLink]:
    found = JiraLink.objects.filter(**wanted).select_related("ticket")
    return list(found.order_by("updated_at")[:SHOWN])
