"""No configurable address leads inside: 60 ways to write or to hide one, through every client that the system uses."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import timedelta

import pytest
from django.utils import timezone
from pydantic import BaseModel

from integrations.jira.client import JiraClient
from integrations.logs.cloudwatch import CloudWatchAdapter
from integrations.logs.datadog import DatadogAdapter
from integrations.logs.elasticsearch import ElasticsearchAdapter
from integrations.logs.splunk import SplunkAdapter
from llm import providers
from llm.catalogue import catalogue
from notifications.channels.base import Channel, Parcel
from notifications.channels.email import Email
from notifications.channels.pagerduty import PagerDuty
from notifications.channels.ses import Ses
from notifications.channels.slack import Slack
from notifications.channels.slack_api import SlackApi
from notifications.channels.slack_webhook import SlackWebhook
from notifications.channels.teams import Teams
from notifications.message import NotificationMessage
from tests.core.peers import reply, running_peer
from voc.core.confine import confined
from voc.core.errors import Permanent, VocError
from voc.core.http import check_address, request
from voc.core.vocabulary import TimeRange, Urgency

pytestmark = pytest.mark.django_db

WRITTEN = [
    # loopback, in all the ways that getaddrinfo takes
    "127.0.0.1", "127.0.0.2", "127.255.255.254", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "0x7f.1",
    "017700000001", "0177.0.0.1", "0177.1", "0", "0.0.0.0", "localhost", "LOCALHOST", "localhost.", "①②⑦.0.0.1", "１２７.0.0.1",
    # private
    "10.0.0.1", "10.255.255.255", "10.1", "0xa000001", "167772161", "012.0.0.1", "172.16.0.1", "172.31.255.254",
    "192.168.0.1", "192.168.255.254", "192.168.1", "3232235521",
    # link-local, metadata, carrier
    "169.254.169.254", "169.254.170.2", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518",
    "100.64.0.1", "100.100.100.200", "192.0.0.192",
    # nobody's
    "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1",
    # IPv6, and IPv4 within it
    "[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::ffff:10.0.0.1]", "[::ffff:a9fe:a9fe]",
    "[fe80::1]", "[fc00::1]", "[fd00:ec2::254]", "[ff02::1]", "[64:ff9b::7f00:1]", "[64:ff9b::a9fe:a9fe]", "[2002:7f00:1::]",
    "[2002:a9fe:a9fe::]", "[2001:0:7f00:1::]", "[::127.0.0.1]", "[fec0::1]",
]  # fmt: skip


@pytest.fixture(autouse=True)
def _nothing_allowed(settings):
    settings.OUTBOUND_ALLOWED_NETWORKS = []


def test_there_are_sixty_of_them() -> None:
    assert len(set(WRITTEN)) >= 60


@contextmanager
def connections() -> Iterator[list[object]]:
    """Where sockets of this process connect meanwhile, whichever library opens them."""
    made: list[object] = []
    real = socket.socket.connect

    def connect(self: socket.socket, address: object) -> None:
        made.append(address)
        real(self, address)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect)
        yield made


def names(monkeypatch: pytest.MonkeyPatch, *answers: str) -> list[str]:
    """A name server of our own: each question about the name gets the next answer, the last one for ever. What it answered."""
    waiting = list(answers)
    asked: list[str] = []
    real = socket.getaddrinfo
    lock = threading.Lock()

    def answer(host: object, port: object, *arguments: object, **options: object) -> object:
        if host not in ("rebinding.example", b"rebinding.example"):
            return real(host, port, *arguments, **options)  # type: ignore[arg-type]
        with lock:
            address = waiting.pop(0) if len(waiting) > 1 else waiting[0]
            asked.append(address)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return asked


@pytest.mark.parametrize("host", WRITTEN)
def test_no_way_to_write_an_internal_address_gets_a_connection(host: str) -> None:
    url = f"http://{host}:9/x"
    with connections() as made:
        with pytest.raises(VocError):
            check_address(url)
        with pytest.raises(VocError):
            request(f"peer-{host}", "GET", url, timeout=20)
    # Its own Redis, which keeps breakers, is no peer.
    assert [each for each in made if each[1] == 9] == []  # type: ignore[index]


def search(adapter: object) -> None:
    now = timezone.now()
    adapter.search_logs("error", TimeRange(now - timedelta(hours=1), now), 10)  # type: ignore[attr-defined]


def through(client: str, url: str) -> None:
    """One call by the vendor's own client."""
    match client:
        case "elasticsearch":
            search(ElasticsearchAdapter(url=url, index="logs", seconds=20))
        case "datadog":
            search(DatadogAdapter(url=url, api_key="k", app_key="k", seconds=20))
        case "cloudwatch":
            search(CloudWatchAdapter(url=url, index="group", region="us-east-1", seconds=20))
        case "splunk":
            search(SplunkAdapter(url=url, token="t", index="main", seconds=20))
        case "jira":
            JiraClient(url=url, token="t", seconds=20).server_info()
        case "slack webhook" | "slack" | "teams" | "pagerduty" | "ses":
            channel, target = channel_of(client, url)
            message = NotificationMessage(subject="s", event="e", key="k", title="t", body="b", urgency=Urgency.HIGH)
            channel.deliver(Parcel(id="1", message=message, target=target, since=timezone.now()))
        case "openai":
            call = {"schema": Answer, "max_tokens": 5, "seconds": 20}
            providers.call(catalogue().find("gpt-4"), [{"role": "user", "content": "x"}], **call)  # type: ignore[arg-type]


