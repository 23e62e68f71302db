"""What a server looks at before it serves. gunicorn and Celery do not care what Django's checks find; `manage.py` does."""

import sys
from typing import Any

from celery.loaders.app import AppLoader
from django.core.checks import CheckMessage, Tags
from django.core.checks.registry import registry

# To gunicorn this code of a worker says that no other will start either; after any else it tries again for ever.
EXIT_CODE = 3


def problems() -> list[CheckMessage]:
    """The errors of the security checks, and of those that have no tag: these are ours. None of them asks the database."""
    looked_at = [check for check in registry.get_checks() if not check.tags or Tags.security in check.tags]
    found = [message for check in looked_at for message in check(app_configs=None, databases=None)]
    return [message for message in found if message.is_serious() and not message.is_silenced()]


def refuse_if_misconfigured() -> None:
    """End the process, with a line for each problem that says what to do about it. Django is set up when this is called."""
    found = problems()
    if not found:
        return
    lines = [f"Cannot start: {' '.join(filter(None, (each.msg, each.hint)))} ({each.id})\n" for each in found]
    # In one piece, since several processes may say it at once.
    sys.stderr.write("".join(lines))
    sys.stderr.flush()
    raise SystemExit(EXIT_CODE)


class Loader(AppLoader):  # type: ignore[misc, unused-ignore]
    """Celery's own, for worker and beat that look first. Called before either opens a connection."""

    def on_worker_init(self) -> Any:
        refuse_if_misconfigured()
        return super().on_worker_init()
