"""Addresses of this app."""

from django.urls import path

from voc.portal import prompts, views

urlpatterns = [
    path("", views.home, name="home"),
    path("alerts/", views.alerts, name="alerts"),
    path("prompts/", prompts.prompts, name="prompts"),
    path("prompts/activate", prompts.prompt_activate, name="prompt_activate"),
]
