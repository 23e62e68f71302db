"""My messages: which occasions I hear of in person, by which channel, in which language and when."""

from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.permissions import get_current_user, require_permission
from notifications.routing import services
from notifications.routing.audience import may_subscribe
from notifications.routing.models import LANGUAGES, Digest, Person, PersonalChannel, Subscription
from notifications.routing.occasions import OCCASIONS
from voc.core.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Choice:
    """A box to tick; `value` is what it sends."""

    channel: str | Promise
    value: str
    is_on: bool


@dataclass(frozen=True, slots=True)
class Line:
    label: str | Promise
    choices: tuple[Choice, ...]


def _clock() -> forms.TimeInput:
    return forms.TimeInput(attrs={"type": "time"}, format="%H:%M")


class PreferencesForm(forms.ModelForm[Person]):
    language = forms.ChoiceField(label=_("Language"), required=False, choices=[("", _("As the pages")), *LANGUAGES])
    digest = forms.ChoiceField(label=_("How"), choices=Digest.choices)
    quiet_from = forms.TimeField(label=_("Quiet from"), required=False, widget=_clock())
    quiet_to = forms.TimeField(
        label=_("Quiet until"), required=False, widget=_clock(), help_text=_("Urgent messages pass.")
    )
    daily_at = forms.TimeField(label=_("Daily at"), widget=_clock())

    class Meta:
        model = Person
        fields: ClassVar[list[str]] = list(services.PERSONAL)


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission("ticket:read")
@never_cache
def preferences(request: HttpRequest) -> HttpResponse:
    user = get_current_user(request)
    if not may_subscribe(user):
        raise PermissionDenied
    person = Person.objects.filter(user=user).first() or Person(user=user)
    form = PreferencesForm(request.POST if request.method == "POST" else None, instance=person)
    wanted = request.POST.getlist("wanted") if request.method == "POST" else _stored(user.pk)
    if request.method == "POST" and form.is_valid():
        pairs = [(event, channel) for event, _slash, channel in (value.partition("/") for value in wanted)]
        try:
            services.set_preferences(user=user, wanted=pairs, timing=form.cleaned_data)
        except InvalidInput as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, _t("Your messages are set."))
            return redirect("preferences")
    context: dict[str, Any] = {
        "form": form,
        "channels": PersonalChannel.choices,
        "lines": _lines(set(wanted)),
        "email": user.email,
        "slack_id": person.slack_id,
    }
    return render(request, "portal/preferences.html", context, status=422 if form.errors else 200)


def _stored(user_id: int) -> list[str]:
    rows = Subscription.objects.filter(user_id=user_id).values_list("event", "channel")
    return [f"{event}/{channel}" for event, channel in rows]


def _lines(wanted: set[str]) -> list[Line]:
    return [
        Line(
            label,
            tuple(
                Choice(name, f"{event}/{channel}", f"{event}/{channel}" in wanted)
                for channel, name in PersonalChannel.choices
            ),
        )
        for event, label in OCCASIONS.items()
    ]
