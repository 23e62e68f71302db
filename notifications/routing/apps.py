"""Who hears of what, where and when."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from voc.core.audit.declared import Audited, NotAudited


class RoutingConfig(AppConfig):
    name = "notifications.routing"
    verbose_name = _("Who is told")
    audited = {
        "Target": Audited(),
        "Rule": Audited(),
        "Person": Audited(),
        "Subscription": Audited(),
        "Mute": Audited(subject="subject"),
        "Held": NotAudited("messages that wait for their time; what becomes of each is its delivery's"),
    }
