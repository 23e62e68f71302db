"""Alerts are told when they are raised and when they are mended, each once."""

from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import transaction

from integrations.jira.client import JiraClient
from integrations.logs.elasticsearch import ElasticsearchAdapter
from integrations.logs.gathering import gather
from notifications.channels.slack_api import SlackApi
from notifications.models import Delivery
from notifications.routing.alerts import event_of
from notifications.routing.models import Rule
from tests.core.peers import refused_port
from voc.core import clock
from voc.core.alerts import clear_alert, raise_alert
from voc.core.errors import VocError
from voc.core.models import Alert
from voc.core.outages import outage_key, review
from voc.core.outbox.claim import claim
from voc.core.outbox.models import Job
from voc.core.outbox.runner import run
from voc.core.redis import door
from voc.core.vocabulary import TimeRange

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
        ("breaker:logs.elasticsearch", "integration.down", "integration.recovered"),
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


@pytest.mark.parametrize(
    ("peer", "not_told"),
    [
        ("slack:slack.com", {"C01", "C02"}),
        ("teams:ops", {"ops"}),
        ("email:smtp", {"ops@example.com"}),
        ("logs.splunk", set()),
    ],
)
def test_who_is_reached_by_the_peer_that_does_not_answer_is_not_told_of_it(peer, not_told, settings):
    settings.TEAMS_WEBHOOKS = ["ops=https://x.example/a?sig=1", "night=https://x.example/b?sig=2"]
    everybody = ["slack:C01", "slack:C02", "teams:ops", "teams:night", "email:ops@example.com"]
    Rule.objects.create(name="all", targets=everybody)
    raise_alert(outage_key(peer), title=f"{peer} does not answer")
    assert {target for _event, _title, target in told()} == {each.partition(":")[2] for each in everybody} - not_told


def ask_slack(url):
    SlackApi("xoxb-right-token", base_url=f"{url}/slack/api/", timeout=20).call("auth.test")


def ask_jira(url):
    JiraClient(url=f"{url}/jira", token="t0ken", email="voc@example.com", seconds=20).server_info()


def ask_elasticsearch(url):
    now = clock.now()
    span = TimeRange(now - timedelta(hours=1), now)
    gather(
        {"es": lambda: ElasticsearchAdapter(f"{url}/elasticsearch", api_key="k3y").search_logs("x", span)}, seconds=30
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("peer", "ask"),
    [("slack:127.0.0.1", ask_slack), ("jira", ask_jira), ("logs.elasticsearch", ask_elasticsearch)],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_peer_that_is_down_is_told_once_by_its_own_client_and_so_is_its_recovery(peer, ask, settings, sandbox):
    settings.NOTIFY_CHANNELS = ["email:ops@example.com"]
    for _ in range(3):
        with suppress(VocError):
            ask(f"http://127.0.0.1:{refused_port()}")
        review()
    review()
    assert told() == [("integration.down", f"Down: {peer} does not answer", "ops@example.com")]

    # The half minute is over for which it is left alone.
    door().call(lambda client: client.delete(*client.keys("voc:breaker:*:open")))
    with suppress(VocError):
        ask(sandbox.base_url)
    for _ in range(2):
        review()
    assert told()[1:] == [("integration.recovered", f"Recovered: {peer} does not answer", "ops@example.com")]


def test_an_alert_that_is_rolled_back_is_not_told():
    with transaction.atomic():
        raise_alert("logs.unreadable", title="Some logs cannot be read")
        transaction.set_rollback(True)
    assert not Alert.objects.exists()
    assert not Job.objects.exists()
