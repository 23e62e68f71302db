"""What surrounds every page: navigation, languages, errors, headers, ages."""

import json
import re
import warnings
from datetime import UTC, datetime, timedelta

import pytest
from django.http import HttpResponseNotFound, QueryDict
from django.template import engines
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import translation
from django.views import defaults
from whitenoise.middleware import WhiteNoiseMiddleware

from tests.factories import TicketFactory, UserFactory
from voc.core import clock
from voc.portal.context import HTMX_CONFIG, portal
from voc.portal.templatetags.portal import ago, icon, with_query

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def signed_in(**fields):
    client = Client()
    client.force_login(UserFactory(**fields))
    return client


# --- headers and scripts ---


@pytest.mark.django_db
def test_no_page_needs_more_than_its_own_files():
    ticket = TicketFactory(waiting=True)
    client = signed_in(admin=True)
    for url in (
        "/",
        "/queue/",
        "/tickets/",
        "/submit/",
        "/alerts/",
        "/prompts/",
        f"/tickets/{ticket.ticket_id}/?queue=1",
        "/nowhere/",
    ):
        response = client.get(url)
        assert "default-src 'none'" in response["Content-Security-Policy"]
        assert "unsafe" not in response["Content-Security-Policy"]
        html = response.content.decode()
        assert not re.search(r"<script(?![^>]*\bsrc=)", html), url
        assert not re.search(r"<style|\sstyle=|\son\w+=", html), url
        assert not re.findall(r'(?:src|href)="(?:https?:)?//(?!testserver)', html), url


def test_static_files_are_served_from_where_they_are_without_a_word_about_folders_that_are_not_there(client):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        served = WhiteNoiseMiddleware(HttpResponseNotFound)(RequestFactory().get("/static/css/admin.css"))
    assert served.status_code == 200


def test_htmx_neither_evaluates_nor_styles_nor_leaves_the_site():
    config = json.loads(HTMX_CONFIG)
    assert config["allowEval"] is False
    assert config["includeIndicatorStyles"] is False
    assert config["selfRequestsOnly"] is True


def test_the_icons_that_templates_name_exist(settings):
    sprite = (settings.BASE_DIR / "static" / "icons.svg").read_text()
    drawn = set(re.findall(r'<symbol id="([\w-]+)"', sprite))
    used = set()
    for path in (settings.BASE_DIR / "templates").rglob("*.html"):
        used |= set(re.findall(r'{% icon "([\w-]+)" %}', path.read_text()))
    assert used - drawn == set()
    assert icon("success") == icon("check")


# --- language ---


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "accept", "words"),
    [
        ("ko", "en", "검토 대기열"),
        ("en", "ko", "Review queue"),
        ("", "ko-KR", "검토 대기열"),
        ("", "en-GB", "Review queue"),
    ],
)
def test_pages_speak_the_language_of_the_user_and_else_of_the_browser(language, accept, words):
    client = signed_in(manager=True, language=language)
    response = client.get("/queue/", headers={"Accept-Language": accept})
    html = response.content.decode()
    assert words in html
    assert f'<html lang="{response["Content-Language"]}"' in html


# --- errors ---


@pytest.mark.django_db
@pytest.mark.parametrize("client", [Client(), None])
def test_an_unknown_address_gets_a_page_with_a_way_home(client):
    response = (client or signed_in()).get("/nowhere/", headers={"Accept-Language": "en"})
    assert response.status_code == 404
    html = response.content.decode()
    assert "This page does not exist" in html
    assert f'href="{reverse("home")}"' in html


@pytest.mark.django_db
def test_a_page_of_another_role_is_refused_in_words():
    response = signed_in().get("/queue/")
    assert response.status_code == 403
    assert "Your role does not allow it" in response.content.decode()


@pytest.mark.django_db
def test_a_request_that_makes_no_sense_gets_a_page():
    request = RequestFactory().get("/")
    request.user = UserFactory()
    with translation.override("en"):
        response = defaults.bad_request(request, Exception())
    assert response.status_code == 400
    assert "could not be understood" in response.content.decode()


def test_the_page_for_our_own_failure_needs_no_database_and_no_session():
    response = defaults.server_error(RequestFactory().get("/"))
    html = response.content.decode()
    assert response.status_code == 500
    assert "문제가 발생했습니다" in html
    assert "Something went wrong" in html


# --- what is computed around a page ---


@pytest.mark.django_db
def test_the_frame_takes_at_most_one_query_and_none_when_it_is_not_shown(django_assert_num_queries):
    request = RequestFactory().get("/")
    request.user = UserFactory(admin=True)
    request.resolver_match = None
    with django_assert_num_queries(0):
        frame = portal(request)["portal"]
    with django_assert_num_queries(1):
        assert [entry.count for entry in frame.nav] == [0] * 9
    request.user = UserFactory(manager=True)
    with django_assert_num_queries(0):
        assert len(portal(request)["portal"].nav) == 5


@pytest.mark.parametrize(
    ("passed", "english", "korean"),
    [
        (timedelta(seconds=-5), "just now", "방금 전"),
        (timedelta(seconds=59), "just now", "방금 전"),
        (timedelta(minutes=1), "1 minute ago", "1분 전"),
        (timedelta(minutes=59, seconds=59), "59 minutes ago", "59분 전"),
        (timedelta(hours=1), "1 hour ago", "1시간 전"),
        (timedelta(hours=23, minutes=59), "23 hours ago", "23시간 전"),
        (timedelta(days=30), "30 days ago", "30일 전"),
        (timedelta(days=31), "Jan. 29, 2026", "2026년 1월 29일"),
    ],
)
def test_ages_are_told_in_words(passed, english, korean, monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)
    for language, words in (("en", english), ("ko", korean)):
        with translation.override(language):
            assert ago(NOW - passed) == words


@pytest.mark.parametrize(
    ("query", "changes", "expected"),
    [
        ("", {}, "?"),
        ("status=DONE&page=2", {"page": 3}, "?status=DONE&page=3"),
        ("status=DONE&status=OPEN&q=", {"page": 1}, "?status=DONE&status=OPEN&page=1"),
        ("q=%ED%99%98&page=2", {"page": None}, "?q=%ED%99%98"),
    ],
)
def test_a_link_keeps_the_rest_of_the_address(query, changes, expected):
    assert with_query(QueryDict(query), **changes) == expected


def test_a_moment_that_is_missing_shows_nothing():
    template = engines["django"].from_string("{% load portal %}[{% age x %}{% moment x %}]")
    assert template.render({"x": None}) == "[]"
