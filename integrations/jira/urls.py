"""Where Jira's webhooks arrive."""

from django.urls import path

from integrations.jira import views

urlpatterns = [path("hooks/jira/", views.receive, name="jira_webhook")]
