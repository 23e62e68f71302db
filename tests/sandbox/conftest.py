import threading
import time
from collections.abc import Callable, Iterator

import pytest
from slack_sdk.webhook import WebhookClient

from sandbox.client import SandboxClient
from sandbox.process import running


@pytest.fixture(scope="session")
def sandbox_process() -> Iterator[SandboxClient]:
    with running() as client:
        yield client


@pytest.fixture
def sandbox(sandbox_process: SandboxClient) -> SandboxClient:
    sandbox_process.reset()
    return sandbox_process


@pytest.fixture
def slack(sandbox: SandboxClient) -> WebhookClient:
    return WebhookClient(sandbox.url("/slack/services/T0/B0/s3cret"), timeout=30, retry_handlers=[])


@pytest.fixture
def wait_until() -> Callable[[Callable[[], bool]], None]:
    """Wait for a condition with a deadline; the pause between two looks is not what the test waits for."""

    def wait(condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 60
        pause = threading.Event()
        while not condition():
            assert time.monotonic() < deadline, "it did not happen within 60 s"
            pause.wait(0.02)

    return wait
