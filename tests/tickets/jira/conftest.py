from collections.abc import Iterator

import pytest

from sandbox.client import SandboxClient
from sandbox.process import running
from tests.factories import TicketFactory
from tests.tickets.jira.site import Site, Time
from tickets.jira import metadata
from voc.core import clock


@pytest.fixture(scope="session")
def jira_process() -> Iterator[SandboxClient]:
    with running() as client:
        yield client


@pytest.fixture
def time_passes(monkeypatch) -> Time:
    time = Time()
    monkeypatch.setattr(clock, "now", time.now)
    return time


@pytest.fixture
def jira(jira_process, settings, time_passes) -> Site:
    """A site without issues, with the settings that lead there; no breaker of another test stands open before it."""
    jira_process.reset()
    site = Site(jira_process, time_passes)
    site.forget_breaker()
    metadata.forget()
    settings.JIRA_BASE_URL = settings.JIRA_BROWSE_URL = jira_process.url("/jira")
    settings.JIRA_EMAIL = "voc@example.com"
    settings.JIRA_API_TOKEN = "s3cr3t-token"
    settings.JIRA_LANGUAGE = "en"
    settings.OUTBOUND_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    settings.SITE_URL = "https://voc.example.com"
    settings.VOC_GRACE_SECONDS = 0
    settings.SLACK_WEBHOOK_URL = ""
    settings.LANGUAGE_CODE = "en"
    return site


@pytest.fixture
def data_center(jira, settings) -> Site:
    jira.configure(deployment="datacenter")
    settings.JIRA_EMAIL = ""
    return jira


@pytest.fixture
def ticket(db):
    return TicketFactory(waiting=True, customer_name="홍길동", customer_contact="010-1234-5678")
