"""Each channel over its real client and its peer, behind one face, so that one set of tests holds for all."""

import json
import uuid
from abc import ABC, abstractmethod
from typing import Any, ClassVar

from notifications.channels.base import Channel
from notifications.channels.pagerduty import PagerDuty
from notifications.channels.slack import Slack
from notifications.channels.slack_api import SlackApi
from notifications.channels.slack_webhook import SlackWebhook
from notifications.channels.teams import Teams
from sandbox.client import SandboxClient

# For peers that answer: a busy machine is no failure. `HASTY` is for those that never will.
TIMEOUT = 20.0
HASTY = 2.5
SECRET = "xq7Zs3cr3tXq7Zabcdefghijklmnopqr"  # as long as an integration key


class Peer(ABC):
    """A channel and what its peer has seen."""

    vendor: ClassVar[str]
    route: ClassVar[str] = "*"

    def __init__(self, sandbox: SandboxClient, *, base: str = "") -> None:
        self.sandbox = sandbox
        self.base = base or sandbox.base_url
        self.place = uuid.uuid4().hex
        self.target = ""
        self.channel = self.make(TIMEOUT)
        self.target = self.target or self.channel.targets()[0]

    @abstractmethod
    def make(self, timeout: float) -> Channel: ...

    @abstractmethod
    def seen(self) -> list[str]:
        """Every message that the peer shows, as text."""

    def markup(self) -> list[str]:
        """Every text of it in which the peer reads markup."""
        return [text for message in self.seen() for text in marked(json.loads(message))]

    def fault(self, kind: str, **fields: Any) -> None:
        if kind.startswith("hang"):
            self.channel = self.make(HASTY)
        self.sandbox.fault(self.vendor, kind, route=self.route, **fields)

    def posts(self) -> int:
        """How often the client tried to send."""
        return len(self.sandbox.requests(self.vendor))


def marked(value: Any) -> list[str]:
    """The texts of Block Kit's mrkdwn and of Adaptive Cards, wherever they stand."""
    if isinstance(value, list):
        return [text for item in value for text in marked(item)]
    if not isinstance(value, dict):
        return []
    if value.get("type") in ("mrkdwn", "TextBlock"):
        return [value["text"]]
    if set(value) == {"title", "value"}:
        return [value["title"], value["value"]]
    return [text for item in value.values() for text in marked(item)]


class SlackPeer(Peer):
    vendor = "slack"
    route = "/slack/api/chat.postMessage"

    def make(self, timeout: float) -> Channel:
        self.target = f"C{self.place[:8].upper()}"
        api = SlackApi(f"xoxb-{SECRET}", base_url=f"{self.base}/slack/api/", timeout=timeout)
        return Slack(api, channel=self.target, timeout=timeout, per_second=0)

    def seen(self) -> list[str]:
        return [json.dumps(post, ensure_ascii=False) for post in self.sandbox.state("slack")["posts"]]

    def posts(self) -> int:
        return sum(request.path == self.route for request in self.sandbox.requests("slack"))


class WebhookPeer(Peer):
    vendor = "slack"

    def make(self, timeout: float) -> Channel:
        return SlackWebhook(f"{self.base}/slack/services/T{self.place[:8]}/B0/{SECRET}", timeout=timeout)

    def seen(self) -> list[str]:
        return [json.dumps(message, ensure_ascii=False) for message in self.sandbox.state("slack")["messages"]]


class TeamsPeer(Peer):
    vendor = "teams"

    def make(self, timeout: float) -> Channel:
        path = f"{self.place}/triggers/manual/paths/invoke?api-version=1&sp=%2Ftriggers&sv=1.0&sig={SECRET}"
        name = f"ops{self.place[:6]}"
        return Teams({name: f"{self.base}/teams/workflows/{path}"}, timeout=timeout, per_second=0)

    def seen(self) -> list[str]:
        return [json.dumps(card, ensure_ascii=False) for card in self.sandbox.state("teams")["cards"]]


class PagerDutyPeer(Peer):
    vendor = "pagerduty"

    def make(self, timeout: float) -> Channel:
        return PagerDuty({"core": SECRET}, url=f"{self.base}/pagerduty", timeout=timeout, per_second=0)

    def seen(self) -> list[str]:
        return [json.dumps(incident, ensure_ascii=False) for incident in self.sandbox.state("pagerduty")["incidents"]]


PEERS: dict[str, type[Peer]] = {
    "slack": SlackPeer,
    "slack webhook": WebhookPeer,
    "teams": TeamsPeer,
    "pagerduty": PagerDutyPeer,
}
