import pytest
from django.conf import LazySettings

from notifications.checks import slack_webhook, wording


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
    assert slack_webhook(None) == wording(None) == []
