import pytest

from sandbox.process import running
from tests.factories import UserFactory
from tests.tickets.calls import client_of
from voc.core import clock


@pytest.fixture(scope="session")
def sandbox_process():
    with running() as client:
        yield client


@pytest.fixture
def manager(db):
    return UserFactory(manager=True, username="kim", first_name="Kim", last_name="Manager")


@pytest.fixture
def submitter(db):
    return UserFactory(submitter=True)


@pytest.fixture
def set_clock(monkeypatch):
    """Sets the time that the system believes it is."""

    def set_to(moment):
        monkeypatch.setattr(clock, "now", lambda: moment)

    return set_to


@pytest.fixture
def api(manager):
    """The API as a manager calls it."""
    return client_of(manager)


@pytest.fixture
def sender(submitter):
    """The API as a submitter calls it."""
    return client_of(submitter)
