"""Addresses of this app."""

from django.urls import URLPattern, URLResolver, path

from voc.core.health import health
from voc.core.metrics import metrics

urlpatterns: list[URLPattern | URLResolver] = [
    path("health", health, name="health"),
    path("metrics", metrics, name="metrics"),
]
