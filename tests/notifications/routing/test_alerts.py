"""Alerts are told when they are raised and when they are mended, each once."""

import pytest
from django.db import transaction

from notifications.models import Delivery
from notifications.routing.alerts import event_of
from notifications.routing.models import Rule
from voc.core.alerts import clear_alert, raise_alert
from voc.core.models import Alert
from voc.core.outbox.claim import claim
from voc.core.outbox.models import Job
from voc.core.outbox.runner import run

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def configured(settings):
    settings.LANGUAGE_CODE = settings.SLACK_LANGUAGE = "en"
    settings.NOTIFY_CHANNELS = ["slack:C01"]
    settings.SLACK_BOT_TOKEN = "xoxb-none"
    settings.SLACK_CHANNEL = "C01"
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"


def told():
    while claimed := claim("notify"):
        run(claimed)
    return [(row.event, row.title, row.target) for row in Delivery.objects.order_by("id")]


def test_an_outage_is_told_once_however_often_it_is_noticed_and_so_is_its_end():
    for _ in range(3):
        raise_alert("llm.locked_out:openai", title="The model openai locks us out", level="critical")
    assert told() == [("integration.down", "Down: The model openai locks us out", "C01")]
    assert clear_alert("llm.locked_out:openai")
    assert not clear_alert("llm.locked_out:openai")
    assert told()[1:] == [("integration.recovered", "Recovered: The model openai locks us out", "C01")]

    raise_alert("llm.locked_out:openai", title="The model openai locks us out")
    assert len(told()) == 3


def test_a_critical_one_is_urgent_and_its_end_closes_the_incident():
    raise_alert("logs.unreadable", title="Some logs cannot be read", level="critical")
    clear_alert("logs.unreadable")
    told()
    first, second = (row.message for row in Delivery.objects.order_by("id"))
    assert (first["urgency"], first["incident"]) == ("high", "trigger")
    assert (second["urgency"], second["incident"]) == ("low", "resolve")
    assert first["subject"] == second["subject"]


@pytest.mark.parametrize(
    ("key", "raised", "cleared"),
    [
        ("llm.budget.soft:2026-11-22", "budget.warning", "alert.cleared"),
        ("llm.locked_out:openai", "integration.down", "integration.recovered"),
        ("notifications:slack:C01", "integration.down", "integration.recovered"),
        ("jira.unauthorised", "integration.down", "integration.recovered"),
        ("jobs-given-up:analysis", "alert.raised", "alert.cleared"),
    ],
)
def test_an_alert_is_called_after_what_it_is_about(key, raised, cleared):
    assert event_of(key, raised=True) == raised
    assert event_of(key, raised=False) == cleared


def test_a_channel_that_refuses_is_not_told_of_it_but_the_others_are_and_itself_when_it_works_again():
    Rule.objects.create(name="all", targets=["slack:C01", "email:ops@example.com"])
    raise_alert("notifications:slack:C01", title="Slack refuses")
    raise_alert("jobs-given-up:slack", title="Jobs were given up")
    assert {target for _event, _title, target in told()} == {"ops@example.com"}
    clear_alert("notifications:slack:C01")
    assert [target for event, _title, target in told() if event == "integration.recovered"] == [
        "C01",
        "ops@example.com",
    ]


def test_an_alert_that_is_rolled_back_is_not_told():
    with transaction.atomic():
        raise_alert("logs.unreadable", title="Some logs cannot be read")
        transaction.set_rollback(True)
    assert not Alert.objects.exists()
    assert not Job.objects.exists()
