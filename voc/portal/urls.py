"""Addresses of this app."""

from django.urls import path

from voc.portal import audit, prompts, views

urlpatterns = [
    path("", views.home, name="home"),
    path("alerts/", views.alerts, name="alerts"),
    path("audit/", audit.audit, name="audit"),
    path("audit/export.csv", audit.audit_export, name="audit_export"),
    path("prompts/", prompts.prompts, name="prompts"),
    path("prompts/activate", prompts.prompt_activate, name="prompt_activate"),
]
