"""Write every kept secret anew with the first of ENCRYPTION_KEYS: `manage.py rotate_keys`, after a key was put in front."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from voc.core import rotation
from voc.core.crypto import CannotDecrypt


class Command(BaseCommand):
    help = "Encrypts all stored secrets with the first of ENCRYPTION_KEYS; afterwards the others can be taken out."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            renewed = rotation.rotate()
        except CannotDecrypt as error:
            raise CommandError(f"{error} Put that key back into ENCRYPTION_KEYS and run this again.") from error
        for place, count in renewed.items():
            self.stdout.write(f"{place}: {count} renewed")
        self.stdout.write(f"{sum(renewed.values())} renewed. Keys after the first are needed no more.")
