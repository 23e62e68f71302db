"""GitHub, which speaks OAuth 2.0 without ID tokens: whole logins against a server in a process of its own, and forged ones."""

import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from allauth.mfa.totp.internal.auth import TOTP
from allauth.socialaccount.models import SocialAccount

from accounts.models import User
from tests.accounts.conftest import browser
from tests.factories import UserFactory
from tests.security.conftest import signed_in
from tests.security.github_server import ADDRESSES, CLIENT, MINA, OTHER_CLIENT, SECRET
from tests.security.sso import leave

pytestmark = pytest.mark.django_db
LOGIN, BACK = "/sso/github/login/", "/sso/github/back/"
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def server():
    command = [sys.executable, "-m", "tests.security.github_server"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, cwd=ROOT, text=True, **pipes) as process:
        port = process.stdout.readline().strip()
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30) as client:
            yield client
        with suppress(BrokenPipeError):
            process.stdin.close()


@pytest.fixture
def github(server, settings):
    """`github(user=…, emails=…)` tells the server who it is that agrees there."""

    def tell(**told):
        server.put("/_told", json=told).raise_for_status()

    tell()
    tell.asked = lambda: server.get("/_asked").json()
    tell.agree = lambda there: server.get(there).headers["location"]
    site = str(server.base_url).rstrip("/")
    app = {"provider": "github", "name": "GitHub", "client_id": CLIENT, "secret": SECRET}
    settings.SSO_APPS = [app | {"settings": {"oauth_pkce_enabled": True, "server_url": site}}]
    return tell


def leave_github(client):
    return leave(client, LOGIN)


def log_in(client, github, path=LOGIN):
    return client.get(github.agree(leave(client, path)))


def refused(client, response, status=401):
    return (response.status_code, signed_in(client), SocialAccount.objects.count()) == (status, None, 0)


def of(address, name):
    return parse_qs(urlsplit(address).query)[name][0]


def test_a_whole_login(github, mina):
    client = browser()
    assert LOGIN in client.get("/login/").content.decode()
    there = leave(client, f"{LOGIN}?next=/tickets/")
    assert (of(there, "response_type"), of(there, "scope"), of(there, "client_id")) == ("code", "user:email", CLIENT)
    assert of(there, "code_challenge_method") == "S256"
    response = client.get(github.agree(there))
    assert (response.status_code, response["Location"]) == (302, "/tickets/")
    assert signed_in(client) == mina
    assert [len(each["code_verifier"]) >= 43 for each in github.asked()] == [True]
    assert SocialAccount.objects.values_list("provider", "uid", "extra_data").get() == ("github", "7", {})


def test_an_answer_as_a_form_is_understood_too(github, mina):
    github(forms=True)
    client = browser()
    assert log_in(client, github).status_code == 302
    assert signed_in(client) == mina


def test_githubs_number_counts_once_it_is_known_not_name_or_address(github, mina):
    log_in(browser(), github)
    UserFactory(username="boss", email="boss@example.com", admin=True)
    github(user=MINA | {"login": "boss"}, emails=[ADDRESSES[1] | {"email": "boss@example.com"}])
    client = browser()
    log_in(client, github)
    assert signed_in(client) == mina
    github(user=MINA | {"id": 8}, emails=[ADDRESSES[0]])
    stranger = browser()
    assert log_in(stranger, github).status_code == 403
    assert signed_in(stranger) is None


def test_a_second_step_is_asked_for_after_github_too(github, mina):
    TOTP.activate(mina, "JBSWY3DPEHPK3PXP")
    client = browser()
    assert log_in(client, github)["Location"].startswith("/mfa/code/")
    assert signed_in(client) is None


def test_a_new_person_comes_in_by_a_verified_address_of_an_allowed_domain_alone(github, settings):
    settings.SSO_DOMAINS = ["example.com"]
    github(emails=[ADDRESSES[1] | {"verified": False}, ADDRESSES[0]])
    assert log_in(browser(), github).status_code == 403
    assert User.objects.count() == 0
    github()
    client = browser()
    assert log_in(client, github).status_code == 302
    assert (signed_in(client).email, signed_in(client).role) == ("mina@example.com", "submitter")


