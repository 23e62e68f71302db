"""`manage.py notifications check`, against the vendors' stand-ins."""

import io

import httpx
import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command

from sandbox.client import SandboxClient

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def vendors(sandbox: SandboxClient, settings: LazySettings) -> SandboxClient:
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    settings.SLACK_BOT_TOKEN = "xoxb-right-token"
    settings.SLACK_API_URL = sandbox.url("/slack/api/")
    settings.SLACK_CHANNEL = "C0COMMAND"
    settings.TEAMS_WEBHOOKS = [f"ops={sandbox.url('/teams/workflows/1/triggers/manual/paths/invoke?sig=right')}"]
    settings.PAGERDUTY_ROUTING_KEYS = [f"core={'k' * 32}"]
    settings.PAGERDUTY_URL = sandbox.url("/pagerduty")
    return sandbox


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("notifications", "check", *arguments, stdout=out, no_color=True)
    return out.getvalue()


def sent(sandbox: SandboxClient) -> list[int]:
    state = sandbox.state()
    return [len(state["slack"]["posts"]), len(state["teams"]["cards"]), len(state["pagerduty"]["events"])]


def test_the_credentials_are_looked_at_and_nothing_is_sent(vendors: SandboxClient) -> None:
    said = run()

    assert "slack: voc in the workspace Sandbox" in said
    assert "slack: C0COMMAND: #c0command" in said
    assert "teams: ops" in said
    assert "pagerduty: core" in said
    assert "email: not configured" in said
    assert sent(vendors) == [0, 0, 0]


def test_a_token_that_does_not_hold_ends_with_an_error_and_the_others_are_looked_at_too(
    vendors: SandboxClient, settings: LazySettings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.SLACK_BOT_TOKEN = "xoxb-revoked-s3cret"

    with pytest.raises(CommandError, match="Not ready: slack"):
        call_command("notifications", "check", no_color=True)

    said = capsys.readouterr().out
    assert "token_revoked" in said
    assert "pagerduty: core" in said
    assert "s3cret" not in said


def test_a_test_message_goes_to_the_target_that_is_named(vendors: SandboxClient) -> None:
    assert "slack:C0COMMAND" in run("--send-test", "slack")
    assert "pagerduty:core" in run("--send-test", "pagerduty:core")

    assert sent(vendors) == [1, 0, 1]


def test_a_test_message_that_does_not_get_through_says_why(vendors: SandboxClient) -> None:
    httpx.post(vendors.url("/_sandbox/slack/archive"), json={"channel": "C0COMMAND"})

    with pytest.raises(CommandError, match="is_archived"):
        run("--send-test", "slack")
    with pytest.raises(CommandError, match="no target"):
        run("--send-test", "teams:nowhere")
    with pytest.raises(CommandError, match="pigeon"):
        run("--send-test", "pigeon")


def test_without_any_channel_it_says_what_to_set(settings: LazySettings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"

    with pytest.raises(CommandError, match="SLACK_BOT_TOKEN"):
        run()
