"""Who hears of what, and when: rules, people, quiet hours, digests, muted subjects."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import transaction

from accounts.models import User
from notifications.message import Incident, NotificationMessage
from notifications.models import Delivery, DeliveryState
from notifications.routing import digests, services
from notifications.routing.audience import audience
from notifications.routing.models import Digest, Held, Mute, Person, Rule, Subscription, Target
from notifications.routing.occasions import BY_DEFAULT, OCCASIONS, Occasion
from notifications.routing.telling import tell
from tests.factories import UserFactory
from voc.core import clock
from voc.core.errors import InvalidInput, NotAllowed
from voc.core.outbox.claim import claim
from voc.core.outbox.models import Job, JobState
from voc.core.outbox.runner import run
from voc.core.vocabulary import Urgency

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 23, 3, tzinfo=UTC)  # 12:00 in Seoul
NIGHT = datetime(2026, 11, 23, 15, tzinfo=UTC)  # 00:00


@pytest.fixture(autouse=True)
def configured(settings):
    settings.LANGUAGE_CODE = "en"
    settings.SLACK_LANGUAGE = "ko"
    settings.NOTIFY_CHANNELS = ["slack:CDEFAULT"]
    settings.SLACK_BOT_TOKEN = "xoxb-none"
    settings.SLACK_CHANNEL = "CDEFAULT"
    settings.EMAIL_HOST = "127.0.0.1"
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"


@pytest.fixture
def now(monkeypatch):
    """The clock, which a test sets by `now(moment)`."""

    def set_to(moment):
        monkeypatch.setattr(clock, "now", lambda: moment)
        return moment

    set_to(NOON)
    return set_to


def occasion(event="ticket.decided", **values):
    return Occasion(event=event, subject=values.pop("subject", "VOC-1"), **values)


def composer(key="k1", *, event="ticket.decided", subject="VOC-1", **values):
    def compose(language):
        title = f"{key} in {language}"
        return NotificationMessage(event=event, key=key, subject=subject, title=title, language=language, **values)

    return compose


def say(about, compose=None):
    with transaction.atomic():
        tell(about, compose or composer(event=about.event, subject=about.subject))


def rule(*targets, **values):
    return Rule.objects.create(name="r", targets=list(targets), **values)


def targets_of(about):
    return sorted(each.target for each in audience(about))


def deliveries(**wanted):
    return list(Delivery.objects.filter(**wanted).order_by("id"))


def work():
    """Run what routing has to do, and send nothing."""
    while claimed := claim("notify"):
        run(claimed)


# --- rules -----------------------------------------------------------------------------------------------------------


def test_without_any_rule_the_configured_channels_hear_what_matters():
    assert targets_of(occasion("ticket.urgent")) == ["slack:CDEFAULT"]
    assert targets_of(occasion("ticket.analysed")) == []
    assert set(BY_DEFAULT) < set(OCCASIONS)


def test_a_bare_channel_name_means_its_first_target(settings):
    settings.NOTIFY_CHANNELS = ["slack"]
    assert targets_of(occasion()) == ["slack:CDEFAULT"]


def test_once_there_is_a_rule_only_what_rules_say_is_told():
    rule("slack:C01", events=["ticket.urgent"])
    assert targets_of(occasion("ticket.urgent")) == ["slack:C01"]
    assert targets_of(occasion("ticket.decided")) == []


def test_a_rule_that_is_switched_off_is_none():
    rule("slack:C01", is_active=False)
    assert targets_of(occasion()) == ["slack:CDEFAULT"]


@pytest.mark.parametrize(
    ("wanted", "matches"),
    [
        ({}, True),
        ({"urgencies": ["high"]}, True),
        ({"urgencies": ["low"]}, False),
        ({"problem_types": ["code_error", "integration_error"]}, True),
        ({"problem_types": ["business_improvement"]}, False),
        ({"systems": ["RefundService"]}, True),
        ({"systems": ["OrderService"]}, False),
        ({"urgencies": ["high"], "systems": ["OrderService"]}, False),
    ],
)
def test_a_rule_matches_by_urgency_type_and_system(wanted, matches):
    rule("slack:C01", **wanted)
    about = occasion(urgency="high", problem_type="code_error", system="RefundService")
    assert targets_of(about) == (["slack:C01"] if matches else [])


def test_several_rules_add_up_and_name_a_target_once():
    rule("slack:C01", "email:ops@example.com")
    rule("slack:C01", events=["ticket.decided"])
    assert targets_of(occasion()) == ["email:ops@example.com", "slack:C01"]


def test_each_target_is_told_in_its_language():
    rule("slack:C01", "email:ops@example.com", "email:seoul@example.com")
    Target.objects.create(name="email:seoul@example.com", language="ko")
    say(occasion())
    titles = {each.target: each.title for each in deliveries()}
    assert titles == {
        "C01": "k1 in ko",
        "ops@example.com": "k1 in en",
        "seoul@example.com": "k1 in ko",
    }


def test_a_target_that_cannot_be_keeps_nobody_else_from_hearing_of_it():
    rule("slack:nonsense", "fax:1", "slack:C01")
    say(occasion())
    states = {each.target: each.state for each in deliveries()}
    assert states == {
        "nonsense": DeliveryState.SUPPRESSED,
        "1": DeliveryState.SUPPRESSED,
        "C01": DeliveryState.PENDING,
    }


def test_telling_the_same_twice_makes_one_delivery():
    rule("slack:C01")
    say(occasion())
    say(occasion())
    assert len(deliveries()) == 1


# --- people ----------------------------------------------------------------------------------------------------------


def test_people_hear_what_they_asked_for_where_they_have_an_address():
    kim = UserFactory(manager=True, email="kim@example.com", language="ko")
    Person.objects.create(user=kim, slack_id="U01")
    lee = UserFactory(email="lee@example.com")
    services.set_preferences(user=kim, wanted=[("ticket.decided", "email"), ("ticket.decided", "slack")], timing={})
    services.set_preferences(user=lee, wanted=[("ticket.decided", "slack")], timing={})
    found = {each.target: each.language for each in audience(occasion())}
    assert found == {"slack:CDEFAULT": "ko", "email:kim@example.com": "ko", "slack:U01": "ko"}
    assert targets_of(occasion("ticket.urgent")) == ["slack:CDEFAULT"]


def test_who_left_or_may_no_longer_read_every_ticket_hears_nothing():
    gone = UserFactory(manager=True, is_active=False)
    customer = UserFactory(submitter=True)
    for user in (gone, customer):
        Subscription.objects.create(user=user, event="ticket.decided", channel="email")
    assert targets_of(occasion()) == ["slack:CDEFAULT"]
    with pytest.raises(NotAllowed):
        services.set_preferences(user=customer, wanted=[], timing={})


def test_a_wish_that_there_is_not_is_refused():
    with pytest.raises(InvalidInput):
        services.set_preferences(user=UserFactory(manager=True), wanted=[("ticket.decided", "fax")], timing={})


# --- quiet hours -----------------------------------------------------------------------------------------------------


def quiet(name="slack:C01", **values):
    return Target.objects.create(
        name=name, quiet_from=time(22), quiet_to=time(8), zone="Asia/Seoul", language="en", **values
    )


def test_at_night_a_message_waits_until_the_morning_and_then_goes_out_as_it_is(now):
    rule("slack:C01")
    quiet()
    now(NIGHT)
    say(occasion())
    assert deliveries() == []
    assert Held.objects.get().due_at == NIGHT + timedelta(hours=8)

    now(NIGHT + timedelta(hours=7, minutes=59))
    assert digests.emit_due() == 0
    now(NIGHT + timedelta(hours=8))
    assert digests.emit_due() == 1
    work()
    [row] = deliveries()
    assert (row.key, row.title, row.state) == ("k1", "k1 in en", DeliveryState.PENDING)
    assert not Held.objects.exists()


def test_an_urgent_message_passes_at_night(now):
    rule("slack:C01")
    quiet()
    now(NIGHT)
    say(occasion("ticket.urgent"), composer(event="ticket.urgent", urgency=Urgency.HIGH))
    assert len(deliveries()) == 1


def test_pagerduty_is_told_at_any_hour(now, settings):
    settings.PAGERDUTY_ROUTING_KEYS = ["core=abc"]
    rule("pagerduty:core")
    quiet("pagerduty:core")
    now(NIGHT)
    say(occasion(), composer(urgency=Urgency.HIGH, incident=Incident.RESOLVE))
    assert len(deliveries(channel="pagerduty")) == 1


def test_a_person_has_quiet_hours_of_her_own(now):
    user = UserFactory(manager=True, email="kim@example.com")
    hours = {"quiet_from": time(22), "quiet_to": time(8), "zone": "Asia/Seoul"}
    services.set_preferences(user=user, wanted=[("ticket.decided", "email")], timing=hours)
    now(NIGHT)
    say(occasion())
    assert [each.target for each in Held.objects.all()] == ["email:kim@example.com"]
    assert [each.target for each in deliveries()] == ["CDEFAULT"]


# --- digests ---------------------------------------------------------------------------------------------------------


def test_a_day_goes_out_as_one_digest_and_the_log_tells_of_each(now):
    rule("slack:C01")
    Target.objects.create(name="slack:C01", digest=Digest.DAILY, daily_at=time(9), zone="Asia/Seoul", language="en")
    for number in range(3):
        say(occasion(), composer(f"k{number}", subject=f"VOC-{number % 2}"))
    assert deliveries() == []

    now(NOON + timedelta(hours=21))
    digests.emit_due()
    digests.emit_due()
    work()
    [digest] = deliveries(event="digest")
    assert digest.title == "3 messages about 2 subjects"
    assert digest.message["body"].splitlines() == ["• k0 in en", "• k1 in en", "• k2 in en"]
    assert {each.state for each in deliveries(event="ticket.decided")} == {DeliveryState.SUPPRESSED}
    assert len(deliveries()) == 4
    assert not Held.objects.exists()


@pytest.mark.parametrize("lost", [{"is_active": False}, {"role": "submitter"}, {}])
def test_what_was_held_back_for_somebody_who_may_hear_no_more_of_tickets_goes_nowhere(now, lost):
    rule("slack:C01")
    user = UserFactory(email="kim@example.com")
    Person.objects.create(user=user, digest=Digest.DAILY, daily_at=time(9))
    Subscription.objects.create(user=user, event="ticket.decided", channel="email")
    for number in range(2):
        say(occasion(), composer(f"k{number}"))
    User.objects.filter(pk=user.pk).update(**lost or {"language": "en"})
    now(NOON + timedelta(hours=21))
    digests.emit_due()
    work()
    told = deliveries(channel="email", event="digest")
    assert len(told) == (0 if lost else 1)
    assert {each.state for each in deliveries(channel="email", event="ticket.decided")} == {DeliveryState.SUPPRESSED}
    assert not Held.objects.exists()


def test_a_digest_is_made_once_though_its_job_runs_again(now):
    rule("slack:C01")
    Target.objects.create(name="slack:C01", digest=Digest.DAILY, daily_at=time(9), zone="Asia/Seoul")
    say(occasion(), composer("k1"))
    say(occasion(), composer("k2"))
    now(NOON + timedelta(hours=21))
    digests.emit_due()
    work()
    Job.objects.filter(event="digest.due").update(state=JobState.PENDING, attempts=0, finished_at=None)
    work()
    assert len(deliveries(event="digest")) == 1


def test_a_worker_that_dies_while_it_gathers_loses_nothing_and_doubles_nothing(now, monkeypatch):
    rule("slack:C01")
    Target.objects.create(name="slack:C01", digest=Digest.DAILY, daily_at=time(9), zone="Asia/Seoul")
    say(occasion(), composer("k1"))
    say(occasion(), composer("k2"))
    now(NOON + timedelta(hours=21))
    digests.emit_due()
    told = digests.suppress

    def dies(**_given):
        raise OSError("the process died")

    monkeypatch.setattr(digests, "suppress", dies)
    work()
    assert (Held.objects.count(), len(deliveries())) == (2, 0)

    monkeypatch.setattr(digests, "suppress", told)
    Job.objects.filter(event="digest.due").update(due_at=clock.now())
    work()
    assert (Held.objects.count(), len(deliveries(event="digest"))) == (0, 1)


def test_many_messages_in_a_window_are_gathered_and_few_are_not(now):
    rule("slack:C01")
    Target.objects.create(name="slack:C01", digest=Digest.BUSY, busy_over=2, busy_minutes=10, language="en")
    for number in range(5):
        say(occasion(), composer(f"k{number}"))
    assert [each.key for each in deliveries()] == ["k0", "k1"]
    held = list(Held.objects.all())
    assert [each.key for each in held] == ["k2", "k3", "k4"]
    assert {each.due_at for each in held} == {NOON + timedelta(minutes=10)}

    now(NOON + timedelta(minutes=10))
    digests.emit_due()
    work()
    assert deliveries(event="digest")[0].title == "3 messages about 1 subject"

    now(NOON + timedelta(minutes=25))
    say(occasion(), composer("k5"))
    assert deliveries()[-1].key == "k5"


def test_a_digest_of_very_many_names_some_and_counts_the_rest(now):
    held = [composer(f"k{number}")("en") for number in range(40)]
    message = digests.digest_of(held, target="slack:C01", key="digest:1")
    lines = message.body.splitlines()
    assert len(lines) == digests.LINES + 1
    assert lines[-1] == "… and 10 more: see the list of messages."


# --- muted -----------------------------------------------------------------------------------------------------------


def test_a_muted_ticket_is_told_no_more_and_the_log_says_why(now):
    rule("slack:C01", "slack:C02")
    quiet("slack:C02")
    now(NIGHT)
    say(occasion(), composer("before"))
    services.mute(subject="VOC-1", actor=None)
    say(occasion(), composer("after"))

    assert {(each.key, each.state) for each in deliveries()} == {
        ("before", DeliveryState.SUPERSEDED),
        ("after", DeliveryState.SUPPRESSED),
    }
    assert "muted" in deliveries(key="after")[0].error
    assert not Held.objects.exists()

    services.unmute(subject="VOC-1")
    assert not Mute.objects.exists()


def test_another_ticket_is_told_all_the_same_and_an_incident_is_closed():
    rule("slack:C01")
    services.mute(subject="VOC-1", actor=None)
    say(occasion(subject="VOC-2"), composer("k2", subject="VOC-2"))
    say(occasion(), composer("over", incident=Incident.RESOLVE))
    assert {each.key: each.state for each in deliveries()} == {
        "k2": DeliveryState.PENDING,
        "over": DeliveryState.PENDING,
    }
