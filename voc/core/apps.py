"""The core app: what every other app stands on."""

from django.apps import AppConfig

from voc.core.audit.declared import Audited


class CoreConfig(AppConfig):
    name = "voc.core"
    label = "core"
    verbose_name = "VOC"
    audited = {
        "Alert": Audited(hidden=("last_seen_at", "times", "body")),
        # An alert quotes what a vendor said, which may quote a complaint.
        # Keys come with customers; that one is dropped is an erasure.
        "CustomerKey": Audited(hidden=("secret",), on=("UPDATE", "DELETE")),
    }

    def ready(self) -> None:
        from voc.core import checks  # noqa: F401, PLC0415  (registers itself; settings are there now)
