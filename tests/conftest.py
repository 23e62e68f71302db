"""Servers for the tests.

With no DATABASE_URL or REDIS_URL, the run starts embedded ones of its own; the workers of pytest-xdist inherit the
addresses through the environment. It happens on import, because Django reads its settings once: that is also why
pyproject.toml does not name DJANGO_SETTINGS_MODULE, which would make pytest-django read them before this file.
"""

import os
import sys
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import django
import httpx
import hypothesis
import pytest
import redis
from django.conf import settings
from django.test import TransactionTestCase
from factory.django import DjangoModelFactory

import voc.core.redis
from tests import emptying
from voc.core.outbox import wake
from voc.dev.embedded import throwaway
from voc.dev.errors import CannotRun

_servers = ExitStack()


def _start_servers() -> None:
    # Nothing of the developer's own configuration may decide what a test sees.
    os.environ["ENV_FILE"] = os.devnull
    try:
        os.environ.update(_servers.enter_context(throwaway()))
    except CannotRun as error:
        raise pytest.UsageError(str(error)) from error
    os.environ["DJANGO_SETTINGS_MODULE"] = "voc.settings"
    # The conftest files below this one import models.
    django.setup()


if "django.conf" in sys.modules and sys.modules["django.conf"].settings.configured:
    # Only an exported DJANGO_SETTINGS_MODULE or --ds gets here before us.
    if not os.environ.get("DATABASE_URL"):
        raise pytest.UsageError("Unset DJANGO_SETTINGS_MODULE, or set DATABASE_URL and REDIS_URL.")
else:
    _start_servers()

if _worker := os.environ.get("PYTEST_XDIST_WORKER"):
    # Breakers, rests and caches live in Redis: what one worker's tests do to them is not the others' affair.
    _number = 8 + int(_worker.removeprefix("gw")) % 8
    os.environ["REDIS_URL"] = f"{os.environ['REDIS_URL'].rpartition('/')[0]}/{_number}"
    settings.REDIS_URL = settings.CELERY_BROKER_URL = os.environ["REDIS_URL"]

# These want Django set up.
from llm import metrics as llm_metrics  # noqa: E402
from tests.forgetting import forget  # noqa: E402
from voc.core import health, metrics  # noqa: E402

# A busy machine is no failure of what is tested.
_patience = (voc.core.redis.TIMEOUT_SECONDS, wake.BROKER_SECONDS)
voc.core.redis.TIMEOUT_SECONDS = wake.BROKER_SECONDS = 10.0
settings.DATABASES["default"]["OPTIONS"]["pool"]["timeout"] = 60
settings.NOTIFY_TIMEOUT_SECONDS = settings.JIRA_TIMEOUT_SECONDS = 30.0
health.ANSWER_SECONDS = metrics.SECONDS = llm_metrics.SECONDS = 30.0
for _phase in ("connect", "read", "write", "pool"):
    # What a test itself asks over HTTP without a word on how long: not five seconds, which are httpx' own.
    setattr(httpx._config.DEFAULT_TIMEOUT_CONFIG, _phase, 60.0)


# The same examples in each run, and no deadline for one of them: a failure says something of the code.
hypothesis.settings.register_profile(
    "voc", deadline=None, derandomize=True, database=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("voc")


def pytest_unconfigure() -> None:
    _servers.close()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """What migrations wrote is there for every test, whoever emptied the tables before it."""
    with django_db_blocker.unblock():
        emptying.remember()
    TransactionTestCase._fixture_teardown = lambda _case: emptying.empty()


@pytest.fixture(autouse=True)
def _quick_hashes(settings):
    """Hashing is slow on purpose; tests sign in hundreds of times. The same everywhere, since factories hash once."""
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.MD5PasswordHasher",
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    ]


@pytest.fixture(autouse=True)
def _numbered_anew():
    """Made-up names and ticket ids are the same whichever tests ran before: some sort differently, or contain each other."""
    for each in DjangoModelFactory.__subclasses__():
        each.reset_sequence(0)


# Folders whose tests start, kill and time real processes, and the group that each is of.
PROCESSES = {"chaos": "chaos", "dev": "processes", "e2e": "processes"}


@pytest.hookimpl(tryfirst=True)  # before xdist reads the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of real processes run one after the other within their group: files share a costly set-up, and a machine has its
    limits. The groups wait more than they compute, so that they run beside each other."""
    tests = Path(__file__).parent
    for item in items:
        group = PROCESSES.get(item.path.relative_to(tests).parts[0])
        if group and not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture
def products_patience(monkeypatch) -> list[float]:
    """With a Redis that hangs, the patience of the product and not the tests' own. Lists the moments at which it was lost."""
    monkeypatch.setattr(voc.core.redis, "TIMEOUT_SECONDS", _patience[0])
    monkeypatch.setattr(wake, "BROKER_SECONDS", _patience[1])
    monkeypatch.setattr(voc.core.redis, "OFF_SECONDS", 3600.0)
    lost: list[float] = []
    shut = voc.core.redis.Door.shut

    def noted(door: voc.core.redis.Door, error: Exception) -> None:
        lost.append(time.monotonic())
        shut(door, error)

    monkeypatch.setattr(voc.core.redis.Door, "shut", noted)
    return lost


@pytest.fixture(autouse=True)
def _nothing_remembered():
    """A breaker that one test opened, a Redis that one sent away, or its language must not decide the next one."""
    forget()
    voc.core.redis.door().reopen()
    with suppress(redis.RedisError), redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
        client.flushdb()