def channel_of(client: str, url: str) -> tuple[Channel, str]:
    """The channel, and a target of it."""
    how = {"timeout": 3.0, "per_second": 0}
    match client:
        case "slack":
            return Slack(
                SlackApi("xoxb-1", base_url=f"{url}/api/", timeout=20), channel="C0123ABCD", **how
            ), "C0123ABCD"  # type: ignore[arg-type]
        case "teams":
            return Teams({"ops": f"{url}/x"}, **how), "ops"  # type: ignore[arg-type]
        case "pagerduty":
            return PagerDuty({"ops": "k" * 32}, url=url, **how), "ops"  # type: ignore[arg-type]
        case "ses":
            ses = Ses(region="us-east-1", url=url, timeout=20)
            return Email(ses, sender="a@example.com", to="b@example.com", per_second=0), "b@example.com"
    webhook = SlackWebhook(f"{url}/services/T0/B0/x", **how)  # type: ignore[arg-type]
    return webhook, webhook.target


class Answer(BaseModel):
    text: str


CLIENTS = (
    *("elasticsearch", "datadog", "cloudwatch", "splunk", "openai", "jira"),
    *("slack webhook", "slack", "teams", "pagerduty", "ses"),
)
# Their own doors ask for the address once, and call what they were told.
ASK_ONCE = ("splunk", "jira")


@pytest.fixture
def keys(monkeypatch, settings):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "k")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    settings.OPENAI_API_KEY = "k"


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize("client", CLIENTS)
def test_a_name_that_turns_internal_after_the_check_gets_no_client_there(client, monkeypatch, settings) -> None:
    """Public while it is checked, loopback when the client connects: a server waits there, and hears nothing."""
    with running_peer() as peer:
        settings.OPENAI_BASE_URL = url = f"http://rebinding.example:{peer.port}"
        checked = () if client in ASK_ONCE else ("93.184.216.34",)
        asked = names(monkeypatch, *checked, "127.0.0.1")
        with pytest.raises(Exception, match=r".+"):
            through(client, url)
        assert peer.requests == []
        assert "127.0.0.1" in asked, "the client asked again, and got the other answer"


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize("client", CLIENTS)
def test_no_client_follows_a_redirect_inside(client, settings) -> None:
    settings.OUTBOUND_ALLOWED_NETWORKS = ["127.0.0.1/32"]
    with running_peer() as inside, running_peer() as door:
        # Another loopback address, which is not allowed.
        target = f"http://127.0.0.2:{inside.port}/latest/meta-data/"
        door.answer = lambda handler: reply(handler, 307, location=target)
        settings.OPENAI_BASE_URL = url = f"http://127.0.0.1:{door.port}"
        with pytest.raises(Exception, match=r".+"):
            through(client, url)
        assert inside.requests == []
        assert door.requests


def test_outside_of_a_call_to_a_vendor_nothing_is_confined() -> None:
    with running_peer() as peer, closing(socket.create_connection(("127.0.0.1", peer.port), timeout=20)) as open_socket:
        assert open_socket.getpeername()[1] == peer.port
        with confined("http://vendor.example/"), pytest.raises(Permanent, match=r"internal address 127\.0\.0\.1"):
            socket.create_connection(("127.0.0.1", peer.port), timeout=20)
        with (
            confined("http://vendor.example/"),
            pytest.raises(Permanent),
            closing(socket.socket(socket.AF_UNIX)) as pipe,
        ):
            pipe.connect("/tmp/no-such-socket")
        with confined("http://vendor.example/"), pytest.raises(Permanent), closing(socket.socket()) as plain:
            plain.connect(("localhost", peer.port))
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", peer.port), timeout=20).close()
