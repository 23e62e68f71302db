"""Slack: by bot token where there is one, else by incoming webhook."""

from django.conf import settings

from notifications.channels.base import Channel
from notifications.channels.slack_webhook import SlackWebhook


def from_settings() -> Channel | None:
    return SlackWebhook(settings.SLACK_WEBHOOK_URL) if settings.SLACK_WEBHOOK_URL else None
