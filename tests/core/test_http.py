"""The one door for outgoing calls, against real servers."""

import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from uuid import uuid4

import pytest
from django.db import transaction

from tests.core.peers import Peer, hung_port, refused_port, reply, running_peer
from voc.core import clock
from voc.core.addresses import parse_allowed
from voc.core.errors import Permanent, Transient
from voc.core.http import Refused, check_address, guarded, request, retry_after

pytestmark = pytest.mark.django_db


@pytest.fixture
def peer(settings) -> Iterator[Peer]:
    settings.OUTBOUND_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    with running_peer() as server:
        yield server


@pytest.fixture
def name() -> str:
    """A peer that no other test's breaker knows."""
    return f"peer-{uuid4().hex[:8]}"


HOSTILE = [
    "http://127.0.0.1/",
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0177.0.0.1/",
    "http://0/",
    "http://localhost/",
    "http://10.1.2.3/",
    "http://172.16.0.1/",
    "http://192.168.1.1:8080/",
    "http://169.254.169.254/latest/meta-data/",
    "http://100.64.0.1/",
    "http://100.100.100.200/",
    "http://224.0.0.1/",
    "http://240.0.0.1/",
    "http://255.255.255.255/",
    "http://0.0.0.0/",
    "http://192.0.2.1/",
    "http://198.18.0.1/",
    "http://[::1]/",
    "http://[::]/",
    "http://[fe80::1]/",
    "http://[fc00::1]/",
    "http://[ff02::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:a9fe:a9fe]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[fd00:ec2::254]/",
]


class TestAddresses:
    @pytest.mark.parametrize("url", HOSTILE)
    def test_internal_addresses_are_refused_however_they_are_written(self, settings, url: str) -> None:
        settings.OUTBOUND_ALLOWED_NETWORKS = []
        with pytest.raises(Permanent, match="internal address"):
            check_address(url)

    @pytest.mark.parametrize(
        "url",
        [
            "ftp://1.1.1.1/",
            "file:///etc/passwd",
            "gopher://1.1.1.1",
            "//1.1.1.1/",
            "1.1.1.1",
            "http://",
            "http://[",
            "",
        ],
    )
    def test_only_http_addresses_are_called(self, url: str) -> None:
        with pytest.raises(Permanent):
            check_address(url)

    def test_an_address_with_credentials_is_refused(self) -> None:
        with pytest.raises(Permanent, match="credentials"):
            check_address("https://user:password@1.1.1.1/")

    @pytest.mark.parametrize("url", ["https://1.1.1.1/", "http://[2606:4700:4700::1111]/", "https://8.8.8.8:8443/x"])
    def test_public_addresses_may_be_called(self, settings, url: str) -> None:
        settings.OUTBOUND_ALLOWED_NETWORKS = []
        check_address(url)

    def test_allowed_networks_may_be_called_and_others_may_not(self, settings) -> None:
        settings.OUTBOUND_ALLOWED_NETWORKS = ["10.0.0.0/8", "fd00::/8"]
        check_address("http://10.20.30.40/")
        check_address("http://[fd00::1]/")
        for url in ("http://127.0.0.1/", "http://169.254.169.254/", "http://192.168.0.1/"):
            with pytest.raises(Permanent):
                check_address(url)

    def test_an_allowed_host_may_be_private_but_never_link_local(self, settings, monkeypatch) -> None:
        settings.OUTBOUND_ALLOWED_NETWORKS = ["jira.internal"]
        resolve_to(monkeypatch, "10.0.0.5")
        check_address("https://JIRA.internal./")
        with pytest.raises(Permanent):
            check_address("https://other.internal/")
        resolve_to(monkeypatch, "169.254.169.254")
        with pytest.raises(Permanent):
            check_address("https://jira.internal/")

    def test_a_name_is_refused_when_any_of_its_addresses_is_internal(self, settings, monkeypatch) -> None:
        settings.OUTBOUND_ALLOWED_NETWORKS = []
        resolve_to(monkeypatch, "1.1.1.1", "10.0.0.1")
        with pytest.raises(Permanent, match=r"10\.0\.0\.1"):
            check_address("https://two-faced.example/")

    def test_a_name_that_does_not_resolve_is_tried_again_later(self, monkeypatch) -> None:
        def unknown(*_: object, **__: object) -> object:
            raise socket.gaierror(socket.EAI_AGAIN, "try again")

        monkeypatch.setattr(socket, "getaddrinfo", unknown)
        with pytest.raises(Transient) as raised:
            check_address("https://nowhere.example/")
        assert raised.value.ambiguous is False

    @pytest.mark.parametrize("entry", ["10.0.0.0/99", "999.1.1.1", "http://jira", "a@b"])
    def test_an_entry_that_is_neither_network_nor_host_is_an_error(self, entry: str) -> None:
        with pytest.raises(ValueError, match="neither"):
            parse_allowed([entry])


