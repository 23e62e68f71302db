"""Who somebody is whom an identity provider vouches for, and what they may."""

from urllib.parse import parse_qs, urlsplit

import pytest

from accounts.models import User
from tests.accounts.conftest import browser
from tests.factories import UserFactory
from tests.security.conftest import signed_in
from tests.security.sso import app_at, leave, log_in

pytestmark = pytest.mark.django_db


def test_the_providers_id_counts_once_it_is_known_not_the_address(provider, mina):
    log_in(browser(), provider)
    UserFactory(username="boss", email="boss@example.com", admin=True)
    provider.claims = provider.claims | {"email": "boss@example.com"}
    client = browser()
    log_in(client, provider)
    assert signed_in(client) == mina


def test_a_stranger_gets_no_account_unless_their_domain_is_allowed(provider, settings):
    client = browser()
    assert log_in(client, provider).status_code == 403
    assert User.objects.count() == 0
    settings.SSO_DOMAINS = ["other.example", "@Example.com"]
    provider.claims = provider.claims | {"given_name": "Mina", "family_name": "Kim"}
    assert log_in(client, provider).status_code == 302
    user = signed_in(client)
    assert (user.email, user.role, user.first_name) == ("mina@example.com", "submitter", "Mina")
    assert not user.has_usable_password()


@pytest.mark.parametrize("email", ["mina@example.com.evil.example", "mina@evil.example", "x@sub.example.com"])
def test_a_domain_that_only_looks_like_an_allowed_one_is_none(email, provider, settings):
    settings.SSO_DOMAINS = ["example.com"]
    provider.claims = provider.claims | {"email": email}
    assert log_in(browser(), provider).status_code == 403
    assert User.objects.count() == 0


def test_a_disabled_user_is_not_let_in(provider, mina):
    log_in(browser(), provider)
    User.objects.update(is_active=False)
    client = browser()
    assert log_in(client, provider).status_code == 403
    assert signed_in(client) is None


@pytest.mark.parametrize(
    ("groups", "role"),
    [
        (["voc-leads"], "manager"),
        (["voc-admins", "voc-leads"], "admin"),
        (["others"], "viewer"),
        ([], "viewer"),
        (None, "viewer"),
        ("voc-leads", "manager"),
        ({"voc-admins": 1}, "admin"),
        (7, "viewer"),
    ],
)
def test_the_providers_groups_decide_the_role(groups, role, provider, mina, settings):
    settings.SSO_ROLES = ["admin=voc-admins", "manager=voc-leads"]
    settings.SSO_DEFAULT_ROLE = "viewer"
    provider.claims = provider.claims | {"groups": groups}
    client = browser()
    log_in(client, provider)
    assert signed_in(client).role == role


def test_who_leaves_a_group_loses_the_role_with_the_next_login_but_for_the_last_admin(provider, mina, settings):
    settings.SSO_ROLES = ["admin=voc-admins"]
    provider.claims = provider.claims | {"groups": ["voc-admins"]}
    client = browser()
    log_in(client, provider)
    assert signed_in(client).role == "admin"
    provider.claims = provider.claims | {"groups": []}
    log_in(client, provider)
    assert signed_in(client).role == "admin"
    UserFactory(admin=True)
    log_in(client, provider)
    assert signed_in(client).role == "submitter"


def test_without_groups_in_the_settings_roles_are_left_alone(provider, mina):
    provider.claims = provider.claims | {"groups": ["admin"]}
    client = browser()
    log_in(client, provider)
    assert signed_in(client).role == "viewer"


def test_guesses_at_the_password_do_not_keep_anybody_from_single_sign_on(provider, mina):
    for _ in range(6):
        browser().post("/login/", {"username": "mina", "password": "wrong"})
    client = browser()
    assert log_in(client, provider).status_code == 302
    assert signed_in(client) == mina


def test_without_local_login_single_sign_on_is_the_only_way(provider, mina, settings):
    settings.LOCAL_LOGIN = False
    page = browser().get("/login/").content.decode()
    assert "/sso/oidc/login/" in page
    assert 'name="password"' not in page
    client = browser()
    log_in(client, provider)
    assert signed_in(client) == mina


def test_microsofts_way_to_say_that_an_address_is_verified(provider, mina):
    provider.claims = {"sub": "s-1", "email": "mina@example.com", "xms_edov": True}
    client = browser()
    log_in(client, provider)
    assert signed_in(client) == mina


def test_a_provider_that_is_not_set_up_is_not_there(provider):
    for path in ("/sso/okta/login/", "/sso/okta/back/?code=x&state=y", "/sso/github/login/", "/sso/github/back/"):
        assert browser().get(path).status_code == 404


def test_a_login_that_somebody_cancelled_is_said_so_and_leads_back(provider):
    client = browser()
    state = parse_qs(urlsplit(leave(client)).query)["state"][0]
    response = client.get(f"/sso/oidc/back/?error=access_denied&state={state}")
    assert response.status_code == 401
    assert 'href="/login/"' in response.content.decode()


def test_a_provider_that_is_down_is_no_error_of_ours(settings):
    settings.SSO_APPS = [app_at("http://127.0.0.1:1")]
    assert browser().get("/sso/oidc/login/").status_code == 401
