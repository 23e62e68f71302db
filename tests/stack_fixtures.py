"""Databases for stacks: clones of one that was migrated."""

import os
from collections.abc import Iterator

import pytest

from tests.stack import Database, prepared_database


@pytest.fixture(scope="session")
def template() -> Iterator[Database]:
    database = prepared_database(os.environ["DATABASE_URL"])
    yield database
    database.drop(server=os.environ["DATABASE_URL"])


@pytest.fixture
def database(template: Database) -> Iterator[Database]:
    clone = Database.create(server=os.environ["DATABASE_URL"], template=template)
    yield clone
    clone.drop(server=os.environ["DATABASE_URL"])
