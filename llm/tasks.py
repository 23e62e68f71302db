"""Housekeeping that beat starts. Safe to run at any time, by several workers at once."""

from celery import shared_task

from llm import budget


@shared_task
def clear_budget_alerts() -> int:
    """Close the alerts of a day or month that has passed, or of a budget that was raised. Returns how many."""
    return budget.clear_what_passed()
