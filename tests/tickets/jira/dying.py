"""Runs the outbox in children that are killed at a named step; see test_kills.py. Its arguments are those steps, one child each.

Prints per child the signal that ended it. The parent imports once and never touches the database: children are forks of it.
"""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import django

django.setup()

from integrations.jira.client import JiraClient  # noqa: E402
from tickets.jira import links, service  # noqa: E402
from voc.core.outbox.api import drain_all  # noqa: E402


def die(*_args: Any, **_kwargs: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def after(owner: Any, name: str) -> None:
    """Die when the function has returned."""
    inner: Callable[..., Any] = getattr(owner, name)

    def dying(*args: Any, **kwargs: Any) -> None:
        inner(*args, **kwargs)
        die()

    setattr(owner, name, dying)


STEPS: dict[str, Callable[[], None]] = {
    "before-sending-is-written": lambda: setattr(links, "begin_sending", die),
    "before-the-post": lambda: setattr(JiraClient, "create_issue", die),
    "after-the-post": lambda: after(JiraClient, "create_issue"),
    "in-the-middle-of-writing": lambda: setattr(links, "emit", die),
    "after-writing": lambda: after(links, "attach"),
    "before-the-link-back": lambda: setattr(service.JiraService, "link_back", die),
}


def main() -> None:
    for step in sys.argv[1:]:
        pid = os.fork()
        if pid == 0:
            STEPS[step]()
            drain_all()
            os._exit(0)
        _pid, status = os.waitpid(pid, 0)
        print(step, os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0, flush=True)


if __name__ == "__main__":
    main()
