"""A log system that is down, hangs, refuses, limits or answers nonsense costs its own evidence only, in bounded time."""

import socket
import time
from dataclasses import replace
from datetime import timedelta, timezone
from pathlib import Path

import pytest

from integrations.logs import rest
from integrations.logs.base import LogAdapter, LogPlace, LogQuery, LogSourceError
from integrations.logs.gathering import LogSources
from integrations.logs.mock import MockLogAdapter
from integrations.logs.remote import RemoteLogAdapter
from integrations.logs.retrieval import EnhancedRAGService, MockFallback
from sandbox.client import SandboxClient
from tests.integrations.logs.conftest import REAL
from tests.integrations.logs.corpus import DAY, LINES
from tests.integrations.logs.harness import Harness, make_harness
from voc.core import clock
from voc.core.breaker import Policy, local_state
from voc.core.vocabulary import LogLevel

QUERY = LogQuery(service="PaymentService")

FAULTS: dict[str, tuple[str, dict[str, object]]] = {
    "hangs": ("hang", {"seconds": 60}),
    "closes the connection": ("drop", {}),
    "answers 500": ("status", {"status": 500}),
    "answers 502": ("status", {"status": 502}),
    "answers 401": ("status", {"status": 401}),
    "answers 429": ("status", {"status": 429, "retry_after": 30}),
    "answers 503 with a date": ("status", {"status": 503, "retry_after": 30, "retry_after_format": "date"}),
    "answers half a page": ("truncated", {}),
    "answers malformed JSON": ("malformed", {}),
    "answers an empty list": ("malformed", {"body": "[]"}),
    "answers an empty object": ("malformed", {"body": "{}"}),
    "answers HTML": ("malformed", {"body": "<html>", "content_type": "text/html"}),
    "redirects": ("status", {"status": 302, "headers": {"Location": "http://127.0.0.1:1/elsewhere"}}),
}


def impatient(harness: Harness, seconds: float = 1) -> RemoteLogAdapter:
    adapter = harness.adapter()
    assert isinstance(adapter, RemoteLogAdapter)
    return replace(adapter, seconds=seconds)


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_goes_wrong_is_an_error_of_the_source_and_soon(remote: Harness, fault: str) -> None:
    remote.store(LINES)
    kind, options = FAULTS[fault]
    remote.sandbox.fault(remote.name, kind, **options)
    began = time.monotonic()

    with pytest.raises(LogSourceError) as caught:
        impatient(remote).search_logs(QUERY, DAY)

    # What hangs would do so for a minute; a busy machine takes its time as well.
    assert time.monotonic() - began < 20
    assert caught.value.message.startswith(impatient(remote).title)
    for secret in ("k3y", "t0ken", "127.0.0.1:1/"):
        assert secret not in caught.value.message


def test_no_client_tries_again_by_itself(remote: Harness) -> None:
    remote.store(LINES)
    remote.sandbox.fault(remote.name, "status", status=503)

    with pytest.raises(LogSourceError):
        impatient(remote).search_logs(QUERY, DAY)

    assert len(remote.sandbox.requests(remote.name)) == 1


def test_a_system_that_is_down_is_an_error_of_the_source(remote: Harness, sandbox: SandboxClient) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"

        with pytest.raises(LogSourceError):
            replace(impatient(remote), url=nobody).search_logs(QUERY, DAY)


def test_an_internal_address_is_not_called_unless_it_is_allowed(remote: Harness, settings) -> None:
    settings.OUTBOUND_ALLOWED_NETWORKS = []

    with pytest.raises(LogSourceError, match="OUTBOUND_ALLOWED_NETWORKS"):
        impatient(remote).search_logs(QUERY, DAY)

    assert remote.sandbox.requests(remote.name) == []


def test_three_failures_open_the_breaker_and_the_next_call_stays_at_home(remote: Harness) -> None:
    remote.store(LINES)
    remote.sandbox.fault(remote.name, "status", status=500)
    adapter = impatient(remote)

    said = []
    for _ in range(5):
        with pytest.raises(LogSourceError) as caught:
            adapter.search_logs(QUERY, DAY)
        said.append("called again from" in caught.value.message)

    assert len(remote.sandbox.requests(remote.name)) == Policy().failures
    assert local_state(adapter.peer).is_open
    # The system itself asked for nothing.
    assert said == [False, False, False, True, True]
    assert rest.rest_until(adapter.peer) is None


