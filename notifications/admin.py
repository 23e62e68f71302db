"""Deliveries in the admin: what was told to whom, and what became of it. Read only: the job behind a row is what is retried."""

from typing import TYPE_CHECKING

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.permissions import has_permission
from notifications.models import Delivery


class PerhapsTwice(admin.SimpleListFilter):
    """Messages with a try whose outcome nobody could know."""

    title = _("ambiguous tries")
    parameter_name = "ambiguous"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [("yes", gettext("Yes")), ("no", gettext("No"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> QuerySet[Delivery]:
        match self.value():
            case "yes":
                return queryset.filter(ambiguous__gt=0)
            case "no":
                return queryset.filter(ambiguous=0)
        return queryset


if TYPE_CHECKING:
    _DeliveryAdmin = admin.ModelAdmin[Delivery]
else:
    _DeliveryAdmin = admin.ModelAdmin


@admin.register(Delivery)
class DeliveryAdmin(_DeliveryAdmin):
    list_display = ("created_at", "subject", "event", "channel", "target", "state", "attempts", "ambiguous", "error")
    list_filter = ("state", "channel", "event", PerhapsTwice, "created_at")
    search_fields = ("subject", "key", "title", "error")
    date_hierarchy = "created_at"
    list_per_page = 50
    show_full_result_count = False

    def has_view_permission(self, request: HttpRequest, obj: Delivery | None = None) -> bool:
        return has_permission(request.user, "ticket:read")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return has_permission(request.user, "ticket:read")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Delivery | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Delivery | None = None) -> bool:
        return False
