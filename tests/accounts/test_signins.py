"""Where somebody is signed in: seen, and ended one by one or all at once."""

from datetime import timedelta

import pytest
from django.test import Client

from accounts import api_keys, mfa, services, signins, tokens
from accounts.models import BrowserSession, TokenFamily
from accounts.origin import Origin, device_of_agent
from tests.accounts.conftest import browser, caller
from tests.factories import PASSWORD
from voc.core.audit.models import Entry

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Mobile/15E148 Safari/604.1"
ME = "/api/v1/auth/me"


def logged_in(agent=FIREFOX, address="203.0.113.7"):
    client = Client(headers={"User-Agent": agent}, REMOTE_ADDR=address)
    assert client.post("/login/", {"username": "mina", "password": PASSWORD}).status_code == 302
    return client


def token(agent="curl/8.5.0", address="203.0.113.9"):
    body = {"username": "mina", "password": PASSWORD}
    client = Client(headers={"User-Agent": agent}, REMOTE_ADDR=address)
    return client.post("/api/v1/auth/token", body, "application/json").json()


def is_in(client):
    return client.get("/profile/").status_code == 200


def works(pair):
    return Client(headers={"Authorization": f"Bearer {pair['access']}"}).get(ME).status_code == 200


def shown(client):
    return [(each.kind, each.device, each.address, each.here) for each in client.get("/sign-ins/").context["sign_ins"]]


def end(client, kind, **which):
    [found] = [
        each
        for each in client.get("/sign-ins/").context["sign_ins"]
        if each.kind == kind and all(getattr(each, name) == value for name, value in which.items())
    ]
    return client.post("/sign-ins/revoke", {"kind": kind, "number": found.number})


def test_every_place_is_shown_with_its_device_and_address_this_one_first(manager, later):
    logged_in(PHONE, "198.51.100.4")
    later(5)
    own = logged_in()
    later(10)
    token()
    assert shown(own) == [
        ("browser", "Firefox · Windows", "203.0.113.7", True),
        ("api", "curl", "203.0.113.9", False),
        ("browser", "Safari · iPhone", "198.51.100.4", False),
    ]


def test_other_peoples_places_are_neither_shown_nor_ended(manager, viewer):
    own, other, pair = logged_in(), browser(viewer), tokens.issue(viewer)
    assert len(shown(own)) == 1
    theirs = BrowserSession.objects.get(user=viewer).pk
    own.post("/sign-ins/revoke", {"kind": "browser", "number": theirs})
    own.post("/sign-ins/revoke", {"kind": "api", "number": TokenFamily.objects.get().pk})
    own.post("/sign-ins/revoke")
    assert is_in(other)
    assert works({"access": pair.access})


def test_one_place_is_ended_and_no_other(manager):
    own, phone, pair, other = logged_in(), logged_in(PHONE), token(), token("python-requests/2.32")
    end(own, "browser", here=False)
    assert (is_in(phone), is_in(own), works(pair)) == (False, True, True)
    end(own, "api", device="curl")
    assert (works(pair), works(other), is_in(own)) == (False, True, True)
    with pytest.raises(tokens.TokenRefused):
        tokens.rotate(pair["refresh"])


def test_all_others_are_ended_at_once(manager):
    own, phone, pair = logged_in(), logged_in(PHONE), token()
    response = own.post("/sign-ins/revoke", follow=True)
    assert "2" in str(list(response.context["messages"])[-1])
    assert (is_in(own), is_in(phone), works(pair)) == (True, False, False)


def test_when_and_from_where_a_session_was_used_last_is_written_once_a_minute(
    manager, later, django_assert_num_queries
):
    client = logged_in()
    row = BrowserSession.objects.get()
    later(59)
    client.get("/profile/", REMOTE_ADDR="198.51.100.1")
    assert BrowserSession.objects.get().seen_at == row.seen_at
    later(61)
    client.get("/profile/", REMOTE_ADDR="198.51.100.1")
    seen = BrowserSession.objects.get()
    assert seen.seen_at == row.seen_at + timedelta(seconds=61)
    assert (seen.address, seen.started_at) == ("198.51.100.1", row.started_at)
    later(100)
    session = client.session
    session["a"] = 1
    session.save()
    assert BrowserSession.objects.get().address == "198.51.100.1"


