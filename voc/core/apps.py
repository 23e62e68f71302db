"""The core app: what every other app stands on."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "voc.core"
    label = "core"
    verbose_name = "VOC"

    def ready(self) -> None:
        from voc.core import checks  # noqa: F401, PLC0415  (registers itself; settings are there now)
