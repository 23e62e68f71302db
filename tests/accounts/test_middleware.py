import pytest

from accounts.models import User
from tests.accounts.conftest import browser
from tests.factories import UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.accounts.sample")]
KOREAN = {"Accept-Language": "ko-KR,ko;q=0.9,en;q=0.5"}
ENGLISH = {"Accept-Language": "en-GB,en;q=0.9"}


def language_of(response):
    return response["Content-Language"]


def test_an_unknown_visitor_is_answered_in_the_browsers_language():
    assert language_of(browser().get("/s/public", headers=KOREAN)) == "ko"
    assert language_of(browser().get("/s/public", headers=ENGLISH)) == "en"


def test_a_browser_without_a_language_of_ours_gets_the_sites(settings):
    assert language_of(browser().get("/s/public", headers={"Accept-Language": "fr"})) == "ko"
    settings.LANGUAGE_CODE = "en"
    assert language_of(browser().get("/s/public")) == "en"


def test_the_language_switch_is_remembered_in_the_browser():
    client = browser()
    response = client.post("/language/", {"language": "en", "next": "/s/public"}, headers=KOREAN)
    assert (response.status_code, response["Location"]) == (302, "/s/public")
    assert language_of(client.get("/s/public", headers=KOREAN)) == "en"


def test_the_language_switch_is_remembered_for_who_is_signed_in():
    user = UserFactory(language="ko")
    client = browser(user)
    client.post("/language/", {"language": "en"})
    assert User.objects.get(pk=user.pk).language == "en"
    assert language_of(browser(user).get("/s/public", headers=KOREAN)) == "en"


def test_a_users_language_comes_before_the_browsers_and_the_cookies():
    client = browser(UserFactory(language="ko"))
    client.cookies["django_language"] = "en"
    assert language_of(client.get("/s/public", headers=ENGLISH)) == "ko"


def test_who_has_chosen_no_language_is_answered_in_the_browsers():
    assert language_of(browser(UserFactory(language="")).get("/s/public", headers=ENGLISH)) == "en"


@pytest.mark.parametrize("language", ["", "xx", "de", "../../etc/passwd", "ko' OR 1=1"])
def test_a_language_that_we_do_not_have_changes_nothing(language):
    user = UserFactory(language="ko")
    response = browser(user).post("/language/", {"language": language})
    assert response.status_code == 302
    assert "django_language" not in response.cookies
    assert User.objects.get(pk=user.pk).language == "ko"


def test_the_language_switch_leads_nowhere_else():
    response = browser().post("/language/", {"language": "en", "next": "https://evil.example/"})
    assert response["Location"] == "/"


def test_the_language_is_switched_by_a_form_only():
    assert browser().get("/language/?language=en").status_code == 405


def test_caches_know_what_the_answer_depends_on():
    vary = browser().get("/s/public")["Vary"]
    assert "Accept-Language" in vary
    assert "Cookie" in vary


def test_one_persons_language_does_not_leak_into_the_next_request():
    browser(UserFactory(language="en")).get("/s/public")
    assert language_of(browser().get("/s/public", headers=KOREAN)) == "ko"
