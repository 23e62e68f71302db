from concurrent.futures import ThreadPoolExecutor
from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.totp.internal.auth import TOTP
from django.core.management import CommandError, call_command
from django.db import connections

from accounts import mfa, throttle, tokens
from accounts.models import User
from tests.accounts.conftest import browser, caller
from tests.factories import PASSWORD, UserFactory
from voc.core import crypto

TOKEN = "/api/v1/auth/token"
SECRET = "JBSWY3DPEHPK3PXP"


@pytest.fixture
def at(monkeypatch):
    """Holds allauth's clock at a moment of its own, and moves it by so many seconds."""
    start = 1_800_000_000

    def move(seconds):
        monkeypatch.setattr(totp.time, "time", lambda: start + seconds)

    move(0)
    return move


@pytest.fixture
def app_user(manager, at):
    TOTP.activate(manager, SECRET)
    RecoveryCodes.activate(manager)
    return manager


def code_now(shift=0):
    step = int(totp.time.time()) // 30 + shift
    return totp.format_hotp_value(totp.hotp_value(SECRET, step))


def password_step(client, username="mina"):
    return client.post("/login/", {"username": username, "password": PASSWORD})


def is_in(client):
    return "_auth_user_id" in client.session


def test_a_password_alone_does_not_log_in_who_has_a_second_factor(app_user):
    client = browser()
    response = password_step(client)
    assert (response.status_code, response["Location"], is_in(client)) == (302, "/mfa/code/", False)
    assert client.get("/queue/").status_code == 302
    response = client.post("/mfa/code/", {"code": code_now()})
    assert (response.status_code, is_in(client)) == (302, True)


def test_the_second_step_leads_where_the_first_was_to_lead(app_user):
    client = browser()
    client.post("/login/", {"username": "mina", "password": PASSWORD, "next": "/tickets/"})
    assert client.post("/mfa/code/", {"code": code_now()})["Location"] == "/tickets/"


def test_nobody_comes_to_the_second_step_without_the_first(app_user):
    client = browser()
    assert client.get("/mfa/code/")["Location"] == "/login/"
    assert client.post("/mfa/code/", {"code": code_now()})["Location"] == "/login/"
    assert not is_in(client)


def test_a_code_works_once(app_user, at):
    code = code_now()
    first, second = browser(), browser()
    for client in (first, second):
        password_step(client)
        client.post("/mfa/code/", {"code": code})
    assert (is_in(first), is_in(second)) == (True, False)
    at(30)
    second.post("/mfa/code/", {"code": code_now()})
    assert is_in(second)


