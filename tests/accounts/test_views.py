import re
from urllib.parse import urlsplit

import pytest
from django.core import mail

from accounts import services
from accounts.models import User
from tests.accounts.conftest import browser, caller
from tests.factories import PASSWORD, UserFactory
from voc.core.outbox.api import drain_all

NEW = "another-long-password-2"


def log_in(client, username="mina", password=PASSWORD, **extra):
    return client.post("/login/", {"username": username, "password": password} | extra)


def signed_in(client):
    return client.get("/profile/").status_code == 200


def link_in(message):
    """The path of the only link with a token, the same in both parts of the mail."""
    (text,) = set(re.findall(r"https?://\S+/(?:invitation|password/reset)/\S+", message.body))
    assert f'href="{text}"' in message.alternatives[0].content
    return urlsplit(text).path


def open_link(client, path):
    """Follow the link as a browser does; the response with the form, and its address."""
    response = client.get(path, follow=True)
    return response, response.redirect_chain[-1][0] if response.redirect_chain else path


def set_password(client, address, password=NEW):
    return client.post(address, {"new_password1": password, "new_password2": password}, follow=True)


def test_a_login_leads_to_the_page_that_asked_for_it(manager):
    response = log_in(browser(), next="/profile/?a=1")
    assert (response.status_code, response["Location"]) == (302, "/profile/?a=1")


@pytest.mark.parametrize("page", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "\\\\evil.example"])
def test_a_login_leads_nowhere_else(manager, page):
    assert log_in(browser(), next=page)["Location"] == "/"


def test_wrong_unknown_disabled_and_invited_get_the_same_page(manager, viewer):
    services.deactivate_user(user=viewer, actor=None)
    User.objects.create_user("invited", "invited@example.com")
    pages = [
        log_in(browser(), password="wrong"),
        log_in(browser(), username="nobody"),
        log_in(browser(), username="vera"),
        log_in(browser(), username="invited"),
    ]
    assert {page.status_code for page in pages} == {200}
    assert len({str(page.context["form"].errors) for page in pages}) == 1


def test_who_is_signed_in_needs_no_login_page(manager):
    assert browser(manager).get("/login/?next=/profile/")["Location"] == "/profile/"


def test_a_login_without_a_token_of_the_form_is_refused(manager, client):
    client.handler.enforce_csrf_checks = True
    assert log_in(client).status_code == 403


def test_logging_out_takes_a_form(manager):
    client = browser(manager)
    assert client.get("/logout/").status_code == 405
    assert signed_in(client)
    assert client.post("/logout/")["Location"] == "/login/"
    assert not signed_in(client)


def test_an_invited_person_sets_a_password_and_logs_in(admin):
    services.invite_user(email="kim@example.com", role="manager", language="en", invited_by=admin)
    drain_all()
    (sent,) = mail.outbox
    assert sent.to == ["kim@example.com"]
    client = browser()
    page, address = open_link(client, link_in(sent))
    assert page.context["validlink"]
    assert "kim@example.com" in page.content.decode()
    assert address.endswith("/set-password/")
    done = set_password(client, address)
    assert done.redirect_chain == [("/login/", 302)]
    assert len(list(done.context["messages"])) == 1
    assert log_in(client, "kim@example.com", NEW).status_code == 302
    assert signed_in(client)


def test_an_invitation_cannot_be_used_again(admin):
    services.invite_user(email="kim@example.com", role="viewer", invited_by=admin)
    drain_all()
    path = link_in(mail.outbox[0])
    first, second = browser(), browser()
    _page, address = open_link(first, path)
    open_link(second, path)
    set_password(first, address)
    assert not set_password(second, address, "yet-another-long-one-3").context["validlink"]
    assert not open_link(browser(), path)[0].context["validlink"]
    assert User.objects.get(email="kim@example.com").check_password(NEW)


def test_a_forgotten_password_is_replaced_and_everything_older_ends(manager):
    elsewhere, api = browser(), caller(manager)
    log_in(elsewhere)
    assert signed_in(elsewhere)
    assert api.get("/api/v1/auth/me").status_code == 200
    client = browser()
    assert client.post("/password/reset/", {"email": "MINA@example.com"})["Location"] == "/password/reset/done/"
    drain_all()
    _page, address = open_link(client, link_in(mail.outbox[0]))
    assert set_password(client, address).redirect_chain == [("/password/reset/complete/", 302)]
    assert not signed_in(client)
    assert not signed_in(elsewhere)
    assert api.get("/api/v1/auth/me").status_code == 401
    assert log_in(browser()).status_code == 200
    assert log_in(client, password=NEW).status_code == 302


