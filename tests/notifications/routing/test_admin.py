"""Rules, targets and people in the admin."""

import pytest

from notifications import services as notifications
from notifications.models import Delivery, DeliveryState
from notifications.routing.models import Person, Rule, Target
from sandbox.process import running
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def sandbox_process():
    with running() as client:
        yield client


@pytest.fixture
def sandbox(sandbox_process, settings):
    sandbox_process.reset()
    settings.LANGUAGE_CODE = "en"
    settings.OUTBOUND_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    settings.SLACK_BOT_TOKEN = "xoxb-of-this-test"
    settings.SLACK_CHANNEL = "C01"
    settings.SLACK_API_URL = sandbox_process.url("/slack/api/")
    return sandbox_process


@pytest.fixture
def admin(client):
    client.force_login(UserFactory(admin=True))
    return client


def test_every_configured_target_stands_in_the_list_and_can_be_tried(admin, sandbox):
    page = admin.get("/admin/routing/target/").content.decode()
    assert notifications.known_targets() == ["slack:C01"]
    assert "slack:C01" in page
    Target.objects.create(name="slack:CMISSING")

    chosen = list(Target.objects.values_list("pk", flat=True))
    answer = admin.post(
        "/admin/routing/target/", {"action": "send_test", "_selected_action": chosen}, follow=True
    ).content.decode()
    assert "lack:C01: Accepted" in answer
    assert "lack:CMISSING: Given up" in answer
    assert "channel_not_found" in answer
    assert [post["channel"] for post in sandbox.state("slack")["posts"]] == ["C01"]
    assert set(Delivery.objects.values_list("event", "state")) == {
        ("test", DeliveryState.ACCEPTED),
        ("test", DeliveryState.DEAD),
    }


def rule(**changes):
    return {
        "name": "Payments",
        "is_active": "on",
        "events": ["ticket.urgent"],
        "urgencies": ["high"],
        "systems": "PaymentService, PaymentGateway",
        "targets": ["slack:C01"],
        "remind_minutes": "30",
        "escalate_minutes": "0",
    } | changes


def test_a_rule_is_made_by_ticking_boxes(admin, sandbox):
    answer = admin.post("/admin/routing/rule/add/", rule())
    assert answer.status_code == 302, answer.content.decode()
    made = Rule.objects.get()
    assert (made.events, made.urgencies, made.targets) == (["ticket.urgent"], ["high"], ["slack:C01"])
    assert made.systems == ["PaymentService", "PaymentGateway"]
    assert "An urgent complaint arrived" in admin.get("/admin/routing/rule/").content.decode()


@pytest.mark.parametrize(
    "wrong", [{"targets": []}, {"targets": ["fax:1"]}, {"events": ["ticket.eaten"]}, {"escalate_minutes": "60"}]
)
def test_a_rule_that_cannot_be_is_refused(admin, sandbox, wrong):
    assert admin.post("/admin/routing/rule/add/", rule(**wrong)).status_code == 200
    assert not Rule.objects.exists()


def test_two_users_cannot_be_one_in_slack(admin):
    Person.objects.create(user=UserFactory(), slack_id="U01")
    other = UserFactory()
    person = {
        "user": other.pk,
        "slack_id": "U01",
        "digest": "each",
        "daily_at": "09:00",
        "busy_over": 1,
        "busy_minutes": 1,
    }
    answer = admin.post("/admin/routing/person/add/", person)
    assert "Somebody has this Slack user id already." in answer.content.decode()
    assert admin.post("/admin/routing/person/add/", person | {"slack_id": "U02"}).status_code == 302


@pytest.mark.parametrize("page", ["rule", "target", "person", "mute", "held"])
def test_only_admins_see_them(client, page):
    client.force_login(UserFactory(manager=True))
    assert client.get(f"/admin/routing/{page}/").status_code == 403
    client.force_login(UserFactory(admin=True))
    assert client.get(f"/admin/routing/{page}/").status_code == 200
