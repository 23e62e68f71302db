"""What may happen between deciding a message and its arrival, seen from where it arrives: all four channels over real clients."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import LazySettings
from django.conf import settings as django_settings
from django.db import connection, transaction

from notifications.message import NotificationMessage
from notifications.models import Delivery, DeliveryState, Thread
from notifications.routing import digests
from notifications.routing.models import Rule, Target
from notifications.routing.occasions import Occasion
from notifications.routing.telling import tell
from notifications.services import get_notifications
from sandbox.client import SandboxClient
from tests.core.peers import refused_port
from tests.factories import TicketFactory, UserFactory
from tests.notifications.channels.mailserver import Mailbox, mail_server
from tests.notifications.conftest import message, time_passes
from tickets import reminders, services
from tickets.models import EventKind, Status, TicketEvent
from voc.core import clock
from voc.core.outbox.api import drain_all
from voc.core.outbox.models import Job, JobState
from voc.core.redis import door
from voc.core.vocabulary import Urgency

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).resolve().parents[2]
SMTP = "django.core.mail.backends.smtp.EmailBackend"
KEYS = ("core=" + "c" * 32, "edge=" + "e" * 32)
# The first target of each is that of the child which dies before it sends.
TARGETS = {
    "slack": ("C0BEFORE", "C0AFTER"),
    "email": ("before@example.com", "after@example.com"),
    "teams": ("before", "after"),
    "pagerduty": ("core", "edge"),
}
STEPS = [f"{channel}:{when}" for channel in TARGETS for when in ("before", "after")]


@pytest.fixture(scope="module")
def mail_peer() -> Iterator[tuple[Mailbox, int]]:
    with mail_server() as running:
        yield running


@pytest.fixture(autouse=True)
def mailbox(sandbox: SandboxClient, settings: LazySettings, mail_peer: tuple[Mailbox, int]) -> Mailbox:
    """All channels, each with its peer."""
    mailbox, port = mail_peer
    mailbox.mails.clear()
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = SMTP, "127.0.0.1", port
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.SLACK_BOT_TOKEN, settings.SLACK_CHANNEL = "xoxb-right-token", "C0BEFORE"
    settings.SLACK_API_URL = sandbox.url("/slack/api/")
    settings.SLACK_LANGUAGE = "en"
    settings.TEAMS_WEBHOOKS = [
        f"{name}={sandbox.url(f'/teams/workflows/{name}/triggers/manual/paths/invoke?sig=x')}"
        for name in TARGETS["teams"]
    ]
    settings.PAGERDUTY_ROUTING_KEYS = list(KEYS)
    settings.PAGERDUTY_URL = sandbox.url("/pagerduty")
    settings.SLACK_MESSAGES_PER_SECOND = settings.TEAMS_MESSAGES_PER_SECOND = 0
    settings.VOC_GRACE_SECONDS = 0
    return mailbox


def work() -> None:
    """Workers do all that there is to do; what waits for a moment, or is held by who died, is due."""
    for _round in range(6):
        past = clock.now() - timedelta(hours=1)
        Job.objects.filter(state=JobState.RUNNING).update(lease_until=past)
        Delivery.objects.filter(state=DeliveryState.SENDING).update(lease_until=past)
        Thread.objects.filter(root_id="").update(lease_until=past)
        time_passes()
        drain_all()
        if not Job.objects.filter(state=JobState.PENDING).update(due_at=clock.now()):
            return


def seen(sandbox: SandboxClient, mailbox: Mailbox) -> dict[str, Counter[str]]:
    """How often each place shows a message, by channel."""
    state = sandbox.state()
    return {
        "slack": Counter(post["channel"] for post in state["slack"]["posts"]),
        "email": Counter(to for to, _mail in mailbox.mails),
        "teams": Counter(card["flow"] for card in state["teams"]["cards"]),
        "pagerduty": Counter(incident["service"] for incident in state["pagerduty"]["incidents"]),
    }


def environment() -> dict[str, str]:
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    given = django_settings
    return os.environ | {
        "DATABASE_URL": url,
        "REDIS_URL": given.REDIS_URL,
        "DJANGO_SETTINGS_MODULE": "voc.settings",
        "SECRET_KEY": "of this test alone " * 3,
        "ENV_FILE": os.devnull,
        "OUTBOUND_ALLOWED_NETWORKS": "127.0.0.0/8",
        "OUTBOX_LEASE_SECONDS": "300",
        "EMAIL_URL": f"smtp://127.0.0.1:{given.EMAIL_PORT}",
        "TEAMS_WEBHOOKS": ",".join(given.TEAMS_WEBHOOKS),
        "PAGERDUTY_ROUTING_KEYS": ",".join(given.PAGERDUTY_ROUTING_KEYS),
        **{name: getattr(given, name) for name in ("SLACK_BOT_TOKEN", "SLACK_API_URL", "PAGERDUTY_URL")},
    }


def test_whether_a_worker_is_killed_before_or_after_the_vendor_took_it_each_message_arrives(
    sandbox: SandboxClient, mailbox: Mailbox
) -> None:
    for channel, targets in TARGETS.items():
        for target in targets:
            with transaction.atomic():
                about = f"{channel}-{target}"
                get_notifications().queue(message(subject=about, thread=about), [f"{channel}:{target}"])

    died = subprocess.run(
        [sys.executable, "-m", "tests.notifications.dying", *STEPS],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert died.stdout.splitlines() == [f"{step} 9" for step in STEPS], died.stderr
    assert [places.total() for places in seen(sandbox, mailbox).values()] == [1, 1, 1, 1]
    work()

    assert set(Delivery.objects.values_list("state", "ambiguous")) == {(DeliveryState.ACCEPTED, 1)}
    found = seen(sandbox, mailbox)
    assert {channel: sorted(places.values()) for channel, places in found.items()} == {
        "slack": [1, 1],
        "pagerduty": [1, 1],
        # Nobody can ask them what they have: it is sent again, and counted.
        "email": [1, 2],
        "teams": [1, 2],
    }
    counted = Counter(Delivery.objects.filter(doubles=1).values_list("channel", flat=True))
    assert counted == {"email": 2, "teams": 2}


def test_while_the_broker_is_down_messages_are_decided_and_arrive_once(
    sandbox: SandboxClient, mailbox: Mailbox, settings: LazySettings
) -> None:
    settings.REDIS_URL = settings.CELERY_BROKER_URL = f"redis://127.0.0.1:{refused_port()}/0"
    with transaction.atomic():
        get_notifications().queue(
            message(), ["slack:C0AFTER", "email:after@example.com", "teams:after", "pagerduty:edge"]
        )

    drain_all(twice=True)
    door().reopen()

    assert [places.total() for places in seen(sandbox, mailbox).values()] == [1, 1, 1, 1]
    assert set(Delivery.objects.values_list("state", flat=True)) == {DeliveryState.ACCEPTED}


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    return lambda moment: monkeypatch.setattr(clock, "now", lambda: moment)


def test_what_waits_over_a_night_in_which_the_clock_goes_back_arrives_in_the_morning_on_the_wall(
    sandbox: SandboxClient, mailbox: Mailbox, now: Callable[[datetime], None]
) -> None:
    Rule.objects.create(name="all", targets=["slack:C0AFTER"])
    hours = {"quiet_from": time(22), "quiet_to": time(8), "zone": "America/New_York"}
    Target.objects.create(name="slack:C0AFTER", language="en", **hours)

    def compose(language: str) -> NotificationMessage:
        return message(event="ticket.decided", key="calm", urgency=Urgency.LOW, language=language)

    # 23:00 in New York; the clock goes back at 2:00, so that 8:00 is ten hours away.
    evening = datetime(2026, 11, 1, 3, tzinfo=UTC)
    now(evening)
    with transaction.atomic():
        tell(Occasion(event="ticket.decided", subject="VOC-1"), compose)
    for hours_later, arrived in ((9.9, 0), (10, 1)):
        now(evening + timedelta(hours=hours_later))
        digests.emit_due()
        drain_all()
        assert seen(sandbox, mailbox)["slack"].total() == arrived


def test_a_ticket_that_is_decided_while_its_reminder_waits_is_not_reminded_of(
    sandbox: SandboxClient, mailbox: Mailbox
) -> None:
    Rule.objects.create(name="urgent", events=["ticket.urgent"], targets=["slack:C0AFTER"], remind_minutes=30)
    ticket = TicketFactory(waiting=True, urgency=Urgency.HIGH)
    TicketEvent.objects.create(
        ticket=ticket,
        kind=EventKind.ANALYSED,
        at=clock.now() - timedelta(minutes=31),
        status_before=Status.ANALYZING,
        status_after=Status.WAITING_CONFIRM,
    )
    # Slack asks to wait: the reminder is on its way, and not there.
    sandbox.fault("slack", "status", status=429, retry_after=600, count=1)
    reminders.emit_due()
    drain_all()
    assert Delivery.objects.get(event="ticket.reminder").state == DeliveryState.RETRY

    services.reject_ticket(ticket_id=ticket.ticket_id, actor=UserFactory(manager=True), reject_reason="No")
    work()

    assert seen(sandbox, mailbox)["slack"].total() == 0
    assert Delivery.objects.get(event="ticket.reminder").state == DeliveryState.SUPERSEDED
