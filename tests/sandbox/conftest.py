from collections.abc import Iterator

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
    return WebhookClient(sandbox.url("/slack/services/T0/B0/s3cret"), timeout=5, retry_handlers=[])