def resolve_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """What the name server says; returns the names that were asked for."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def answer(host: str, port: int, *arguments: int, **options: int) -> list[object]:
        if host.replace(".", "").isdigit():
            return real(host, port, *arguments, **options)  # type: ignore[return-value]
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return asked


class TestRequest:
    def test_sends_json_and_returns_the_answer(self, peer: Peer, name: str) -> None:
        peer.answer = lambda handler: reply(handler, 201, '{"ok": "네"}'.encode(), content_type="application/json")
        response = request(
            name, "POST", peer.url("/x?y=1"), json={"text": "결제"}, headers={"Authorization": "Bearer t"}
        )
        assert (response.status_code, response.json()) == (201, {"ok": "네"})
        [seen] = peer.requests
        assert (seen["method"], seen["path"], seen["body"]) == ("POST", "/x?y=1", '{"text": "결제"}'.encode())
        headers = {key.lower(): value for key, value in seen["headers"].items()}  # type: ignore[attr-defined]
        assert headers["host"] == f"127.0.0.1:{peer.port}"
        assert headers["authorization"] == "Bearer t"
        assert headers["content-type"] == "application/json"

    def test_connects_to_the_address_that_was_checked_and_keeps_the_name(
        self, peer: Peer, name: str, monkeypatch, settings
    ) -> None:
        asked = resolve_to(monkeypatch, "127.0.0.1")
        request(name, "GET", peer.url(host="hooks.example"))
        assert asked == ["hooks.example"]
        assert peer.requests[0]["headers"]["Host"] == f"hooks.example:{peer.port}"  # type: ignore[index]

    def test_a_name_that_turns_internal_between_check_and_call_is_not_called(
        self, peer: Peer, name: str, monkeypatch, settings
    ) -> None:
        settings.OUTBOUND_ALLOWED_NETWORKS = []
        resolve_to(monkeypatch, "93.184.216.34")
        url = peer.url(host="rebinding.example")
        check_address(url)
        resolve_to(monkeypatch, "127.0.0.1")
        with pytest.raises(Permanent, match="internal address"):
            request(name, "GET", url)
        assert peer.requests == []

    def test_redirects_are_not_followed(self, peer: Peer, name: str) -> None:
        peer.answer = lambda handler: reply(handler, 302, location="http://169.254.169.254/latest")
        with pytest.raises(Refused, match="redirects") as raised:
            request(name, "GET", peer.url("/a"))
        assert raised.value.status == 302
        assert [seen["path"] for seen in peer.requests] == ["/a"]

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 422])
    def test_a_refusal_is_permanent_and_keeps_what_was_said(self, peer: Peer, name: str, status: int) -> None:
        peer.answer = lambda handler: reply(handler, status, b"invalid_payload")
        with pytest.raises(Refused) as raised:
            request(name, "POST", peer.url("/services/T0/B0/verysecret"), json={})
        assert (raised.value.status, raised.value.body) == (status, "invalid_payload")
        assert "verysecret" not in str(raised.value)

    def test_an_accepted_status_is_returned(self, peer: Peer, name: str) -> None:
        peer.answer = lambda handler: reply(handler, 404)
        assert request(name, "GET", peer.url(), accept=[404]).status_code == 404

    @pytest.mark.parametrize("status", [429, 503])
    def test_being_asked_to_wait_names_the_time_and_is_not_ambiguous(self, peer: Peer, name: str, status: int) -> None:
        peer.answer = lambda handler: reply(handler, status, retry_after="120")
        with pytest.raises(Transient) as raised:
            request(name, "GET", peer.url())
        assert abs(raised.value.at - clock.now() - timedelta(seconds=120)) < timedelta(seconds=30)
        assert raised.value.ambiguous is False

    @pytest.mark.parametrize("status", [500, 502, 504])
    def test_a_server_error_is_transient_and_ambiguous(self, peer: Peer, name: str, status: int) -> None:
        peer.answer = lambda handler: reply(handler, status)
        with pytest.raises(Transient) as raised:
            request(name, "GET", peer.url())
        assert (raised.value.at, raised.value.ambiguous) == (None, True)

    def test_a_refused_connection_is_transient_and_nothing_was_sent(self, peer: Peer, name: str) -> None:
        with pytest.raises(Transient, match="cannot be reached") as raised:
            request(name, "GET", f"http://127.0.0.1:{refused_port()}/verysecret")
        assert raised.value.ambiguous is False
        assert "verysecret" not in str(raised.value)

    def test_no_answer_in_time_is_ambiguous(self, peer: Peer, name: str) -> None:
        started = time.monotonic()
        with hung_port() as port, pytest.raises(Transient, match="took too long") as raised:
            request(name, "POST", f"http://127.0.0.1:{port}/", json={}, timeout=0.3)
        assert raised.value.ambiguous is True
        assert time.monotonic() - started < 12

    def test_a_connection_dropped_after_the_request_is_ambiguous(self, peer: Peer, name: str) -> None:
        peer.answer = lambda handler: handler.connection.shutdown(socket.SHUT_RDWR)
        with pytest.raises(Transient, match="broke the connection off") as raised:
            request(name, "POST", peer.url(), json={})
        assert raised.value.ambiguous is True

    def test_the_deadline_holds_against_an_answer_that_drips(self, peer: Peer, name: str) -> None:
        def drip(handler) -> None:  # type: ignore[no-untyped-def]
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            for _ in range(400):
                try:
                    handler.wfile.write(b"a")
                except OSError:
                    return
                time.sleep(0.05)

        peer.answer = drip
        started = time.monotonic()
        with pytest.raises(Transient, match="took too long"):
            request(name, "GET", peer.url(), timeout=0.4)
        assert time.monotonic() - started < 10

    def test_an_answer_that_is_too_large_is_refused(self, peer: Peer, name: str) -> None:
        peer.answer = lambda handler: reply(handler, 200, b"x" * 5000)
        with pytest.raises(Permanent, match="more than 1,000 bytes"):
            request(name, "GET", peer.url(), max_bytes=1000)

    def test_proxies_of_the_environment_are_not_used(self, peer: Peer, name: str, monkeypatch) -> None:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{refused_port()}")
        assert request(name, "GET", peer.url()).status_code == 200

    def test_nothing_leaves_the_house_inside_a_transaction(self, peer: Peer, name: str) -> None:
        with transaction.atomic():
            with pytest.raises(RuntimeError, match="transaction"):
                request(name, "GET", peer.url())
            with pytest.raises(RuntimeError, match="transaction"), guarded(name):
                raise AssertionError("unreachable")
        assert peer.requests == []

    def test_three_failures_open_the_breaker_and_the_peer_is_left_alone(self, peer: Peer, name: str) -> None:
        peer.answer = lambda handler: reply(handler, 500)
        for _ in range(3):
            with pytest.raises(Transient, match="failed"):
                request(name, "GET", peer.url())
        with pytest.raises(Transient) as raised:
            request(name, "GET", peer.url())
        assert raised.value.spend is False
        assert timedelta(seconds=10) < raised.value.at - clock.now() < timedelta(seconds=32)
        assert len(peer.requests) == 3

    def test_refusals_and_requests_to_wait_do_not_open_the_breaker(self, peer: Peer, name: str) -> None:
        for status in (400, 404, 401, 403, 422):
            peer.answer = lambda handler, status=status: reply(handler, status)
            with pytest.raises(Refused):
                request(name, "GET", peer.url())
        peer.answer = lambda handler: reply(handler, 429, retry_after="1")
        for _ in range(5):
            with pytest.raises(Transient, match="429"):
                request(name, "GET", peer.url())


class TestRetryAfter:
    def test_seconds(self) -> None:
        assert abs(retry_after(" 90 ") - clock.now() - timedelta(seconds=90)) < timedelta(seconds=20)

    def test_a_date(self) -> None:
        moment = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
        assert retry_after(format_datetime(moment, usegmt=True)) == moment

    @pytest.mark.parametrize("value", [None, "", "soon", "-5", "1.5", "٣", "Wed, 99 Foo 2030"])
    def test_nonsense_names_no_time(self, value: str | None) -> None:
        assert retry_after(value) is None

    def test_an_enormous_number_is_bounded(self) -> None:
        assert retry_after("9" * 50) is not None
