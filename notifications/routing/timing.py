"""When a message may reach a place: quiet hours, daily digests, and together when there are many.

Clock times are those on the wall of the place's own zone, on days when the clock is changed too.
"""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from notifications.routing.models import Timing
from voc.core import clock

DAY = timedelta(days=1)


def zone_of(timing: Timing) -> ZoneInfo:
    return ZoneInfo(timing.zone) if timing.zone else clock.site_zone()


def quiet_until(timing: Timing, moment: datetime) -> datetime | None:
    """The end of the quiet hours that `moment` falls into, None when it falls into none.

    They begin at `quiet_from` and end before `quiet_to`; past midnight when that is the earlier time of day. The same time
    twice means none.
    """
    start, end = timing.quiet_from, timing.quiet_to
    if start is None or end is None or start == end:
        return None
    zone = zone_of(timing)
    local = moment.astimezone(zone)
    now = local.time()
    if start < end:
        quiet, day = start <= now < end, local
    else:
        quiet, day = now >= start or now < end, local + DAY if now >= start else local
    return at_wall_time(day, end, zone) if quiet else None


def next_daily(timing: Timing, moment: datetime) -> datetime:
    """The next time after `moment` at which the clock on the wall shows `daily_at`."""
    zone = zone_of(timing)
    local = moment.astimezone(zone)
    today = at_wall_time(local, timing.daily_at, zone)
    return today if today > moment else at_wall_time(local + DAY, timing.daily_at, zone)


def at_wall_time(day: datetime, wall: time, zone: ZoneInfo) -> datetime:
    """When it is `wall` on this day. Of a time that comes twice the second, of one that is left out the moment as far behind
    the gap: either way the later of the two readings."""
    readings = (datetime.combine(day.date(), wall.replace(fold=fold), tzinfo=zone) for fold in (0, 1))
    return max(reading.astimezone(UTC) for reading in readings)
