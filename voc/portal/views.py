"""Home and alerts: pages that put several apps together."""

from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.permissions import get_current_user, has_permission, login_only, require_permission
from tickets import queries
from tickets.models import Status, Ticket
from voc.core.models import Alert

RECENT = 8
WAITING = (Status.WAITING_CONFIRM, Status.MANUAL_REQUIRED)


@dataclass(frozen=True, slots=True)
class Bar:
    """A status with its number of tickets; `percent` is relative to the largest."""

    status: str
    label: str | Promise
    count: int
    percent: float
    url: str


@require_safe
@require_permission("ticket:read")
@never_cache
def home(request: HttpRequest) -> HttpResponse:
    user = get_current_user(request)
    counts = queries.counts(user)
    visible = queries.visible_tickets(user)
    waiting = sum(counts[status] for status in WAITING)
    context = {
        "bars": bars_of(counts, "ticket_list"),
        "waiting": waiting,
        "waiting_parts": bars_of({status: counts[status] for status in WAITING}, "queue"),
        "oldest": oldest_waiting() if waiting and has_permission(user, "ticket:confirm") else None,
        "recent": [queries.as_seen_by(user, ticket) for ticket in visible.order_by("-created_at", "-id")[:RECENT]],
        "internal": queries.sees_internal(user),
        "may_decide": has_permission(user, "ticket:confirm"),
        "may_submit": has_permission(user, "voc:submit"),
        "alerts": list(Alert.objects.filter(cleared_at=None)[:3]) if user.is_admin else [],
    }
    return render(request, "portal/home.html", context)


@require_safe
@login_only
@never_cache
def alerts(request: HttpRequest) -> HttpResponse:
    if not get_current_user(request).is_admin:
        raise PermissionDenied
    open_alerts = Alert.objects.filter(cleared_at=None).order_by("-last_seen_at")
    cleared = Alert.objects.exclude(cleared_at=None).order_by("-cleared_at")[:20]
    return render(request, "portal/alerts.html", {"open_alerts": open_alerts, "cleared": cleared})


def bars_of(counts: dict[str, int], page: str) -> list[Bar]:
    most = max(counts.values(), default=0) or 1
    return [
        Bar(
            status=status,
            label=Status(status).label,
            count=count,
            percent=round(100 * count / most, 1),
            url=f"{reverse(page)}?status={status}",
        )
        for status, count in counts.items()
    ]


def oldest_waiting() -> Ticket | None:
    return Ticket.objects.filter(status__in=WAITING).order_by("received_at", "id").first()
