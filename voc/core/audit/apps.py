"""The audit app: who changed what, from where, and what it was before."""

from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from voc.core.audit.declared import Audited, NotAudited

OWN = NotAudited("the trail itself, which the application's role cannot write")


class AuditConfig(AppConfig):
    name = "voc.core.audit"
    label = "audit"
    verbose_name = _("Audit")
    audited = {
        "Entry": OWN,
        "Unsealed": OWN,
        "Sealed": OWN,
        "django_celery_beat.PeriodicTask": Audited(hidden=("last_run_at", "total_run_count", "date_changed")),
    }

    def ready(self) -> None:
        from voc.core.audit import checks, context, triggers  # noqa: F401, PLC0415  (checks register themselves)

        post_migrate.connect(triggers.install, sender=self, dispatch_uid="audit.triggers")
        connection_created.connect(context.attach, dispatch_uid="audit.context")
