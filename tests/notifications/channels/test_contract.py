"""What every channel keeps, through its real client and over the wire."""

import json
import logging
import traceback
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings

from notifications.channels import CHANNELS
from notifications.channels.base import Channel
from notifications.services import NotificationService
from sandbox.client import SandboxClient
from tests.notifications.channels.harness import PEERS, SECRET, Peer
from tests.notifications.conftest import message, parcel
from voc.core import clock
from voc.core.errors import Permanent, Transient, VocError
from voc.core.outbox.flow import routes
from voc.dev.ports import free_port

HOSTILE = "<!channel> <@U012AB> <https://evil.example|click> [x](https://evil.example) <at>all</at> & **b** `c`"


@pytest.fixture(params=sorted(PEERS))
def peer(request: pytest.FixtureRequest, sandbox: SandboxClient) -> Peer:
    return PEERS[request.param](sandbox)


def test_a_message_arrives_once_with_what_it_says(peer: Peer) -> None:
    urgent = message(title="Urgent complaint VOC-20260101-0001", body="결제가 안 됩니다")

    peer.channel.deliver(parcel(urgent, target=peer.target))

    [shown] = peer.seen()
    for expected in ("Urgent complaint VOC-20260101-0001", "결제가 안 됩니다", "PaymentService", urgent.url):
        assert expected in shown
    assert peer.posts() == 1


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_too_many_requests_names_the_time_and_the_client_does_not_wait_for_it(peer: Peer, form: str) -> None:
    peer.fault("status", status=429, retry_after=30, retry_after_format=form)

    with pytest.raises(Transient) as caught:
        peer.channel.deliver(parcel(message(), target=peer.target))

    assert not caught.value.ambiguous
    assert caught.value.at is not None
    assert timedelta(seconds=20) < caught.value.at - clock.now() <= timedelta(seconds=31)
    assert peer.posts() == 1


def test_too_many_requests_without_a_time_leaves_it_to_the_back_off(peer: Peer) -> None:
    peer.fault("status", status=429)

    with pytest.raises(Transient) as caught:
        peer.channel.deliver(parcel(message(), target=peer.target))

    assert (caught.value.at, caught.value.ambiguous) == (None, False)
    assert peer.posts() == 1


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "drop"},
        {"kind": "drop_after"},
        {"kind": "hang_after", "seconds": 20},
        {"kind": "status_after", "status": 502, "body": "<html>Bad gateway</html>"},
    ],
    ids=lambda fault: fault["kind"],
)
def test_an_answer_that_is_lost_is_ambiguous_and_the_client_does_not_try_again_itself(
    peer: Peer, fault: dict[str, Any]
) -> None:
    peer.fault(**fault)

    with pytest.raises(Transient) as caught:
        peer.channel.deliver(parcel(message(), target=peer.target))

    assert caught.value.ambiguous
    assert caught.value.at is None
    assert peer.posts() == 1


def test_a_refused_connection_is_certainly_not_sent(peer: Peer, sandbox: SandboxClient) -> None:
    away = type(peer)(sandbox, base=f"http://127.0.0.1:{free_port()}")

    with pytest.raises(Transient, match="cannot be reached") as caught:
        away.channel.deliver(parcel(message(), target=away.target))

    assert not caught.value.ambiguous


def test_a_refusal_is_permanent_and_says_what_was_answered(peer: Peer) -> None:
    body = '{"ok": false, "error": "restricted_action"}'
    peer.fault("status", status=403, body=body, content_type="application/json")

    with pytest.raises(Permanent) as caught:
        peer.channel.deliver(parcel(message(), target=peer.target))

    assert "restricted_action" in caught.value.message


def test_a_redirect_is_not_followed(peer: Peer, sandbox: SandboxClient) -> None:
    peer.fault("status", status=307, headers={"Location": sandbox.url("/elsewhere")})

    with pytest.raises(VocError):
        peer.channel.deliver(parcel(message(), target=peer.target))

    assert sandbox.requests("unknown") == []