def test_whoever_asked_to_wait_is_left_alone_until_then(remote: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    remote.store(LINES)
    remote.sandbox.fault(remote.name, "status", status=429, retry_after=120, count=1)
    adapter = impatient(remote, 10)

    for _ in range(2):
        with pytest.raises(LogSourceError):
            adapter.search_logs(QUERY, DAY)
    assert len(remote.sandbox.requests(remote.name)) == 1
    # Another process, which was not there, knows it too.
    rest.forget()
    with pytest.raises(LogSourceError, match="left alone"):
        adapter.search_logs(QUERY, DAY)

    later = clock.now() + timedelta(seconds=130)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert adapter.search_logs(QUERY, DAY)


def test_a_request_to_wait_for_days_is_kept_for_an_hour(sandbox: SandboxClient) -> None:
    rest.let_rest("logs.splunk", clock.now() + timedelta(days=30))

    until = rest.rest_until("logs.splunk")

    assert until is not None
    assert until <= clock.now() + timedelta(hours=1)


def test_times_with_another_offset_are_the_same_moments(remote: Harness) -> None:
    seoul = timezone(timedelta(hours=9))
    remote.store(replace(line, at=line.at.astimezone(seoul)) for line in LINES)

    found = impatient(remote, 20).search_logs(QUERY, DAY)

    moments = {line.at for line in LINES if line.service == "PaymentService" and DAY.holds(line.at)}
    assert {entry.timestamp for entry in found} == moments
    assert {entry.timestamp.utcoffset() for entry in found} == {timedelta(0)}


@pytest.mark.parametrize(
    ("name", "fault", "listed", "state"),
    [
        ("cloudwatch", "never_complete", "queries", "Cancelled"),
        ("splunk", "never_done", "jobs", "CANCELLED"),
    ],
)
def test_a_search_that_is_abandoned_is_stopped_at_its_vendor(
    name: str, fault: str, listed: str, state: str, sandbox: SandboxClient, tmp_path: Path
) -> None:
    harness = make_harness(name, sandbox, tmp_path)
    assert isinstance(harness, Harness)
    harness.store(LINES)
    sandbox.fault(name, fault)
    key = "status" if name == "cloudwatch" else "state"

    with pytest.raises(LogSourceError, match="within"):
        impatient(harness, 2).search_logs(QUERY, DAY)

    assert [each[key] for each in sandbox.state(name)[listed]] == [state]


@pytest.mark.parametrize(("name", "fault"), [("cloudwatch", "query_failed"), ("splunk", "job_failed")])
def test_a_search_that_the_vendor_gives_up_is_an_error(
    name: str, fault: str, sandbox: SandboxClient, tmp_path: Path
) -> None:
    harness = make_harness(name, sandbox, tmp_path)
    assert isinstance(harness, Harness)
    harness.store(LINES)
    sandbox.fault(name, fault)

    with pytest.raises(LogSourceError):
        impatient(harness).search_logs(QUERY, DAY)


def test_opensearch_answers_too(sandbox: SandboxClient, tmp_path: Path) -> None:
    """It does not call itself Elasticsearch, and knows no media type but plain JSON."""
    harness = make_harness("elasticsearch", sandbox, tmp_path)
    harness.store(LINES)
    sandbox.fault("elasticsearch", "opensearch")

    assert harness.adapter().search_logs(QUERY, DAY)


# --- all of them together ------------------------------------------------------------------------------------------


@pytest.fixture
def harnesses(sandbox: SandboxClient, tmp_path: Path) -> list[Harness]:
    found = []
    for name in REAL:
        harness = make_harness(name, sandbox, tmp_path)
        assert isinstance(harness, Harness)
        harness.store(LINES)
        found.append(harness)
    return found


def search_of(adapters: list[LogAdapter], tmp_path: Path, *, seconds: float = 30, **options) -> EnhancedRAGService:
    return EnhancedRAGService(MockLogAdapter(tmp_path), LogSources(adapters), seconds=seconds, **options)


@pytest.mark.parametrize("sick", REAL)
@pytest.mark.parametrize(
    "fault",
    ["hangs", "closes the connection", "answers 500", "answers 429", "answers half a page", "answers malformed JSON"],
)
def test_a_sick_source_costs_its_own_evidence_only(
    harnesses: list[Harness], tmp_path: Path, sandbox: SandboxClient, sick: str, fault: str
) -> None:
    kind, options = FAULTS[fault]
    sandbox.fault(sick, kind, **options)
    began = time.monotonic()

    # The sound ones get the time that a busy machine needs; the sick one would take a minute.
    adapters = [impatient(harness, 2 if harness.name == sick else 20) for harness in harnesses]
    found = search_of(adapters, tmp_path).retrieve(QUERY, DAY, limit=1000)

    assert time.monotonic() - began < 40
    assert found.missing == (sick,)
    assert sorted(found.answered) == sorted(set(REAL) - {sick})
    assert {entry.source for entry in found.entries} == set(REAL) - {sick}
    assert len(found.problems) == 1


def test_all_sources_hanging_end_in_time_with_nothing_but_their_names(
    harnesses: list[Harness], tmp_path: Path, sandbox: SandboxClient
) -> None:
    for name in REAL:
        sandbox.fault(name, "hang", seconds=60)
    began = time.monotonic()

    found = search_of([impatient(harness, 30) for harness in harnesses], tmp_path, seconds=2).retrieve(QUERY, DAY)

    assert time.monotonic() - began < 20
    assert (found.entries, found.answered, sorted(found.missing)) == ((), ("mock",), sorted(REAL))


def test_what_a_source_gave_before_it_fell_silent_is_kept(
    harnesses: list[Harness], tmp_path: Path, sandbox: SandboxClient
) -> None:
    """The telling lines are asked for first; the second request is the one that hangs."""
    sandbox.fault("elasticsearch", "hang", seconds=60, skip=1)

    found = search_of([impatient(harnesses[0], 30)], tmp_path, seconds=4, fallback=MockFallback.NEVER).retrieve(
        QUERY, DAY
    )

    assert found.missing == ("elasticsearch",)
    assert {entry.level for entry in found.entries} == {LogLevel.FATAL, LogLevel.ERROR, LogLevel.WARN}


def test_a_source_that_failed_is_not_asked_again_for_the_same_complaint(
    harnesses: list[Harness], tmp_path: Path, sandbox: SandboxClient
) -> None:
    sandbox.fault("elasticsearch", "status", status=500)
    session = search_of([impatient(harness, 20) for harness in harnesses], tmp_path).session(DAY)

    session.search(QUERY)
    session.search(LogQuery(levels=(LogLevel.ERROR,)))

    assert len(sandbox.requests("elasticsearch")) == 1
    assert len(sandbox.requests("datadog")) >= 2


def test_a_service_is_asked_for_where_the_catalogue_says_it_keeps_its_logs(
    harnesses: list[Harness], tmp_path: Path, sandbox: SandboxClient
) -> None:
    places = {"PaymentService": LogPlace(source="elasticsearch", index="logs-nowhere-*")}

    search = search_of([impatient(harness, 20) for harness in harnesses], tmp_path, places=places)
    nowhere = search.retrieve(QUERY, DAY)
    elsewhere = search.retrieve(LogQuery(service="RefundService"), DAY)

    assert (nowhere.entries, nowhere.answered) == ((), ("elasticsearch", "mock"))
    assert {entry.source for entry in elsewhere.entries} == set(REAL)
    assert "/elasticsearch/logs-nowhere-*/_search" in [request.path for request in sandbox.requests("elasticsearch")]


@pytest.mark.parametrize(
    "place", [LogPlace(index='x" OR index="*'), LogPlace(fields="service=a b"), LogPlace(fields="nope")]
)
def test_a_place_that_cannot_be_is_missing_and_changes_no_query(
    harnesses: list[Harness], tmp_path: Path, sandbox: SandboxClient, place: LogPlace
) -> None:
    found = search_of(
        [impatient(harness, 20) for harness in harnesses], tmp_path, places={"PaymentService": place}
    ).retrieve(QUERY, DAY)

    assert sorted(found.missing) == sorted(REAL)
    assert [request for name in REAL for request in sandbox.requests(name)] == []


@pytest.mark.parametrize(("fallback", "asked"), [("empty", True), ("unanswered", False), ("never", False)])
def test_mock_logs_come_after_real_ones_that_answered_and_had_nothing(
    harnesses: list[Harness], tmp_path: Path, fallback: str, asked: bool
) -> None:
    search = search_of([impatient(harness, 20) for harness in harnesses], tmp_path, fallback=MockFallback(fallback))

    found = search.retrieve(LogQuery(service="Nobody"), DAY)

    assert ("mock" in found.answered) is asked


def test_entries_of_all_sources_are_merged_newest_first_and_bounded(harnesses: list[Harness], tmp_path: Path) -> None:
    found = search_of([impatient(harness, 20) for harness in harnesses], tmp_path).retrieve(QUERY, DAY, limit=40)

    assert len(found.entries) == 40
    assert list(found.entries) == sorted(
        found.entries, key=lambda entry: (entry.timestamp, entry.entry_id), reverse=True
    )
    assert len(found.contexts) == 3
    assert all(context.entry.level is LogLevel.FATAL for context in found.contexts)
    assert all(context.before or context.after for context in found.contexts)


@pytest.mark.django_db(transaction=True)
def test_log_systems_are_not_asked_inside_a_transaction(harnesses: list[Harness], tmp_path: Path) -> None:
    from django.db import transaction

    search = search_of([impatient(harness, 20) for harness in harnesses], tmp_path)

    with transaction.atomic(), pytest.raises(RuntimeError, match="transaction"):
        search.retrieve(QUERY, DAY)
