"""Take the pictures that the documentation shows (`make screenshots`): pages of a demo of its own, in both languages and widths.

Needs Chromium on the PATH. Writes docs/images/<page>-<width>-<language>.png.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
from playwright.sync_api import Browser, Page, sync_playwright

from voc.dev.demo.api import Api
from voc.dev.demo.options import BUNDLED, Options
from voc.dev.demo.story import Demo, say
from voc.dev.errors import CannotRun
from voc.dev.ports import free_port
from voc.dev.processes import follow_make
from voc.dev.supervise import ROOT

TARGET = ROOT / "docs" / "images"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PASSWORD = "only-for-pictures"


@dataclass(frozen=True, kw_only=True)
class View:
    """How a page is looked at. The sizes are in CSS pixels."""

    name: str
    width: int
    height: int
    locale: str

    @property
    def language(self) -> str:
        return self.locale.partition("-")[0]


VIEWS = tuple(
    View(name=name, width=width, height=height, locale=locale)
    for name, width, height in (("desktop", 1280, 900), ("phone", 390, 844))
    for locale in ("ko-KR", "en-US")
)


def find_chromium() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    raise CannotRun("No Chromium: install it (Debian, Ubuntu: `apt-get install chromium fonts-noto-cjk`).")


def telling_tickets(url: str) -> dict[str, str]:
    """Language → the urgent ticket in that language that is surest of itself."""
    api = Api(url, username="manager", password=PASSWORD)
    api.log_in()
    try:
        tickets = sorted(
            api.such(status="WAITING_CONFIRM", urgency="high"), key=lambda each: each["decision_confidence"]
        )
    finally:
        api.close()
    return {"en" if each["raw_voc"].isascii() else "ko": each["ticket_id"] for each in tickets}


def log_in(page: Page) -> None:
    page.goto("/login/")
    page.fill("input[name=username]", "manager")
    page.fill("input[name=password]", PASSWORD)
    with page.expect_navigation():
        page.press("input[name=password]", "Enter")


def take(browser: Browser, url: str, target: Path) -> Iterator[Path]:
    tickets = telling_tickets(url)
    for view in VIEWS:
        context = browser.new_context(
            base_url=url,
            locale=view.locale,
            viewport={"width": view.width, "height": view.height},
            timezone_id="Asia/Seoul",
        )
        page = context.new_page()
        log_in(page)
        paths = {"queue": "/queue/", "ticket": f"/tickets/{tickets[view.language]}/", "home": "/"}
        for name, path in paths.items():
            page.set_viewport_size({"width": view.width, "height": view.height})
            page.goto(path, wait_until="load")
            if name == "ticket":
                # What sticks to the edge of the window would otherwise stand in the middle of the picture.
                page.set_viewport_size(
                    {"width": view.width, "height": page.evaluate("document.documentElement.scrollHeight")}
                )
            file = target / f"{name}-{view.name}-{view.language}.png"
            page.screenshot(path=file)
            yield file
        context.close()


def main() -> int:
    orphaned = follow_make()
    folder = Path(tempfile.mkdtemp(prefix="voc-pictures-"))
    folder.chmod(0o711)
    demo = None
    try:
        chromium = find_chromium()
        TARGET.mkdir(parents=True, exist_ok=True)
        options = Options(port=free_port(), input=BUNDLED, exit_after=True, var=folder, password=PASSWORD, jira=True)
        demo = Demo(options, orphaned=orphaned)
        demo.run()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            for file in take(browser, options.url, TARGET):
                say(os.path.relpath(file))
            browser.close()
    except CannotRun as error:
        print(error, file=sys.stderr)
        return 2
    except (httpx.HTTPError, OSError) as error:
        print(f"No pictures: {error}", file=sys.stderr)
        return 1
    finally:
        if demo:
            demo.halt()
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
