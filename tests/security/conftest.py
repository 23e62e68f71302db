import pytest

from accounts.models import User
from tests.accounts.conftest import admin, later, manager, submitter, viewer
from tests.security.sso import _server, mina, provider

__all__ = ["_server", "admin", "later", "manager", "mina", "provider", "submitter", "viewer"]


@pytest.fixture(autouse=True)
def _own_network(settings):
    settings.OUTBOUND_ALLOWED_NETWORKS = ["127.0.0.0/8"]


def signed_in(client) -> User | None:
    return User.objects.filter(pk=client.session.get("_auth_user_id", 0)).first()
