"""Complaints from a file, CSV or JSON Lines, into tickets: `manage.py import_vocs` and whatever else brings files.

Columns, and keys of an object, are those of the API: `raw_voc` and `customer_name`, and if wanted `channel`,
`received_at` (empty: now; without a zone: site time), `customer_contact` and `external_id`.
"""

import codecs
import csv
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

from django.db import transaction
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from tickets.models import Ticket
from tickets.services import submit_voc
from voc.core.errors import Conflict, InvalidInput, NotAllowed, VocError
from voc.core.vocabulary import Channel

REQUIRED: Final = ("raw_voc", "customer_name")
KNOWN: Final = (*REQUIRED, "channel", "received_at", "customer_contact", "external_id")
JSON_ENDINGS: Final = (".jsonl", ".ndjson", ".json")
# Longer than any complaint may be, so that one that is too long is told from a quotation mark that is never closed.
MAX_FIELD: Final = 4_000_000
CSV_ENDINGS: Final = (".csv", ".tsv", ".txt")


class Unusable(VocError):
    """Nothing of the file can be taken in."""


@dataclass(frozen=True, slots=True)
class Record:
    """A row: the line on which it starts, and its values by column, or what is wrong with it as a whole."""

    line: int
    values: dict[str, Any] = field(default_factory=dict)
    error: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a row. `valid` is said by a dry run alone."""

    line: int
    external_id: str | None
    ticket_id: str | None
    status: Literal["created", "existing", "error", "valid"]
    error: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """A file that can be read: `lines` is how many it has at most."""

    path: Path
    encoding: str
    kind: Literal["csv", "jsonl"]
    lines: int

    def records(self) -> Iterator[Record]:
        """The rows, one after the other; the file is never in memory as a whole. Raises Unusable for a bad header."""
        return _csv_records(self) if self.kind == "csv" else _json_records(self)


def open_source(path: Path) -> Source:
    """Look at the whole file once, without keeping it. Raises Unusable with the reason."""
    try:
        encoding, lines, start = _look(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise Unusable(_("%(path)s cannot be read: %(reason)s.") % {"path": path, "reason": reason}) from error
    if not start:
        raise Unusable(_("%(path)s is empty.") % {"path": path})
    ending = path.suffix.lower()
    is_json = ending in JSON_ENDINGS or (ending not in CSV_ENDINGS and start.startswith("{"))
    if is_json and not start.startswith("{"):
        message = _("%(path)s is not JSON Lines, which has one object in each line: {…}")
        raise Unusable(message % {"path": path})
    return Source(path, encoding, "jsonl" if is_json else "csv", lines)


class Importer:
    """Takes in the records of one file. Doing it again with the same rows makes no second ticket.

    A row is known by its channel and `external_id`. Without one it is known by its content and by how often that came
    before in the file: whatever the file is called, wherever in it the row stands and whichever `channel` is given for
    rows that name none. The same words of the same customer that are meant as another complaint need an `external_id`, or
    a `received_at` that differs.
    """

    def __init__(self, source: Source, *, channel: str, dry_run: bool = False) -> None:
        self.source = source
        self.channel = channel
        self.dry_run = dry_run
        self._seen: Counter[str] = Counter()

    def take(self, record: Record) -> Outcome:
        """Submit a row in a transaction of its own; what is wrong with it is in the outcome."""
        given = _text_or_none(record.values.get("external_id"))
        if record.error:
            return Outcome(record.line, given, None, "error", record.error)
        channel = _text_or_none(record.values.get("channel")) or self.channel
        external_id = given or self._made_up_id(record)
        if not given and (known := _delivered(external_id)):
            return Outcome(record.line, external_id, known, "existing")
        try:
            ticket = self._submit(record.values, channel, external_id)
        except Conflict:
            before = Ticket.objects.get(channel=channel, external_id=external_id)
            return Outcome(record.line, external_id, before.ticket_id, "existing")
        except (InvalidInput, NotAllowed) as error:
            where = f"{error.field}: " if isinstance(error, InvalidInput) else ""
            return Outcome(record.line, given, None, "error", where + error.message)
        if self.dry_run:
            return Outcome(record.line, external_id, None, "valid")
        return Outcome(record.line, external_id, ticket.ticket_id, "created")

    @transaction.atomic
    def _submit(self, values: dict[str, Any], channel: str, external_id: str) -> Ticket:
        ticket = submit_voc(
            raw_voc=values.get("raw_voc") or "",
            customer_name=values.get("customer_name") or "",
            channel=channel,
            received_at=_moment(values.get("received_at")),
            customer_contact=values.get("customer_contact") or "",
            external_id=external_id,
        )
        transaction.set_rollback(self.dry_run)
        return ticket

    def _made_up_id(self, record: Record) -> str:
        # An empty column is as good as one that is not there.
        told = {name: value for name, value in record.values.items() if value not in (None, "")}
        content = json.dumps(told, sort_keys=True, ensure_ascii=True)
        digest = hashlib.sha256(content.encode()).hexdigest()[:24]
        self._seen[digest] += 1
        return f"file-{digest}-{self._seen[digest]}"


def _delivered(external_id: str) -> str | None:
    """The ticket that a row without an id of its own became, by whichever channel."""
    # All channels are named so that the index that begins with them is used.
    known = Ticket.objects.filter(channel__in=Channel.values, external_id=external_id)
    return known.order_by("pk").values_list("ticket_id", flat=True).first()


def _text_or_none(value: object) -> str | None:
    return (value.strip() or None) if isinstance(value, str) else value  # type: ignore[return-value]


def _moment(value: object) -> datetime | None:
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    try:
        moment = parse_datetime(value.strip()) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None:
        message = _("This is not a time like 2026-03-01T09:00:00+09:00.")
        raise InvalidInput(field="received_at", message=message, code="datetime_parsing")
    return moment


class _Undecodable(Exception):
    """`line` is where it fails; `letters` says whether letters of three bytes, such as Korean ones, were read before that."""

    def __init__(self, line: int, *, letters: bool) -> None:
        super().__init__(line)
        self.line = line
        self.letters = letters


def _look(path: Path) -> tuple[str, int, str]:
    """The encoding, the number of lines, and how the text begins (white space aside)."""
    with path.open("rb") as file:
        head = file.read(4)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise Unusable(_("%(path)s is UTF-16; save it as UTF-8 (in Excel: “CSV UTF-8”).") % {"path": path})
    if head.startswith(b"PK"):
        raise Unusable(
            _("%(path)s is a workbook or an archive; save it as CSV (in Excel: “CSV UTF-8”).") % {"path": path}
        )
    try:
        return "utf-8-sig", *_read_through(path, "utf-8-sig")
    except _Undecodable as failed:
        # Korean in CP949 fails within a few letters, since its pairs of bytes make no UTF-8 letters of three bytes. What had
        # such letters until here is UTF-8 with a damage; taken for CP949 it would become a text of wrong letters.
        if failed.letters or head.startswith(codecs.BOM_UTF8):
            message = _("%(path)s is UTF-8 but for line %(line)d, which is damaged.")
            raise Unusable(message % {"path": path, "line": failed.line}) from failed
    try:
        return "cp949", *_read_through(path, "cp949")
    except _Undecodable as failed:
        message = _("%(path)s is neither UTF-8 nor CP949: see line %(line)d.")
        raise Unusable(message % {"path": path, "line": failed.line}) from failed


def _read_through(path: Path, encoding: str) -> tuple[int, str]:
    start = ""
    letters = False
    number = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                text = line.decode(encoding if number == 1 else encoding.removesuffix("-sig"))
            except UnicodeDecodeError as error:
                before = line[: error.start].decode("utf-8", "ignore")
                raise _Undecodable(number, letters=letters or _has_long_letters(before)) from error
            letters = letters or _has_long_letters(text)
            start = start or text.strip()
    return number, start


def _has_long_letters(text: str) -> bool:
    return max(text.removeprefix("\ufeff"), default="") >= "\u0800"


class _Rows:
    """The rows of a CSV file with the lines they cover; one that cannot be read does not end the file."""

    def __init__(self, file: Iterable[str], delimiter: str) -> None:
        csv.field_size_limit(MAX_FIELD)
        self._reader = csv.reader(file, delimiter=delimiter, strict=True)

    def __iter__(self) -> Iterator[tuple[int, list[str] | Record]]:
        """(line on which it starts, its values or what is wrong with it)"""
        while True:
            first = self._reader.line_num + 1
            try:
                row = next(self._reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield first, _broken(first, self._reader.line_num, error)
            else:
                yield first, row


def _broken(first: int, last: int, error: csv.Error) -> Record:
    if last == first:
        message = _("This row cannot be read (a quotation mark within a value must be doubled): %(reason)s.")
        return Record(first, error=message % {"reason": error})
    message = _("Lines %(first)d to %(last)d cannot be read (a quotation mark that is not closed?): %(reason)s.")
    return Record(first, error=message % {"first": first, "last": last, "reason": error})


def _csv_records(source: Source) -> Iterator[Record]:
    with source.path.open(encoding=source.encoding, newline="") as file:
        delimiter = _delimiter(file.readline())
        file.seek(0)
        columns: list[str] = []
        broken = 0
        for line, row in _Rows(file, delimiter):
            if isinstance(row, Record):
                if not columns:
                    raise Unusable(
                        _("The header of %(path)s cannot be read.") % {"path": source.path} + f" {row.error}"
                    )
                broken = line
                yield row
            elif not any(value.strip() for value in row):
                continue
            elif not columns:
                columns = _header(source.path, row)
            elif broken and _may_be_a_piece(columns, row):
                message = _("This may be a piece of the broken row in line %(line)d; mend that one first.")
                yield Record(line, error=message % {"line": broken})
            else:
                broken = 0
                yield _csv_record(line, columns, row)


def _may_be_a_piece(columns: list[str], row: list[str]) -> bool:
    """Whether what follows a broken row may be the rest of a complaint of several lines instead of a row of its own."""
    return len(row) != len(columns) or any('"' in value for value in row)


def _csv_record(line: int, columns: list[str], row: list[str]) -> Record:
    if len(row) > len(columns):
        message = _("This row has %(values)d values for %(columns)d columns.")
        return Record(line, error=message % {"values": len(row), "columns": len(columns)})
    # A row that ends early has nothing in its last columns.
    return Record(line, dict(zip(columns, row, strict=False)))


def _delimiter(header: str) -> str:
    """Whatever parts the first line into the most columns that we know."""
    return max(",;\t", key=lambda each: len({name.strip(' "\r\n').lower() for name in header.split(each)} & set(KNOWN)))


def _header(path: Path, row: list[str]) -> list[str]:
    columns = [name.strip().lower() for name in row]
    problems = [
        (_("missing"), [name for name in REQUIRED if name not in columns]),
        (_("unknown"), [name or "?" for name in columns if name not in KNOWN]),
        (_("twice"), [name for name, number in Counter(columns).items() if number > 1 and name in KNOWN]),
    ]
    if any(names for _what, names in problems):
        found = "; ".join(f"{what}: {', '.join(names)}" for what, names in problems if names)
        message = _("The columns of %(path)s are not as they must be (%(found)s). Known ones: %(known)s.")
        raise Unusable(message % {"path": path, "found": found, "known": ", ".join(KNOWN)})
    return columns


def _json_records(source: Source) -> Iterator[Record]:
    with source.path.open(encoding=source.encoding) as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield _json_record(number, line)


def _json_record(number: int, line: str) -> Record:
    try:
        values = json.loads(line)
    except (ValueError, RecursionError) as error:
        return Record(number, error=_("This line is not JSON: %(reason)s.") % {"reason": error})
    if not isinstance(values, dict):
        return Record(number, error=_("This line is not an object: {…}"))
    unknown = sorted(set(values) - set(KNOWN))
    if unknown:
        message = _("Unknown: %(names)s. Known ones: %(known)s.")
        return Record(number, values, message % {"names": ", ".join(unknown), "known": ", ".join(KNOWN)})
    return Record(number, values)
