"""A whole analysis with real log systems: their evidence decides, and one that fails costs no more than its own."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.utils import translation

from integrations.logs import rest
from sandbox.client import SandboxClient
from sandbox.process import running
from tests.integrations.logs.corpus import Line
from tests.integrations.logs.harness import Harness, let_go, make_harness
from tickets import services
from tickets.analysis import problems
from tickets.models import System, Ticket
from voc.core.breaker import Policy, local_state, shared
from voc.core.models import Alert
from voc.core.outbox.api import drain_all
from voc.core.vocabulary import LogLevel

pytestmark = pytest.mark.django_db(transaction=True)

RECEIVED = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
TIMEOUT = "Payment gateway timeout: no answer after 12.3 s, threshold 5 s"
LINES = tuple(
    Line(
        f"P{n}",
        RECEIVED.replace(minute=n),
        LogLevel.ERROR,
        "PaymentService",
        TIMEOUT,
        "PG_TIMEOUT",
        None,
        {"request_id": f"r{n}"},
    )
    for n in range(5)
)


@pytest.fixture(scope="module")
def process():
    with running() as client:
        yield client


@pytest.fixture
def sandbox(process: SandboxClient, settings, tmp_path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SandboxClient]:
    process.reset()
    rest.forget()
    for name in ("elasticsearch", "splunk"):
        local_state(f"logs.{name}").note(False, Policy())
        shared.note(f"logs.{name}", Policy(), failed=False, why="")
        harness = make_harness(name, process, tmp_path)
        assert isinstance(harness, Harness)
        harness.store(LINES)
    settings.OUTBOUND_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    settings.LOG_MOCK_FALLBACK = "never"
    settings.LOG_SOURCE_SECONDS, settings.LOG_DEADLINE_SECONDS = 8.0, 16.0
    settings.ELASTICSEARCH_URL, settings.ELASTICSEARCH_API_KEY = process.url("/elasticsearch"), "k3y"
    settings.KIBANA_URL = "https://kibana.example.com"
    settings.SPLUNK_URL, settings.SPLUNK_TOKEN = process.url("/splunk"), "t0ken"
    monkeypatch.setattr(problems, "_told", None)
    yield process
    let_go(process)


def analysed() -> Ticket:
    System.objects.update_or_create(
        name="PaymentService", defaults={"kind": "internal", "words": ["결제", "카드"], "log_source": ""}
    )
    ticket = services.submit_voc(
        raw_voc="결제가 한참 멈춰 있다가 실패했어요. 카드는 정상입니다.",
        customer_name="김민아",
        channel="web",
        received_at=RECEIVED,
    )
    with translation.override("en"):
        drain_all()
    return Ticket.objects.get(pk=ticket.pk)


def test_lines_of_real_systems_are_the_evidence(sandbox: SandboxClient) -> None:
    ticket = analysed()

    assert ticket.agent_decision_primary == "integration_error"
    quoted = ticket.decision_reason["evidence"]
    assert quoted
    assert {each["source"] for each in quoted} <= {"elasticsearch", "splunk"}
    assert not any(each["mock"] for each in quoted)


@pytest.mark.parametrize(
    ("kind", "options"),
    [("hang", {"seconds": 60}), ("status", {"status": 500}), ("malformed", {}), ("truncated", {})],
)
def test_a_sick_system_is_named_and_the_other_ones_evidence_decides(sandbox: SandboxClient, kind: str, options) -> None:
    sandbox.fault("elasticsearch", kind, **options)
    began = time.monotonic()

    ticket = analysed()

    assert time.monotonic() - began < 40
    assert ticket.agent_decision_primary == "integration_error"
    assert {each["source"] for each in ticket.decision_reason["evidence"]} == {"splunk"}
    assert "elasticsearch" in ticket.decision_reason["log_summary"]
    assert (
        "Elasticsearch" in Alert.objects.get(key=problems.KEY).body
        or "elasticsearch" in Alert.objects.get(key=problems.KEY).body
    )


def test_without_any_answer_people_decide_in_time(sandbox: SandboxClient) -> None:
    for name in ("elasticsearch", "splunk"):
        sandbox.fault(name, "hang", seconds=60)
    began = time.monotonic()

    ticket = analysed()

    assert time.monotonic() - began < 40
    assert ticket.status == "MANUAL_REQUIRED"
    assert "elasticsearch" in ticket.decision_reason["log_summary"]
    assert "splunk" in ticket.decision_reason["log_summary"]


def test_a_system_of_the_catalogue_is_looked_for_where_it_keeps_its_logs(sandbox: SandboxClient) -> None:
    System.objects.update_or_create(name="PaymentService", defaults={"kind": "internal", "words": ["결제"]})
    System.objects.filter(name="PaymentService").update(log_source="splunk", log_index="pay")
    services.submit_voc(raw_voc="결제가 안 돼요", customer_name="A", channel="web", received_at=RECEIVED)

    drain_all()

    jobs = [job["search"] for job in sandbox.state("splunk")["jobs"]]
    assert any(search.startswith('search (index="pay") service="PaymentService"') for search in jobs)
