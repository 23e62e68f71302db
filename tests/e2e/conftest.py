"""Fixtures for tests on real processes."""

from tests.stack_fixtures import database, template

__all__ = ["database", "template"]
