"""When Jira is away, asks to wait or does not accept us, the queue waits: no job spends an attempt or loses its place."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

from django.utils.translation import gettext as _

from integrations.jira.base import JiraUnauthorised
from integrations.jira.client import get_client, is_configured
from voc.core import clock
from voc.core.alerts import clear_alert, raise_alert
from voc.core.errors import Permanent, Transient, VocError
from voc.core.models import Alert
from voc.core.outbox.api import RunningJob, close_gate, open_gate
from voc.core.outbox.models import Gate

QUEUE: Final = "jira"
REFUSED_ALERT: Final = "jira-credentials"
PAUSE: Final = timedelta(seconds=30)
SWITCHED_OFF: Final = timedelta(minutes=10)
# A Retry-After of days must not stop the queue for days.
LONGEST: Final = timedelta(hours=1)


class LookLater(Transient):
    """Nothing is wrong: the job has something to do at `at`, and nothing before."""

    def __init__(self, message: str, *, at: datetime) -> None:
        super().__init__(message, at=at, spend=False)


@contextmanager
def minded(job: RunningJob) -> Iterator[None]:
    """Around a handler's calls to Jira.

    Refused credentials close the queue until a person opens it, and tell the admins once. Jira away or asking to wait
    closes it for that time. A failure that only this request meets (5xx, too slow, while Jira answers otherwise) is the
    job's own and counts: one issue must not stop all others.
    """
    try:
        yield
    except LookLater:
        raise
    except JiraUnauthorised as error:
        stop(error.message)
        raise Transient(error.message, at=job.created_at, spend=False) from error
    except Transient as error:
        if error.ambiguous and _answers():
            raise
        close_gate(QUEUE, reason=error.message, until=_until(error))
        raise Transient(error.message, at=job.created_at, spend=False) from error
    clear_alert(REFUSED_ALERT)


def require_jira() -> None:
    """Have the job wait while Jira is switched off: what was decided is not forgotten."""
    if not is_configured():
        raise LookLater(_("Jira is not configured."), at=clock.now() + SWITCHED_OFF)


def stop(reason: str) -> None:
    """Close the queue until a person opens it, and raise the alert."""
    close_gate(QUEUE, reason=reason)
    raise_alert(
        REFUSED_ALERT,
        title=_("Jira does not accept our credentials"),
        body=_("%(error)s Nothing is lost: set JIRA_EMAIL and JIRA_API_TOKEN, then run `manage.py jira check`.")
        % {"error": reason},
        level=Alert.Level.CRITICAL,
    )


def paused() -> bool:
    """Whether nothing is to be asked of Jira now: it asked to wait, is away, or does not accept us."""
    gate = Gate.objects.filter(queue=QUEUE).first()
    return gate is not None and (gate.closed_until is None or gate.closed_until > clock.now())


def heed(error: VocError) -> None:
    """What a failed question means for all others, where no job asked it: as `minded`."""
    if isinstance(error, JiraUnauthorised):
        stop(error.message)
    elif isinstance(error, Transient) and not error.ambiguous:
        close_gate(QUEUE, reason=error.message, until=_until(error))


def go_on() -> bool:
    """Jira accepts us: open the queue, clear the alert. True when the queue was closed."""
    clear_alert(REFUSED_ALERT)
    return open_gate(QUEUE)


def _answers() -> bool:
    """Whether Jira answers the simplest of questions."""
    try:
        get_client().server_info()
    except Transient:
        return False
    except Permanent:
        return True
    return True


def _until(error: Transient) -> datetime:
    now = clock.now()
    return min(max(error.at, now), now + LONGEST) if error.at else now + PAUSE
