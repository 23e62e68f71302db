"""GET /health: whether the parts answer, told within a second even if they do not.

200 with "healthy" or "degraded"; 503 only when the database is gone, since nothing can be served without it.
"""

import math
import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg
import redis
import structlog
from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from voc.core import vitals
from voc.core.redis import door

METHODS = ("GET", "HEAD")
HEALTHY, DEGRADED, DOWN = "healthy", "degraded", "down"
ANSWER_SECONDS = 0.9
# A public address must not become a way to open one database connection per request.
KEEP_SECONDS = 1.0
SWEEP_LATE_SECONDS = 30.0
JOB_LATE_SECONDS = 300.0

log = structlog.get_logger(__name__)
State = dict[str, str]


class Probe:
    """One check, run in a thread so that its caller need not wait for it, and not run twice at a time."""

    def __init__(self, check: Callable[[], State], *, late: State) -> None:
        self._check = check
        self._late = late
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._running = False
        self._result = late
        self._at = -math.inf

    def start(self) -> None:
        with self._lock:
            if self._running or time.monotonic() - self._at < KEEP_SECONDS:
                return
            self._running = True
            self._done.clear()
        threading.Thread(target=self._run, name="health", daemon=True).start()

    def result(self, deadline: float) -> State:
        """What the check found, or what its being late means."""
        if self._done.wait(max(0.0, deadline - time.monotonic())):
            return self._result
        return self._late

    def forget(self) -> None:
        """Check anew next time."""
        self._at = -math.inf

    def _run(self) -> None:
        result = self._late
        try:
            result = self._check()
        finally:
            with self._lock:
                self._result, self._at, self._running = result, time.monotonic(), False
                self._done.set()


def check_database() -> State:
    """The database, and what it knows about the workers."""
    try:
        found = vitals.read(seconds=ANSWER_SECONDS, everything=False)
    except psycopg.Error as error:
        log.warning("health.database", error=type(error).__name__)
        return {"database": DOWN, "worker": DEGRADED}
    return {"database": HEALTHY, "worker": _worker(found)}


def check_redis() -> State:
    try:
        door().client.ping()
    except (redis.RedisError, OSError) as error:
        log.warning("health.redis", error=type(error).__name__)
        return {"redis": DOWN}
    return {"redis": HEALTHY}


def _worker(found: vitals.Vitals) -> str:
    age = found.pulses.get("sweep")
    if age is None or age > max(SWEEP_LATE_SECONDS, 3 * settings.OUTBOX_SWEEP_SECONDS):
        return DOWN
    return DEGRADED if max(found.oldest_due.values(), default=0) > JOB_LATE_SECONDS else HEALTHY


# An app adds its own when it is ready.
probes = [
    Probe(check_database, late={"database": DOWN, "worker": DEGRADED}),
    Probe(check_redis, late={"redis": DOWN}),
]


# There is nothing to forge; without the exemption a POST would get a page about cookies instead of a plain refusal.
@csrf_exempt
@never_cache
def health(request: HttpRequest) -> JsonResponse:
    """`{"status": "healthy" | "degraded", "components": {"database", "redis", "worker": "healthy" | "degraded" | "down"}}`."""
    if request.method not in METHODS:
        refused = _("Method “%(method)s” is not allowed.") % {"method": request.method}
        return JsonResponse({"detail": refused}, status=405, headers={"Allow": ", ".join(METHODS)})
    deadline = time.monotonic() + ANSWER_SECONDS
    for probe in probes:
        probe.start()
    components: dict[str, Any] = {}
    for probe in probes:
        components |= probe.result(deadline)
    fine = all(state == HEALTHY for state in components.values())
    return JsonResponse(
        {"status": HEALTHY if fine else DEGRADED, "components": dict(sorted(components.items()))},
        status=503 if components["database"] == DOWN else 200,
    )


health.voc_permission = "public"  # type: ignore[attr-defined]
