"""The list of messages: what was told to whom, what became of it, and a button to try again. For admins and managers."""

from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.permissions import require_permission
from notifications import services
from notifications.models import Delivery, DeliveryState
from notifications.queries import page_of
from notifications.routing.occasions import LABELS
from tickets.models import Ticket
from voc.core.errors import NotAllowed

PAGE: Final = 50
CHANNELS: Final = (("slack", _("Slack")), ("email", _("E-mail")), ("teams", "Teams"), ("pagerduty", "PagerDuty"))
AGAIN: Final = (DeliveryState.DEAD, DeliveryState.UNKNOWN, DeliveryState.SUPPRESSED)


class FilterForm(forms.Form):
    """What the list is narrowed to, as it stands in the address. A value that is not known is no filter."""

    ticket = forms.CharField(
        label=_("Ticket"),
        required=False,
        max_length=120,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": _("Ticket id")}),
    )
    state = forms.ChoiceField(label=_("State"), required=False)
    channel = forms.ChoiceField(label=_("Channel"), required=False)
    event = forms.ChoiceField(label=_("Occasion"), required=False)

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data, auto_id="filter_%s")
        for name, anything, choices in (
            ("state", _("Any state"), DeliveryState.choices),
            ("channel", _("Any channel"), CHANNELS),
            ("event", _("Any occasion"), LABELS.items()),
        ):
            field = self.fields[name]
            if isinstance(field, forms.ChoiceField):
                field.choices = [("", anything), *choices]
        self.is_valid()

    def wanted(self) -> dict[str, str]:
        """Column → value of each filter that is set."""
        columns = {"ticket": "subject", "state": "state", "channel": "channel", "event": "event"}
        given = {column: str(self.cleaned_data.get(name) or "").strip() for name, column in columns.items()}
        return {column: value for column, value in given.items() if value and "\x00" not in value}

    @property
    def choice_fields(self) -> list[forms.BoundField]:
        return [self["state"], self["channel"], self["event"]]


@require_safe
@require_permission("ticket:confirm")
@never_cache
def deliveries(request: HttpRequest) -> HttpResponse:
    """Newest first; ?before= and ?after= (ids) walk the list at the same cost everywhere."""
    form = FilterForm(request.GET)
    found = page_of(form.wanted(), size=PAGE, before=_number(request, "before"), after=_number(request, "after"))
    subjects = {row.subject for row in found.rows}
    context = {
        "form": form,
        "narrowed": bool(form.wanted()),
        "rows": [_listed(row) for row in found.rows],
        "tickets": set(Ticket.objects.filter(ticket_id__in=subjects).values_list("ticket_id", flat=True)),
        "newer": found.newer,
        "older": found.older,
    }
    return render(request, "portal/deliveries.html", context)


@require_POST
@require_permission("ticket:confirm")
def delivery_retry(request: HttpRequest, delivery_id: int) -> HttpResponse:
    """Try one again, and back to the list as it was."""
    try:
        services.retry(delivery_id=delivery_id)
    except NotAllowed as error:
        messages.error(request, error.message)
    except Delivery.DoesNotExist:
        messages.error(request, _t("This message is no longer there."))
    else:
        messages.success(request, _t("The message will be tried again."))
    query = QueryDict(request.POST.get("query", "")[:500]).urlencode()
    return redirect(f"{reverse('deliveries')}{'?' + query if query else ''}")


def _listed(row: Delivery) -> dict[str, Any]:
    return {
        "delivery": row,
        "event": LABELS.get(row.event, row.event),
        "channel": dict(CHANNELS).get(row.channel, row.channel),
        "may_retry": row.state in AGAIN,
    }


def _number(request: HttpRequest, name: str) -> int | None:
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None
