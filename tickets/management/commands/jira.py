"""`manage.py jira check`: whether Jira can be worked with, and what to mend."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tickets.jira import outage
from tickets.jira.checking import Finding, findings


class Command(BaseCommand):
    help = "Check credentials, projects, types, fields, permissions, webhook and clock. Opens the queue again when all is well."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=["check"])

    def handle(self, *_: Any, **__: Any) -> None:
        """Exits with 1 when something is wrong."""
        wrong = 0
        for finding in findings():
            wrong += finding.level == "wrong"
            self._tell(finding)
        if wrong:
            raise CommandError(f"{wrong} to mend.")
        if outage.go_on():
            self.stdout.write(self.style.SUCCESS("The queue was closed and goes on now."))

    def _tell(self, finding: Finding) -> None:
        style = {"ok": self.style.SUCCESS, "advice": self.style.WARNING, "wrong": self.style.ERROR}[finding.level]
        self.stdout.write(style(f"{finding.level:>6}  {finding.text}"))
        if finding.hint:
            self.stdout.write(f"        {finding.hint}")
