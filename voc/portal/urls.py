"""Addresses of this app."""

from django.urls import path

from voc.portal import jira, prompts, views

urlpatterns = [
    path("", views.home, name="home"),
    path("alerts/", views.alerts, name="alerts"),
    path("jira/", jira.jira, name="jira"),
    path("jira/go-on/", jira.jira_go_on, name="jira_go_on"),
    path("jira/tickets/<str:ticket_id>/retry/", jira.jira_retry, name="jira_retry"),
    path("jira/comments/<int:comment_id>/retry/", jira.jira_retry_comment, name="jira_retry_comment"),
    path("prompts/", prompts.prompts, name="prompts"),
    path("prompts/activate", prompts.prompt_activate, name="prompt_activate"),
]
