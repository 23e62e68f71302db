"""`manage.py logs check`: whether every configured log system answers, and what its newest line looks like."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations.logs.base import LogQuery
from integrations.logs.probing import Probe, probe
from integrations.logs.registry import ADAPTERS, configured_names


class Command(BaseCommand):
    help = "Ask every configured log system for its newest lines of the last 24 hours."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=["check"])
        parser.add_argument("--source", choices=sorted(ADAPTERS), default="", help="only this one")
        parser.add_argument("--service", default="", help="a service's name, as its logs write it")

    def handle(self, *_: Any, **options: Any) -> None:
        """Exits with 1 when a system does not answer, or when none is configured for what was asked."""
        if not configured_names():
            raise CommandError(
                f"No log system is configured: set one of {', '.join(s for s, _path in ADAPTERS.values())}."
            )
        found = probe(LogQuery(service=options["service"]), only=options["source"])
        if not found:
            raise CommandError(f"{options['source']} is not configured: set {ADAPTERS[options['source']][0]}.")
        for each in found:
            self._tell(each)
        failed = [each.source for each in found if each.problem]
        if failed:
            raise CommandError(f"No answer from {', '.join(failed)}.")

    def _tell(self, each: Probe) -> None:
        if each.problem:
            self.stdout.write(self.style.ERROR(f"{each.source}: {each.problem}"))
            return
        self.stdout.write(self.style.SUCCESS(f"{each.source}: {len(each.entries)} lines in {each.seconds:.1f} s"))
        if not each.entries:
            self.stdout.write("  It answers and has nothing from the last 24 hours: check index, fields and time.")
            return
        newest = each.entries[0]
        self.stdout.write(
            f"  newest: {newest.timestamp:%Y-%m-%d %H:%M:%S} UTC {newest.level} {newest.service}: {newest.message[:120]}"
        )
        for part, empty in (("service", not newest.service), ("message", not newest.message)):
            if empty:
                self.stdout.write(self.style.WARNING(f"  no {part} in it: check the field mapping"))
