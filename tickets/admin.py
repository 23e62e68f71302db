"""Tickets in the Django admin: staff can work them here, by actions that call the services. Nothing is edited past those."""

import json
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import JSONField, Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from accounts.permissions import get_current_user, has_permission
from tickets import admin_acts, queries
from tickets.admin_logs import SystemForm, try_query
from tickets.models import AnalysisRun, AnalysisStep, Comment, Synonyms, System, Ticket, TicketEvent
from tickets.personal import restored
from tickets.results import Reason, told
from voc.core.vocabulary import ProblemType

# Nobody but who may do everything.
CONFIGURE = "system:configure"


class ReadOnly:
    """Staff may look; the rows are written by the services alone."""

    class Media:
        css = {"all": ("css/admin.css",)}

    def has_module_permission(self, request: HttpRequest) -> bool:
        return has_permission(request.user, "ticket:read")

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return has_permission(request.user, "ticket:read")

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def pretty(value: object) -> SafeString | None:
    """JSON to be read by people."""
    if not value:
        return None
    text = json.dumps(value, indent=2, ensure_ascii=False, default=str)
    return format_html('<pre class="voc-json">{}</pre>', text)


class EventInline(ReadOnly, admin.TabularInline[TicketEvent, Ticket]):
    model = TicketEvent
    fields = ("at", "kind", "actor_name", "status_before", "status_after", "details")
    readonly_fields = fields
    extra = 0
    ordering = ("id",)

    @admin.display(description=_("details"))
    def details(self, event: TicketEvent) -> SafeString | None:
        return pretty({name: value for name, value in event.told.items() if name != "before"})


class CommentInline(ReadOnly, admin.TabularInline[Comment, Ticket]):
    model = Comment
    fields = ("at", "author_name", "body")
    readonly_fields = fields
    extra = 0


class RunInline(ReadOnly, admin.TabularInline[AnalysisRun, Ticket]):
    model = AnalysisRun
    fields = ("id", "started_at", "state", "analyst", "confidence", "threshold", "asked_by", "asked_reason")
    readonly_fields = fields
    extra = 0
    show_change_link = True


@admin.register(Ticket)
class TicketAdmin(ReadOnly, admin.ModelAdmin[Ticket]):
    list_display = (
        "ticket_id",
        "status",
        "urgency",
        "problem_type",
        "subject",
        "customer_name",
        "assignee",
        "created_at",
    )
    list_filter = ("status", "urgency", "agent_decision_primary", "affected_system", "channel", "created_at")
    # Searched by `queries.search`, which finds the same as the portal and the API; the name only shows the field.
    search_fields = ("ticket_id",)
    search_help_text = _("A part of the complaint, the summary, the customer's name, the ticket id or the external id.")
    ordering = ("-created_at", "-id")
    list_per_page = 50
    show_full_result_count = False
    inlines = (EventInline, CommentInline, RunInline)
    actions = (admin_acts.approve, admin_acts.reject, admin_acts.analyse_again, admin_acts.complete)
    fieldsets = (
        (None, {"fields": ("ticket_id", "status", "assignee", "created_at", "updated_at", "submitted_by")}),
        (
            _("Complaint"),
            {
                "fields": (
                    "raw_voc",
                    "customer_name",
                    "customer_contact",
                    "channel",
                    "received_at",
                    "external_id",
                )
            },
        ),
        (
            _("Analysis"),
            {
                "fields": (
                    "summary",
                    "affected_system",
                    "urgency",
                    "suspected_type_primary",
                    "suspected_type_secondary",
                    "agent_decision_primary",
                    "agent_decision_secondary",
                    "decision_confidence",
                    "reasons",
                    "proposal",
                    "analyst",
                    "analyzed_at",
                    "why_people",
                )
            },
        ),
        (
            _("Verdict"),
            {
                "fields": (
                    "confirmed_at",
                    "decided_by",
                    "corrected",
                    "reject_reason",
                    "reject_category",
                    "manual_resolution",
                )
            },
        ),
        (_("Jira"), {"fields": ("jira_issue_key", "jira_project_key", "jira_synced_at"), "classes": ("collapse",)}),
    )

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Ticket | None:
        """As it is to be read: whoever may enter here may decide."""
        ticket = super().get_object(request, object_id, from_field)
        return restored(ticket) if ticket else None

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Ticket], search_term: str
    ) -> tuple[QuerySet[Ticket], bool]:
        return queries.search(queryset, search_term, reader=get_current_user(request)), False

    def view_on_site(self, ticket: Ticket) -> str:
        return reverse("ticket", args=[ticket.ticket_id])

    # What an action needs: Django asks for has_<permission>_permission of each.
    def has_confirm_permission(self, request: HttpRequest) -> bool:
        return has_permission(request.user, "ticket:confirm")

    def has_reject_permission(self, request: HttpRequest) -> bool:
        return has_permission(request.user, "ticket:reject")

    def has_analyze_permission(self, request: HttpRequest) -> bool:
        return has_permission(request.user, "ticket:analyze")

    @admin.display(description=_("problem type"))
    def problem_type(self, ticket: Ticket) -> str:
        decided = ticket.decided_primary or ticket.suspected_type_primary
        return str(ProblemType(decided).label) if decided else ""

    @admin.display(description=_("complaint"))
    def subject(self, ticket: Ticket) -> str:
        text = restored(ticket).summary or ticket.raw_voc
        return text if len(text) <= 80 else f"{text[:79]}…"

    @admin.display(description=_("why people must decide"))
    def why_people(self, ticket: Ticket) -> str:
        return ticket.why_people

    @admin.display(description=_("reasons"))
    def reasons(self, ticket: Ticket) -> SafeString | None:
        return pretty(ticket.decision_reason)

    @admin.display(description=_("proposal"))
    def proposal(self, ticket: Ticket) -> SafeString | None:
        return pretty(ticket.action_proposal)

    @admin.display(description=_("correction"))
    def corrected(self, ticket: Ticket) -> SafeString | None:
        return pretty(ticket.correction)


