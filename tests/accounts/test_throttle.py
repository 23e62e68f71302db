from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections
from django.http import HttpResponse

from accounts import devices, signin, tasks, throttle
from accounts.models import LoginAttempt, User
from tests.accounts.conftest import browser, caller
from tests.factories import PASSWORD, UserFactory


def guess(client, username="mina", password="wrong", **extra):
    return client.post("/login/", {"username": username, "password": password}, **extra)


def call(username="mina", password="wrong", **extra):
    body = {"username": username, "password": password}
    return caller().post("/api/v1/auth/token", body, content_type="application/json", **extra)


def test_after_five_failures_a_right_password_has_to_wait_too(manager):
    assert [guess(browser()).status_code for _ in range(5)] == [200] * 5
    response = guess(browser(), password=PASSWORD)
    assert response.status_code == 429
    assert 290 <= int(response["Retry-After"]) <= 300
    assert "_auth_user_id" not in response.wsgi_request.session
    assert "5" in response.context["form"].non_field_errors()[0]


def test_the_pause_ends_when_the_first_failure_is_five_minutes_old(manager, later):
    for _ in range(5):
        guess(browser())
    later(299)
    assert guess(browser(), password=PASSWORD).status_code == 429
    later(301)
    assert guess(browser(), password=PASSWORD).status_code == 302


def test_portal_and_api_count_together(manager):
    for _ in range(2):
        guess(browser())
        assert call().status_code == 401
    guess(browser())
    assert guess(browser(), password=PASSWORD).status_code == 429
    refused = call(password=PASSWORD)
    assert refused.status_code == 429
    assert 290 <= int(refused["Retry-After"]) <= 300
    assert "access" not in refused.json()


def test_the_django_admin_is_no_way_around(admin):
    for _ in range(11):
        response = browser().post("/admin/login/?next=/admin/", {"username": "ada", "password": "wrong"}, follow=True)
        assert response.redirect_chain == [("/login/?next=/admin/", 302)]


def test_failures_of_one_account_do_not_lock_another(manager, viewer):
    for _ in range(5):
        guess(browser())
    assert guess(browser(), username="vera", password=PASSWORD).status_code == 302
    assert guess(browser(), password=PASSWORD).status_code == 429


def test_a_thousand_guesses_from_rotating_addresses_are_five_that_were_looked_at(manager, monkeypatch, rf):
    looked_at = []
    monkeypatch.setattr(signin, "authenticate", lambda _request, **given: looked_at.append(given))
    refused = 0
    for number in range(1000):
        request = rf.post("/login/", REMOTE_ADDR=f"203.0.{number // 250}.{number % 250}")
        try:
            signin.check_credentials(request, username="mina", password=f"guess {number}")
        except throttle.TooManyAttempts:
            refused += 1
    assert (len(looked_at), refused) == (5, 995)


def test_strangers_guesses_do_not_keep_the_owner_out_of_a_device_that_they_have_used(manager):
    own = browser()
    assert guess(own, password=PASSWORD).status_code == 302
    own.post("/logout/")
    for _ in range(6):
        guess(browser())
    assert guess(browser(), password=PASSWORD).status_code == 429
    assert guess(own, password=PASSWORD).status_code == 302


def test_a_known_device_is_no_way_to_guess_without_end(manager):
    own = browser()
    guess(own, password=PASSWORD)
    own.post("/logout/")
    assert [guess(own).status_code for _ in range(6)] == [200] * 5 + [429]


def test_a_device_is_known_for_the_account_that_was_used_on_it_only(manager, viewer):
    own = browser()
    guess(own, username="vera", password=PASSWORD)
    own.post("/logout/")
    for _ in range(5):
        guess(browser())
    assert guess(own, password=PASSWORD).status_code == 429


@pytest.mark.parametrize("cookie", ["", "x", "a:b:c", "eyJpZCI6IngifQ:1:1"])
def test_a_forged_device_is_none(manager, cookie):
    for _ in range(5):
        guess(browser())
    client = browser()
    client.cookies["voc_device"] = cookie
    assert guess(client, password=PASSWORD).status_code == 429


def test_a_browser_remembers_eight_accounts_at_most(rf, db):
    response = HttpResponse()
    request = rf.get("/")
    for number in range(10):
        devices.remember(request, response, User(username=f"user{number}"))
        request.COOKIES["voc_device"] = response.cookies["voc_device"].value
    known = [number for number in range(10) if devices.device_of(request, f"USER{number}")]
    assert known == [2, 3, 4, 5, 6, 7, 8, 9]


@pytest.mark.django_db
def test_one_address_that_tries_many_accounts_has_to_wait(settings):
    settings.LOGIN_ATTEMPTS_ADDRESS = 10
    assert [call(username=f"user{n}").status_code for n in range(11)] == [401] * 10 + [429]
    assert call(username="user99", REMOTE_ADDR="203.0.113.9").status_code == 401


def test_right_passwords_from_one_address_are_not_counted(manager, settings):
    settings.LOGIN_ATTEMPTS_ADDRESS = 3
    assert {call(password=PASSWORD).status_code for _ in range(6)} == {200}


