"""`manage.py create_demo_users`: somebody to log in as."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts import services
from accounts.permissions import Role


class Command(BaseCommand):
    help = (
        "Create one user per role, named after the role, all with the password DEMO_PASSWORD. "
        "Safe to run again; sets the password anew where it differs. Only with DEMO=1 or DEBUG=1."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        if not (settings.DEMO or settings.DEBUG):
            raise CommandError("Demo users have a password that several people know: set DEMO=1 if this is a demo.")
        if not settings.DEMO_PASSWORD:
            raise CommandError("Set DEMO_PASSWORD to the password that the demo users shall have.")
        for role in Role:
            changed = services.ensure_demo_user(role=role, password=settings.DEMO_PASSWORD)
            self.stdout.write(f"{role.value}: {'ready' if changed else 'was there already'}")
