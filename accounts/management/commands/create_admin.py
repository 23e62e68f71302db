"""`manage.py create_admin`: the first admin of an installation."""

import getpass
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts import services
from accounts.models import LANGUAGE_LABELS
from voc.core.errors import InvalidInput, NotAllowed


class Command(BaseCommand):
    help = (
        "Create the first admin, who can then invite everybody else in the Django admin. "
        "The password comes from ADMIN_PASSWORD (or the file that ADMIN_PASSWORD_FILE names); without it you are asked."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--username", default="admin", help="default: admin")
        parser.add_argument("--email", default="", help="needed to get a new password by mail")
        parser.add_argument("--language", default="", choices=[code for code, _label in LANGUAGE_LABELS])
        parser.add_argument("--another", action="store_true", help="although there is an admin already")

    def handle(self, *_args: Any, **options: Any) -> None:
        password = settings.ADMIN_PASSWORD or self._ask()
        try:
            user = services.create_admin(
                username=options["username"],
                email=options["email"],
                password=password,
                language=options["language"],
                another=options["another"],
            )
        except NotAllowed as error:
            raise CommandError(f"{error.message} Use --another for one more.") from error
        except InvalidInput as error:
            raise CommandError(f"{error.field}: {error.message}") from error
        self.stdout.write(self.style.SUCCESS(f"Admin {user.username} can log in at {settings.SITE_URL}/"))

    @staticmethod
    def _ask() -> str:
        if not sys.stdin.isatty():
            raise CommandError("Set ADMIN_PASSWORD, or run this in a terminal to be asked for the password.")
        password = getpass.getpass("Password: ")
        if getpass.getpass("Password (again): ") != password:
            raise CommandError("The two passwords differ; nothing was created.")
        return password
