"""Analysts: whoever reads a complaint and its evidence, model or not."""

from django.apps import AppConfig


class LlmConfig(AppConfig):
    name = "llm"
