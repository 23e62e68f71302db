"""The core app: what every other app stands on."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "voc.core"
    label = "core"
    verbose_name = "VOC"
