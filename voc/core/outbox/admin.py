"""Jobs and gates in the admin: what waits, what was given up and why, and the buttons to do something about it."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from voc.core import clock
from voc.core.admin import AdminsOnly
from voc.core.outbox.by_hand import cancel_by_hand, try_again
from voc.core.outbox.gates import close_gate, open_gate
from voc.core.outbox.models import Gate, Job

REASON_LENGTH = 160


@admin.register(Job)
class JobAdmin(AdminsOnly, admin.ModelAdmin[Job]):
    """Jobs are written by the system alone: here they are read, tried again or cancelled."""

    list_display = ("id", "event", "queue", "subject", "state", "attempts", "interruptions", "due_at", "reason")
    list_filter = ("state", "queue", "event")
    search_fields = ("subject__startswith", "key__exact")
    search_help_text = _("Subject (a ticket id) or key")
    date_hierarchy = "created_at"
    ordering = ("-id",)
    list_per_page = 50
    show_full_result_count = False
    actions = ("try_again", "cancel")

    @admin.display(description=_("reason"))
    def reason(self, job: Job) -> str:
        return job.error if len(job.error) <= REASON_LENGTH else f"{job.error[:REASON_LENGTH]}…"

    @admin.action(description=_("Try again"), permissions=["operate"])
    def try_again(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        done = try_again(queryset, by=request.user.get_username())
        self._report(request, queryset, done, str(_("Tried again.")))
        if done:
            text = ngettext("%(count)d job will be tried again.", "%(count)d jobs will be tried again.", len(done))
            self.message_user(request, text % {"count": len(done)}, messages.SUCCESS)

    @admin.action(description=_("Cancel"), permissions=["operate"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        done = cancel_by_hand(queryset, by=request.user.get_username())
        self._report(request, queryset, done, str(_("Cancelled.")))
        if done:
            text = ngettext("%(count)d job was cancelled.", "%(count)d jobs were cancelled.", len(done))
            self.message_user(request, text % {"count": len(done)}, messages.SUCCESS)

    def _report(self, request: HttpRequest, chosen: QuerySet[Job], done: list[Job], what: str) -> None:
        for job in done:
            self.log_change(request, job, what)
        left = chosen.count() - len(done)
        if left > 0:
            text = ngettext(
                "%(count)d job was left alone: its state does not allow this.",
                "%(count)d jobs were left alone: their state does not allow this.",
                left,
            )
            self.message_user(request, text % {"count": left}, messages.WARNING)


class GateForm(forms.ModelForm[Gate]):
    queue = forms.ChoiceField(label=_("queue"))

    class Meta:
        model = Gate
        fields = ("queue", "reason", "closed_until")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["queue"] = forms.ChoiceField(
            label=_("queue"), choices=[(queue, queue) for queue in sorted(settings.VOC_QUEUES)]
        )


@admin.register(Gate)
class GateAdmin(AdminsOnly, admin.ModelAdmin[Gate]):
    """Adding one closes a queue; deleting or opening it lets the queue go on."""

    form = GateForm
    list_display = ("queue", "state", "reason", "closed_at", "closed_until")
    actions = ("open_gates",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_operate_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Gate | None = None) -> bool:
        return self.has_operate_permission(request)

    @admin.display(description=_("state"))
    def state(self, gate: Gate) -> str:
        closed = gate.closed_until is None or gate.closed_until > clock.now()
        return format_html("<strong>{}</strong>", _("closed")) if closed else str(_("open again"))

    def save_model(self, request: HttpRequest, obj: Gate, form: forms.ModelForm[Gate], change: bool) -> None:
        close_gate(obj.queue, reason=obj.reason, until=obj.closed_until)
        obj.pk = Gate.objects.get(queue=obj.queue).pk

    def delete_model(self, request: HttpRequest, obj: Gate) -> None:
        open_gate(obj.queue)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Gate]) -> None:
        for gate in queryset:
            open_gate(gate.queue)

    @admin.action(description=_("Open"), permissions=["operate"])
    def open_gates(self, request: HttpRequest, queryset: QuerySet[Gate]) -> None:
        for gate in list(queryset):
            self.log_deletions(request, Gate.objects.filter(pk=gate.pk))
            open_gate(gate.queue)
        self.message_user(request, _("Open again."), messages.SUCCESS)
