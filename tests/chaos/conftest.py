"""Fixtures for tests on real processes."""

from tests.stack_fixtures import database, template
from tests.tickets.jira.conftest import jira, jira_process, time_passes

__all__ = ["database", "jira", "jira_process", "template", "time_passes"]
