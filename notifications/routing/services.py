"""What people set: preferences of their own, and which tickets they hear no more of."""

from collections.abc import Iterable
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from notifications.routing.audience import may_subscribe
from notifications.routing.models import Held, Mute, Person, PersonalChannel, Subscription, Target
from notifications.routing.occasions import ASKING, OCCASIONS
from notifications.services import known_targets, supersede
from voc.core import clock
from voc.core.errors import InvalidInput, NotAllowed

PERSONAL: Final = ("language", "quiet_from", "quiet_to", "zone", "digest", "daily_at", "busy_over", "busy_minutes")


@transaction.atomic
def set_preferences(*, user: User, wanted: Iterable[tuple[str, str]], timing: dict[str, Any]) -> Person:
    """Take over which (occasion, channel) the user wants to hear, and when (the fields of PERSONAL).

    Raises NotAllowed for who may not hear of every ticket, InvalidInput for an occasion or a channel that there is not.
    """
    if not may_subscribe(user):
        raise NotAllowed(_("Messages are for those who may read every ticket."))
    pairs = set(wanted)
    for event, channel in pairs:
        if event not in OCCASIONS or channel not in PersonalChannel.values:
            raise InvalidInput(field="wanted", message=_("There is no such message."), code="invalid_choice")
    values: dict[str, Any] = {name: timing[name] for name in PERSONAL if name in timing}
    person, _made = Person.objects.update_or_create(user=user, defaults=values)
    Subscription.objects.filter(user=user).delete()
    Subscription.objects.bulk_create(
        [Subscription(user=user, event=event, channel=channel) for event, channel in sorted(pairs)]
    )
    return person


def mute(*, subject: str, actor: User | None) -> None:
    """Tell nobody anything more of this subject, nor what still waits to go out."""
    with transaction.atomic():
        Mute.objects.bulk_create([Mute(subject=subject, by=actor, at=clock.now())], ignore_conflicts=True)
        drop(subject=subject, events=[*OCCASIONS, *ASKING])


def unmute(*, subject: str) -> None:
    """Tell of it again, from now on."""
    Mute.objects.filter(subject=subject).delete()


def drop(*, subject: str, events: Iterable[str]) -> int:
    """What still waits to go out of these occasions is overtaken by events; how many messages that were."""
    names = list(events)
    held, _by_model = Held.objects.filter(subject=subject, event__in=names).delete()
    return held + supersede(subject=subject, events=names)


def discover_targets() -> None:
    """Give every target that the configuration names a row that can be set up and tried."""
    rows = [Target(name=name) for name in known_targets()]
    Target.objects.bulk_create(rows, ignore_conflicts=True)
