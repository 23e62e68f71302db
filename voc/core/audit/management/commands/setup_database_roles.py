"""Make the role that the application runs as: `manage.py setup_database_roles`, by the owner of the database, after `migrate`."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from voc.core.audit import roles

SHORTEST = 16


class Command(BaseCommand):
    help = "Makes or renews the database role of web, worker and beat, which cannot change the audit trail."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--role", default="voc_app", help="its name (voc_app)")

    def handle(self, *args: Any, role: str, **options: Any) -> None:
        password = settings.DATABASE_APP_PASSWORD
        if len(password) < SHORTEST:
            raise CommandError(
                f"Set DATABASE_APP_PASSWORD (or DATABASE_APP_PASSWORD_FILE) to {SHORTEST} characters or more."
            )
        try:
            roles.set_up(role=role, password=password)
        except ValueError as error:
            raise CommandError(f"{error}: run this with the owner's DATABASE_URL, and name another role.") from error
        self.stdout.write(f"Start web, worker and beat with {role} in their DATABASE_URL; migrate with the owner's.")
