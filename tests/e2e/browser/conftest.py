"""A real browser on a real server in this process. `tests/stack.py` runs everything as processes of its own instead."""

import os
import re
import shutil
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from accounts.models import User
from accounts.sessions import SessionStore
from tests.factories import UserFactory

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]
# A refused form answers 422, a ticket that somebody else decided first 409: the browser logs both, and neither is a fault.
EXPECTED = re.compile(r"status of (409|422)")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("needs Chromium on the PATH")
    # Playwright's loop runs in this thread, where Django would take every query for one made inside it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    expect.set_options(timeout=30_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def complaints() -> list[str]:
    """What the browser complained about: errors in the console, violations of the CSP, scripts that broke."""
    return []


@pytest.fixture
def open_as(browser: Browser, live_server, complaints: list[str]) -> Iterator[Callable[..., Page]]:
    """`open_as(user, path)` → the page, signed in. Whatever it complains about fails the test at its end."""
    contexts: list[BrowserContext] = []

    def open_page(
        user: User | None,
        path: str,
        *,
        width: int = 1280,
        height: int = 900,
        language: str = "en-US",
        scripts: bool = True,
        **more,
    ) -> Page:
        context = browser.new_context(
            base_url=live_server.url,
            viewport={"width": width, "height": height},
            locale=language,
            java_script_enabled=scripts,
            **more,
        )
        contexts.append(context)
        context.set_default_timeout(60_000)
        if user:
            context.add_cookies(
                [{"name": settings.SESSION_COOKIE_NAME, "value": _session(user), "url": live_server.url}]
            )
        page = context.new_page()
        page.on("console", lambda message: _note(complaints, message.type, message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def manager(transactional_db) -> User:
    return UserFactory(manager=True, username="mina", first_name="Mina", last_name="Kim")


def _note(complaints: list[str], kind: str, text: str) -> None:
    if kind in ("error", "warning") and not EXPECTED.search(text):
        complaints.append(text)


def _session(user: User) -> str:
    store = SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.create()
    return str(store.session_key)
