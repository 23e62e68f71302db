"""The admins' alert that work was given up: open as long as there is a dead or blocked job in the queue."""

from django.utils.translation import gettext as _

from voc.core.alerts import clear_alert, raise_alert
from voc.core.outbox.models import GIVEN_UP_STATES, Job


def announce(queue: str) -> None:
    """Tell the admins once."""
    raise_alert(
        _key(queue),
        title=_("Jobs of the queue “%(queue)s” were given up") % {"queue": queue},
        body=_("The list of jobs shows the reasons. Mend the cause, then try them again there."),
    )


def review(queue: str) -> None:
    """Clear the alert when nothing is left of what it is about."""
    if not Job.objects.filter(queue=queue, state__in=GIVEN_UP_STATES).exists():
        clear_alert(_key(queue))


def _key(queue: str) -> str:
    return f"jobs-given-up:{queue}"
