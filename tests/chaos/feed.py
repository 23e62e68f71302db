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
        chosen = []
        for channel, names in targets.items():
            options = names.split("|")
            chosen.append(f"{channel}:{options[number % len(options)]}")
        with transaction.atomic():
            service.queue(message, chosen)
        if asked.per_second:
            behind = begun + (number - asked.first + 1) / asked.per_second - time.monotonic()
            wait_until(lambda: False, seconds=max(0.0, behind))


if __name__ == "__main__":
    main()
