from datetime import timedelta

import pytest
from django.test import Client

from accounts import tokens
from accounts.models import User
from tests.factories import UserFactory
from voc.core import clock


@pytest.fixture
def admin(db):
    return UserFactory(admin=True, username="ada")


@pytest.fixture
def manager(db):
    return UserFactory(manager=True, username="mina")


@pytest.fixture
def viewer(db):
    return UserFactory(username="vera")


@pytest.fixture
def submitter(db):
    return UserFactory(submitter=True, username="sumi")


@pytest.fixture
def later(monkeypatch):
    """Holds the clock, and moves it by so many seconds."""
    start = clock.now()

    def move(seconds):
        monkeypatch.setattr(clock, "now", lambda: start + timedelta(seconds=seconds))

    move(0)
    return move


def browser(user: User | None = None) -> Client:
    """A browser, signed in as the user."""
    client = Client()
    if user:
        client.force_login(user)
    return client


def caller(user: User | None = None) -> Client:
    """A client of the API, with the user's token."""
    return Client(headers={"Authorization": f"Bearer {tokens.issue(user).access}"} if user else {})
