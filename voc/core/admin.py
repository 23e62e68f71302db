"""Alerts in the admin, and the rule that the machine room is for admins alone."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from voc.core.alerts import clear_alert
from voc.core.models import Alert


class AdminsOnly:
    """Mixed into a ModelAdmin: admins read and operate, nobody adds, changes or deletes; others do not see it at all."""

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_active and request.user.is_superuser)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_operate_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_operate_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class OpenFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "open"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("Open")), ("no", _("Cleared"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Alert]) -> QuerySet[Alert]:
        return queryset.filter(cleared_at__isnull=self.value() == "yes") if self.value() else queryset


@admin.register(Alert)
class AlertAdmin(AdminsOnly, admin.ModelAdmin[Alert]):
    list_display = ("title", "level", "raised_at", "last_seen_at", "times", "cleared_at")
    list_filter = (OpenFilter, "level")
    search_fields = ("title", "key")
    actions = ("clear",)

    @admin.action(description=_("Clear"), permissions=["operate"])
    def clear(self, request: HttpRequest, queryset: QuerySet[Alert]) -> None:
        for alert in queryset.filter(cleared_at=None):
            clear_alert(alert.key)
            self.log_change(request, alert, str(_("Cleared.")))
        self.message_user(request, _("Cleared."), messages.SUCCESS)
