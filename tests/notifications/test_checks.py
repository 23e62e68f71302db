import pytest
from django.conf import LazySettings

from notifications.checks import named_secrets, slack_app, slack_webhook, targets, wording


@pytest.mark.parametrize(
    ("url", "allowed", "found"),
    [
        ("", [], []),
        ("https://hooks.slack.com/services/T1/B1/s3cret", [], []),
        ("http://hooks.slack.com/services/T1/B1/s3cret", [], ["notifications.E002"]),
        ("http://127.0.0.1:8010/slack/services/T1/B1/s3cret", [], ["notifications.E002"]),
        ("http://127.0.0.1:8010/slack/services/T1/B1/s3cret", ["127.0.0.0/8"], []),
        ("http://mattermost.internal/hooks/s3cret", ["mattermost.internal"], []),
        ("hooks.slack.com/services/T1/B1/s3cret", [], ["notifications.E001"]),
        ("ftp://hooks.slack.com/s3cret", [], ["notifications.E001"]),
        ("https://hooks.slack.com/s3cret and more", [], ["notifications.E001"]),
        ("https://[::1/s3cret", [], ["notifications.E001"]),
        ("https://hooks.slack.com:port/s3cret", [], ["notifications.E001"]),
    ],
)
def test_a_webhook_that_cannot_work_is_said_at_boot_without_its_secret(
    settings: LazySettings, url: str, allowed: list[str], found: list[str]
) -> None:
    settings.SLACK_WEBHOOK_URL = url
    settings.OUTBOUND_ALLOWED_NETWORKS = allowed

    problems = slack_webhook(None)

    assert [problem.id for problem in problems] == found
    assert "s3cret" not in repr(problems)


def test_a_language_that_does_not_exist_is_said_at_boot(settings: LazySettings) -> None:
    settings.SLACK_LANGUAGE = "tlh"

    [problem] = wording(None)

    assert problem.id == "notifications.E003"
    assert problem.hint == "Set it to one of ko, en."


def test_a_message_cannot_be_allowed_to_hold_a_contact(settings: LazySettings) -> None:
    settings.NOTIFY_FIELDS = ["summary", "customer_contact"]

    [problem] = wording(None)

    assert problem.id == "notifications.E004"
    assert "customer_contact" in problem.msg


def test_the_settings_as_they_ship_are_right() -> None:
    assert [check(None) for check in (slack_webhook, slack_app, named_secrets, targets, wording)] == [[]] * 5


KEY = "a" * 32
HOOK = "https://x.example/workflows/1?sig=s3cret-s1gnature"


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({"SLACK_BOT_TOKEN": "xoxb-1-abc", "SLACK_CHANNEL": "C024BE91L"}, []),
        ({"SLACK_BOT_TOKEN": "xoxp-s3cret"}, ["notifications.E005"]),
        ({"SLACK_BOT_TOKEN": "xoxb-1-abc", "SLACK_CHANNEL": "#general"}, ["notifications.E006"]),
        ({"SLACK_BOT_TOKEN": "xoxb-1-abc", "SLACK_API_URL": "http://slack.com/api/"}, ["notifications.E002"]),
        ({"SLACK_CHANNEL": "C024BE91L"}, ["notifications.W001"]),
        ({"TEAMS_WEBHOOKS": [f"ops={HOOK}", f"sales={HOOK}"]}, []),
        ({"TEAMS_WEBHOOKS": ["ops=x.example/s3cret"]}, ["notifications.E001"]),
        ({"TEAMS_WEBHOOKS": [HOOK, HOOK]}, ["notifications.E008"]),
        ({"PAGERDUTY_ROUTING_KEYS": [f"core={KEY}"]}, []),
        ({"PAGERDUTY_ROUTING_KEYS": ["core=s3cret"]}, ["notifications.E007"]),
        ({"PAGERDUTY_ROUTING_KEYS": [KEY], "PAGERDUTY_URL": "http://events.pagerduty.com"}, ["notifications.E002"]),
        ({"NOTIFY_CHANNELS": ["slack", "pigeon"]}, ["notifications.E009"]),
        ({"NOTIFY_CHANNELS": ["teams:ops"], "TEAMS_WEBHOOKS": [f"sales={HOOK}"]}, ["notifications.E010"]),
        ({"NOTIFY_EMAIL": "ops", "SES_REGION": "us-east-1"}, ["notifications.E010"]),
    ],
)
def test_what_cannot_work_is_said_at_boot_without_a_secret(
    settings: LazySettings, values: dict[str, object], found: list[str]
) -> None:
    for name, value in values.items():
        setattr(settings, name, value)

    problems = [problem for check in (slack_app, named_secrets, targets) for problem in check(None)]

    assert [problem.id for problem in problems] == found
    assert "s3cret" not in repr(problems)
    assert all(problem.hint or problem.id == "notifications.E010" for problem in problems)
