"""What this process would remember of one test when it runs the next: languages, breakers, answers that are kept for a while."""

from django.utils import translation
from structlog.contextvars import clear_contextvars

from accounts import limits
from integrations.logs import rest
from llm import activation
from notifications import rates
from tickets.analysis import problems
from tickets.jira import metadata
from voc.core import breaker, health


def forget() -> None:
    """As in a process that has just begun."""
    # A request leaves its thread in the language of whoever asked.
    translation.deactivate()
    clear_contextvars()
    breaker._states.clear()
    rest.forget()
    metadata.forget()
    activation._followed.forget()
    limits._local.clear()
    rates._local = rates._Local()
    problems._told = None
    for probe in health.probes:
        probe.forget()
