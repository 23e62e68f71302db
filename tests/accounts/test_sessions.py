import json

import pytest

from accounts import tasks
from accounts.models import BrowserSession
from accounts.sessions import SessionStore
from tests.accounts.conftest import browser
from voc.core import crypto

pytestmark = pytest.mark.django_db


def test_the_database_holds_neither_the_cookie_nor_what_the_session_says(manager):
    client = browser(manager)
    session = client.session
    session["note"] = "of nobody's business"
    session.save()
    cookie = client.cookies["sessionid"].value
    row = BrowserSession.objects.get()
    assert cookie not in row.session_key
    assert len(row.session_key) == 40
    assert "nobody" not in row.session_data
    assert client.get("/profile/").status_code == 200


def test_what_the_database_holds_opens_nothing(manager):
    browser(manager)
    thief = browser()
    thief.cookies["sessionid"] = BrowserSession.objects.get().session_key
    assert thief.get("/profile/").status_code == 302


def test_a_session_is_found_changed_and_ended():
    store = SessionStore()
    store["a"] = 1
    store.create()
    again = SessionStore(store.session_key)
    assert (again["a"], again.exists(store.session_key)) == (1, True)
    again["b"] = 2
    again.save()
    assert SessionStore(store.session_key)["b"] == 2
    again.cycle_key()
    assert not SessionStore().exists(store.session_key)
    again.flush()
    assert BrowserSession.objects.count() == 0


def test_a_session_that_cannot_be_decrypted_is_signed_out(manager, settings):
    client = browser(manager)
    settings.ENCRYPTION_KEYS = [crypto.base64.urlsafe_b64encode(b"n" * 32).decode()]
    assert client.get("/profile/").status_code == 302


def test_a_session_of_another_row_is_not_taken(manager, viewer):
    data = SessionStore().encode({"a": 1})
    assert SessionStore().decode(data) == {"a": 1}
    assert SessionStore().decode(crypto.encrypt(json.dumps({"a": 1}), purpose="mfa")) == {}


def test_sessions_that_are_over_are_deleted(later):
    store = SessionStore()
    store.set_expiry(-10)
    store.create()
    tasks.prune()
    assert BrowserSession.objects.count() == 0