def test_without_local_login_no_password_is_looked_at(manager, settings):
    settings.LOCAL_LOGIN = False
    assert call(password=PASSWORD).status_code == 401
    assert "_auth_user_id" not in guess(browser(), password=PASSWORD).wsgi_request.session


def test_capitals_are_no_way_around(manager):
    for username in ["mina", "MINA", "Mina", "mINA", "miNa"]:
        guess(browser(), username=username)
    assert guess(browser(), password=PASSWORD).status_code == 429


@pytest.mark.django_db
def test_an_unknown_account_is_slowed_down_like_a_known_one():
    assert [call(username="nobody").status_code for _ in range(6)] == [401] * 5 + [429]


def test_a_right_password_wipes_the_slate(manager):
    for _ in range(4):
        guess(browser())
    assert guess(browser(), password=PASSWORD).status_code == 302
    assert [guess(browser()).status_code for _ in range(5)] == [200] * 5


def address(header, settings, rf, proxies):
    settings.TRUSTED_PROXIES = proxies
    headers = {} if header is None else {"X-Forwarded-For": header}
    return throttle.client_address(rf.get("/", headers=headers, REMOTE_ADDR="10.0.0.1"))


@pytest.mark.parametrize(
    ("proxies", "header", "expected"),
    [
        (0, "198.51.100.1", "10.0.0.1"),
        (1, None, "10.0.0.1"),
        (1, "198.51.100.1", "198.51.100.1"),
        (1, "203.0.113.66, 198.51.100.1", "198.51.100.1"),
        (2, "203.0.113.66, 198.51.100.1, 10.0.0.9", "198.51.100.1"),
        (2, "198.51.100.1", "10.0.0.1"),
        (1, "198.51.100.1:5123", "198.51.100.1"),
        (1, "[2001:db8::1]:5123", "2001:db8::1"),
        (1, "2001:db8::1", "2001:db8::1"),
        (1, "unknown", "10.0.0.1"),
        (1, "", "10.0.0.1"),
    ],
)
def test_of_forwarded_addresses_those_count_that_our_own_proxies_wrote(proxies, header, expected, settings, rf):
    assert address(header, settings, rf, proxies) == expected


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
        assert sum(pool.map(attempt, range(40))) == 5


@pytest.mark.django_db
def test_attempts_that_no_longer_count_are_deleted(later):
    throttle.begin(account="mina", address="203.0.113.5")
    tasks.prune()
    assert LoginAttempt.objects.count() == 2
    later(301)
    tasks.prune()
    assert LoginAttempt.objects.count() == 0


def test_letters_that_the_database_takes_for_others_are_no_way_around(manager):
    """UPPER() of a dotless ı is I, as that of i is: another spelling of the same account is no other account."""
    for username in ["mına", "MINA", "mina", "mıNa", "Mına"]:
        guess(browser(), username=username)
    assert guess(browser(), password=PASSWORD).status_code == 429


@pytest.mark.django_db
def test_the_addresses_of_one_ipv6_network_are_one_place(settings):
    settings.LOGIN_ATTEMPTS_ADDRESS = 10
    within = [f"2001:db8:1:2:{n:x}::{n}" for n in range(11)]
    answers = [call(username=f"user{n}", REMOTE_ADDR=address).status_code for n, address in enumerate(within)]
    assert answers == [401] * 10 + [429]
    assert call(username="user99", REMOTE_ADDR="2001:db8:1:3::1").status_code == 401


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("", ""),
        ("unix", "unix"),
    ],
)
def test_what_is_counted_as_one_place(address, place):
    assert throttle.place_of(address) == place


def test_guesses_through_every_door_together_are_five_that_were_looked_at(manager, monkeypatch):
    """Login, admin, API and the page that asks once more; from as many addresses as guesses, whatever a header claims."""
    looked_at = []
    real = signin.authenticate

    def authenticate(request, **given):
        looked_at.append(given["password"])
        return real(request, **given)

    monkeypatch.setattr(signin, "authenticate", authenticate)
    inside = browser(manager)
    doors = (
        lambda **more: guess(browser(), password="guess", **more),
        lambda **more: call(password="guess", **more),
        lambda **more: browser().post("/admin/login/", {"username": "mina", "password": "guess"}, **more),
        lambda **more: inside.post("/login/again/", {"password": "guess"}, **more),
    )
    for number in range(40):
        claimed = {"X-Forwarded-For": f"198.51.100.{number}"}
        doors[number % len(doors)](REMOTE_ADDR=f"203.0.113.{number}", headers=claimed)
    assert looked_at == ["guess"] * 5


@pytest.mark.django_db
@pytest.mark.parametrize("proxies", [0, 1])
def test_a_header_that_a_client_writes_is_no_way_around_the_limit_of_an_address(proxies, settings):
    settings.LOGIN_ATTEMPTS_ADDRESS, settings.TRUSTED_PROXIES = 4, proxies
    answers = []
    for number in range(5):
        claimed = f"198.51.100.{number}"
        header = f"{claimed}, 203.0.113.7" if proxies else claimed  # the last entry is the proxy's
        answers.append(call(username=f"user{number}", headers={"X-Forwarded-For": header}).status_code)
    assert answers == [401] * 4 + [429]
