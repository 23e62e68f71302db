from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.utils import translation

from integrations.logs import cloudwatch, rest, splunk
from integrations.logs.registry import ADAPTERS
from sandbox.client import SandboxClient
from sandbox.process import running
from tests.integrations.logs.harness import Harness, MockHarness, let_go, make_harness
from voc.core import breaker
from voc.core.redis import door

REAL = tuple(ADAPTERS)


@pytest.fixture(scope="session")
def log_sandbox() -> Iterator[SandboxClient]:
    with running() as client:
        yield client


@pytest.fixture
def sandbox(log_sandbox: SandboxClient) -> Iterator[SandboxClient]:
    log_sandbox.reset()
    yield log_sandbox
    let_go(log_sandbox)


@pytest.fixture(autouse=True)
def _loopback(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sandbox is on loopback; AWS' client wants credentials from somewhere; polling need not be polite."""
    settings.OUTBOUND_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setattr(cloudwatch, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(splunk, "FIRST_PAUSE", 0.01)


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    """What went wrong is told in the language of whoever asks."""
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def _fresh_peers() -> None:
    """No breaker is open and nobody asked to wait, whatever the test before this one did."""
    rest.forget()
    for name in REAL:
        peer = f"logs.{name}"
        breaker.local_state(peer).note(False, breaker.Policy())
        breaker.shared.note(peer, breaker.Policy(), failed=False, why="")
        door().call(lambda client, peer=peer: client.delete(f"voc:logs:rest:{peer}"))


@pytest.fixture(params=[*REAL, "mock"])
def any_adapter(request: pytest.FixtureRequest, sandbox: SandboxClient, tmp_path: Path) -> Harness | MockHarness:
    """Every registered adapter, and the mock one."""
    return make_harness(request.param, sandbox, tmp_path)


@pytest.fixture(params=REAL)
def remote(request: pytest.FixtureRequest, sandbox: SandboxClient, tmp_path: Path) -> Harness:
    """Every registered adapter of a real log system."""
    harness = make_harness(request.param, sandbox, tmp_path)
    assert isinstance(harness, Harness)
    return harness
