"""CSV that a spreadsheet shows and does not obey."""

import csv
import io
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

# A cell that begins so is a formula to a spreadsheet; the wide forms are what East Asian input methods write.
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "|", "%")
# Spreadsheets look past these.
IGNORED = " \ufeff\u200b"
# So that Excel reads UTF-8.
MARK = "\ufeff"


def harmless(value: object) -> str:
    """The cell's text; one that would be a formula begins with an apostrophe, which makes it text. Numbers stay numbers."""
    if isinstance(value, bool | int | float):
        return str(value)
    text = "" if value is None else str(value).replace("\x00", "")
    return f"'{text}" if text.startswith(FORMULAS) or text.lstrip(IGNORED).startswith(FORMULAS) else text


def csv_lines(head: Iterable[object], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """The file, line by line, to be streamed."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    yield MARK
    for row in chain([head], rows):
        yield _line(buffer, writer, row)


def _line(buffer: io.StringIO, writer: Any, row: Iterable[object]) -> str:
    writer.writerow([harmless(cell) for cell in row])
    line = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return line