def test_a_reset_answers_the_same_for_known_and_unknown_addresses(manager):
    answers = [
        browser().post("/password/reset/", {"email": email}) for email in ("mina@example.com", "nobody@example.com")
    ]
    assert len({(answer.status_code, answer["Location"], answer.content) for answer in answers}) == 1
    drain_all()
    assert [message.to for message in mail.outbox] == [["mina@example.com"]]


def test_a_reset_link_ends_after_three_days(manager, settings):
    services.request_password_reset(email=manager.email)
    drain_all()
    settings.PASSWORD_RESET_TIMEOUT = -1
    assert not open_link(browser(), link_in(mail.outbox[0]))[0].context["validlink"]


def test_a_login_makes_an_older_reset_link_worthless(manager):
    services.request_password_reset(email=manager.email)
    drain_all()
    log_in(browser())
    assert not open_link(browser(), link_in(mail.outbox[0]))[0].context["validlink"]


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/password/reset/MQ/x/", "/invitation/!!/x/", "/invitation/MQ/set-password/"])
def test_a_made_up_link_shows_where_to_get_a_new_one(path):
    page = browser().get(path)
    assert page.status_code == 200
    assert not page.context["validlink"]


def test_a_weak_password_is_explained_in_the_form(manager):
    services.request_password_reset(email=manager.email)
    drain_all()
    client = browser()
    _page, address = open_link(client, link_in(mail.outbox[0]))
    page = set_password(client, address, "mina@example.com")
    assert page.context["form"].errors["new_password2"]
    assert set_password(client, address).redirect_chain == [("/password/reset/complete/", 302)]


@pytest.mark.django_db
def test_where_no_mail_is_sent_the_page_says_so(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    page = browser().get("/password/reset/", headers={"Accept-Language": "en"})
    assert 'name="email"' not in page.content.decode()


def test_a_changed_password_keeps_this_session_and_ends_the_others(manager):
    here, elsewhere = browser(), browser()
    log_in(here)
    log_in(elsewhere)
    api = caller(User.objects.get(pk=manager.pk))
    body = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    assert here.post("/password/change/", body)["Location"] == "/profile/"
    assert signed_in(here)
    assert not signed_in(elsewhere)
    assert api.get("/api/v1/auth/me").status_code == 401


def test_changing_the_password_takes_the_old_one(manager):
    body = {"old_password": "wrong", "new_password1": NEW, "new_password2": NEW}
    assert browser(manager).post("/password/change/", body).status_code == 200
    assert not User.objects.get(pk=manager.pk).check_password(NEW)


def test_the_profile_is_the_users_own_and_no_more(viewer):
    client = browser(viewer)
    body = {
        "last_name": "김",
        "first_name": "베라",
        "language": "ko",
        "role": "admin",
        "is_staff": "on",
        "username": "x",
    }
    assert client.post("/profile/", body)["Location"] == "/profile/"
    viewer.refresh_from_db()
    assert (viewer.get_full_name(), viewer.language) == ("김베라", "ko")
    assert (viewer.role, viewer.is_staff, viewer.username) == ("viewer", False, "vera")
    assert client.get("/profile/")["Content-Language"] == "ko"


def test_a_profile_with_an_unknown_language_is_refused(viewer):
    assert browser(viewer).post("/profile/", {"language": "xx"}).status_code == 200
    assert User.objects.get(pk=viewer.pk).language == "en"


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/profile/", "/password/change/"])
def test_account_pages_are_for_who_is_signed_in(path):
    assert browser().get(path)["Location"] == f"/login/?next={path}"


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_page_can_be_shown_in_either_language(language):
    client = browser(UserFactory(language=language))
    for path in (
        "/profile/",
        "/password/change/",
        "/password/reset/",
        "/password/reset/done/",
        "/password/reset/complete/",
    ):
        page = client.get(path)
        assert (page.status_code, page["Content-Language"]) == (200, language)
        assert f'<html lang="{language}">' in page.content.decode()
    assert browser().get("/login/", headers={"Accept-Language": language})["Content-Language"] == language
