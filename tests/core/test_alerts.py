"""Alerts: told once while open."""

import pytest

from tests.core.tools import together
from voc.core.alerts import clear_alert, raise_alert
from voc.core.models import Alert

pytestmark = pytest.mark.django_db


def test_only_the_first_of_an_open_alert_is_news() -> None:
    assert raise_alert("disk", title="Disk full", body="95 %") is True
    assert raise_alert("disk", title="Disk full", body="97 %") is False
    alert = Alert.objects.get()
    assert (alert.times, alert.body, alert.level) == (2, "97 %", "warning")
    assert alert.last_seen_at > alert.raised_at


def test_once_cleared_it_is_news_again() -> None:
    raise_alert("disk", title="Disk full")
    assert clear_alert("disk") is True
    assert clear_alert("disk") is False
    assert raise_alert("disk", title="Disk full") is True
    assert Alert.objects.count() == 2


def test_keys_are_apart() -> None:
    assert raise_alert("a", title="A")
    assert raise_alert("b", title="B")
    clear_alert("a")
    assert Alert.objects.get(cleared_at=None).key == "b"


def test_the_level_rises_and_does_not_fall_while_it_is_open() -> None:
    for level, shown in (("info", "info"), ("critical", "critical"), ("warning", "critical")):
        raise_alert("disk", title="Disk", level=level)
        assert Alert.objects.get().level == shown


def test_an_unknown_level_is_an_error() -> None:
    with pytest.raises(ValueError, match="loud"):
        raise_alert("disk", title="Disk", level="loud")


def test_long_texts_are_cut_to_what_fits() -> None:
    raise_alert("k" * 500, title="t" * 500)
    assert clear_alert("k" * 500)


@pytest.mark.django_db(transaction=True)
def test_of_twenty_that_notice_at_once_one_raises_it() -> None:
    opened: list[bool] = []
    together([lambda: opened.append(raise_alert("disk", title="Disk full"))] * 20)
    assert sorted(opened) == [False] * 19 + [True]
    assert Alert.objects.get().times == 20
