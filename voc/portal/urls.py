"""Addresses of this app."""

from django.urls import path

from voc.portal import audit, deliveries, jira, preferences, prompts, views

urlpatterns = [
    path("", views.home, name="home"),
    path("alerts/", views.alerts, name="alerts"),
    path("audit/", audit.audit, name="audit"),
    path("audit/export.csv", audit.audit_export, name="audit_export"),
    path("jira/", jira.jira, name="jira"),
    path("jira/go-on/", jira.jira_go_on, name="jira_go_on"),
    path("jira/tickets/<str:ticket_id>/retry/", jira.jira_retry, name="jira_retry"),
    path("jira/comments/<int:comment_id>/retry/", jira.jira_retry_comment, name="jira_retry_comment"),
    path("messages/", deliveries.deliveries, name="deliveries"),
    path("messages/<int:delivery_id>/retry/", deliveries.delivery_retry, name="delivery_retry"),
    path("messages/mine/", preferences.preferences, name="preferences"),
    path("prompts/", prompts.prompts, name="prompts"),
    path("prompts/activate", prompts.prompt_activate, name="prompt_activate"),
]
