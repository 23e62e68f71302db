"""What the tour does not pass: pages that refuse, dialogs, links with a secret; and that the tour would notice a breach."""

import pytest
from django.test import Client

from accounts.links import reset_link
from tests import factories
from tests.e2e.browser.test_tour import WATCH
from voc.core import clock

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]


def watched(open_as, user, path="/login/"):
    page = open_as(user, path)
    page.context.add_init_script(WATCH)
    return page


def breaches(page):
    return page.evaluate("window.broken")


def shown(page, status):
    """The page of an error is one of ours, and breaks nothing."""
    assert breaches(page) == [], status
    assert page.locator("h1").count() == 1, status
    assert "default-src" not in page.locator("body").inner_text()


def test_pages_that_refuse_break_nothing(open_as, live_server, settings, monkeypatch, complaints) -> None:
    def fail(*_args, **_options):
        raise RuntimeError("of this test")

    viewer = watched(open_as, factories.UserFactory(role="viewer"), "/")
    chief = watched(open_as, factories.UserFactory(admin=True), "/")
    monkeypatch.setattr("voc.core.audit.queries.page_of", fail)
    refused = [
        (chief, "/tickets/?q=%00", 400),
        (viewer, "/audit/", 403),
        (chief, "/nowhere/", 404),
        (chief, "/audit/", 500),
    ]
    for page, path, status in refused:
        assert page.goto(path, wait_until="load").status == status
        shown(page, status)
    complaints.clear()


def test_forms_that_are_refused_as_a_whole_break_nothing(open_as, live_server, settings, complaints) -> None:
    page = watched(open_as, factories.UserFactory(role="submitter"), "/")
    for status, prepare in ((413, lambda: setattr(settings, "DATA_UPLOAD_MAX_MEMORY_SIZE", 300)), (403, None)):
        page.goto("/submit/", wait_until="load")
        page.fill("[name=raw_voc]", "The refund button fails. " * 30)
        page.fill("[name=customer_name]", "Kim")
        if prepare:
            prepare()
        else:
            settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
            page.context.clear_cookies(name=settings.CSRF_COOKIE_NAME)
        with page.expect_navigation(wait_until="load") as navigation:
            page.evaluate("document.querySelector('form[action*=submit], main form').submit()")
        assert navigation.value.status == status
        shown(page, status)
    complaints.clear()


def test_too_many_requests_are_answered_with_text_that_runs_nothing(
    open_as, live_server, settings, monkeypatch, complaints
) -> None:
    page = watched(open_as, None)
    # They are counted by the minute: all of them shall fall into one.
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now)
    settings.RATE_LIMIT_ADDRESS = 1
    for _again in range(3):
        answer = page.goto("/login/", wait_until="load")
    assert answer.status == 429
    assert answer.headers["content-type"].startswith("text/plain")
    assert breaches(page) == []
    complaints.clear()


def test_dialogs_and_links_with_a_secret_break_nothing(open_as, live_server, complaints) -> None:
    chief = factories.UserFactory(admin=True)
    ticket = factories.TicketFactory(waiting=True)
    page = watched(open_as, chief, "/")
    for path in (f"/tickets/{ticket.ticket_id}/", "/tickets/", "/queue/", "/audit/"):
        page.goto(path, wait_until="load")
        page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })")
        page.evaluate("document.querySelectorAll('dialog').forEach((each) => { each.showModal(); each.close() })")
        assert breaches(page) == [], path
    stranger = watched(open_as, None)
    invited = factories.UserFactory(role="viewer")
    stranger.goto(reset_link(invited).replace("http://127.0.0.1:8000", ""), wait_until="load")
    assert stranger.locator("input[type=password]").count() == 2
    assert breaches(stranger) == []


BREACHES = {
    "script-src-elem": "<script>window.hacked = 1</script>",
    "script-src-attr": '<img src="/nowhere" onerror="window.hacked = 1" alt="">',
    "style-src-attr": '<p style="color: red">x</p>',
    "img-src": '<img src="http://192.0.2.1/x.png" alt="">',
    "frame-src": '<iframe src="/login/"></iframe>',
}


def test_the_tour_would_notice(open_as, live_server, complaints) -> None:
    """Into a page as it comes from the server goes what must not be in one."""
    page = watched(open_as, None)

    def with_breaches(route):
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().replace("</main>", f"{''.join(BREACHES.values())}</main>"))

    page.route("**/password/reset/", with_breaches)
    page.goto("/password/reset/", wait_until="load")
    assert page.evaluate("window.hacked === undefined")
    assert {each.partition(" ")[0] for each in breaches(page)} == set(BREACHES)
    complaints.clear()


def test_what_an_error_page_says_is_escaped() -> None:
    answer = Client(raise_request_exception=False).get("/%3Cscript%3Ealert(1)%3C/script%3E/")
    assert answer.status_code == 404
    assert "<script>alert" not in answer.content.decode()
