"""A browser looks at every page of portal, admin and API description: none breaks the content security policy."""

import re
from urllib.parse import urlsplit

import httpx
import pytest
from django.contrib import admin
from django.urls import NoReverseMatch, URLResolver, get_resolver, reverse

from tests import factories

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]
# What answers no page: a file, data, or a form's other end alone; each is named, so that a new page is not left out.
NO_PAGES = re.compile(
    r"^(api/v1/|api/schema|health|metrics|language/|logout/|audit/export|tickets/export|admin/jsi18n|admin/logout|admin/r/|admin/autocomplete|hooks/|integrations/)"
    r"|(^|/)(live|activate|revoke|go-on)/?$|/(login|back)/$"
)
REFUSED = re.compile(r"status of 40[345]")
WATCH = """
  window.broken = [];
  document.addEventListener("securitypolicyviolation", (event) =>
    window.broken.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
"""
HEADERS = {
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


def patterns(resolver: URLResolver, start: str = "") -> list[str]:
    """Every address as it is written in the tables, without what takes a name or a number."""
    found = []
    for each in resolver.url_patterns:
        here = start + str(each.pattern).lstrip("^")
        found += patterns(each, here) if isinstance(each, URLResolver) else [here.rstrip("$").replace("\\Z", "")]
    return found


def rows() -> list[str]:
    """A page of each kind that needs something to be about."""
    ticket = factories.TicketFactory(waiting=True)
    factories.TicketFactory(manual=True)
    factories.TicketFactory(approved=True)
    pages = [reverse("ticket", args=[ticket.ticket_id])]
    for model, _site in admin.site._registry.items():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        pages.append(reverse(f"{name}_changelist"))
        row = model._default_manager.first()
        for page, arguments in (
            ("add", []),
            ("change", [row.pk] if row else None),
        ):
            if arguments is not None:
                try:
                    pages.append(reverse(f"{name}_{page}", args=arguments))
                except NoReverseMatch:
                    continue
    return pages


def test_no_page_breaks_the_policy(open_as, live_server, complaints) -> None:
    chief = factories.UserFactory(admin=True)
    plain = [f"/{each}" for each in patterns(get_resolver()) if "<" not in each and "(" not in each]
    wanted = sorted({*rows(), *(each for each in plain if not NO_PAGES.search(each.lstrip("/")))})
    page = open_as(chief, "/")
    page.context.add_init_script(WATCH)
    seen: dict[str, int] = {}
    landed: dict[str, str] = {}
    broken: list[str] = []
    for path in wanted:
        answer = page.goto(path, wait_until="load")
        assert answer is not None, path
        seen[path], landed[path] = answer.status, urlsplit(page.url).path
        broken += [f"{path}: {each}" for each in page.evaluate("window.broken")]
        policy = answer.headers["content-security-policy"]
        assert "unsafe-" not in policy, path
        assert "default-src 'none'" in policy, path
        assert "frame-ancestors 'none'" in policy, path
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS, path
        assert "camera=()" in answer.headers["permissions-policy"], path
    assert broken == []
    # A page that is not for admins either, or that needs more than an address, is refused: which the console tells too.
    assert [each for each in complaints if not REFUSED.search(each)] == []
    complaints.clear()
    assert len(seen) > 40, sorted(seen)
    assert {path: status for path, status in seen.items() if status >= 500} == {}
    for path in ("/", "/audit/", "/api/docs", "/admin/", "/admin/accounts/user/"):
        assert (seen[path], landed[path]) == (200, path)


def test_no_page_breaks_the_policy_for_who_is_not_signed_in(open_as, live_server) -> None:
    page = open_as(None, "/login/")
    page.context.add_init_script(WATCH)
    for path in ("/login/", "/password/reset/", "/password/reset/done/", "/invitation/x/y/"):
        page.goto(path, wait_until="load")
        assert page.evaluate("window.broken") == []


def test_a_script_that_got_into_a_page_does_not_run(open_as, live_server, complaints) -> None:
    """The rules hold: what a browser finds in the page without a nonce stays text."""
    page = open_as(factories.UserFactory(admin=True), "/")
    page.evaluate(
        "() => { const put = document.createElement('script'); put.textContent = 'window.hacked = 1'; document.body.append(put) }"
    )
    assert page.evaluate("window.hacked === undefined")
    assert any("Content Security Policy" in each for each in complaints)
    complaints.clear()


def test_the_headers_hold_for_what_is_no_page_too(live_server) -> None:
    with httpx.Client(base_url=live_server.url, trust_env=False) as client:
        for path in ("/health", "/api/v1/tickets", "/nowhere", "/metrics"):
            answer = client.get(path)
            assert answer.headers["x-content-type-options"] == "nosniff", path
            assert "unsafe-" not in answer.headers.get("content-security-policy", ""), path
