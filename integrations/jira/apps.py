"""Jira: its client, and what it tells us by webhook."""

from django.apps import AppConfig
from django.core.checks import register

from integrations.jira.checks import check_jira_settings


class JiraConfig(AppConfig):
    name = "integrations.jira"
    label = "jira"

    def ready(self) -> None:
        register(check_jira_settings)
