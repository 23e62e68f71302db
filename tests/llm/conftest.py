"""A site with models: three providers, all of them the sandbox, over HTTP and through litellm."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from llm import activation
from sandbox.client import SandboxClient
from sandbox.process import running
from voc.core import clock
from voc.core.breaker import _states
from voc.core.redis import door


@pytest.fixture(scope="session")
def sandbox_process() -> Iterator[SandboxClient]:
    with running() as client:
        yield client


@pytest.fixture(autouse=True)
def _within_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """Money is counted by the day: shortly before midnight the clock is put back, so that no test falls between two days."""
    now = clock.now
    if clock.site_day(now()) != clock.site_day(now() + timedelta(minutes=5)):
        monkeypatch.setattr(clock, "now", lambda: now() - timedelta(minutes=10))


@pytest.fixture
def clean_redis() -> Iterator[None]:
    door().client.flushdb()
    _states.clear()
    activation._followed.forget()
    yield
    door().client.flushdb()
    _states.clear()
    activation._followed.forget()


@pytest.fixture
def sandbox(sandbox_process: SandboxClient, clean_redis: None) -> SandboxClient:
    sandbox_process.reset()
    return sandbox_process


@pytest.fixture
def site(sandbox: SandboxClient, settings: Any, db: None) -> Any:
    """Settings with a model for every role but the local one."""
    settings.OUTBOUND_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    settings.LLM_PRECISE_MODEL = "gpt-4"
    settings.LLM_FAST_MODEL = "gpt-4-turbo"
    settings.LLM_LONG_MODEL = "claude-3"
    settings.OPENAI_API_KEY = settings.ANTHROPIC_API_KEY = "sandbox-key"
    settings.OPENAI_BASE_URL = sandbox.url("/openai/v1")
    settings.ANTHROPIC_BASE_URL = sandbox.url("/anthropic")
    settings.OLLAMA_BASE_URL = sandbox.url("/ollama")
    settings.LLM_DAILY_BUDGET = settings.LLM_MONTHLY_BUDGET = 0
    return settings
