"""`manage.py import_vocs FILE`: complaints from CSV or JSON Lines. See `tickets.intake` for the columns.

Ends with 0 when every row is a ticket, 1 when some are not (the good ones are kept), 2 when the file cannot be used.
"""

import argparse
import json
import sys
from collections import Counter
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from tqdm import tqdm

from tickets.intake import Importer, Outcome, Unusable, open_source
from voc.core.vocabulary import Channel

MAX_SHOWN = 20
UNUSABLE = 2


class Command(BaseCommand):
    help = (
        "Imports complaints from a CSV or JSON Lines file; run it again with the same rows and nothing is doubled. "
        "A row is known again by its channel and external_id. Without an external_id it is known by its content, "
        "whatever the file is called and whichever --channel is given; rows that are alike within one file are counted, "
        "so that each is a complaint of its own. To deliver the same words of the same customer as another complaint, "
        "give it an external_id or another received_at."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        parser.add_argument(
            "file", type=Path, help="UTF-8 (with or without BOM) or CP949; .csv, .tsv, .jsonl or looked at"
        )
        parser.add_argument("--report", type=Path, help="where to write what became of each row, as JSON Lines")
        parser.add_argument(
            "--channel", choices=Channel.values, default=Channel.API.value, help="for rows without one (default: api)"
        )
        parser.add_argument("--dry-run", action="store_true", help="only say what would become of each row")

    def handle(self, *_arguments: Any, **options: Any) -> None:
        with ExitStack() as stack:
            try:
                source = open_source(options["file"])
                report = stack.enter_context(_open_report(options["report"])) if options["report"] else None
                importer = Importer(source, channel=options["channel"], dry_run=options["dry_run"])
                progress = stack.enter_context(tqdm(total=source.lines, unit=" lines", disable=not sys.stderr.isatty()))
                counted: Counter[str] = Counter()
                for record in source.records():
                    outcome = importer.take(record)
                    counted[outcome.status] += 1
                    self._tell(outcome, report, errors=counted["error"])
                    progress.update(outcome.line - progress.n)
            except Unusable as error:
                raise CommandError(error.message, returncode=UNUSABLE) from error
        self._tell_of_more(counted["error"], options["report"])
        self.stdout.write(_summary(counted, options["report"]))
        if counted["error"]:
            sys.exit(1)

    def _tell(self, outcome: Outcome, report: TextIO | None, *, errors: int) -> None:
        if report:
            report.write(json.dumps(asdict(outcome), ensure_ascii=False) + "\n")
        elif outcome.status == "error" and errors <= MAX_SHOWN:
            tqdm.write(_("Line %(line)d: %(error)s") % {"line": outcome.line, "error": outcome.error}, file=sys.stderr)

    def _tell_of_more(self, errors: int, report: Path | None) -> None:
        if not report and errors > MAX_SHOWN:
            message = _("… and %(more)d more rows with an error; run it again with --report FILE to see them all.")
            self.stderr.write(message % {"more": errors - MAX_SHOWN})


def _open_report(path: Path) -> TextIO:
    try:
        # Whoever follows the import sees each row as it comes.
        return path.open("w", encoding="utf-8", errors="backslashreplace", buffering=1)
    except OSError as error:
        message = _("The report cannot be written to %(path)s: %(reason)s.")
        raise Unusable(message % {"path": path, "reason": error.strerror or error}) from error


def _summary(counted: Counter[str], report: Path | None) -> str:
    rows = counted.total()
    if not rows:
        return _("The file has no rows.")
    done = counted["created"] + counted["valid"]
    parts = _("%(rows)d rows: %(done)d new, %(existing)d already there, %(errors)d with an error.") % {
        "rows": rows,
        "done": done,
        "existing": counted["existing"],
        "errors": counted["error"],
    }
    return f"{parts} {report}" if report else parts
