"""GET /metrics: what it says, and to whom."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import transaction
from django.test import Client

from voc.core import clock
from voc.core.alerts import raise_alert
from voc.core.breaker import Breaker
from voc.core.errors import Transient
from voc.core.outbox.api import close_gate, emit
from voc.core.outbox.claim import claim
from voc.core.outbox.models import Job
from voc.core.outbox.sweeping import beat

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("flow")]


def scrape(**headers: str) -> dict[str, float]:
    response = Client().get("/metrics", **headers)
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/plain")
    lines = [line for line in response.content.decode().splitlines() if line and not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_tells_what_the_database_knows() -> None:
    with transaction.atomic():
        for subject in "ABC":
            emit("thing.made", subject=subject)
        emit("thing.told", subject="A")
    Job.objects.filter(queue="analysis").update(due_at=clock.now() - timedelta(seconds=100))
    assert claim("analysis") is not None
    Job.objects.filter(state="running").update(lease_until=clock.now() - timedelta(seconds=5))
    Job.objects.filter(queue="notify").update(state="dead")
    close_gate("notify", reason="401")
    raise_alert("k", title="t", level="critical")
    beat("sweep")
    found = scrape()
    assert found['voc_jobs{queue="analysis",state="pending"}'] == 2
    assert found['voc_jobs{queue="analysis",state="running"}'] == 1
    assert found['voc_jobs{queue="notify",state="dead"}'] == 1
    assert found['voc_jobs{queue="mail",state="dead"}'] == 0
    assert 99 < found['voc_jobs_oldest_due_seconds{queue="analysis"}'] < 130
    assert found['voc_jobs_lapsed_leases{queue="analysis"}'] == 1
    assert found['voc_gate_closed{queue="notify"}'] == 1
    assert found['voc_gate_closed{queue="analysis"}'] == 0
    assert found['voc_alerts_open{level="critical"}'] == 1
    assert found["voc_database_up"] == 1
    assert 0 <= found['voc_pulse_age_seconds{name="sweep"}'] < 30
    assert any(name.startswith("django_http_requests") for name in found)


def test_tells_which_breakers_are_open() -> None:
    peer = f"peer-{uuid4().hex[:8]}"
    for _ in range(3):
        with pytest.raises(Transient), Breaker(peer).guard():
            raise Transient("down")
    assert scrape()[f'voc_breaker_open{{peer="{peer}"}}'] == 1


class TestWhoMayRead:
    @pytest.fixture(autouse=True)
    def _token(self, settings) -> None:
        settings.METRICS_TOKEN = "a-long-metrics-token"

    @pytest.mark.parametrize("address", ["127.0.0.1", "::1", "127.3.4.5"])
    def test_the_machine_itself(self, address: str) -> None:
        assert scrape(REMOTE_ADDR=address)

    def test_the_bearer_of_the_token(self) -> None:
        assert scrape(REMOTE_ADDR="10.1.2.3", HTTP_AUTHORIZATION="Bearer a-long-metrics-token")

    @pytest.mark.parametrize("token", ["", "Bearer ", "Bearer wrong", "Bearer a-long-metrics-toke", "Bearer ü"])
    def test_nobody_else(self, token: str) -> None:
        assert Client().get("/metrics", REMOTE_ADDR="10.1.2.3", HTTP_AUTHORIZATION=token).status_code == 403

    @pytest.mark.parametrize("header", ["HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP"])
    def test_nobody_behind_a_proxy_on_this_machine(self, header: str) -> None:
        assert Client().get("/metrics", REMOTE_ADDR="127.0.0.1", **{header: "127.0.0.1"}).status_code == 403

    def test_an_unset_token_opens_nothing(self, settings) -> None:
        settings.METRICS_TOKEN = ""
        assert Client().get("/metrics", REMOTE_ADDR="10.1.2.3", HTTP_AUTHORIZATION="Bearer ").status_code == 403
        assert Client().get("/metrics", REMOTE_ADDR="").status_code == 403

    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
    def test_only_reading_is_allowed_and_no_page_says_so(self, method: str) -> None:
        answer = Client(enforce_csrf_checks=True).generic(method, "/metrics")
        assert (answer.status_code, answer["Allow"], answer.content) == (405, "GET, HEAD", b"")
