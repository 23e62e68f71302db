"""Housekeeping of this app, started by beat."""

from celery import shared_task

from accounts import throttle, tokens


@shared_task
def prune() -> None:
    """Delete what no longer counts: old failed sign-ins, expired refresh tokens."""
    throttle.prune()
    tokens.prune()
