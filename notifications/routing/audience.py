"""To whom an occasion is told: the targets of the rules that match it, and the people who asked for it."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Q

from accounts.models import User
from accounts.permissions import has_permission
from accounts.roles import Role
from notifications.routing.models import Person, PersonalChannel, Rule, Subscription, Target, Timing
from notifications.routing.occasions import BY_DEFAULT, Occasion
from notifications.services import known_targets


@dataclass(frozen=True, slots=True)
class Addressee:
    """A "channel:target" with its language, and when it may be told (None: at any time)."""

    target: str
    language: str
    timing: Timing | None = None

    @property
    def channel(self) -> str:
        return self.target.partition(":")[0]


def audience(occasion: Occasion) -> list[Addressee]:
    """Everybody who is to hear of it, each target once. A place goes before a person with the same address."""
    people = subscribers(occasion.event)
    found = addressees(_targets(occasion))
    return list({each.target: each for each in [*people, *found]}.values())


def addressees(targets: Iterable[str]) -> list[Addressee]:
    """The targets as the admin has set them up, each once."""
    names = list(dict.fromkeys(full_name(target) for target in targets))
    rows = {row.name: row for row in Target.objects.filter(name__in=names)}
    return [Addressee(name, _language(name, rows.get(name)), rows.get(name)) for name in names]


def by_language(targets: Iterable[str]) -> dict[str, list[str]]:
    """The targets by the language that is spoken there; a person's direct messages are in that person's."""
    found: dict[str, list[str]] = {}
    for each in addressees(targets):
        channel, _colon, name = each.target.partition(":")
        person = Person.objects.filter(slack_id=name).select_related("user").first() if channel == "slack" else None
        found.setdefault(_spoken_by(person) if person else each.language, []).append(each.target)
    return found


def matching(rules: Iterable[Rule], occasion: Occasion) -> list[Rule]:
    return [rule for rule in rules if matches(rule, occasion)]


def matches(rule: Rule, occasion: Occasion) -> bool:
    """Whether the rule is about this occasion; what it leaves open matches anything.

    What is about no ticket has no urgency of a ticket's, no type and no system: a rule that asks for one is not about it.
    """
    return all(
        not wanted or is_so in wanted
        for wanted, is_so in (
            (rule.events, occasion.event),
            (rule.urgencies, occasion.urgency),
            (rule.problem_types, occasion.problem_type),
            (rule.systems, occasion.system),
        )
    )


def active_rules() -> list[Rule]:
    return list(Rule.objects.filter(is_active=True))


def subscribers(event: str) -> list[Addressee]:
    """The people who asked for this occasion and may still read tickets, where they have an address there."""
    asked = Subscription.objects.filter(event=event, user__is_active=True).select_related("user", "user__told_as")
    found = [_personal(each.user, each.channel) for each in asked if may_subscribe(each.user)]
    return [each for each in found if each]


def may_subscribe(user: User) -> bool:
    """Whether the user may hear of any ticket; submitters see their own ones alone."""
    return has_permission(user, "ticket:read") and user.role != Role.SUBMITTER


def person_of(user: User) -> Person:
    """The user's settings, or those of one who has set nothing."""
    return getattr(user, "told_as", None) or Person(user=user)


def may_still_hear(target: str) -> bool:
    """Whether a target may be told what was meant for it earlier: a place may; a person while they may hear of tickets."""
    channel, _colon, name = target.partition(":")
    if channel not in PersonalChannel.values or Target.objects.filter(name=target).exists():
        return True
    theirs = Q(email__iexact=name) if channel == PersonalChannel.EMAIL else Q(told_as__slack_id=name)
    people = list(User.objects.filter(theirs))
    return not people or any(may_subscribe(user) for user in people)


def full_name(target: str) -> str:
    """ "slack" alone means the channel's first target."""
    if ":" in target:
        return target
    return next((name for name in known_targets() if name.startswith(f"{target}:")), target)


def user_in_slack(slack_id: str) -> User | None:
    """Whom an admin has said this Slack user to be."""
    found = Person.objects.filter(~Q(slack_id=""), slack_id=slack_id, user__is_active=True).select_related("user")
    person = found.first()
    return person.user if person else None


def _targets(occasion: Occasion) -> list[str]:
    rules = active_rules()
    if not rules:
        return list(settings.NOTIFY_CHANNELS) if occasion.event in BY_DEFAULT else []
    return [target for rule in matching(rules, occasion) for target in rule.targets]


def _personal(user: User, channel: str) -> Addressee | None:
    person = person_of(user)
    address = user.email if channel == PersonalChannel.EMAIL else person.slack_id
    return Addressee(f"{channel}:{address}", _spoken_by(person), person) if address else None


def _spoken_by(person: Person) -> str:
    return str(person.language or person.user.language or settings.LANGUAGE_CODE)


def _language(name: str, row: Target | None) -> str:
    if row and row.language:
        return row.language
    return str(settings.SLACK_LANGUAGE if name.partition(":")[0] == "slack" else settings.LANGUAGE_CODE)
