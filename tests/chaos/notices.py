"""A whole system that tells people by all four channels, and what their peers saw of it."""

import asyncio
import random
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import redis
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.chaos.storm import QUICK
from tests.notifications.channels.mailserver import Mailbox, mail_server
from tests.stack import Database, Stack
from voc.dev.ports import free_port
from voc.dev.supervise import ROOT

SLACK = ("C0ALPHA", "C0BETA", "C0GAMMA", "C0DELTA")
MAIL = tuple(f"ops{number}@example.com" for number in range(6))
TEAMS = ("ops", "sales", "night")
PAGERDUTY = ("core", "edge", "shop")
VENDORS = ("slack", "teams", "pagerduty")
# Seconds that a vendor far away takes for an answer.
LATENCY = 0.15


class FlakyMailbox(Mailbox):
    """Hangs up on some, half of them before it took the mail and half of them after."""

    def __init__(self, *, seed: int) -> None:
        super().__init__()
        self.share = self.latency = 0.0
        self._dice = random.Random(seed)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        await asyncio.sleep(self.latency)
        roll = self._dice.random()
        self.fault, self.faulty = ("drop_data" if roll < self.share / 2 else "drop_after"), int(roll < self.share)
        return await super().handle_DATA(server, session, envelope)

    def seen(self) -> Counter[str]:
        return Counter(str(mail["Subject"]).rpartition(" ")[2] for _to, mail in list(self.mails))


@dataclass
class World:
    """The stack, the mailbox, and what was fed to it."""

    stack: Stack
    mailbox: FlakyMailbox
    fed: int = 0
    kills: int = 0

    def feed(self, count: int, *, run: str, per_second: float = 0, apart: str = "") -> None:
        """Queue so many events, each to one target of every channel; of `apart`, half an interval after the others."""
        channels = {"slack": SLACK, "email": MAIL, "teams": TEAMS, "pagerduty": PAGERDUTY}
        targets = ",".join(f"{channel}={'|'.join(names)}" for channel, names in channels.items())
        command = [sys.executable, "-m", "tests.chaos.feed", "--run", run, "--channels", targets]
        command += ["--apart", apart, "--first", str(self.fed), "--count", str(count), "--per-second", str(per_second)]
        done = subprocess.run(command, cwd=ROOT, env=self.stack.env, capture_output=True, text=True, check=False)
        if done.returncode:
            raise AssertionError(done.stderr[-2000:])
        self.fed += count

    @contextmanager
    def feeding(self, count: int, *, run: str, per_second: float) -> Iterator[None]:
        thread = threading.Thread(target=self.feed, args=(count,), kwargs={"run": run, "per_second": per_second})
        thread.start()
        try:
            yield
        finally:
            thread.join()

    def kill_worker(self) -> None:
        self.stack.kill("worker")
        self.kills += 1
        self.stack.start("worker")

    def waiting(self, *, but: str = "") -> int:
        query = "SELECT count(*) FROM notifications_delivery WHERE state IN ('pending', 'sending', 'retry') AND channel <> %s"
        return int(self.stack.database.value(query, but))

    def settle(self, *, seconds: float, but: str = "") -> None:
        self.stack.until_healed(lambda: self.waiting(but=but) == 0, seconds=seconds, what="all messages to be settled")

    def rows(self, channel: str, *, run: str) -> list[dict[str, Any]]:
        query = "SELECT * FROM notifications_delivery WHERE channel = %s AND subject LIKE %s ORDER BY id"
        return self.stack.database.rows(query, channel, f"{run}%")

    def answer_slowly(self, *vendors: str) -> None:
        """Let these, and the mail server, take as long for an answer as vendors do."""
        for vendor in vendors:
            self.stack.sandbox.fault(vendor, "delay", seconds=LATENCY)
        self.mailbox.latency = LATENCY

    def forget(self) -> None:
        """What the peers saw, and the faults."""
        self.stack.sandbox.reset()
        self.mailbox.mails.clear()
        self.mailbox.share = self.mailbox.latency = 0.0

    def breakers_time_passes(self) -> None:
        """As if the half minute were over for which a breaker keeps a vendor alone."""
        client = redis.Redis.from_url(self.stack.redis.url)
        with closing(client):
            for key in client.keys("voc:breaker:*"):
                client.delete(key)
        with psycopg.connect(self.stack.database.url, autocommit=True) as connection:
            connection.execute("UPDATE outbox_job SET due_at = now() WHERE state = 'pending' AND queue = 'slack'")

    def seen(self, channel: str) -> Counter[str]:
        """How often the channel's people see the message of each subject."""
        if channel == "email":
            return self.mailbox.seen()
        state = self.stack.sandbox.state(channel)
        match channel:
            case "slack":
                texts = [post["text"] for post in state["posts"]]
            case "teams":
                texts = [card["card"]["body"][0]["text"].replace("\\", "") for card in state["cards"]]
            case _:
                texts = [incident["summary"] for incident in state["incidents"]]
        return Counter(text.strip().split("\n")[0].rpartition(" ")[2] for text in texts)


@contextmanager
def world(folder: Path, database: Database, **settings: str) -> Iterator[World]:
    """All four channels, with time-outs and leases that are short enough to wait for."""
    mailbox = FlakyMailbox(seed=20261122)
    with mail_server(mailbox) as (_mailbox, port):
        stack = Stack(folder / "stack", database=database)
        sandbox = stack.sandbox_url
        hooks = [
            f"{name}={sandbox}/teams/workflows/{name}/triggers/manual/paths/invoke?sig={free_port()}x" for name in TEAMS
        ]
        stack.env.update(
            QUICK
            | {
                "SLACK_BOT_TOKEN": "xoxb-chaos-token",
                "SLACK_API_URL": f"{sandbox}/slack/api/",
                "TEAMS_WEBHOOKS": ",".join(hooks),
                "PAGERDUTY_ROUTING_KEYS": ",".join(f"{name}={name:x<32}" for name in PAGERDUTY),
                "PAGERDUTY_URL": f"{sandbox}/pagerduty",
                "EMAIL_URL": f"smtp://127.0.0.1:{port}",
                "NOTIFY_TIMEOUT_SECONDS": "1",
                "SLACK_MESSAGES_PER_SECOND": "0",
                "EMAIL_MESSAGES_PER_SECOND": "0",
                "TEAMS_MESSAGES_PER_SECOND": "0",
                "PAGERDUTY_EVENTS_PER_SECOND": "0",
                "QUEUE_ANALYSIS_THREADS": "1",
                "QUEUE_NOTIFY_THREADS": "1",
                "QUEUE_MAIL_THREADS": "1",
                "QUEUE_SLACK_THREADS": "3",
                "QUEUE_EMAIL_THREADS": "3",
                "QUEUE_TEAMS_THREADS": "2",
                "QUEUE_PAGERDUTY_THREADS": "2",
                **settings,
            }
        )
        with stack:
            yield World(stack, mailbox)
