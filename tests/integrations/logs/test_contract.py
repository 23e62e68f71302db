"""What every registered adapter keeps to, the mock one included. A new one is here as soon as it is registered."""

import threading
from datetime import timedelta
from pathlib import Path

import pytest

from integrations.logs.base import LogQuery, LogSourceError
from integrations.logs.registry import ADAPTERS
from sandbox.client import SandboxClient
from tests.integrations.logs.corpus import DAY, LINES
from tests.integrations.logs.harness import Harness, MockHarness, make_harness, native
from voc.core.vocabulary import LogLevel, TimeRange

HOURS = TimeRange(LINES[70].at - timedelta(hours=2), LINES[70].at + timedelta(hours=2))


@pytest.mark.parametrize("name", ADAPTERS)
def test_every_registered_adapter_has_a_place_in_these_tests(name: str, sandbox: SandboxClient, tmp_path: Path) -> None:
    adapter = make_harness(name, sandbox, tmp_path).adapter()

    assert adapter.name == name


def test_an_entry_says_all_that_the_log_says(any_adapter: Harness | MockHarness) -> None:
    any_adapter.store(LINES)
    line = next(line for line in LINES if line.code == "NPE" and DAY.start < line.at < DAY.end)

    [entry] = any_adapter.adapter().search_logs(LogQuery(ids=(line.ids["request_id"],)), DAY)

    assert (entry.timestamp, entry.level, entry.service) == (line.at, LogLevel.ERROR, "RefundService")
    assert (entry.message, entry.error_code, entry.stack_trace) == (line.message, line.code, line.trace)
    assert set(line.ids.values()) <= {str(value) for value in entry.metadata.values()}
    assert entry.source == any_adapter.name
    assert entry.mock == (any_adapter.name == "mock")


def test_a_plain_text_is_a_query(any_adapter: Harness | MockHarness) -> None:
    any_adapter.store(LINES)

    found = any_adapter.adapter().search_logs("circuit breaker", DAY)

    assert found
    assert {entry.level for entry in found} == {LogLevel.FATAL}


def test_error_context_is_what_the_same_service_wrote_round_it(any_adapter: Harness | MockHarness) -> None:
    any_adapter.store(LINES)
    adapter = any_adapter.adapter()
    entry = adapter.search_logs(LogQuery(service="PaymentService", levels=(LogLevel.FATAL,)), HOURS)[0]
    own = [line.id for line in LINES if line.service == "PaymentService"]
    at = own.index(native(entry.entry_id))

    context = adapter.get_error_context(entry.entry_id, context_window=2)

    assert context.entry == entry
    assert [native(line.entry_id) for line in context.before] == own[at - 2 : at]
    # The next line of that service is hours away in real systems: they look one hour on.
    assert [native(line.entry_id) for line in context.after] == own[at + 1 : at + 1 + len(context.after)]
    assert adapter.context_of(entry, 2) == context


@pytest.mark.parametrize("wrong", ["1773144000000~nobody", "no id at all", "", "99999999999999999999~x", "²~x"])
def test_an_id_that_is_not_there_is_an_error_of_the_source(any_adapter: Harness | MockHarness, wrong: str) -> None:
    any_adapter.store(LINES[:3])

    with pytest.raises(LogSourceError):
        any_adapter.adapter().get_error_context(wrong)


@pytest.mark.parametrize("limit", [0, -1])
def test_no_entries_wanted_is_no_entries_given(any_adapter: Harness | MockHarness, limit: int) -> None:
    any_adapter.store(LINES[:3])

    assert any_adapter.adapter().search_logs(LogQuery(), DAY, limit) == []


def test_every_entry_has_a_link_to_open_it(remote: Harness) -> None:
    remote.store(LINES)
    entries = remote.adapter().search_logs(LogQuery(service="PaymentService"), HOURS)
    place = {
        "elasticsearch": "https://kibana.example.com/app/discover#/",
        "datadog": "https://app.datadoghq.com/logs?",
        "cloudwatch": "https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#logsV2:log-groups/log-group/",
        "splunk": "https://splunk.example.com/en-US/app/search/search?q=",
    }

    assert entries
    for entry in entries:
        assert entry.url.startswith(place[remote.name])
        assert " " not in entry.url
        if remote.name != "cloudwatch":
            assert native(entry.entry_id) in entry.url


def test_threads_share_an_adapter(remote: Harness) -> None:
    remote.store(LINES)
    adapter = remote.adapter()
    counts: list[int] = []

    def ask() -> None:
        counts.append(len(adapter.search_logs(LogQuery(service="PaymentService"), HOURS)))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)

    assert len(set(counts)) == 1
    assert len(counts) == 6


def test_large_answers_come_whole(remote: Harness) -> None:
    """More than a page: Datadog gives a thousand at once."""
    many = [line for copy in range(16) for line in LINES if line]
    lines = [
        type(line)(f"{line.id}x{n}", line.at + timedelta(milliseconds=n), line.level, line.service, line.message)
        for n, line in enumerate(many)
    ]
    remote.store(lines)

    found = remote.adapter().search_logs(
        LogQuery(), TimeRange(lines[0].at - timedelta(days=3), lines[-1].at + timedelta(days=3)), 2500
    )

    assert len(found) == 2500
    assert len({entry.entry_id for entry in found}) == 2500
    assert found == sorted(found, key=lambda entry: (entry.timestamp, entry.entry_id), reverse=True)