class OfTicket(ReadOnly, admin.ModelAdmin[Any]):
    """A list of rows that belong to tickets."""

    list_select_related = ("ticket",)
    list_per_page = 50
    show_full_result_count = False
    # Exact, since the column is indexed for that.
    search_fields = ("ticket__ticket_id__exact",)
    search_help_text = _("A ticket id.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("ticket__raw_voc")

    @admin.display(description=_("ticket"))
    def of_ticket(self, row: Any) -> SafeString:
        address = reverse("admin:tickets_ticket_change", args=[row.ticket_id])
        return format_html('<a href="{}">{}</a>', address, row.ticket.ticket_id)


@admin.register(TicketEvent)
class TicketEventAdmin(OfTicket):
    list_display = ("at", "of_ticket", "kind", "actor_name", "status_before", "status_after")
    list_display_links = ("at",)
    list_filter = ("kind", "at")
    ordering = ("-id",)
    fields = ("of_ticket", "at", "kind", "actor_name", "status_before", "status_after", "details")
    readonly_fields = fields

    @admin.display(description=_("details"))
    def details(self, event: TicketEvent) -> SafeString | None:
        return pretty(event.told)


@admin.register(Comment)
class CommentAdmin(OfTicket):
    list_display = ("at", "of_ticket", "author_name", "body")
    list_display_links = ("at",)
    list_filter = ("at",)
    ordering = ("-id",)
    fields = ("of_ticket", "at", "author_name", "body")
    readonly_fields = fields


class StepInline(ReadOnly, admin.StackedInline[AnalysisStep, AnalysisRun]):
    model = AnalysisStep
    fields = ("stage", "analyst", "started_at", "milliseconds", "went_in", "came_out", "went_wrong")
    readonly_fields = fields
    extra = 0

    @admin.display(description=_("input"))
    def went_in(self, step: AnalysisStep) -> SafeString | None:
        return pretty(step.input)

    @admin.display(description=_("output"))
    def came_out(self, step: AnalysisStep) -> SafeString | None:
        return pretty(step.output)

    @admin.display(description=_("error"))
    def went_wrong(self, step: AnalysisStep) -> str:
        return str(Reason.from_json(step.output.get("cause"), text=step.error))


@admin.register(AnalysisRun)
class AnalysisRunAdmin(OfTicket):
    list_display = ("id", "of_ticket", "state", "analyst", "confidence", "threshold", "started_at", "finished_at")
    list_filter = ("state", "analyst", "started_at")
    ordering = ("-id",)
    inlines = (StepInline,)
    fields = (
        *("of_ticket", "state", "analyst", "job_id", "started_at", "finished_at", "confidence", "threshold"),
        *("asked_by", "asked_reason", "error", "decision"),
    )
    readonly_fields = fields

    @admin.display(description=_("result"))
    def decision(self, run: AnalysisRun) -> SafeString | None:
        return pretty(told(run.result, name="manual_reason")) if run.result else None


class OnePerLine(forms.CharField):
    """A list of words, each on a line of its own; the order stays, repetitions and blanks go."""

    widget = forms.Textarea(attrs={"rows": 12, "cols": 40})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(str(each) for each in value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        lines = value if isinstance(value, list) else str(value or "").splitlines()
        return list(dict.fromkeys(line.strip() for line in lines if line.strip()))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(self.to_python(initial or "") != self.to_python(data))


@admin.register(System)
class SystemAdmin(admin.ModelAdmin[System]):
    """The catalogue: admins edit it, managers may look. A system is switched off rather than deleted."""

    form = SystemForm
    change_list_template = "admin/tickets/system/change_list.html"
    list_display = ("name", "kind", "description", "contact", "log_source", "is_active")
    list_filter = ("kind", "is_active")
    search_fields = ("name", "description", "contact")
    fieldsets = (
        (None, {"fields": ("name", "kind", "description", "words", "contact", "recent_incidents", "is_active")}),
        (_("Logs"), {"fields": ("log_source", "log_index", "log_fields")}),
        (_("Jira"), {"fields": ("jira_project", "jira_issue_type")}),
    )

    formfield_overrides = {JSONField: {"widget": forms.Textarea(attrs={"rows": 6, "cols": 80})}}

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        if db_field.name == "words":
            return OnePerLine(label=_("Words"), help_text=db_field.help_text, required=False)
        return super().formfield_for_dbfield(db_field, request, **options)

    def get_urls(self) -> list[URLPattern]:
        own = path("try-logs/", self.admin_site.admin_view(self.try_logs), name="tickets_system_try_logs")
        return [own, *super().get_urls()]

    def try_logs(self, request: HttpRequest) -> HttpResponse:
        """The page on which a query can be tried against the log systems."""
        if not has_permission(request.user, CONFIGURE):
            raise PermissionDenied
        context = self.admin_site.each_context(request) | try_query(request.GET)
        return render(request, "admin/tickets/system/try_logs.html", context)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return has_permission(request.user, "ticket:read")

    def has_view_permission(self, request: HttpRequest, obj: System | None = None) -> bool:
        return has_permission(request.user, "ticket:read")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return has_permission(request.user, CONFIGURE)

    def has_change_permission(self, request: HttpRequest, obj: System | None = None) -> bool:
        return has_permission(request.user, CONFIGURE)

    def has_delete_permission(self, request: HttpRequest, obj: System | None = None) -> bool:
        return False


@admin.register(Synonyms)
class SynonymsAdmin(admin.ModelAdmin[Synonyms]):
    """Admins edit them, managers may look; the admin's history says who changed what."""

    list_display = ("name", "listed", "is_active")
    list_filter = ("is_active",)
    search_fields = ("name", "words")
    fields = ("name", "words", "is_active")

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        if db_field.name == "words":
            return OnePerLine(label=capfirst(db_field.verbose_name), help_text=db_field.help_text)
        return super().formfield_for_dbfield(db_field, request, **options)

    @admin.display(description=Synonyms._meta.get_field("words").verbose_name)
    def listed(self, group: Synonyms) -> str:
        return ", ".join(str(word) for word in group.words)[:120]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return has_permission(request.user, "ticket:read")

    def has_view_permission(self, request: HttpRequest, obj: Synonyms | None = None) -> bool:
        return has_permission(request.user, "ticket:read")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return has_permission(request.user, CONFIGURE)

    def has_change_permission(self, request: HttpRequest, obj: Synonyms | None = None) -> bool:
        return has_permission(request.user, CONFIGURE)

    def has_delete_permission(self, request: HttpRequest, obj: Synonyms | None = None) -> bool:
        return has_permission(request.user, CONFIGURE)
