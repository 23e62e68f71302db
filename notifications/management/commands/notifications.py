"""`manage.py notifications check`: whether every configured channel takes its credentials. Nothing is sent unless asked for."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from notifications.channels.base import Channel
from notifications.models import DeliveryState
from notifications.services import get_notifications, send_test
from voc.core.errors import VocError


class Command(BaseCommand):
    help = "Look at the credentials of every configured channel; with --send-test, send one message."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=["check"])
        parser.add_argument(
            "--send-test",
            metavar="TARGET",
            default="",
            help="send a test message there, e.g. slack or email:ops@example.com",
        )

    def handle(self, *_: Any, **options: Any) -> None:
        """Exits with 1 when a channel does not take its credentials, when none is configured, or when the test fails."""
        if options["send_test"]:
            self._send(options["send_test"])
            return
        ways = get_notifications().channels
        if not any(ways.values()):
            raise CommandError("No channel is configured: set one of SLACK_BOT_TOKEN, EMAIL_URL, TEAMS_WEBHOOKS, …")
        failed = [name for name, way in ways.items() if not self._verify(name, way)]
        if failed:
            raise CommandError(f"Not ready: {', '.join(failed)}.")

    def _verify(self, name: str, way: Channel | None) -> bool:
        if way is None:
            self.stdout.write(f"{name}: not configured")
            return True
        try:
            lines = way.verify()
        except VocError as error:
            self.stdout.write(self.style.ERROR(f"{name}: {error.message}"))
            return False
        for line in lines:
            self.stdout.write(self.style.SUCCESS(f"{name}: {line}"))
        return True

    def _send(self, target: str) -> None:
        try:
            delivery = send_test(target, language=settings.LANGUAGE_CODE)
        except VocError as error:
            raise CommandError(error.message) from error
        if delivery.state != DeliveryState.ACCEPTED:
            raise CommandError(
                f"{delivery.channel}:{delivery.target}: {delivery.get_state_display()}: {delivery.error}"
            )
        said = f"{delivery.channel}:{delivery.target}: {delivery.get_state_display()} {delivery.vendor_id}".rstrip()
        self.stdout.write(self.style.SUCCESS(said))
