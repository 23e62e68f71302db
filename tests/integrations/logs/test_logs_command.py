from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from integrations.logs.checks import check_log_settings
from integrations.logs.registry import build, configured_adapter, configured_names
from sandbox.client import SandboxClient
from tests.integrations.logs.corpus import LINES
from tests.integrations.logs.harness import make_harness
from voc.core import clock


@pytest.fixture
def elasticsearch(sandbox: SandboxClient, settings, tmp_path, monkeypatch: pytest.MonkeyPatch) -> SandboxClient:
    settings.ELASTICSEARCH_URL = sandbox.url("/elasticsearch")
    settings.ELASTICSEARCH_API_KEY = "k3y"
    make_harness("elasticsearch", sandbox, tmp_path).store(LINES)
    last = LINES[-1].at
    monkeypatch.setattr(clock, "now", lambda: last)
    return sandbox


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("logs", "check", *arguments, stdout=out, no_color=True)
    return out.getvalue()


def test_the_command_shows_the_newest_line_of_every_system(elasticsearch: SandboxClient) -> None:
    said = run()

    assert said.startswith("elasticsearch: 20 lines in")
    assert f"{LINES[-1].service}: {LINES[-1].message}" in said


def test_the_command_fails_when_a_system_does_not_answer(elasticsearch: SandboxClient) -> None:
    elasticsearch.fault("elasticsearch", "status", status=500)

    with pytest.raises(CommandError, match="No answer from elasticsearch"):
        run()


def test_the_command_says_what_to_set(settings) -> None:
    with pytest.raises(CommandError, match="ELASTICSEARCH_URL"):
        run()


def test_the_command_says_when_a_system_has_nothing(elasticsearch: SandboxClient) -> None:
    assert "has nothing" in run("--service", "Nobody")


def test_a_site_has_the_systems_that_its_settings_switch_on(settings) -> None:
    assert (configured_names(), configured_adapter()) == ((), None)
    settings.ELASTICSEARCH_URL, settings.SPLUNK_URL, settings.SPLUNK_TOKEN = (
        "https://es.example.com",
        "https://s.example.com",
        "t",
    )

    adapter = configured_adapter()

    assert configured_names() == ("elasticsearch", "splunk")
    assert adapter is not None
    assert [source.name for source in adapter.sources] == ["elasticsearch", "splunk"]


def test_each_system_takes_its_settings(settings) -> None:
    settings.ELASTICSEARCH_URL = "https://es.example.com"
    settings.DATADOG_SITE, settings.DATADOG_API_KEY = "us5.datadoghq.com", "a"
    settings.CLOUDWATCH_LOG_GROUPS, settings.CLOUDWATCH_REGION = "/shop/a, /shop/b", "ap-northeast-2"
    settings.SPLUNK_URL = "https://splunk.example.com:8089"

    assert build("elasticsearch").url == "https://es.example.com"
    assert (build("datadog").url, build("datadog").web_url) == (
        "https://api.us5.datadoghq.com",
        "https://us5.datadoghq.com",
    )
    assert build("cloudwatch").url == "https://logs.ap-northeast-2.amazonaws.com"
    assert build("cloudwatch").places == ("/shop/a", "/shop/b")
    assert build("splunk").index == "main"


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"ELASTICSEARCH_URL": "https://es", "ELASTICSEARCH_FIELDS": "nope"}, "logs.E003"),
        ({"SPLUNK_URL": "https://s", "SPLUNK_TOKEN": "t", "SPLUNK_INDEX": 'a" | delete'}, "logs.E003"),
        ({"DATADOG_API_KEY": "a"}, "logs.E004"),
        ({"SPLUNK_URL": "https://s"}, "logs.E004"),
        ({"LOG_SOURCE_SECONDS": 20.0}, "logs.E005"),
        ({"LOG_DEADLINE_SECONDS": 300.0}, "logs.E005"),
    ],
)
def test_unusable_settings_are_told_at_boot(settings, changes: dict, problem: str) -> None:
    assert check_log_settings() == []
    for name, value in changes.items():
        setattr(settings, name, value)

    assert [message.id for message in check_log_settings()] == [problem]


def test_secrets_are_in_no_representation(settings) -> None:
    settings.ELASTICSEARCH_URL, settings.ELASTICSEARCH_API_KEY = "https://es.example.com", "s3cret-1"
    settings.ELASTICSEARCH_PASSWORD, settings.DATADOG_API_KEY, settings.DATADOG_APP_KEY = (
        "s3cret-2",
        "s3cret-3",
        "s3cret-4",
    )
    settings.SPLUNK_URL, settings.SPLUNK_TOKEN = "https://s.example.com", "s3cret-5"

    assert "s3cret" not in "".join(repr(build(name)) for name in ("elasticsearch", "datadog", "splunk"))
