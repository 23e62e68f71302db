"""Addresses of this app."""

from django.urls import path

from voc.portal import views

urlpatterns = [
    path("", views.home, name="home"),
    path("alerts/", views.alerts, name="alerts"),
]
