"""Logins against an identity provider on the network, whole ones and forged ones."""

import os
import signal
import subprocess
import sys
import time
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest
from allauth.socialaccount.models import SocialAccount

from tests.accounts.conftest import browser
from tests.security.conftest import signed_in
from tests.security.identity_provider import CLIENT, OTHER_KEY, SECRET, signed
from tests.security.sso import app_at, leave, log_in
from voc.dev.ports import free_port

pytestmark = pytest.mark.django_db


# --- a whole login against somebody else's provider, in a process of its own ---


@pytest.fixture
def mock_provider(settings):
    port = free_port()
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), "--require-nonce", "true"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 240
    try:
        while True:
            try:
                httpx.get(f"{url}/.well-known/openid-configuration", timeout=5).raise_for_status()
                break
            except httpx.HTTPError:
                assert time.monotonic() < deadline, "the provider did not start"
                assert process.poll() is None
        settings.SSO_APPS = [app_at(url)]
        yield url
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)


def test_a_whole_login_against_a_provider_in_a_process_of_its_own(mock_provider, mina):
    person = {"email": "mina@example.com", "email_verified": True, "name": "Mina Kim"}
    httpx.put(f"{mock_provider}/users/s-1", json=person).raise_for_status()
    client = browser()
    assert "/sso/oidc/login/" in client.get("/login/").content.decode()
    there = leave(client, "/sso/oidc/login/?next=/tickets/")
    asked = parse_qs(urlsplit(there).query)
    assert asked["response_type"] == ["code"]
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["nonce"]
    back = httpx.post(there, data={"sub": "s-1"})
    assert back.status_code == 302
    address = back.headers["location"]
    response = client.get(address)
    assert (response.status_code, response["Location"]) == (302, "/tickets/")
    assert signed_in(client) == mina
    assert SocialAccount.objects.values_list("provider", "uid", "extra_data").get() == ("oidc", "s-1", {})
    again = browser()
    assert again.get(address).status_code == 401
    assert signed_in(again) is None


# --- twelve forgeries, and some more: each is a good login but for one thing ---


def a_good(claims):
    return claims


def unsigned(claims):
    return jwt.encode(claims, "", algorithm="none", headers={"kid": "one"})


def with_the_client_secret(claims):
    return signed(claims, key=SECRET, algorithm="HS256")


def tampered(claims):
    head, _body, tail = signed(claims).split(".")
    other = signed(claims | {"email": "boss@example.com"}).split(".")[1]
    return f"{head}.{other}.{tail}"


FORGERIES = {
    "alg none": unsigned,
    "signed with the client secret": with_the_client_secret,
    "signed by somebody else": lambda claims: signed(claims, key=OTHER_KEY),
    "names a key that is not there": lambda claims: signed(claims, kid="two"),
    "changed after it was signed": tampered,
    "for another client": lambda claims: claims | {"aud": "somebody-else"},
    "for several clients, ours among them": lambda claims: claims | {"aud": [CLIENT, "other"], "azp": "other"},
    "of another issuer": lambda claims: claims | {"iss": "https://evil.example"},
    "expired": lambda claims: claims | {"exp": 1_700_000_000, "iat": 1_699_999_000},
    "of another login (nonce)": lambda claims: claims | {"nonce": "of-another-login"},
    "without a nonce": lambda claims: {name: value for name, value in claims.items() if name != "nonce"},
    "without a subject": lambda claims: {name: value for name, value in claims.items() if name != "sub"},
    "from the future": lambda claims: claims | {"iat": 4_000_000_000, "nbf": 4_000_000_000, "exp": 4_000_001_000},
    "no token at all": lambda _claims: "nonsense",
}


def test_a_good_login_is_let_in(provider, mina):
    provider.forge = a_good
    client = browser()
    assert log_in(client, provider).status_code == 302
    assert signed_in(client) == mina
    assert provider.used == 1


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_id_token_is_refused(name, provider, mina):
    provider.forge = FORGERIES[name]
    client = browser()
    response = log_in(client, provider)
    assert response.status_code == 401
    assert provider.used == 1
    assert signed_in(client) is None
    assert SocialAccount.objects.count() == 0


