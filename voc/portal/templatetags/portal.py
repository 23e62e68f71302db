"""Tags that any page uses: icons, ages, moments."""

from datetime import datetime
from urllib.parse import urlencode

from django import template
from django.http import QueryDict
from django.templatetags.static import static
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from voc.core import clock

register = template.Library()

# Levels of notices have an icon of another name.
ICONS = {"success": "check", "error": "alert", "warning": "alert", "info": "info", "debug": "info", "": "info"}
MINUTE, HOUR, DAY = 60, 3600, 86400


@register.simple_tag
def icon(name: str) -> SafeString:
    """A picture of the sprite; decoration only, so it is hidden from screen readers."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        static("icons.svg"),
        ICONS.get(name, name),
    )


@register.simple_tag
def age(moment: datetime | None) -> SafeString | str:
    """How long ago, in words, with the full moment (site's zone) as a tooltip."""
    if moment is None:
        return ""
    local = timezone.localtime(moment)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        local.isoformat(timespec="seconds"),
        formats.date_format(local, "DATETIME_FORMAT"),
        ago(moment),
    )


def ago(moment: datetime) -> str:
    """The age of `moment` in the largest unit that fits; a date once it is older than a month."""
    seconds = max(0, int((clock.now() - moment).total_seconds()))
    if seconds < MINUTE:
        return _("just now")
    if seconds < HOUR:
        count = seconds // MINUTE
        return ngettext("%(count)d minute ago", "%(count)d minutes ago", count) % {"count": count}
    if seconds < DAY:
        count = seconds // HOUR
        return ngettext("%(count)d hour ago", "%(count)d hours ago", count) % {"count": count}
    if seconds < 31 * DAY:
        count = seconds // DAY
        return ngettext("%(count)d day ago", "%(count)d days ago", count) % {"count": count}
    return formats.date_format(timezone.localtime(moment), "DATE_FORMAT")


@register.simple_tag
def moment(value: datetime | None) -> SafeString | str:
    """A moment in the site's zone, short enough for a table."""
    if value is None:
        return ""
    local = timezone.localtime(value)
    return format_html(
        '<time datetime="{}">{}</time>',
        local.isoformat(timespec="seconds"),
        formats.date_format(local, _("M j, H:i")),
    )


@register.simple_tag
def with_query(query: QueryDict, **changes: object) -> str:
    """The query string with `changes`; None or "" drops a parameter."""
    pairs = [(key, value) for key, values in query.lists() for value in values if key not in changes and value]
    pairs += [(key, str(value)) for key, value in changes.items() if value not in (None, "")]
    return f"?{urlencode(pairs)}" if pairs else "?"
