"""What never reaches a view: addresses with a NUL, and bodies over the limit."""

import pytest
from django.test import Client
from django.utils import translation

from tests.factories import TicketFactory, UserFactory

pytestmark = pytest.mark.django_db


def signed_in(**options: bool) -> Client:
    client = Client(raise_request_exception=False, headers={"accept-language": "en"}, **options)
    client.force_login(UserFactory(admin=True))
    client.cookies["csrftoken"] = "a" * 32
    return client


@pytest.fixture
def admin() -> Client:
    return signed_in()


@pytest.mark.parametrize(
    "address",
    [
        "/submit/?done=%00",
        "/tickets/{id}/?after=%00",
        "/tickets/?assignee=%00",
        "/tickets/?system=%00",
        "/tickets/?status=OPEN&q=a%00b",
        "/tickets/?%00=1",
        "/queue/?sort=%00",
        "/login/?next=%00",
        "/admin/tickets/ticket/?affected_system=%00",
    ],
)
def test_a_nul_behind_the_question_mark_is_a_request_that_makes_no_sense(admin: Client, address: str) -> None:
    response = admin.get(address.format(id=TicketFactory().ticket_id))
    assert response.status_code == 400
    assert "could not be understood" in response.content.decode()


@pytest.mark.parametrize("address", ["/tickets/%00/", "/admin/tickets/ticket/%00/change/", "/%00", "/reset/%00/x/"])
def test_a_nul_in_the_path_is_an_address_that_does_not_exist(admin: Client, address: str) -> None:
    assert admin.get(address).status_code == 404


def test_below_api_the_answer_is_json(admin: Client) -> None:
    assert admin.get("/api/v1/%00").json() == {"detail": "Not found."}
    response = admin.get("/api/schema?format=json&lang=%00")
    assert (response.status_code, response.json()) == (400, {"detail": "The request cannot be understood."})


def test_a_percent_sign_followed_by_two_noughts_is_no_nul(admin: Client) -> None:
    assert admin.get("/tickets/?q=%2500").status_code == 200


@pytest.mark.parametrize("address", ["/submit/", "/login/", "/admin/tickets/ticket/"])
@pytest.mark.parametrize("enforced", [True, False], ids=["by the check for forgery", "by the view"])
def test_a_form_over_the_limit_gets_a_page_that_says_so(settings, address: str, enforced: bool) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    client = signed_in(enforce_csrf_checks=enforced)
    big = {"raw_voc": "x" * 2000, "username": "x", "password": "x", "action": "approve"}
    response = client.post(address, big)
    assert response.status_code == 413
    assert "This is too much at once" in response.content.decode()


def test_a_body_over_the_limit_outside_the_api_framework_is_413_in_json(settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    client = signed_in(enforce_csrf_checks=True)
    response = client.post("/api/docs", {"x": "x" * 2000})
    assert (response.status_code, response.json()["detail"][:23]) == (413, "The request is too big:")


@pytest.mark.parametrize(("language", "start"), [("en", "The request is too big:"), ("ko", "요청이 너무 큽니다.")])
def test_what_is_refused_at_once_is_told_in_the_callers_language_not_in_that_of_the_call_before(
    settings, language: str, start: str
) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    for before in ("en", "ko"):
        translation.activate(before)
        response = Client(headers={"accept-language": language}).post(
            "/api/docs", {"x": "x" * 2000}, "application/json"
        )
        assert (response.status_code, response.json()["detail"].startswith(start)) == (413, True)


@pytest.mark.parametrize("path", ["/api/v1/tickets", "/hooks/jira/", "/integrations/slack/actions"])
def test_programs_are_refused_on_http_and_people_led_on_to_https(settings, path: str) -> None:
    settings.SECURE_SSL_REDIRECT = True
    response = Client(headers={"X-API-Key": "sent in the clear"}).post(path, {}, content_type="application/json")
    assert (response.status_code, "https" in response.json()["detail"]) == (403, True)
    assert Client().get("/login/").status_code == 301
    assert Client().get("/health").status_code == 200
    assert b"in the clear" not in Client().get(path, secure=True).content


@pytest.mark.parametrize("path", ["/", "/api/v1/tickets", "/nowhere", "/login/", "/admin/"])
def test_no_answer_is_kept_on_the_way_or_in_the_browser(admin: Client, path: str) -> None:
    assert "no-store" in admin.get(path).headers["Cache-Control"]
