"""Peers that do not answer, as alerts: one for each outage of whatever has a breaker, cleared when it answers again.

Breakers work in threads that must not touch the database, so that beat looks at what they have written down.
"""

from typing import Final

from django.utils.translation import gettext as _

from voc.core.alerts import clear_alert, open_alerts, raise_alert
from voc.core.breaker import outages
from voc.core.redis import RedisAway

PREFIX: Final = "breaker:"


def outage_key(peer: str) -> str:
    """The key of the alert that this peer does not answer."""
    return f"{PREFIX}{peer}"[:200]


def review() -> None:
    """Raise what is not told yet, clear what is over. While Redis is away nothing is known, and nothing changes."""
    try:
        found = {outage_key(peer): (peer, outage) for peer, outage in outages().items()}
    except RedisAway:
        return
    told = set(open_alerts(PREFIX))
    for key, (peer, outage) in found.items():
        if key not in told:
            body = _("Its last error: %(error)s. It is asked again by itself.") % {"error": outage.why.rstrip(".")}
            raise_alert(key, title=_("%(peer)s does not answer") % {"peer": peer}, body=body)
    for key in told - set(found):
        clear_alert(key)
