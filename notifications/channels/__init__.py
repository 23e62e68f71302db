"""The channels, each in a file of its own and registered by one line here. A channel that is not configured is None."""

from collections.abc import Callable

from notifications.channels import email, pagerduty, slack, teams
from notifications.channels.base import Channel

CHANNELS: dict[str, Callable[[], Channel | None]] = {
    "slack": slack.from_settings,
    "email": email.from_settings,
    "teams": teams.from_settings,
    "pagerduty": pagerduty.from_settings,
}
