"""Deliveries in the admin: what was told to whom, and what became of it. Read only: the job behind a row is what is retried."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.permissions import has_permission
from notifications.channels import CHANNELS
from notifications.models import Delivery
from notifications.routing.occasions import LABELS

MOST: Final = 2000


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


class ByChannel(admin.SimpleListFilter):
    """Known ones: to collect those that there are, every row would be read."""

    title = _("channel")
    parameter_name = "channel"
    choices_of_it: Iterable[tuple[str, Any]] = [(name, name) for name in CHANNELS]

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, Any]]:
        return list(self.choices_of_it)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> QuerySet[Delivery]:
        return queryset.filter(**{self.parameter_name: self.value()}) if self.value() else queryset


class ByEvent(ByChannel):
    title = _("event")
    parameter_name = "event"
    choices_of_it = LABELS.items()


class Newest(Paginator[Delivery]):
    """Counts no further than anybody turns pages: what is older is found by a filter."""

    @cached_property
    def count(self) -> int:
        rows: QuerySet[Delivery] = self.object_list  # type: ignore[assignment]  # the admin's list of rows is one
        return rows.order_by()[:MOST].count()


if TYPE_CHECKING:
    _DeliveryAdmin = admin.ModelAdmin[Delivery]
else:
    _DeliveryAdmin = admin.ModelAdmin


@admin.register(Delivery)
class DeliveryAdmin(_DeliveryAdmin):
    list_display = ("created_at", "subject", "event", "channel", "target", "state", "attempts", "ambiguous", "error")
    list_filter = ("state", ByChannel, ByEvent, PerhapsTwice)
    # Whole values: parts of words would be looked for in every row.
    search_fields = ("subject__exact", "key__exact")
    search_help_text = _("A ticket’s id, or the key of an event")
    list_per_page = 50
    paginator = Newest
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
