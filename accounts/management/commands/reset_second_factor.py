"""`manage.py reset_second_factor USERNAME`: for somebody who has lost theirs, the only admin among them."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import mfa
from accounts.models import User


class Command(BaseCommand):
    help = "Remove the second factors of a user who has lost them. They log in with their password then, and set up new ones."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")

    def handle(self, *_args: Any, **options: Any) -> None:
        user = User.objects.filter(username__iexact=options["username"]).first()
        if user is None:
            raise CommandError(f"There is no user {options['username']}.")
        removed = mfa.take_away(user=user, actor=None)
        self.stdout.write(self.style.SUCCESS(f"{user.username}: {removed} removed."))
