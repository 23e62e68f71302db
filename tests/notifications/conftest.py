import uuid
from collections.abc import Iterator

import pytest
from django.conf import LazySettings

from notifications.channels.base import Parcel
from notifications.channels.slack_webhook import SlackWebhook
from notifications.message import NotificationMessage
from sandbox.client import SandboxClient
from sandbox.process import running
from voc.core import clock
from voc.core.redis import door
from voc.core.vocabulary import Urgency

SECRET = "xq7Zs3cr3tXq7Z"


@pytest.fixture(scope="session")
def sandbox_process() -> Iterator[SandboxClient]:
    with running() as client:
        yield client


@pytest.fixture
def sandbox(sandbox_process: SandboxClient) -> SandboxClient:
    sandbox_process.reset()
    return sandbox_process


@pytest.fixture(autouse=True)
def loopback_is_allowed(settings: LazySettings) -> None:
    settings.OUTBOUND_ALLOWED_NETWORKS = ["127.0.0.0/8"]


@pytest.fixture(autouse=True)
def english(settings: LazySettings) -> None:
    settings.LANGUAGE_CODE = "en"


@pytest.fixture
def place() -> str:
    """A workspace and webhook of this test alone, so that no other test's breaker stands open before it."""
    return f"T{uuid.uuid4().hex[:8]}/B0"


@pytest.fixture
def webhook_url(sandbox: SandboxClient, place: str) -> str:
    return sandbox.url(f"/slack/services/{place}/{SECRET}")


@pytest.fixture
def slack(webhook_url: str) -> SlackWebhook:
    return SlackWebhook(webhook_url, timeout=20)


@pytest.fixture
def hasty_slack(webhook_url: str) -> SlackWebhook:
    """For a Slack that never answers."""
    return SlackWebhook(webhook_url, timeout=1.5)


@pytest.fixture
def urgent() -> NotificationMessage:
    return message(urgency=Urgency.HIGH)


@pytest.fixture
def calm() -> NotificationMessage:
    return message(urgency=Urgency.LOW)


def message(**values: object) -> NotificationMessage:
    given = {
        "event": "ticket.urgent",
        "key": f"key-{uuid.uuid4()}",
        "subject": "VOC-20260101-0001",
        "title": "Urgent complaint VOC-20260101-0001",
        "body": "Payment fails for every card",
        "url": "https://voc.example.com/tickets/VOC-20260101-0001/",
        "urgency": Urgency.HIGH,
        "fields": (("Urgency", "High"), ("System", "PaymentService")),
        "language": "en",
    }
    return NotificationMessage(**{**given, **values})  # type: ignore[arg-type]


def parcel(message: NotificationMessage, **values: object) -> Parcel:
    given = {"id": str(uuid.uuid4()), "message": message, "target": "", "since": clock.now()}
    return Parcel(**{**given, **values})  # type: ignore[arg-type]


def time_passes() -> None:
    """As if what a target has asked for (Retry-After) were over."""
    door().call(lambda client: [client.delete(key) for key in client.keys("voc:rate:*")])
