"""The page on which admins look into the audit trail, and its export."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.permissions import get_current_user, login_only
from voc.core.audit import export, queries, sealing, telling
from voc.core.audit.declared import audited
from voc.core.audit.models import Act, Entry
from voc.core.audit.sealing import Personal

# Lines of a file: a web server ends what takes it longer than half a minute. `manage.py export_audit` knows no such end.
MOST = 100_000
TICKET = re.compile(r"VOC-\d{8}-\d{4,}")


@dataclass(frozen=True, slots=True)
class Change:
    """A column's two sides, as texts; None where there was or is nothing."""

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Line:
    entry: Entry
    table: str
    changes: list[Change]
    erased: bool
    genuine: bool


class AuditFilter(forms.Form):
    subject = forms.CharField(label=lazy("Ticket"), required=False, max_length=64)
    actor = forms.CharField(label=lazy("Who"), required=False, max_length=150)
    table = forms.ChoiceField(label=lazy("What"), required=False)
    act = forms.ChoiceField(label=lazy("Act"), required=False, choices=[("", lazy("Any act")), *Act.choices])
    since = forms.DateField(label=lazy("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label=lazy("To"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    before = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = sorted(table_names().items(), key=lambda item: item[1])
        self.fields["table"].choices = [("", _("All")), *choices]  # type: ignore[attr-defined]
        self.fields["subject"].widget.attrs["placeholder"] = _("Ticket")
        self.fields["actor"].widget.attrs["placeholder"] = _("Username")

    def wanted(self) -> queries.Wanted:
        given = self.cleaned_data
        since, until = given.get("since"), given.get("until")
        # The calendar's last day has no next one; nothing is as late as that.
        end = until + timedelta(days=1) if until and until < date.max else None
        return queries.Wanted(
            subject=given.get("subject", ""),
            actor=given.get("actor", ""),
            table=given.get("table", ""),
            act=given.get("act", ""),
            since=timezone.make_aware(datetime.combine(since, time.min)) if since else None,
            until=timezone.make_aware(datetime.combine(end, time.min)) if end else None,
        )


def table_names() -> dict[str, str]:
    """Table → what people call its rows."""
    models: list[type[Model]] = [*(model for model, _declared in audited()), Entry]
    return {model._meta.db_table: capfirst(str(model._meta.verbose_name)) for model in models}


@require_safe
@login_only
@never_cache
def audit(request: HttpRequest) -> HttpResponse:
    """The trail, newest first; ?subject=&actor=&table=&act=&since=&until=&before="""
    _admin(request)
    form = AuditFilter(request.GET or None)
    valid = form.is_valid()
    given = form.cleaned_data if valid else {}
    wanted = form.wanted() if valid else queries.Wanted()
    page = queries.page_of(wanted, before=given.get("before"))
    context = {
        "form": form,
        "lines": list(_lines(page.entries)),
        "before": page.before,
        "looked_back_to": page.looked_back_to,
        "is_later": bool(given.get("before")),
        "narrowed": wanted != queries.Wanted(),
    }
    return render(request, "portal/audit.html", context)


@require_safe
@login_only
@never_cache
def audit_export(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """The same as CSV, MOST lines of it; the trail says who took them along."""
    _admin(request)
    form = AuditFilter(request.GET)
    if not form.is_valid():
        return HttpResponse(_("This is not a filter."), status=400, content_type="text/plain; charset=utf-8")
    wanted = form.wanted()
    telling.exported(
        Entry, subject=wanted.subject if TICKET.fullmatch(wanted.subject) else "", details=_told(form.cleaned_data)
    )
    name = f"audit-{timezone.localdate():%Y-%m-%d}.csv"
    return StreamingHttpResponse(
        export.lines(wanted, most=MOST),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _told(given: dict[str, Any]) -> dict[str, object]:
    """The filter, as far as people cannot type into it what they like; of the rest, which fields it set."""
    plain = {name: str(given[name]) for name in ("table", "act", "since", "until") if given.get(name)}
    typed = [name for name in ("subject", "actor") if given.get(name)]
    return {"filter": plain, "also_by": typed}


def _admin(request: HttpRequest) -> User:
    user = get_current_user(request)
    if not user.is_admin:
        raise PermissionDenied
    return user


def _lines(entries: list[Entry]) -> Iterator[Line]:
    personal = sealing.read(entries)
    names = table_names()
    for entry in entries:
        known = personal.get(entry.pk, Personal({}, {}))
        before, after = (entry.before or {}) | known.before, (entry.after or {}) | known.after
        sealed = [name for name in entry.personal if known.erased or not known.genuine]
        changes = [Change(name, _text(before, name), _text(after, name)) for name in sorted({*before, *after})]
        # A row that came, or went, with an empty text says nothing by it.
        changes = [each for each in changes if {each.before, each.after} != {None, ""}]
        changes += [Change(name, None, None) for name in sealed]
        yield Line(entry, names.get(entry.table, entry.table), changes, known.erased, known.genuine)


def _text(values: dict[str, Any], name: str) -> str | None:
    if values.get(name) is None:
        return None
    value = values[name]
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
