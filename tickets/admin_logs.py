"""The catalogue's part about logs: where a system keeps them, and the page on which queries can be tried."""

from datetime import timedelta
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from integrations.logs.base import LogPlace, LogQuery
from integrations.logs.fields import UnknownFields, parse_fields
from integrations.logs.patterns import summarise
from integrations.logs.probing import probe
from integrations.logs.registry import ADAPTERS, configured_names
from tickets.models import System
from voc.core import clock
from voc.core.vocabulary import LogLevel, TimeRange

MOST_HOURS = 24 * 14
SHOWN = 50


class SystemForm(forms.ModelForm[System]):
    """Refuses what no log system could be asked with, where it is written rather than when a complaint comes in."""

    log_source = forms.ChoiceField(
        label=_("Log source"),
        required=False,
        choices=[("", _("All of the site's")), *((name, name) for name in ADAPTERS)],
        help_text=System._meta.get_field("log_source").help_text,
    )

    class Meta:
        model = System
        fields = "__all__"  # noqa: DJ007  (the admin's fieldsets say which)

    def clean_log_fields(self) -> str:
        text: str = self.cleaned_data["log_fields"]
        try:
            parse_fields(text)
        except UnknownFields as error:
            raise forms.ValidationError(str(error)) from error
        return text

    def clean_log_index(self) -> str:
        text: str = self.cleaned_data["log_index"]
        if not LogPlace(index=text).is_plain:
            raise forms.ValidationError(_("Letters, digits and _ . - * / # : @ + only; a comma between several."))
        return text


class TryForm(forms.Form):
    """A query as people write it."""

    source = forms.ChoiceField(label=_("Log source"), required=False)
    service = forms.CharField(label=_("Service"), required=False, max_length=100)
    text = forms.CharField(label=_("Text"), required=False, max_length=200)
    ids = forms.CharField(
        label=_("Ids"), required=False, max_length=500, help_text=_("Several with commas between them.")
    )
    levels = forms.MultipleChoiceField(
        label=_("Levels"), required=False, choices=LogLevel.choices, widget=forms.CheckboxSelectMultiple
    )
    hours = forms.IntegerField(label=_("Hours back"), min_value=1, max_value=MOST_HOURS, initial=24)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        source = self.fields["source"]
        assert isinstance(source, forms.ChoiceField)  # noqa: S101 - it is declared above  # nosec B101
        source.choices = [("", _("All of the site's")), *((name, name) for name in configured_names())]

    def query(self) -> LogQuery:
        data = self.cleaned_data
        return LogQuery(
            service=data["service"],
            text=data["text"],
            levels=tuple(LogLevel(level) for level in data["levels"]),
            ids=tuple(part.strip() for part in data["ids"].split(",") if part.strip()),
        )


def try_query(data: QueryDict) -> dict[str, Any]:
    """What the page shows: the form, and when it was sent, what each log system answered, with the patterns in it."""
    form = TryForm(data if "hours" in data else None)
    context: dict[str, Any] = {
        "title": _("Try a log query"),
        "form": form,
        "opts": System._meta,
        "configured": configured_names(),
    }
    if not form.is_bound or not form.is_valid():
        return context
    now = clock.now()
    time_range = TimeRange(now - timedelta(hours=form.cleaned_data["hours"]), now)
    probes = probe(form.query(), time_range=time_range, limit=1_000, only=form.cleaned_data["source"])
    answers = [{"probe": each, "shown": each.entries[:SHOWN], "summary": summarise(each.entries)} for each in probes]
    return context | {"answers": answers}
