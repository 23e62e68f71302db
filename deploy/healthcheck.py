"""Is the web server of this container healthy? Exit code 0 when GET /health answers 200: `python deploy/healthcheck.py`."""

import os
import sys
import urllib.request

ADDRESS = "http://127.0.0.1:8000/health"


def host() -> str:
    """A name under which the site may be called; the loopback address is one only where ALLOWED_HOSTS says so."""
    first = os.environ.get("ALLOWED_HOSTS", "").split(",")[0].strip().lstrip(".")
    return first if first not in ("", "*") else "127.0.0.1"


def main(address: str = ADDRESS) -> int:
    """0, or 1 and one line that says why."""
    # Loopback needs no proxy, whatever the environment says.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    # As a reverse proxy would send it: a site that serves https only redirects everything else.
    headers = {"Host": host(), "X-Forwarded-Proto": "https"}
    try:
        with opener.open(urllib.request.Request(address, headers=headers), timeout=4) as answer:
            return 0 if answer.status == 200 else 1
    except OSError as error:
        print(f"{address}: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
