"""Alerts as messages: an integration is down or has recovered, the budget runs out, or whatever else was raised."""

from functools import partial
from typing import Final

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from notifications.message import Incident, NotificationMessage
from notifications.routing.audience import audience
from notifications.routing.occasions import Occasion
from notifications.routing.telling import tell_these
from notifications.services import known_targets
from voc.core.models import Alert
from voc.core.outages import PREFIX
from voc.core.outbox.api import RunningJob
from voc.core.vocabulary import Urgency

# How an alert's key begins, and what it is then called when it is raised and when it is cleared.
KINDS: Final[tuple[tuple[str, str, str], ...]] = (
    ("llm.budget.", "budget.warning", "alert.cleared"),
    ("llm.", "integration.down", "integration.recovered"),
    ("notifications:", "integration.down", "integration.recovered"),
    ("integrations", "integration.down", "integration.recovered"),
    ("jira", "integration.down", "integration.recovered"),
    ("log", "integration.down", "integration.recovered"),
    (PREFIX, "integration.down", "integration.recovered"),
)
OTHER: Final = ("", "alert.raised", "alert.cleared")
# What follows them is the target, or the channel, that does not work.
LAME: Final = ("notifications:", "jobs-given-up:", PREFIX)


def tell_alert(job: RunningJob) -> None:
    """Tell of an alert that was raised or cleared."""
    alert = Alert.objects.filter(pk=job.payload["alert_id"]).first()
    if alert is None:
        return
    raised = job.event == "alert.raised"
    occasion = Occasion(event=event_of(alert.key, raised=raised), subject=alert.key[:120])
    compose = partial(_message, alert, occasion=occasion, key=job.key, raised=raised)
    # Where a place takes no messages of ours, this one would fare no better.
    lame = _lame(alert.key) if raised else set()
    with job.fenced():
        tell_these([each for each in audience(occasion) if not lame & {each.target, each.channel}], compose)


def _lame(key: str) -> set[str]:
    """The target, or the channel, that the alert says does not work."""
    lame = {key.removeprefix(prefix) for prefix in LAME if key.startswith(prefix)}
    if key.startswith(PREFIX) and not lame & set(known_targets()):
        # The breaker of a whole vendor, such as "slack:slack.com".
        lame = {name.partition(":")[0] for name in lame}
    return lame


def event_of(key: str, *, raised: bool) -> str:
    """What an alert with this key is called as an occasion."""
    _prefix, when_raised, when_cleared = next((kind for kind in KINDS if key.startswith(kind[0])), OTHER)
    return when_raised if raised else when_cleared


def _message(alert: Alert, language: str, *, occasion: Occasion, key: str, raised: bool) -> NotificationMessage:
    with translation.override(language):
        titles = {
            "budget.warning": _("Budget: %(alert)s"),
            "integration.down": _("Down: %(alert)s"),
            "integration.recovered": _("Recovered: %(alert)s"),
            "alert.raised": _("Alert: %(alert)s"),
            "alert.cleared": _("Cleared: %(alert)s"),
        }
        critical = raised and alert.level == Alert.Level.CRITICAL
        return NotificationMessage(
            event=occasion.event,
            key=key,
            subject=occasion.subject,
            title=titles[occasion.event] % {"alert": alert.title},
            body=alert.body[:1000] if raised else "",
            url=settings.SITE_URL + reverse("alerts"),
            urgency=Urgency.HIGH if critical else Urgency.MEDIUM if raised else Urgency.LOW,
            fields=((_("Level"), str(alert.get_level_display())),) if raised else (),
            language=language,
            incident=Incident.TRIGGER if raised else Incident.RESOLVE,
        )