def test_a_refresh_tells_from_where_a_program_came_last(manager):
    pair = token()
    client = Client(headers={"User-Agent": "python-requests/2.32"}, REMOTE_ADDR="198.51.100.2")
    client.post("/api/v1/auth/token/refresh", {"refresh": pair["refresh"]}, "application/json")
    assert shown(logged_in())[1] == ("api", "python-requests", "198.51.100.2", False)


def test_a_logout_and_a_new_password_leave_nothing_that_is_over_in_the_list(manager):
    own, phone = logged_in(), logged_in(PHONE)
    token()
    logged_in().post("/logout/")
    assert len(shown(own)) == 3
    new = {"old_password": PASSWORD, "new_password1": "another-long-password-2"}
    assert own.post("/password/change/", new | {"new_password2": new["new_password1"]}).status_code == 302
    assert [each[3] for each in shown(own)] == [True]
    assert not is_in(phone)


def test_a_session_does_not_come_back_to_life_with_its_user(manager):
    client = logged_in()
    services.deactivate_user(user=manager, actor=None)
    services.activate_user(user=manager, actor=None)
    assert not is_in(client)


def test_who_loses_the_second_step_is_signed_out(manager):
    client = logged_in()
    mfa.take_away(user=manager, actor=None)
    assert not is_in(client)


def test_an_admin_ends_all_access_of_somebody_and_the_trail_knows_who_it_was(manager, admin):
    client, pair = logged_in(), token()
    key = api_keys.create(user=manager, name="ERP", scopes=["ticket:read"], days=9, created_by=manager)
    kept = api_keys.create(user=admin, name="ERP", scopes=["ticket:read"], days=9, created_by=admin)
    by_key = Client(headers={"X-API-Key": key.secret})
    assert by_key.get(ME).status_code == 200
    form = {"action": "end_access", "_selected_action": [manager.pk]}
    response = browser(admin).post("/admin/accounts/user/", form, follow=True)
    assert "2" in str(list(response.context["messages"])[-1])
    assert (is_in(client), works(pair), by_key.get(ME).status_code) == (False, False, 401)
    assert Client(headers={"X-API-Key": kept.secret}).get(ME).status_code == 200
    tables = ("accounts_browsersession", "accounts_tokenfamily", "accounts_apikey")
    found = Entry.objects.filter(table__in=tables, actor_name="ada", entry__startswith="admin").exclude(act="I")
    assert sorted(found.values_list("table", "act")) == [
        ("accounts_apikey", "U"),
        ("accounts_browsersession", "D"),
        ("accounts_tokenfamily", "U"),
    ]
    assert "session_data" not in str(list(found.values()))
    assert is_in(logged_in())


def test_a_manager_ends_nobodys_access(manager, viewer):
    other = browser(viewer)
    form = {"action": "end_access", "_selected_action": [viewer.pk]}
    assert browser(manager).post("/admin/accounts/user/", form).status_code == 403
    assert is_in(other)


def test_a_visitor_who_has_not_signed_in_is_nobodys_session(manager):
    visitor = browser()
    visitor.get("/login/passkey/", headers={"Accept": "application/json"})
    assert BrowserSession.objects.get().user is None
    assert signins.sign_ins_of(manager) == []


def test_a_program_may_not_look_at_the_page(manager):
    assert caller(manager).get("/sign-ins/").status_code == 302


@pytest.mark.parametrize(
    ("agent", "expected"),
    [
        (FIREFOX, "Firefox · Windows"),
        (PHONE, "Safari · iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36", "Chrome · Linux"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) Chrome/126.0 Safari/537.36 Edg/126.0", "Edge · macOS"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/126.0 Whale/3.26 Safari/537.36", "Whale · Windows"),
        (
            "Mozilla/5.0 (Linux; Android 14; SM-S921N) SamsungBrowser/25.0 Chrome/121 Mobile",
            "Samsung Internet · Android",
        ),
        ("curl/8.5.0", "curl"),
        ("<script>alert(1)</script>", ""),
        ("", ""),
    ],
)
def test_a_device_has_a_name_that_people_know(agent, expected):
    assert device_of_agent(agent) == expected


def test_what_a_program_says_of_itself_is_cut_and_shown_as_text(manager):
    client = logged_in("x" * 5000)
    assert len(BrowserSession.objects.get().agent) == 200
    assert client.get("/sign-ins/").status_code == 200
    tokens.issue(manager, origin=Origin("1.2.3.4", "<b>curl</b>"))
    assert b"<b>curl" not in client.get("/sign-ins/").content
