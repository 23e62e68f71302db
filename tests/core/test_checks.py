"""What is wrong with the configuration is said at boot."""

import pytest
from django.core import checks

from voc.core.outbox.checks import check_flow, check_outbound, check_queues
from voc.core.outbox.flow import parse, table

GOOD = {"queue": "analysis", "handler": "tests.core.handlers.write"}


@pytest.fixture
def flow_of(settings, monkeypatch):
    def use(table: object) -> list[str]:
        monkeypatch.setattr("tests.core.handlers.FLOW", table)
        settings.VOC_FLOW = "tests.core.handlers.FLOW"
        return [f"{message.id} {message.msg}" for message in check_flow()]

    return use


def test_the_projects_own_configuration_is_fine() -> None:
    assert check_flow() == check_queues() == check_outbound() == []
    assert {"ticket.received", "ticket.decided", "account.mail"} <= set(table())


def test_they_run_with_djangos_checks() -> None:
    registered = checks.registry.registry.get_checks()
    assert {check_flow, check_queues, check_outbound} <= set(registered)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([GOOD | {"handler": "tests.core.handlers.nowhere"}], "E003 .*does not resolve"),
        ([GOOD | {"handler": "no.such.module"}], "E003 .*does not resolve"),
        ([GOOD | {"on_dead": "tests.core.handlers.nowhere"}], "E003 .*does not resolve"),
        ([GOOD | {"handler": "tests.core.handlers.FLOW"}], "E003 .*not callable"),
        ([GOOD | {"queue": "nobody"}], "E002 .*nobody"),
        ([{"queue": "analysis"}], "E001 .*handler is missing"),
        ([GOOD | {"retries": 3}], "E001 .*unknown retries"),
        ([GOOD | {"max_attempts": 0}], "E001 .*must be positive"),
        ([GOOD | {"max_seconds": -1}], "E001 .*must be positive"),
        ([GOOD | {"max_seconds": "soon"}], "E001"),
        (["handler"], "E001"),
        ([GOOD, GOOD], "E001 .*twice"),
    ],
)
def test_a_wrong_row_is_named(flow_of, rows: object, expected: str) -> None:
    import re

    [message] = flow_of({"thing.made": rows})
    assert re.search(f"outbox.{expected}", message)
    assert "thing.made" in message


def test_a_table_that_does_not_exist_is_said(settings) -> None:
    settings.VOC_FLOW = "voc.flow.NOWHERE"
    assert [message.id for message in check_flow()] == ["outbox.E001"]


def test_routes_have_defaults() -> None:
    [route] = parse({"e": [dict(GOOD)]})["e"]
    assert (route.on_dead, route.max_seconds, route.max_attempts) == ("", 60, 5)


def test_the_queues_leave_two_threads_free(settings) -> None:
    settings.WORKER_THREADS = 10
    settings.VOC_QUEUES = {"analysis": 5, "notify": 3}
    assert check_queues() == []
    settings.VOC_QUEUES = {"analysis": 5, "notify": 4}
    [message] = check_queues()
    assert "WORKER_THREADS to 11" in message.hint


def test_every_queue_has_a_thread(settings) -> None:
    settings.VOC_QUEUES = {"analysis": 0}
    assert [message.hint for message in check_queues()] == ["Set QUEUE_ANALYSIS_THREADS."]


def test_a_lease_is_longer_than_a_heartbeat_takes(settings) -> None:
    settings.OUTBOX_LEASE_SECONDS = 0.5
    assert [message.id for message in check_queues()] == ["outbox.E006"]


def test_allowed_networks_mean_something(settings) -> None:
    settings.OUTBOUND_ALLOWED_NETWORKS = ["10.0.0.0/8", "jira.internal", "::1/128"]
    assert check_outbound() == []
    settings.OUTBOUND_ALLOWED_NETWORKS = ["10.0.0.0/40"]
    [message] = check_outbound()
    assert "10.0.0.0/40" in message.msg