@pytest.mark.parametrize("verified", [False, None, "false", "true", 1])
def test_an_address_that_is_not_said_to_be_verified_gets_nobody_in(verified, github, mina):
    github(emails=[ADDRESSES[1] | {"verified": verified}])
    client = browser()
    assert refused(client, log_in(client, github), 403)


def test_the_public_address_of_a_profile_is_no_verified_one(github, mina):
    github(user=MINA | {"email": "mina@example.com"}, emails=[])
    client = browser()
    assert refused(client, log_in(client, github), 403)


def test_a_login_that_was_begun_in_another_browser_is_refused(github, mina):
    back = github.agree(leave_github(browser()))
    victim = browser()
    leave_github(victim)
    assert refused(victim, victim.get(back))
    assert github.asked() == []


def test_a_state_works_once(github, mina):
    client = browser()
    back = github.agree(leave_github(client))
    assert client.get(back).status_code == 302
    client.post("/logout/")
    assert client.get(back).status_code == 401
    again = github.agree(leave_github(client))
    replayed = f"{BACK}?{urlencode({'code': of(again, 'code'), 'state': of(back, 'state')})}"
    assert client.get(replayed).status_code == 401
    assert signed_in(client) is None


@pytest.mark.parametrize("state", ["", "x", "a" * 16])
def test_a_state_that_was_not_given_out_is_refused(state, github, mina):
    client = browser()
    back = github.agree(leave_github(client))
    assert refused(client, client.get(f"{BACK}?{urlencode({'code': of(back, 'code'), 'state': state})}"))


def test_a_code_that_was_given_to_another_client_is_refused(github, mina):
    """A site that somebody else runs got it, and puts it into a login here."""
    client = browser()
    there = leave_github(client)
    theirs = github.agree(there.replace(CLIENT, OTHER_CLIENT))
    assert refused(client, client.get(theirs))
    assert len(github.asked()) == 1


def test_a_code_of_another_login_does_not_fit_this_ones_verifier(github, mina):
    stolen = of(github.agree(leave_github(browser())), "code")
    thief = browser()
    own = github.agree(leave_github(thief))
    assert refused(thief, thief.get(own.replace(of(own, "code"), stolen)))


@pytest.mark.parametrize(
    "told",
    [
        {"user": {"login": "mina"}},
        {"user": {"id": "7", "login": "mina"}},
        {"user": {"id": None}},
        {"user": ["mina"]},
        {"user": None},
        {"emails": {"message": "Not Found"}},
        {"emails": None},
        {"emails": "mina@example.com"},
    ],
)
def test_an_answer_that_makes_no_sense_is_refused_and_no_error_of_ours(told, github, mina):
    github(**told)
    client = browser()
    assert refused(client, log_in(client, github))


def test_addresses_that_make_no_sense_are_passed_over(github, mina):
    github(emails=[None, {}, {"email": 5, "verified": True}, "mina@example.com", ADDRESSES[1]])
    client = browser()
    assert log_in(client, github).status_code == 302
    assert signed_in(client) == mina


def test_a_secret_that_is_wrong_here_lets_nobody_in(github, mina, settings):
    settings.SSO_APPS = [settings.SSO_APPS[0] | {"secret": "x"}]
    client = browser()
    assert refused(client, log_in(client, github))


def test_somebody_who_does_not_agree_is_led_back(github):
    client = browser()
    state = of(leave_github(client), "state")
    response = client.get(f"{BACK}?{urlencode({'error': 'access_denied', 'state': state})}")
    assert response.status_code == 401
    assert 'href="/login/"' in response.content.decode()


def test_a_disabled_user_is_not_let_in(github, mina):
    log_in(browser(), github)
    User.objects.update(is_active=False)
    client = browser()
    assert log_in(client, github).status_code == 403
    assert signed_in(client) is None
