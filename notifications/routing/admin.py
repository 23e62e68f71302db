"""Rules, targets and people in the admin. Admins only."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from notifications import services as notifications
from notifications.models import DeliveryState
from notifications.routing import services
from notifications.routing.models import Held, Mute, Person, Rule, Target
from notifications.routing.occasions import OCCASIONS
from voc.core.admin import AdminsOnly
from voc.core.errors import VocError
from voc.core.vocabulary import ProblemType, Urgency

TIMING: Any = (
    (_("Language"), {"fields": ("language",)}),
    (_("Quiet hours"), {"fields": (("quiet_from", "quiet_to"), "zone"), "description": _("Urgent messages pass.")}),
    (_("Digest"), {"fields": ("digest", "daily_at", ("busy_over", "busy_minutes"))}),
)


class Editable(AdminsOnly):
    """Admins add, change and delete."""

    class Media:
        css = {"all": ("css/admin.css",)}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_operate_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_operate_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_operate_permission(request)


class Several(forms.MultipleChoiceField):
    """Boxes to tick, for a list of values."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, *, base_field: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)


class RuleForm(forms.ModelForm[Rule]):
    events = Several(label=_("Occasions"), required=False, help_text=_("None ticked: every one."))
    urgencies = Several(label=_("Urgencies"), required=False, choices=Urgency.choices, help_text=_("None: any."))
    problem_types = Several(
        label=_("Problem types"), required=False, choices=ProblemType.choices, help_text=_("None: any.")
    )
    targets = Several(label=_("Targets"))
    escalate_to = Several(label=_("Escalate to"), required=False)

    class Meta:
        model = Rule
        fields = [
            "name",
            "is_active",
            "events",
            "urgencies",
            "problem_types",
            "systems",
            "targets",
            "remind_minutes",
            "escalate_minutes",
            "escalate_to",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = dict.fromkeys(
            [
                *notifications.known_targets(),
                *Target.objects.values_list("name", flat=True),
                *(self.instance.targets or []),
                *(self.instance.escalate_to or []),
            ]
        )
        self._offer("events", list(OCCASIONS.items()))
        for name in ("targets", "escalate_to"):
            self._offer(name, [(target, target) for target in known])

    def _offer(self, name: str, choices: list[tuple[str, str | Promise]]) -> None:
        field = self.fields[name]
        if isinstance(field, forms.MultipleChoiceField):
            field.choices = choices


@admin.register(Rule)
class RuleAdmin(Editable, admin.ModelAdmin[Rule]):
    form = RuleForm
    list_display = ("name", "is_active", "told", "to", "remind_minutes", "escalate_minutes")
    list_filter = ("is_active",)
    search_fields = ("name",)
    fieldsets = (
        (None, {"fields": ("name", "is_active")}),
        (_("What"), {"fields": ("events", "urgencies", "problem_types", "systems")}),
        (_("To whom"), {"fields": ("targets",)}),
        (_("While an urgent ticket waits"), {"fields": ("remind_minutes", "escalate_minutes", "escalate_to")}),
    )

    @admin.display(description=_("occasions"))
    def told(self, rule: Rule) -> str:
        return ", ".join(str(OCCASIONS.get(event, event)) for event in rule.events) or _t("every one")

    @admin.display(description=_("targets"))
    def to(self, rule: Rule) -> str:
        return ", ".join(rule.targets)


@admin.register(Target)
class TargetAdmin(Editable, admin.ModelAdmin[Target]):
    list_display = ("name", "language", "quiet_from", "quiet_to", "digest")
    search_fields = ("name",)
    actions = ("send_test",)
    fieldsets = ((None, {"fields": ("name",)}), *TIMING)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if self.has_operate_permission(request):
            services.discover_targets()
        return super().changelist_view(request, extra_context)

    @admin.action(description=_("Send a test"), permissions=["operate"])
    def send_test(self, request: HttpRequest, queryset: QuerySet[Target]) -> None:
        for target in queryset:
            language = target.language or settings.LANGUAGE_CODE
            try:
                delivery = notifications.send_test(target.name, language=language)
            except VocError as error:
                messages.error(request, f"{target.name}: {error.message}")
                continue
            arrived = delivery.state == DeliveryState.ACCEPTED
            text = f"{target.name}: {delivery.get_state_display()}"
            level = messages.SUCCESS if arrived else messages.ERROR
            messages.add_message(request, level, f"{text} – {delivery.error}" if delivery.error else text)


@admin.register(Person)
class PersonAdmin(Editable, admin.ModelAdmin[Person]):
    list_display = ("user", "slack_id", "language", "quiet_from", "quiet_to", "digest")
    search_fields = ("user__username", "user__email", "slack_id")
    list_select_related = ("user",)
    raw_id_fields = ("user",)
    fieldsets = ((None, {"fields": ("user", "slack_id")}), *TIMING)


@admin.register(Mute)
class MuteAdmin(AdminsOnly, admin.ModelAdmin[Mute]):
    list_display = ("subject", "by", "at")
    list_select_related = ("by",)
    search_fields = ("subject",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_operate_permission(request)


@admin.register(Held)
class HeldAdmin(AdminsOnly, admin.ModelAdmin[Held]):
    list_display = ("due_at", "target", "event", "subject", "reason", "created_at")
    list_filter = ("event",)
    search_fields = ("target", "subject", "key")
