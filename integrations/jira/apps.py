"""Jira: its client, and what it tells us by webhook."""

from django.apps import AppConfig
from django.core.checks import register

from integrations.jira.checks import check_jira_settings
from voc.core.audit.declared import NotAudited


class JiraConfig(AppConfig):
    name = "integrations.jira"
    label = "jira"
    audited = {
        "WebhookDelivery": NotAudited("hints from Jira, kept for days; what they change is audited where it changes")
    }

    def ready(self) -> None:
        register(check_jira_settings)
