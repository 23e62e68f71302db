"""Is the web server of this container healthy? Exit code 0 when GET /health answers 200: `python deploy/healthcheck.py`."""

import http.client
import os
import sys

PORT = 8000


def host() -> str:
    """A name under which the site may be called; the loopback address is one only where ALLOWED_HOSTS says so."""
    first = os.environ.get("ALLOWED_HOSTS", "").split(",")[0].strip().lstrip(".")
    return first if first not in ("", "*") else "127.0.0.1"


def main(port: int = PORT, path: str = "/health") -> int:
    """0, or 1 and one line that says why."""
    # As a reverse proxy would ask: a site that serves https only redirects everything else.
    headers = {"Host": host(), "X-Forwarded-Proto": "https"}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=4)
    try:
        connection.request("GET", path, headers=headers)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        sys.stderr.write(f"port {port}: {error}\n")
        return 1
    finally:
        connection.close()
    return 0 if status == 200 else 1


if __name__ == "__main__":
    sys.exit(main())
