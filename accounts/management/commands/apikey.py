"""`manage.py apikey create|list|revoke`: the keys by which machines call the API."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import api_keys
from accounts.models import ApiKey, User
from voc.core import clock
from voc.core.errors import InvalidInput, NotAllowed


class Command(BaseCommand):
    help = "Create, list and revoke API keys. A new key is printed once, alone on standard output."

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        create = acts.add_parser("create", help="make a key for a user")
        create.add_argument("--user", required=True, help="username of whom the key acts for")
        create.add_argument("--name", required=True, help="what it is for")
        create.add_argument("--scope", action="append", required=True, help="a permission, e.g. voc:submit; repeatable")
        create.add_argument("--days", type=int, default=90, help="for how long it lasts (default: 90)")
        create.add_argument("--network", action="append", default=[], help="where it may be used from; repeatable")
        create.add_argument("--per-minute", type=int, help="calls a minute; default: RATE_LIMIT_KEY")
        listing = acts.add_parser("list", help="list keys, newest first")
        listing.add_argument("--user", help="only this user's")
        revoke = acts.add_parser("revoke", help="make a key worthless at once")
        revoke.add_argument("prefix", help="the key's first part, as the list shows it")

    def handle(self, *_args: Any, **options: Any) -> None:
        {"create": self._create, "list": self._list, "revoke": self._revoke}[options["act"]](options)

    def _create(self, options: dict[str, Any]) -> None:
        try:
            new = api_keys.create(
                user=_user(options["user"]),
                name=options["name"],
                scopes=options["scope"],
                days=options["days"],
                networks=options["network"],
                per_minute=options["per_minute"],
                created_by=None,
            )
        except InvalidInput as error:
            raise CommandError(f"{error.field}: {error.message}") from error
        except NotAllowed as error:
            raise CommandError(error.message) from error
        self.stderr.write(f"{new.row} ends on {new.row.expires_at:%Y-%m-%d}. It is shown only now:")
        self.stdout.write(new.secret)

    def _list(self, options: dict[str, Any]) -> None:
        keys = ApiKey.objects.select_related("user")
        for key in keys.filter(user=_user(options["user"])) if options["user"] else keys:
            used = f"{key.last_used_at:%Y-%m-%d %H:%M}" if key.last_used_at else "never used"
            parts = [key.prefix, key.user.username, key.name, ",".join(key.scopes), _state(key), used]
            self.stdout.write("\t".join(parts))

    def _revoke(self, options: dict[str, Any]) -> None:
        key = ApiKey.objects.filter(prefix=options["prefix"]).first()
        if key is None:
            raise CommandError(f"No key begins with {options['prefix']}: see `manage.py apikey list`.")
        api_keys.revoke(key=key, actor=None)
        self.stdout.write(self.style.SUCCESS(f"{key} is revoked."))


def _user(username: str) -> User:
    user = User.objects.filter(username__iexact=username).first()
    if user is None:
        raise CommandError(f"There is no user {username}.")
    return user


def _state(key: ApiKey) -> str:
    if key.revoked_at:
        return "revoked"
    if key.expires_at <= clock.now():
        return "expired"
    return f"until {key.expires_at:%Y-%m-%d}"
