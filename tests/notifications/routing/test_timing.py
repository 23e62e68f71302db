"""Quiet hours and digests by the clock on the wall: over midnight, in other zones, on days when the clock changes."""

from datetime import UTC, datetime, time

import pytest
from django.core.exceptions import ValidationError

from notifications.routing.models import Target
from notifications.routing.timing import next_daily, quiet_until


def timing(start=None, end=None, zone="Asia/Seoul", **others):
    clock_time = [time.fromisoformat(each) if each else None for each in (start, end)]
    return Target(name="slack:C1", quiet_from=clock_time[0], quiet_to=clock_time[1], zone=zone, **others)


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "until"),
    [
        ("2026-11-22 12:59", None),  # 21:59 in Seoul
        ("2026-11-22 13:00", "2026-11-22 23:00"),  # 22:00, until 08:00 of the next day
        ("2026-11-22 16:30", "2026-11-22 23:00"),  # 01:30, past midnight
        ("2026-11-22 22:59", "2026-11-22 23:00"),
        ("2026-11-22 23:00", None),
    ],
)
def test_quiet_hours_over_midnight_are_those_of_the_place(moment, until):
    assert quiet_until(timing("22:00", "08:00"), utc(moment)) == (utc(until) if until else None)


def test_quiet_hours_within_a_day():
    lunch = timing("12:00", "13:00")
    assert quiet_until(lunch, utc("2026-11-22 03:30")) == utc("2026-11-22 04:00")
    assert quiet_until(lunch, utc("2026-11-22 04:00")) is None


def test_without_both_ends_or_with_one_time_twice_nothing_is_quiet():
    assert quiet_until(timing(), utc("2026-11-22 16:30")) is None
    assert quiet_until(timing("08:00", "08:00"), utc("2026-11-21 23:00")) is None


def test_a_night_in_which_the_clock_goes_forward_is_an_hour_shorter():
    # New York, 8 March 2026: after 01:59 EST comes 03:00 EDT.
    night = timing("22:00", "07:00", zone="America/New_York")
    assert quiet_until(night, utc("2026-03-08 03:30")) == utc("2026-03-08 11:00")


def test_quiet_hours_that_end_in_the_hour_that_is_left_out_end_as_far_behind_the_gap():
    night = timing("22:00", "02:30", zone="America/New_York")
    assert quiet_until(night, utc("2026-03-08 06:45")) == utc("2026-03-08 07:30")


def test_a_night_in_which_the_clock_goes_back_is_an_hour_longer_and_never_ends_before_now():
    # New York, 1 November 2026: 01:00–01:59 comes twice.
    night = timing("22:00", "01:30", zone="America/New_York")
    end = utc("2026-11-01 06:30")
    assert quiet_until(night, utc("2026-11-01 03:00")) == end
    assert quiet_until(night, utc("2026-11-01 06:15")) == end  # the second 01:15


def test_without_a_zone_the_sites_counts(settings):
    settings.TIME_ZONE = "Europe/Berlin"
    assert quiet_until(timing("22:00", "06:00", zone=""), utc("2026-11-22 21:30")) == utc("2026-11-23 05:00")


def test_the_daily_digest_is_due_at_the_next_such_time_on_the_wall():
    daily = timing(daily_at=time(9))
    assert next_daily(daily, utc("2026-11-22 23:59")) == utc("2026-11-23 00:00")
    assert next_daily(daily, utc("2026-11-23 00:00")) == utc("2026-11-24 00:00")


def test_a_zone_that_there_is_not_and_half_of_quiet_hours_are_refused():
    with pytest.raises(ValidationError, match="Atlantis"):
        timing(zone="Sea/Atlantis").full_clean(validate_unique=False)
    with pytest.raises(ValidationError):
        timing("22:00", None).full_clean(validate_unique=False)
