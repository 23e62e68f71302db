"""A Jira site of the sandbox, as tests set it up, look into it, and let time pass."""

from datetime import timedelta
from typing import Any

import httpx

from sandbox.client import RecordedRequest, SandboxClient
from voc.core import breaker, clock
from voc.core.outbox.api import drain_all
from voc.core.outbox.models import Job
from voc.core.redis import door


class Site:
    def __init__(self, sandbox: SandboxClient, time: "Time") -> None:
        self.sandbox = sandbox
        self.time = time

    def configure(self, **changes: Any) -> None:
        self.post("config", changes)

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = httpx.post(self.sandbox.url(f"/_sandbox/jira/{path}"), json=body, timeout=30, verify=False)
        assert answer.is_success, answer.text
        return dict(answer.json())

    def fault(self, kind: str, **fields: Any) -> int:
        return self.sandbox.fault("jira", kind, **fields)

    @property
    def issues(self) -> list[dict[str, Any]]:
        return list(self.sandbox.state("jira")["issues"])

    def issue(self, key: str) -> dict[str, Any]:
        return next(each for each in self.issues if each["key"] == key)

    def requests(self, method: str, ending: str) -> list[RecordedRequest]:
        found = self.sandbox.requests("jira")
        return [each for each in found if each.method == method and each.path.endswith(ending)]

    def creations(self) -> list[RecordedRequest]:
        return self.requests("POST", "/issue")

    def searches(self) -> list[RecordedRequest]:
        return [each for each in self.sandbox.requests("jira") if each.path.endswith(("/search/jql", "/search"))]

    def forget_breaker(self) -> None:
        """Breakers go by Redis' clock, which no test can turn."""
        breaker._states.clear()
        door().call(lambda client: client.delete("voc:breaker:{jira}:fails", "voc:breaker:{jira}:open"))

    def later(self, seconds: float) -> list[Job]:
        """Let so much time pass here and for Jira's index, then run what is due."""
        self.time.advance(seconds)
        self.post("index", {"advance": seconds})
        return drain_all()


class Time:
    """The time that the system believes it is: now, plus what was added."""

    def __init__(self) -> None:
        self._real = clock.now
        self._added = timedelta()

    def now(self) -> Any:
        return self._real() + self._added

    def advance(self, seconds: float) -> None:
        self._added += timedelta(seconds=seconds)
