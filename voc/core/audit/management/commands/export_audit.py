"""The whole audit trail as CSV: `manage.py export_audit > audit.csv`. Memory does not grow with it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from voc.core.audit import export, telling
from voc.core.audit.models import Entry
from voc.core.audit.queries import Wanted


class Command(BaseCommand):
    help = "Writes the audit trail as CSV, without personal values; the trail says that it was done."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--subject", default="", help="only what is about this ticket")
        parser.add_argument("--table", default="", help="only this table's rows, such as accounts_user")

    def handle(self, *args: Any, subject: str, table: str, **options: Any) -> None:
        telling.exported(Entry, subject=subject, details={"filter": {"table": table} if table else {}})
        for line in export.lines(Wanted(subject=subject, table=table)):
            self.stdout.write(line, ending="")
