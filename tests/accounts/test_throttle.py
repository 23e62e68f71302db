from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from accounts import tasks, throttle
from accounts.models import LoginAttempt
from tests.accounts.conftest import browser, caller
from tests.factories import PASSWORD, UserFactory


def guess(client, username="mina", password="wrong", **extra):
    return client.post("/login/", {"username": username, "password": password}, **extra)


def call(username="mina", password="wrong", **extra):
    body = {"username": username, "password": password}
    return caller().post("/api/v1/auth/token", body, content_type="application/json", **extra)


def test_after_ten_failures_a_right_password_has_to_wait_too(manager):
    assert [guess(browser()).status_code for _ in range(10)] == [200] * 10
    response = guess(browser(), password=PASSWORD)
    assert response.status_code == 429
    assert 290 <= int(response["Retry-After"]) <= 300
    assert "_auth_user_id" not in response.wsgi_request.session
    assert "5" in response.context["form"].non_field_errors()[0]


def test_the_pause_ends_when_the_first_failure_is_five_minutes_old(manager, later):
    for _ in range(10):
        guess(browser())
    later(299)
    assert guess(browser(), password=PASSWORD).status_code == 429
    later(301)
    assert guess(browser(), password=PASSWORD).status_code == 302


def test_portal_and_api_count_together(manager):
    for _ in range(5):
        guess(browser())
        assert call().status_code == 401
    assert guess(browser(), password=PASSWORD).status_code == 429
    refused = call(password=PASSWORD)
    assert refused.status_code == 429
    assert 290 <= int(refused["Retry-After"]) <= 300
    assert "access" not in refused.json()


def test_the_django_admin_is_no_way_around(admin):
    for _ in range(11):
        response = browser().post("/admin/login/?next=/admin/", {"username": "ada", "password": "wrong"}, follow=True)
        assert response.redirect_chain == [("/login/?next=/admin/", 302)]


def test_failures_of_one_account_do_not_lock_another_or_the_same_from_elsewhere(manager, viewer):
    for _ in range(10):
        guess(browser())
    assert guess(browser(), username="vera", password=PASSWORD).status_code == 302
    assert guess(browser(), password=PASSWORD, REMOTE_ADDR="203.0.113.9").status_code == 302
    assert guess(browser(), password=PASSWORD).status_code == 429


def test_capitals_are_no_way_around(manager):
    for username in ["mina", "MINA", "Mina", "mINA", "miNa"] * 2:
        guess(browser(), username=username)
    assert guess(browser(), password=PASSWORD).status_code == 429


@pytest.mark.django_db
def test_an_unknown_account_is_slowed_down_like_a_known_one():
    assert [call(username="nobody").status_code for _ in range(11)] == [401] * 10 + [429]


def test_a_right_password_wipes_the_slate(manager):
    for _ in range(9):
        guess(browser())
    assert guess(browser(), password=PASSWORD).status_code == 302
    assert [guess(browser()).status_code for _ in range(10)] == [200] * 10


def test_headers_that_anybody_can_write_are_not_believed(manager, settings):
    for number in range(10):
        guess(browser(), headers={"X-Forwarded-For": f"198.51.100.{number}"})
    assert guess(browser(), password=PASSWORD, headers={"X-Forwarded-For": "198.51.100.77"}).status_code == 429


def test_behind_our_proxy_the_address_that_it_saw_counts(manager, settings):
    settings.TRUST_PROXY = True
    for number in range(10):
        guess(browser(), headers={"X-Forwarded-For": f"198.51.100.{number}, 203.0.113.5"})
    assert guess(browser(), headers={"X-Forwarded-For": "198.51.100.77, 203.0.113.5"}).status_code == 429
    assert guess(browser(), headers={"X-Forwarded-For": "203.0.113.6"}).status_code == 200


def test_what_was_typed_is_not_kept(manager):
    call(username="my-password-typed-into-the-wrong-field")
    assert "password" not in str(LoginAttempt.objects.values_list("key"))


@pytest.mark.django_db(transaction=True)
def test_parallel_guesses_are_counted_one_by_one():
    UserFactory(username="mina")

    def attempt(_number):
        try:
            throttle.begin(account="mina", address="203.0.113.5")
        except throttle.TooManyAttempts:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(12) as pool:
        assert sum(pool.map(attempt, range(40))) == 10


@pytest.mark.django_db
def test_attempts_that_no_longer_count_are_deleted(later):
    throttle.begin(account="mina", address="203.0.113.5")
    tasks.prune()
    assert LoginAttempt.objects.count() == 1
    later(301)
    tasks.prune()
    assert LoginAttempt.objects.count() == 0
