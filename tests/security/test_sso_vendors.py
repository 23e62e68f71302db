"""Google, Microsoft and Okta by the environment's variables alone: which addresses follow, and a whole login at each.

The vendors' configurations are as they publish them. Whoever asks for an address of theirs gets the answer of a server here.
"""

import runpy
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from accounts.sso import door
from tests.accounts.conftest import browser
from tests.security.conftest import signed_in
from tests.security.identity_provider import CLIENT, SECRET
from tests.security.sso import leave
from voc.core import http

pytestmark = pytest.mark.django_db
SETTINGS = Path(__file__).resolve().parents[2] / "voc" / "settings" / "signing_in.py"
TENANT = "9188040d-6c67-4c5b-b112-36a304b66dad"
MICROSOFT, OKTA = f"https://login.microsoftonline.com/{TENANT}", "https://example.okta.com/oauth2/default"
# Provider → (variables, issuer, authorisation, token, keys).
VENDORS = {
    "google": (
        {},
        "https://accounts.google.com",
        "https://accounts.google.com/o/oauth2/v2/auth",
        "https://oauth2.googleapis.com/token",
        "https://www.googleapis.com/oauth2/v3/certs",
    ),
    "microsoft": (
        {"SSO_MICROSOFT_TENANT": TENANT},
        f"{MICROSOFT}/v2.0",
        f"{MICROSOFT}/oauth2/v2.0/authorize",
        f"{MICROSOFT}/oauth2/v2.0/token",
        f"{MICROSOFT}/discovery/v2.0/keys",
    ),
    "okta": ({"SSO_OKTA_URL": f"{OKTA}/"}, OKTA, f"{OKTA}/v1/authorize", f"{OKTA}/v1/token", f"{OKTA}/v1/keys"),
}


def apps_of(monkeypatch, **variables):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return runpy.run_path(str(SETTINGS))["SSO_APPS"]


def credentials(name):
    return {f"SSO_{name.upper()}_CLIENT_ID": CLIENT, f"SSO_{name.upper()}_CLIENT_SECRET": SECRET}


@pytest.fixture
def vendor(provider, monkeypatch, settings):
    """`vendor(name)` sets it up, and lets the server here stand in for it; what was asked of the vendor is the answer."""

    def set_up(name):
        variables, issuer, authorisation, token, keys = VENDORS[name]
        settings.SSO_APPS = apps_of(monkeypatch, **variables, **credentials(name))
        endpoints = {"authorization_endpoint": authorisation, "token_endpoint": token, "jwks_uri": keys}
        provider.config = endpoints | {"issuer": issuer, "userinfo_endpoint": f"{issuer}/userinfo"}
        provider.forge = lambda claims: claims | {"iss": issuer}
        configuration = "/.well-known/openid-configuration"
        here = {f"{issuer}{configuration}": configuration, token: "/token", keys: "/keys"}
        asked = []

        def request(peer, method, url, **given):
            asked.append(url)
            return http.request(peer, method, provider.url + here[url], **given)

        stand_in = type("Door", (), {"request": staticmethod(request)})
        monkeypatch.setattr(door, "http", stand_in)
        return asked

    return set_up


@pytest.mark.parametrize("name", VENDORS)
def test_a_whole_login_with_a_vendor_by_its_variables_alone(name, vendor, provider, mina):
    asked = vendor(name)
    client = browser()
    path = f"/sso/{name}/login/"
    assert path in client.get("/login/").content.decode()
    there = leave(client, path)
    _variables, _issuer, authorisation, token, keys = VENDORS[name]
    assert there.startswith(f"{authorisation}?")
    query = parse_qs(urlsplit(there).query)
    assert query["redirect_uri"] == [f"http://testserver/sso/{name}/back/"]
    assert {"openid", "email", "profile"} <= set(query["scope"][0].split())
    assert client.get(provider.authorize(there)).status_code == 302
    assert signed_in(client) == mina
    assert asked[-2:] == [token, keys]


@pytest.mark.parametrize("name", VENDORS)
def test_another_ones_word_does_not_count_at_a_vendor(name, vendor, provider, mina):
    vendor(name)
    provider.forge = lambda claims: claims | {"iss": "https://evil.example"}
    client = browser()
    assert client.get(provider.authorize(leave(client, f"/sso/{name}/login/"))).status_code == 401
    assert signed_in(client) is None


def test_a_login_that_began_at_one_vendor_does_not_end_at_another(vendor, provider, monkeypatch, settings, mina):
    vendor("google")
    settings.SSO_APPS = [*settings.SSO_APPS, settings.SSO_APPS[0] | {"provider_id": "okta", "name": "Okta"}]
    client = browser()
    back = provider.authorize(leave(client, "/sso/google/login/"))
    assert client.get(back.replace("/sso/google/", "/sso/okta/")).status_code == 401
    assert signed_in(client) is None


def test_github_is_github_unless_another_site_is_named(monkeypatch, settings):
    settings.SSO_APPS = apps_of(monkeypatch, **credentials("github"))
    there = leave(browser(), "/sso/github/login/")
    assert there.startswith("https://github.com/login/oauth/authorize?")
    settings.SSO_APPS = apps_of(monkeypatch, SSO_GITHUB_URL="https://git.example.com/")
    there = leave(browser(), "/sso/github/login/")
    assert there.startswith("https://git.example.com/login/oauth/authorize?")


@pytest.mark.parametrize(
    ("site", "api"),
    [("https://github.com", "https://api.github.com"), ("https://git.example.com", "https://git.example.com/api/v3")],
)
def test_where_githubs_answers_come_from(site, api, monkeypatch, settings, mina):
    settings.SSO_APPS = apps_of(monkeypatch, SSO_GITHUB_URL=site, **credentials("github"))
    answers = {
        f"{site}/login/oauth/access_token": {"access_token": "a"},
        f"{api}/user": {"id": 7, "login": "mina"},
        f"{api}/user/emails": [{"email": "mina@example.com", "verified": True, "primary": True}],
    }

    def request(_peer, _method, url, **_given):
        return httpx.Response(200, json=answers.pop(url), request=httpx.Request("GET", url))

    monkeypatch.setattr(door, "http", type("Door", (), {"request": staticmethod(request)}))
    client = browser()
    state = parse_qs(urlsplit(leave(client, "/sso/github/login/")).query)["state"][0]
    assert client.get(f"/sso/github/back/?code=x&state={state}").status_code == 302
    assert answers == {}


def test_without_variables_nobody_vouches_for_anybody(monkeypatch):
    assert apps_of(monkeypatch) == []
