"""Jira: its client, and what it tells us by webhook."""

from django.apps import AppConfig


class JiraConfig(AppConfig):
    name = "integrations.jira"
    label = "jira"
