"""Telling people: channels, deliveries."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from voc.core.audit.declared import NotAudited


class NotificationsConfig(AppConfig):
    name = "notifications"
    verbose_name = _("Notifications")
    audited = {
        "Delivery": NotAudited("written by machines, with what became of each message; trying again shows at its job"),
        "DeliveryAttempt": NotAudited("what a machine did, added and never changed"),
        "Thread": NotAudited("where a conversation stands at the other side"),
    }

    def ready(self) -> None:
        from notifications import checks  # noqa: F401, PLC0415 - registers them
