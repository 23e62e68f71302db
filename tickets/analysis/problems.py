"""Tells the admins once when log sources need mending, and takes it back when they are mended."""

from django.utils.translation import gettext as _

from voc.core.alerts import clear_alert, raise_alert

KEY = "logs.sources"
# What this process told last; None until the first analysis, so that an alert of an earlier process is looked after too.
_told: tuple[str, ...] | None = None


def tell(problems: tuple[str, ...]) -> None:
    global _told
    if problems == _told:
        return
    _told = problems
    if problems:
        raise_alert(KEY, title=_("Some logs cannot be read"), body="\n".join(problems))
    else:
        clear_alert(KEY)
