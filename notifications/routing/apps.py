"""Who hears of what, where and when."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RoutingConfig(AppConfig):
    name = "notifications.routing"
    verbose_name = _("Who is told")
