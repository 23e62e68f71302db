"""Logs of the affected systems."""

from django.apps import AppConfig
from django.core.checks import register

from integrations.logs.checks import check_log_settings


class LogsConfig(AppConfig):
    name = "integrations.logs"
    label = "logs"

    def ready(self) -> None:
        register(check_log_settings)
