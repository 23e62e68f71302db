"""`manage.py erase_customer --contact kim@example.com`: erase what is known of one customer. See `tickets.erasure`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from tickets import erasure
from voc.core.errors import InvalidInput, NotAllowed


class Command(BaseCommand):
    help = (
        "Erases one customer's data for good: found by contact, however it is written, or by the id of a complaint of theirs. "
        "A name is not enough, since others may bear it. Asks before it does so."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        who = parser.add_mutually_exclusive_group(required=True)
        who.add_argument("--contact", default="", help="e-mail address, phone number or whatever was given")
        who.add_argument("--external-id", default="", metavar="CHANNEL:ID", help="of one of the customer's complaints")
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *_arguments: Any, **options: Any) -> None:
        channel, _colon, external_id = options["external_id"].partition(":")
        if options["external_id"] and not external_id:
            raise CommandError("Write the id with its channel: email:A-1")
        who = {"contact": options["contact"], "channel": channel, "external_id": external_id}
        try:
            if not options["yes"]:
                self._ask(who)
            report = erasure.erase_customer(**who)
        except (InvalidInput, NotAllowed) as error:
            raise CommandError(error.message) from error
        for line in erasure.lines_of(report):
            self.stdout.write(line)

    def _ask(self, who: dict[str, str]) -> None:
        tickets = erasure.find(**who)
        self.stdout.write(_("Tickets: %(tickets)s") % {"tickets": ", ".join(each.ticket_id for each in tickets) or "–"})
        if input(_("Erase all that is known of this customer, for good? [yes/no] ")).strip().lower() != "yes":
            raise CommandError(_("Nothing was erased."))
