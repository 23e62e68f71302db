"""Addresses of this app."""

from django.urls import path

from notifications import interactivity

urlpatterns = [path("integrations/slack/actions", interactivity.slack_actions, name="slack_actions")]
