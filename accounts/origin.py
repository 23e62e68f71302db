"""Where somebody signs in from: the address and the program, and how people would name that program."""

import re
from dataclasses import dataclass

from django.http import HttpRequest

from accounts.throttle import client_address

MOST_AGENT = 200
# What a User-Agent header holds → what people call it. The first that fits: most browsers also claim to be others.
BROWSERS = (
    (r"Edg(?:e|A|iOS)?/", "Edge"),
    (r"OPR/", "Opera"),
    (r"Whale/", "Whale"),
    (r"SamsungBrowser/", "Samsung Internet"),
    (r"KAKAOTALK", "KakaoTalk"),
    (r"Firefox/|FxiOS/", "Firefox"),
    (r"Chrome/|CriOS/|Chromium/", "Chrome"),
    (r"Safari/", "Safari"),
)
SYSTEMS = (
    (r"iPhone", "iPhone"),
    (r"iPad", "iPad"),
    (r"Android", "Android"),
    (r"CrOS", "ChromeOS"),
    (r"Windows", "Windows"),
    (r"Mac OS X|Macintosh", "macOS"),
    (r"Linux|X11", "Linux"),
)
# Programs name themselves first: "curl/8.5.0", "python-requests/2.32".
PROGRAM = re.compile(r"[A-Za-z][\w.+-]{0,39}")


@dataclass(frozen=True, slots=True)
class Origin:
    """`address` is the client's as `client_address` knows it; `agent` what its program says of itself, cut."""

    address: str = ""
    agent: str = ""


def origin_of(request: HttpRequest) -> Origin:
    agent = request.headers.get("User-Agent", "").replace("\x00", "")[:MOST_AGENT]
    return Origin(address=client_address(request)[:64], agent=agent)


def device_of_agent(agent: str) -> str:
    """ "Firefox · Windows" for a browser, its own name for another program, "" for what says nothing."""
    system = _first(SYSTEMS, agent)
    browser = _first(BROWSERS, agent)
    if browser or system:
        return " · ".join(filter(None, (browser, system)))
    program = PROGRAM.match(agent)
    return program[0] if program else ""


def _first(names: tuple[tuple[str, str], ...], agent: str) -> str:
    return next((name for pattern, name in names if re.search(pattern, agent)), "")
