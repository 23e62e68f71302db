"""GET /health: told within a second whatever is wrong."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction
from django.test import Client

from tests.core.peers import hung_port, refused_port
from tests.core.tools import wait_until
from voc.core import clock, health
from voc.core.database import raw_connection
from voc.core.outbox.api import close_gate, emit
from voc.core.outbox.models import Job, Pulse
from voc.core.outbox.sweeping import beat

# A second, on a machine that does nothing else; whoever waits for what hangs takes much longer.
MOMENTS = 15
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("flow")]


@pytest.fixture(autouse=True)
def _all_have_ended() -> Iterator[None]:
    """A check that still waits would be the next test's as well."""
    yield
    wait_until(lambda: not any(probe._running for probe in health.probes))
    for probe in health.probes:
        probe.forget()


@pytest.fixture
def database_at(monkeypatch):
    """Sends the checks' own connections elsewhere."""

    def point(port: int) -> None:
        settings = connections["default"].settings_dict | {"HOST": "127.0.0.1", "PORT": port}

        def elsewhere(**options: float) -> object:
            wrapper = connection.copy()
            wrapper.settings_dict = settings
            monkeypatch.setattr("voc.core.database.connections", {"default": wrapper})
            return raw_connection(**options)  # type: ignore[arg-type]

        monkeypatch.setattr("voc.core.vitals.raw_connection", elsewhere)

    return point


def get() -> tuple[int, dict[str, object], float]:
    started = time.monotonic()
    response = Client().get("/health")
    assert response["Cache-Control"].startswith("max-age=0")
    return response.status_code, response.json(), time.monotonic() - started


def test_everything_answers() -> None:
    beat("sweep")
    status, body, _ = get()
    assert status == 200
    assert body == {
        "status": "healthy",
        "components": {"database": "healthy", "redis": "healthy", "worker": "healthy"},
    }


def test_no_sweep_has_run_yet() -> None:
    status, body, _ = get()
    assert (status, body["status"]) == (200, "degraded")
    assert body["components"]["worker"] == "down"  # type: ignore[index]


def test_the_last_sweep_was_long_ago() -> None:
    Pulse.objects.create(name="sweep", seen_at=clock.now() - timedelta(minutes=5))
    assert get()[1]["components"]["worker"] == "down"  # type: ignore[index]


def test_jobs_wait_for_long() -> None:
    beat("sweep")
    with transaction.atomic():
        emit("thing.made", subject="A")
    Job.objects.update(due_at=clock.now() - timedelta(minutes=10))
    assert get()[1]["components"]["worker"] == "degraded"  # type: ignore[index]


def test_jobs_behind_a_closed_gate_are_not_the_workers_fault() -> None:
    beat("sweep")
    with transaction.atomic():
        emit("thing.made", subject="A")
    Job.objects.update(due_at=clock.now() - timedelta(minutes=10))
    close_gate("analysis", reason="the vendor is away")
    assert get()[1]["status"] == "healthy"


@pytest.mark.parametrize("how", ["refused", "hung"])
@pytest.mark.usefixtures("products_patience")
def test_redis_is_away(settings, how: str) -> None:
    beat("sweep")
    with ExitStack() as stack:
        port = stack.enter_context(hung_port()) if how == "hung" else refused_port()
        settings.REDIS_URL = f"redis://127.0.0.1:{port}/0"
        status, body, took = get()
    assert (status, body["status"]) == (200, "degraded")
    assert body["components"]["redis"] == "down"  # type: ignore[index]
    assert took < MOMENTS


@pytest.mark.parametrize("how", ["refused", "hung"])
def test_the_database_is_away(database_at, monkeypatch, how: str) -> None:
    monkeypatch.setattr(health, "ANSWER_SECONDS", 0.9)
    with ExitStack() as stack:
        port = stack.enter_context(hung_port()) if how == "hung" else refused_port()
        database_at(port)
        status, body, took = get()
        assert (status, body["status"]) == (503, "degraded")
        assert body["components"]["database"] == "down"  # type: ignore[index]
        assert took < MOMENTS
        # Asked again while the first check still waits, it starts no second one.
        status, _, took = get()
        assert status == 503
        assert took < MOMENTS


def test_many_requests_make_one_connection(monkeypatch) -> None:
    calls = []

    def counted(**options: float) -> object:
        calls.append(options)
        return raw_connection(**options)  # type: ignore[arg-type]

    monkeypatch.setattr("voc.core.vitals.raw_connection", counted)
    monkeypatch.setattr(health, "KEEP_SECONDS", 60)
    for _ in range(20):
        assert get()[0] == 200
    assert len(calls) == 1


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_only_reading_is_allowed(method: str) -> None:
    response = Client(enforce_csrf_checks=True).generic(method, "/health", headers={"accept-language": "en"})
    assert (response.status_code, response["Allow"]) == (405, "GET, HEAD")
    assert response.json() == {"detail": f"Method “{method}” is not allowed."}


def test_a_head_request_is_answered() -> None:
    assert Client().head("/health").status_code == 200
