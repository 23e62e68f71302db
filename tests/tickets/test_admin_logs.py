"""Where systems keep their logs, and the page on which queries are tried."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.roles import Role
from integrations.logs.base import LogPlace
from sandbox.process import running
from tests.integrations.logs.corpus import LINES
from tests.integrations.logs.harness import make_harness
from tickets.admin_logs import SystemForm
from tickets.analysis.catalogue import log_places
from tickets.models import System
from voc.core import clock

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _payment_service(db: None) -> None:
    """The first systems come with a migration; a test that empties its tables takes them along."""
    System.objects.get_or_create(name="PaymentService")


@pytest.fixture
def admin_client_() -> Client:
    user = User.objects.create_user(username="root", password="a-long-passw0rd", role=Role.ADMIN)
    client = Client()
    client.force_login(user)
    return client


def test_the_catalogue_tells_where_systems_keep_their_logs() -> None:
    System.objects.filter(name="PaymentService").update(log_source="splunk", log_index="pay", log_fields="service=app")

    assert log_places() == {"PaymentService": LogPlace("splunk", "pay", "service=app")}


@pytest.mark.parametrize(
    ("field", "value"), [("log_fields", "nope"), ("log_index", 'a" | delete'), ("log_source", "syslog")]
)
def test_what_no_log_system_could_be_asked_with_is_refused_in_the_form(field: str, value: str) -> None:
    system = System.objects.get(name="PaymentService")
    values = {"name": system.name, "kind": system.kind, "words": "[]", "recent_incidents": "[]", field: value}

    assert list(SystemForm(values, instance=system).errors) == [field]


def test_the_page_shows_what_the_log_systems_answer(
    admin_client_: Client, settings, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = LINES[-1].at
    settings.OUTBOUND_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    with running() as sandbox:
        make_harness("elasticsearch", sandbox, tmp_path).store(LINES)
        settings.ELASTICSEARCH_URL, settings.ELASTICSEARCH_API_KEY = sandbox.url("/elasticsearch"), "k3y"
        monkeypatch.setattr(clock, "now", lambda: last)
        query = {
            "hours": 24,
            "service": "ShippingAPI",
            "levels": ["ERROR"],
            "text": '"carrier down"',
            "ids": "",
            "source": "",
        }

        page = admin_client_.get(reverse("admin:tickets_system_try_logs"), query).content.decode()

    assert "tracking unavailable &quot;carrier down&quot;" in page
    assert "cart total" not in page


def test_the_page_is_for_admins(admin_client_: Client) -> None:
    manager = User.objects.create_user(username="mina", password="a-long-passw0rd", role=Role.MANAGER)
    client = Client()
    client.force_login(manager)
    address = reverse("admin:tickets_system_try_logs")

    assert client.get(address).status_code == 403
    assert admin_client_.get(address).status_code == 200
    assert address in admin_client_.get(reverse("admin:tickets_system_changelist")).content.decode()
