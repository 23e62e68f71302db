"""What the tests of single sign-on share: a provider that runs, somebody whom it knows, and the way there and back."""

import pytest

from tests.factories import UserFactory
from tests.security import identity_provider
from tests.security.identity_provider import CLIENT, SECRET


def app_at(url):
    return {
        "provider": "oidc",
        "provider_id": "oidc",
        "name": "Example",
        "client_id": CLIENT,
        "secret": SECRET,
        "settings": {"server_url": url},
    }


@pytest.fixture(scope="module")
def _server():
    with identity_provider.running() as provider:
        yield provider


@pytest.fixture
def provider(_server, settings):
    fresh = identity_provider.Provider()
    for name in ("claims", "forge", "config", "userinfo", "codes", "used"):
        setattr(_server, name, getattr(fresh, name))
    settings.SSO_APPS = [app_at(_server.url)]
    return _server


@pytest.fixture
def mina(db):
    return UserFactory(username="mina", email="mina@example.com")


def leave(client, path="/sso/oidc/login/"):
    response = client.get(path)
    assert response.status_code == 302, response.content
    return response["Location"]


def log_in(client, provider, path="/sso/oidc/login/"):
    return client.get(provider.authorize(leave(client, path)))