def test_an_address_inside_the_house_is_refused_unless_it_is_allowed(peer: Peer, settings: LazySettings) -> None:
    settings.OUTBOUND_ALLOWED_NETWORKS = []

    with pytest.raises(Permanent):
        peer.channel.deliver(parcel(message(), target=peer.target))

    assert peer.posts() == 0


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "drop"},
        {"kind": "status", "status": 500, "body": f"cannot POST {SECRET}"},
        {"kind": "status", "status": 400, "body": f"no route for {SECRET}"},
        {"kind": "status", "status": 429, "body": SECRET},
        {"kind": "malformed", "body": f"http://127.0.0.1/{SECRET}"},
    ],
    ids=lambda fault: f"{fault['kind']} {fault.get('status', '')}".strip(),
)
def test_no_secret_shows_in_an_error_a_traceback_or_a_log(
    peer: Peer, caplog: pytest.LogCaptureFixture, fault: dict[str, Any]
) -> None:
    peer.fault(**fault)
    raised = ""

    with caplog.at_level(logging.DEBUG):
        try:
            peer.channel.deliver(parcel(message(), target=peer.target))
        except VocError as error:
            raised = "".join(traceback.format_exception(error))

    # Teams reads nothing of a body that follows 202.
    assert raised or (peer.vendor == "teams" and peer.posts() == 1)
    assert SECRET not in raised
    assert SECRET not in caplog.text
    assert SECRET not in repr(peer.channel)
    assert SECRET not in peer.target


@pytest.mark.parametrize("character", ["가", "&", "<", "*", "😀", "\n", "a "])
def test_texts_of_any_length_stay_within_the_vendors_limits(peer: Peer, character: str) -> None:
    long = "x" + character * 40_000

    peer.channel.deliver(
        parcel(message(title=long, body=long, fields=tuple((long, long) for _ in range(30))), target=peer.target)
    )

    assert len(peer.seen()) == 1


def test_markup_and_control_characters_are_accepted_and_do_nothing(peer: Peer) -> None:
    hostile = f"{HOSTILE}\u202e\x07\ud800\r\n# heading"

    peer.channel.deliver(parcel(message(title=hostile, body=hostile, fields=((hostile, hostile),)), target=peer.target))

    [shown] = peer.seen()
    assert "\u202e" not in json.loads(json.dumps(shown))
    # PagerDuty shows plain text.
    assert peer.markup() or peer.vendor == "pagerduty"
    for text in peer.markup():
        for live in ("<!channel>", "<@U012AB>", "<at>", "|click>"):
            assert live not in text
        assert " [x](" not in text or peer.vendor == "slack"  # which knows no such links


def test_its_credentials_are_looked_at_without_sending_anything(peer: Peer) -> None:
    assert peer.channel.verify()

    assert peer.seen() == []


def test_an_unknown_target_is_refused_before_anything_is_sent(peer: Peer) -> None:
    with pytest.raises(Permanent):
        peer.channel.canonical("no such target!")


def test_every_registered_channel_has_a_queue_of_its_own_and_jobs_that_lead_there(settings: LazySettings) -> None:
    for name in CHANNELS:
        [route] = routes(f"notification.{name}")
        assert route.queue == name
        assert settings.VOC_QUEUES[name] >= 1
        assert route.on_dead


def test_no_channel_is_there_without_configuration(settings: LazySettings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"

    assert [name for name, build in CHANNELS.items() if build() is not None] == []


def test_what_the_settings_name_is_built(settings: LazySettings) -> None:
    settings.SLACK_BOT_TOKEN = f"xoxb-{SECRET}"
    settings.SLACK_CHANNEL = "C024BE91L"
    settings.TEAMS_WEBHOOKS = ["ops=https://x.example/a?sig=1", "sales=https://x.example/b?sig=2"]
    settings.PAGERDUTY_ROUTING_KEYS = [SECRET]
    settings.NOTIFY_EMAIL = "ops@example.com"

    built = {name: build() for name, build in CHANNELS.items()}

    assert {name: way.targets() for name, way in built.items() if way} == {
        "slack": ("C024BE91L",),
        "email": ("ops@example.com",),
        "teams": ("ops", "sales"),
        "pagerduty": ("default",),
    }
    assert all(isinstance(way, Channel) for way in built.values())
    assert NotificationService(built["slack"], email=built["email"], teams=built["teams"]).channels["email"]