def test_a_login_that_was_begun_in_another_browser_is_refused(provider, mina):
    """State: an address that somebody else's login came back to, sent to the victim."""
    back = provider.authorize(leave(browser()))
    victim = browser()
    leave(victim)
    assert victim.get(back).status_code == 401
    assert provider.used == 0
    assert signed_in(victim) is None


@pytest.mark.parametrize("change", [lambda _state: "", lambda state: state[:-1] + "x", lambda _state: "a" * 16])
def test_a_state_that_is_not_the_one_that_was_sent_is_refused(change, provider, mina):
    client = browser()
    address = provider.authorize(leave(client))
    state = parse_qs(urlsplit(address).query)["state"][0]
    if change(state) == state:
        change = lambda _state: "b" * 16  # noqa: E731
    assert client.get(address.replace(f"state={state}", f"state={change(state)}")).status_code == 401
    assert signed_in(client) is None


def test_a_code_of_another_login_does_not_fit_this_ones_verifier(provider, mina):
    """PKCE: a stolen code is put into a login of the thief's own."""
    stolen = parse_qs(urlsplit(provider.authorize(leave(browser()))).query)["code"][0]
    thief = browser()
    own = provider.authorize(leave(thief))
    code = parse_qs(urlsplit(own).query)["code"][0]
    assert thief.get(own.replace(code, stolen)).status_code == 401
    assert provider.used == 0
    assert signed_in(thief) is None


def test_an_address_that_was_come_back_to_works_once(provider, mina):
    client = browser()
    address = provider.authorize(leave(client))
    assert client.get(address).status_code == 302
    client.post("/logout/")
    assert client.get(address).status_code == 401
    assert signed_in(client) is None


def test_an_answer_that_names_another_issuer_is_refused(provider, mina):
    """RFC 9207: two providers, one of them hostile, mixed up."""
    client = browser()
    address = provider.authorize(leave(client))
    assert client.get(f"{address}&iss=https://evil.example").status_code == 401
    assert signed_in(client) is None


def test_a_provider_that_claims_to_be_another_is_refused(provider, mina):
    provider.config = {"issuer": "https://accounts.google.com"}
    assert browser().get("/sso/oidc/login/").status_code == 401


@pytest.mark.parametrize(
    "config",
    [
        {"token_endpoint": None},
        {"jwks_uri": 5},
        {"jwks_uri": "http://169.254.169.254/"},
        {"token_endpoint": "file:///x"},
    ],
)
def test_a_provider_whose_configuration_makes_no_sense_or_points_inside_is_refused(config, provider, mina):
    provider.config = config
    client = browser()
    response = client.get("/sso/oidc/login/")
    if response.status_code == 302:
        response = client.get(provider.authorize(response["Location"]))
    assert response.status_code == 401
    assert signed_in(client) is None


@pytest.mark.parametrize("verified", [False, None, "no", 0, "false"])
def test_an_address_that_is_not_verified_gets_nobody_in(verified, provider, mina):
    provider.claims = provider.claims | {"email_verified": verified}
    client = browser()
    assert log_in(client, provider).status_code == 403
    assert signed_in(client) is None
    assert SocialAccount.objects.count() == 0


def test_user_information_about_somebody_else_is_refused(provider, mina):
    provider.claims = {"sub": "s-1"}
    provider.userinfo = {"sub": "s-2", "email": "mina@example.com", "email_verified": True}
    client = browser()
    assert log_in(client, provider).status_code == 401
    provider.userinfo = provider.userinfo | {"sub": "s-1"}
    assert log_in(client, provider).status_code == 302
    assert signed_in(client) == mina


def test_what_a_link_to_the_login_says_does_not_reach_the_provider(provider):
    there = leave(
        browser(),
        "/sso/oidc/login/?auth_params=nonce%3Dx%26redirect_uri%3Dhttps://evil.example&scope=admin&process=connect",
    )
    asked = parse_qs(urlsplit(there).query)
    assert asked["redirect_uri"] == ["http://testserver/sso/oidc/back/"]
    assert asked["nonce"] != ["x"]
    assert "admin" not in asked["scope"][0]


def test_a_login_leads_nowhere_else(provider, mina):
    response = log_in(browser(), provider, "/sso/oidc/login/?next=https://evil.example/")
    assert response["Location"] == "/"
