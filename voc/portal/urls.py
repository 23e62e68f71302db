"""Addresses of this app."""

from django.urls import path

from voc.portal import deliveries, preferences, prompts, views

urlpatterns = [
    path("", views.home, name="home"),
    path("alerts/", views.alerts, name="alerts"),
    path("messages/", deliveries.deliveries, name="deliveries"),
    path("messages/<int:delivery_id>/retry/", deliveries.delivery_retry, name="delivery_retry"),
    path("messages/mine/", preferences.preferences, name="preferences"),
    path("prompts/", prompts.prompts, name="prompts"),
    path("prompts/activate", prompts.prompt_activate, name="prompt_activate"),
]
