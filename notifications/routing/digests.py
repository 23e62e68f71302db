"""What was held back goes out when it is due: alone as it is, several together as one digest."""

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Min
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from notifications.message import NotificationMessage
from notifications.routing.audience import addressees, may_still_hear
from notifications.routing.models import Held
from notifications.routing.telling import lock_target, queue_or_note
from notifications.routing.timing import zone_of
from notifications.services import suppress
from voc.core import clock
from voc.core.outbox.api import RunningJob, emit

DUE: Final = "digest.due"
LINES: Final = 30
LINE_LENGTH: Final = 80
# A gathering that was given up is begun anew after this.
AGAIN: Final = timedelta(hours=1)


@transaction.atomic
def emit_due() -> int:
    """One job for each target whose time has come; how many targets. Run by beat, as often as it likes."""
    now = clock.now()
    due = Held.objects.filter(due_at__lte=now).order_by().values("target").annotate(first=Min("id"))
    for row in due:
        emit(
            DUE,
            subject=f"digest:{row['target']}"[:120],
            payload={"target": row["target"]},
            key=f"{DUE}:{row['first']}:{int(now.timestamp() // AGAIN.total_seconds())}",
        )
    return len(due)


def gather(job: RunningJob) -> None:
    """Queue what is due at one target, and record what became part of a digest."""
    target = str(job.payload["target"])
    with job.fenced():
        lock_target(target)
        rows = list(Held.objects.select_for_update().filter(target=target, due_at__lte=clock.now()).order_by("id"))
        held = [NotificationMessage.from_json(row.message) for row in rows]
        if not may_still_hear(target):
            for message in held:
                suppress(target=target, message=message, reason=_("Messages are for those who may read every ticket."))
        elif len(held) == 1:
            queue_or_note(held[0], target)
        elif held:
            queue_or_note(digest_of(held, target=target, key=f"digest:{rows[0].pk}-{rows[-1].pk}"), target)
            for message in held:
                suppress(target=target, message=message, reason=_("Told in a digest."))
        Held.objects.filter(pk__in=[row.pk for row in rows]).delete()


def digest_of(held: list[NotificationMessage], *, target: str, key: str) -> NotificationMessage:
    """All of these in one message: a line each, in their language and order."""
    language = held[-1].language
    with translation.override(language):
        lines = [f"• {message.title[:LINE_LENGTH]}" for message in held[:LINES]]
        if more := len(held) - LINES:
            lines.extend([_("… and %(count)s more: see the list of messages.") % {"count": more}] if more > 0 else [])
        subjects = {message.subject for message in held}
        title = ngettext("%(count)s message", "%(count)s messages", len(held)) % {"count": len(held)}
        about = ngettext("about %(count)s subject", "about %(count)s subjects", len(subjects))
        return NotificationMessage(
            event="digest",
            key=key,
            subject=_("Digest"),
            title=f"{title} {about % {'count': len(subjects)}}",
            body="\n".join(lines),
            url=settings.SITE_URL + reverse("queue"),
            fields=((_("As of"), _wall_time(target)),),
            language=language,
        )


def _wall_time(target: str) -> str:
    """The time on the wall of whoever reads it."""
    timing = addressees([target])[0].timing
    zone = zone_of(timing) if timing else clock.site_zone()
    return timezone.localtime(clock.now(), zone).strftime("%Y-%m-%d %H:%M")
