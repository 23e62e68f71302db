import pytest
from django.test import Client

from accounts import limits
from tests.accounts.conftest import browser, caller
from voc.core.redis import door

ME = "/api/v1/auth/me"


@pytest.fixture(autouse=True)
def _one_minute(later):
    """Within one minute of the clock, so that no test falls between two."""


@pytest.fixture
def no_redis(settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    yield
    door().reopen()


def test_a_user_is_limited_over_pages_and_api_together(manager, settings):
    settings.RATE_LIMIT_USER = 4
    page, api = browser(manager), caller(manager)
    for _ in range(2):
        assert (page.get("/profile/").status_code, api.get(ME).status_code) == (200, 200)
    refused = api.get(ME)
    assert (refused.status_code, 1 <= int(refused["Retry-After"]) <= 60) == (429, True)
    refused = page.get("/profile/")
    assert (refused.status_code, 1 <= int(refused["Retry-After"]) <= 60) == (429, True)


def test_one_users_limit_is_not_anothers(manager, viewer, settings):
    settings.RATE_LIMIT_USER = 1
    assert [caller(manager).get(ME).status_code for _ in range(2)] == [200, 429]
    assert caller(viewer).get(ME).status_code == 200


@pytest.mark.django_db
def test_an_address_without_a_user_is_limited(settings):
    settings.RATE_LIMIT_ADDRESS = 2
    assert [Client().get("/login/").status_code for _ in range(3)] == [200, 200, 429]
    assert Client().get("/login/", REMOTE_ADDR="203.0.113.9").status_code == 200


def test_who_has_signed_in_is_not_counted_by_address(manager, settings):
    settings.RATE_LIMIT_ADDRESS = 1
    assert {browser(manager).get("/profile/").status_code for _ in range(3)} == {200}


def test_the_next_minute_begins_anew(manager, settings, later):
    settings.RATE_LIMIT_USER = 1
    assert [caller(manager).get(ME).status_code for _ in range(2)] == [200, 429]
    later(60)
    assert caller(manager).get(ME).status_code == 200


def test_zero_is_no_limit(manager, settings):
    settings.RATE_LIMIT_USER = 0
    assert {caller(manager).get(ME).status_code for _ in range(5)} == {200}


def test_health_and_metrics_are_never_limited(db, settings):
    settings.RATE_LIMIT_ADDRESS = 1
    assert 429 not in {Client().get("/health").status_code for _ in range(3)}


def test_without_redis_a_limit_is_kept_by_the_process(manager, settings, no_redis):
    settings.RATE_LIMIT_USER = 2
    assert [caller(manager).get(ME).status_code for _ in range(4)] == [200, 200, 429, 429]


def test_without_redis_a_flood_of_identities_takes_bounded_memory(settings, no_redis, monkeypatch):
    monkeypatch.setattr(limits, "MOST_LOCAL", 10)
    for number in range(100):
        limits.hit("address", number, 5)
    assert len(limits._local) <= 11


def test_without_redis_passwords_are_limited_all_the_same(manager, no_redis):
    body = {"username": "mina", "password": "wrong"}
    answers = [caller().post("/api/v1/auth/token", body, "application/json").status_code for _ in range(6)]
    assert answers == [401] * 5 + [429]
