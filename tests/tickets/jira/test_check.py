"""`manage.py jira check`, and what is checked at boot."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from integrations.jira.checks import check_jira_settings
from tests.factories import SystemFactory
from tickets.jira import outage
from voc.core.models import Alert
from voc.core.outbox.models import Gate

pytestmark = pytest.mark.django_db(transaction=True)


def check():
    """What it says, and whether all is well."""
    out = StringIO()
    try:
        call_command("jira", "check", stdout=out, no_color=True)
    except CommandError:
        return out.getvalue(), False
    return out.getvalue(), True


def test_all_is_well_and_the_closed_queue_goes_on(jira):
    outage.stop("401")
    said, well = check()

    assert well, said
    for words in (
        "Signed in as",
        "time zone Asia/Seoul",
        "clock differs",
        "VOC: Voice of Customer",
        "VOC/Bug",
        "VOC/Story",
    ):
        assert words in said
    assert "JIRA_WEBHOOK_SECRET" in said
    assert not Gate.objects.exists()
    assert not Alert.objects.filter(cleared_at=None).exists()


def test_wrong_credentials_say_what_to_make_and_leave_the_queue_closed(jira, settings):
    settings.JIRA_API_TOKEN = "wrong"
    outage.stop("401")
    said, well = check()

    assert not well
    assert "Make a new API token" in said
    assert Gate.objects.exists()


def test_each_thing_that_is_missing_is_named(jira, settings):
    jira.configure(
        custom=[{"id": "customfield_10050", "name": "Team", "required": True}],
        denied=["ADD_COMMENTS"],
        clock_skew=3600,
    )
    settings.JIRA_WEBHOOK_SECRET = "webhook"
    SystemFactory(name="Shop", jira_project="NOPE")
    SystemFactory(name="Mail", jira_issue_type="Incident")
    said, well = check()

    assert not well
    for words in (
        "Team",
        "customfield_10050",
        "lacks ADD_COMMENTS",
        "+3600 s",
        "NOPE",
        "no issue type Incident",
        "/hooks/jira/",
    ):
        assert words in said, (words, said)

    settings.JIRA_FIELDS = {"*": {"customfield_10050": "x"}}
    assert "Team" not in check()[0]


def test_data_center_with_an_e_mail_address_is_told_apart(data_center, settings):
    settings.JIRA_EMAIL = "voc@example.com"
    said, well = check()

    assert not well
    assert "Data Center" in said or "JIRA_BASE_URL" in said


def test_without_settings_it_says_what_to_set(settings):
    settings.JIRA_BASE_URL = ""
    said, well = check()

    assert not well
    assert "JIRA_BASE_URL" in said


@pytest.mark.parametrize(
    ("name", "value", "number"),
    [
        ("JIRA_BASE_URL", "https://jira.example.com", "E001"),
        ("JIRA_BROWSE_URL", "jira.example.com", "E002"),
        ("JIRA_LANGUAGE", "fr", "E004"),
        ("JIRA_SHARE", ["password"], "E005"),
        ("JIRA_LABELS", ["two words"], "E006"),
        ("JIRA_ISSUE_TYPES", {"wish": "Story"}, "E007"),
        ("JIRA_PRIORITIES", {"urgent": "High"}, "E007"),
        ("JIRA_LOOK_SECONDS", [60.0, 3.0], "E008"),
        ("JIRA_FIELDS", {"VOC": "x"}, "E009"),
        ("JIRA_STATUS_MAP", {"VOC": {"Done": "CLOSED"}}, "E010"),
    ],
)
def test_a_setting_that_cannot_work_stops_the_system_at_boot(settings, name, value, number):
    assert check_jira_settings() == []
    setattr(settings, name, value)
    assert [message.id for message in check_jira_settings()] == [f"jira.{number}"]


def test_a_token_in_the_clear_stops_the_system_unless_the_network_is_named(settings):
    settings.JIRA_BASE_URL, settings.JIRA_API_TOKEN = "http://jira.example.com", "t"
    assert [message.id for message in check_jira_settings()] == ["jira.E003"]
    settings.OUTBOUND_ALLOWED_NETWORKS = ["jira.example.com"]
    assert check_jira_settings() == []
