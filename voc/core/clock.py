"""The one source of time. Call `clock.now()` through the module, so that a test can set the clock in one place."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone


def now() -> datetime:
    """The present, aware, in UTC."""
    return timezone.now()


def site_zone() -> ZoneInfo:
    """The zone in which the site counts its days (Asia/Seoul unless configured)."""
    return ZoneInfo(settings.TIME_ZONE)


def site_day(moment: datetime) -> date:
    """The calendar day of an aware `moment` in the site's zone."""
    return moment.astimezone(site_zone()).date()
