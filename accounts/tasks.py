"""Housekeeping of this app, started by beat."""

from celery import shared_task

from accounts import throttle, tokens
from accounts.sessions import SessionStore


@shared_task
def prune() -> None:
    """Delete what no longer counts: old failed sign-ins, expired refresh tokens, sessions that are over."""
    throttle.prune()
    tokens.prune()
    SessionStore.clear_expired()
