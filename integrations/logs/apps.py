"""Logs of the affected systems."""

from django.apps import AppConfig


class LogsConfig(AppConfig):
    name = "integrations.logs"
    label = "logs"
