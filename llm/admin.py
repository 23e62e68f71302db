"""The ledger and the prompts' history in the admin: admins read, nobody changes."""

from typing import TYPE_CHECKING

from django.contrib import admin

from llm.models import ModelCall, PromptActivation, SpendDay
from voc.core.admin import AdminsOnly

if TYPE_CHECKING:
    _CallAdmin = admin.ModelAdmin[ModelCall]
    _ActivationAdmin = admin.ModelAdmin[PromptActivation]
    _SpendAdmin = admin.ModelAdmin[SpendDay]
else:
    _CallAdmin = _ActivationAdmin = _SpendAdmin = admin.ModelAdmin


@admin.register(ModelCall)
class ModelCallAdmin(AdminsOnly, _CallAdmin):
    list_display = ("at", "subject", "task", "model", "outcome", "prompt_version", "cost", "milliseconds", "error")
    list_filter = ("outcome", "task", "model", "at")
    search_fields = ("subject", "error")
    date_hierarchy = "at"
    list_per_page = 50
    show_full_result_count = False


@admin.register(PromptActivation)
class PromptActivationAdmin(AdminsOnly, _ActivationAdmin):
    list_display = ("at", "name", "label", "version", "share", "by")
    list_filter = ("name", "label")
    list_select_related = ("by",)


@admin.register(SpendDay)
class SpendDayAdmin(AdminsOnly, _SpendAdmin):
    list_display = ("day", "spent")
