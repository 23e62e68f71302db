"""Pages that mix apps: home, navigation, alerts."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "voc.portal"
    label = "portal"