def uses(authenticator, code):
    """How many of ten who hand in one code at the same time get in by it."""

    def use(_number):
        try:
            return mfa._uses_up(authenticator, code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(10) as pool:
        return sum(pool.map(use, range(10)))


@pytest.mark.django_db(transaction=True)
def test_of_parallel_uses_of_one_code_one_wins(at):
    TOTP.activate(UserFactory(manager=True), SECRET)
    assert uses(Authenticator.objects.get(), code_now()) == 1


def test_a_clock_may_be_half_a_minute_off_and_no_more(app_user, rf):
    request = rf.get("/")
    assert mfa.check_code(request, app_user, code_now(-2)) is None
    assert mfa.check_code(request, app_user, code_now(-1)) is not None
    assert mfa.check_code(request, app_user, code_now(1)) is not None
    assert mfa.check_code(request, app_user, code_now(0)) is None
    assert mfa.check_code(request, app_user, code_now(2)) is None


def test_a_recovery_code_works_once(app_user, rf):
    code = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()[0]
    assert mfa.check_code(rf.get("/"), app_user, code) is not None
    assert mfa.check_code(rf.get("/"), app_user, code) is None


def test_guesses_of_codes_are_counted_like_those_of_passwords(app_user):
    client = browser()
    password_step(client)
    for _ in range(5):
        client.post("/mfa/code/", {"code": "000000"})
    response = client.post("/mfa/code/", {"code": code_now()})
    assert not is_in(client)
    assert "5" in str(response.context["form"].errors["code"])


def test_a_right_password_does_not_wipe_the_guesses_of_codes(app_user):
    body = {"username": "mina", "password": PASSWORD, "code": "000000"}
    answers = [caller().post(TOKEN, body, "application/json").status_code for _ in range(7)]
    assert answers == [401] * 5 + [429] * 2


def test_the_api_asks_for_the_code_too(app_user):
    body = {"username": "mina", "password": PASSWORD}
    refused = caller().post(TOKEN, body, "application/json")
    assert (refused.status_code, "code" in refused.json()["detail"]) == (401, True)
    assert caller().post(TOKEN, body | {"code": code_now()}, "application/json").status_code == 200
    assert caller().post(TOKEN, body | {"code": code_now()}, "application/json").status_code == 401


def test_the_database_holds_no_usable_seed(app_user):
    kept = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert SECRET not in kept
    for authenticator in Authenticator.objects.all():
        name = mfa.SECRETS[authenticator.type]
        assert authenticator.data[name].startswith("v1.")
        assert mfa.unseal(authenticator.data[name])


def test_seeds_are_encrypted_anew_with_a_new_key(app_user, settings, rf):
    old = settings.ENCRYPTION_KEYS or [crypto.base64.urlsafe_b64encode(crypto.ring().first.secret).decode()]
    settings.ENCRYPTION_KEYS = [crypto.base64.urlsafe_b64encode(b"n" * 32).decode(), *old]
    assert mfa.renew_secrets() == 2
    assert mfa.renew_secrets() == 0
    settings.ENCRYPTION_KEYS = settings.ENCRYPTION_KEYS[:1]
    assert mfa.check_code(rf.get("/"), app_user, code_now()) is not None


def test_an_app_is_set_up_and_removed_on_pages(manager, at):
    client = browser()
    password_step(client)
    assert client.get("/mfa/app/")["Location"].startswith("/login/again/")
    client.post("/login/again/?next=/mfa/app/", {"password": "wrong"})
    assert client.get("/mfa/app/").status_code == 302
    assert client.post("/login/again/?next=/mfa/app/", {"password": PASSWORD})["Location"] == "/mfa/app/"
    page = client.get("/mfa/app/")
    secret = page.context["form"].secret
    assert secret in page.content.decode()
    step = int(totp.time.time()) // 30
    assert client.post("/mfa/app/", {"code": "000000"}).status_code == 200
    done = client.post("/mfa/app/", {"code": totp.format_hotp_value(totp.hotp_value(secret, step))})
    assert done["Location"] == "/mfa/recovery/"
    shown = client.get("/mfa/recovery/").context["unused_codes"]
    assert len(shown) == 10
    again = client.get("/mfa/recovery/").content.decode()
    assert not any(code in again for code in shown)
    assert client.post("/mfa/app/remove/").status_code == 302
    assert Authenticator.objects.count() == 0


@pytest.fixture
def required(settings):
    settings.MFA_REQUIRED_ROLES = ["admin"]


def test_who_must_have_a_second_factor_is_led_to_set_one_up(admin, manager, required):
    client = browser(admin)
    for path in ("/", "/queue/", "/admin/", "/keys/"):
        assert client.get(path)["Location"] == "/mfa/", path
    assert client.get("/mfa/").status_code == 200
    fragment = client.get("/", headers={"HX-Request": "true"})
    assert (fragment.status_code, fragment["HX-Redirect"]) == (403, "/mfa/")
    assert client.post("/logout/").status_code == 302
    assert browser(manager).get("/queue/").status_code == 200


def test_who_must_have_a_second_factor_gets_no_token_without(admin, required, at):
    body = {"username": "ada", "password": PASSWORD}
    assert caller().post(TOKEN, body, "application/json").status_code == 403
    TOTP.activate(admin, SECRET)
    assert caller().post(TOKEN, body | {"code": code_now()}, "application/json").status_code == 200
    assert browser(admin).get("/").status_code == 200


def test_who_must_have_a_second_factor_keeps_the_last_one(admin, required, at):
    TOTP.activate(admin, SECRET)
    client = browser()
    password_step(client, "ada")
    client.post("/mfa/code/", {"code": code_now()})
    client.post("/login/again/", {"password": PASSWORD})
    client.post("/mfa/app/remove/")
    assert mfa.is_set_up(admin)


def test_the_pages_of_passkeys_offer_what_a_browser_needs(manager):
    client = browser(manager)
    password_step(client)
    client.post("/login/again/", {"password": PASSWORD})
    page = client.get("/mfa/passkeys/add/")
    assert page.context["js_data"]["creation_options"]["publicKey"]["rp"]["id"] == "testserver"
    refused = client.post("/mfa/passkeys/add/", {"name": "x", "credential": "{}"})
    assert refused.status_code == 200
    assert client.get("/mfa/passkeys/").status_code == 200
    options = browser().get("/login/passkey/", headers={"Accept": "application/json"}).json()
    assert options["request_options"]["publicKey"]["challenge"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "credential", ["", "{}", "x", '{"id": "x"}', "[]", "null", '{"response": {"userHandle": "MQ"}}']
)
def test_a_passkey_that_is_none_opens_nothing(credential):
    client = browser()
    client.get("/login/passkey/", headers={"Accept": "application/json"})
    assert client.post("/login/passkey/", {"credential": credential})["Location"] == "/login/"
    assert not is_in(client)


@pytest.mark.django_db
def test_without_local_login_there_is_no_passkey_login(settings):
    settings.LOCAL_LOGIN = False
    assert browser().get("/login/passkey/").status_code == 404
    assert b"passkey" not in browser().get("/login/").content.split(b"<main")[1]


def test_a_disabled_user_does_not_come_past_the_second_step(app_user):
    client = browser()
    password_step(client)
    User.objects.filter(pk=app_user.pk).update(is_active=False)
    client.post("/mfa/code/", {"code": code_now()})
    assert client.get("/queue/").status_code == 302


def test_a_refresh_needs_no_code(app_user):
    pair = tokens.issue(app_user)
    assert tokens.rotate(pair.refresh).access


def test_an_admin_takes_a_lost_second_factor_away_and_tokens_with_it(app_user, admin):
    pair = tokens.issue(app_user)
    form = {"action": "take_second_step_away", "_selected_action": [app_user.pk]}
    assert browser(admin).post("/admin/accounts/user/", form).status_code == 302
    assert not mfa.is_set_up(app_user)
    with pytest.raises(tokens.TokenRefused):
        tokens.rotate(pair.refresh)
    client = browser()
    assert password_step(client)["Location"] == "/"


def test_the_only_admin_gets_in_again_by_command(app_user):
    call_command("reset_second_factor", "MINA", stdout=StringIO())
    assert not mfa.is_set_up(app_user)
    with pytest.raises(CommandError, match="no user"):
        call_command("reset_second_factor", "nobody")


@pytest.mark.django_db(transaction=True)
def test_of_parallel_uses_of_one_recovery_code_one_wins():
    code = RecoveryCodes.activate(UserFactory(manager=True)).get_unused_codes()[3]
    assert uses(Authenticator.objects.get(), code) == 1


def test_a_token_from_before_a_second_factor_was_required_opens_nothing_until_there_is_one(manager, settings, at):
    """Whose role has come to need one, by the setting or by a promotion, does not go on with a password alone."""
    pair, client = tokens.issue(manager), browser(manager)
    settings.MFA_REQUIRED_ROLES = ["admin"]
    assert caller().get("/api/v1/auth/me", headers={"Authorization": f"Bearer {pair.access}"}).status_code == 200
    User.objects.filter(pk=manager.pk).update(role="admin", is_staff=True, is_superuser=True)
    assert caller().get("/api/v1/auth/me", headers={"Authorization": f"Bearer {pair.access}"}).status_code == 401
    assert client.get("/admin/")["Location"] == "/mfa/"
    TOTP.activate(manager, SECRET)
    assert caller().get("/api/v1/auth/me", headers={"Authorization": f"Bearer {pair.access}"}).status_code == 200


def test_where_nobody_signs_in_by_password_none_is_asked_for(manager, settings, at):
    settings.LOCAL_LOGIN = False
    client = browser(manager)
    assert client.get("/mfa/app/").status_code == 200
    TOTP.activate(manager, SECRET)
    assert client.get("/mfa/app/remove/")["Location"].startswith("/mfa/again/")
    client.post("/mfa/again/?next=/mfa/app/remove/", {"code": code_now()})
    assert client.get("/mfa/app/remove/").status_code == 200


def test_of_many_guesses_of_codes_from_rotating_addresses_five_are_looked_at(app_user, monkeypatch, rf):
    looked_at = []
    monkeypatch.setattr(mfa, "_uses_up", lambda _authenticator, code: bool(looked_at.append(code)))
    refused = 0
    for number in range(100):
        try:
            mfa.check_code(rf.post("/", REMOTE_ADDR=f"203.0.113.{number}"), app_user, f"{number:06}")
        except throttle.TooManyAttempts:
            refused += 1
    assert (len(set(looked_at)), refused) == (5, 95)
