"""Queues messages in the system under test, at a steady pace: `python -m tests.chaos.feed` in the stack's environment."""

import argparse
import os
import time

import django

from voc.dev.processes import wait_until


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--first", type=int, required=True, help="number of the first event")
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--per-second", type=float, default=0, help="0: as fast as it goes")
    parser.add_argument("--run", required=True, help="a word in every subject")
    parser.add_argument("--channels", required=True, help="channel=target|target,…: event n goes to target n of each")
    parser.add_argument("--apart", default="", help="a channel that is told of each event half an interval later")
    asked = parser.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "voc.settings"
    django.setup()
    feed(asked)


def feed(asked: argparse.Namespace) -> None:
    from django.db import transaction

    from notifications.services import NotificationMessage, get_notifications
    from voc.core.vocabulary import Urgency

    service = get_notifications()
    targets = dict(pair.split("=", 1) for pair in asked.channels.split(","))
    begun = time.monotonic()

    def pause(events: float) -> None:
        """Until it is time for so many events."""
        behind = begun + events / asked.per_second - time.monotonic() if asked.per_second else 0.0
        wait_until(lambda: False, seconds=max(0.0, behind))

    for number in range(asked.first, asked.first + asked.count):
        subject = f"{asked.run}-{number:05d}"
        message = NotificationMessage(
            event="ticket.urgent",
            key=f"chaos:{subject}",
            subject=subject,
            title=f"Urgent complaint {subject}",
            urgency=Urgency.HIGH,
            language="en",
            thread=subject,
        )
        options = {channel: names.split("|") for channel, names in targets.items()}
        chosen = {channel: f"{channel}:{names[number % len(names)]}" for channel, names in options.items()}
        with transaction.atomic():
            service.queue(message, [place for channel, place in chosen.items() if channel != asked.apart])
        if asked.apart:
            pause(number - asked.first + 0.5)
            with transaction.atomic():
                service.queue(message, [chosen[asked.apart]])
        pause(number - asked.first + 1)


if __name__ == "__main__":
    main()
