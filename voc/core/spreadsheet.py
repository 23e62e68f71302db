"""Files that a spreadsheet shows and does not obey: CSV and XLSX, made row by row, so that their size costs no memory."""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, Final
from xml.sax.saxutils import escape  # nosec B406

# A cell that begins so is a formula to a spreadsheet; the wide forms are what East Asian input methods write.
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "|", "%")
# Spreadsheets look past blanks, and people copy cells with their quotes.
IGNORED = " \xa0\u3000\ufeff\u200b\x0b\x0c\"'“”‘’"
# So that Excel reads UTF-8.
MARK = "\ufeff"

# XML 1.0 has no way to write these.
UNWRITABLE: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# So Excel writes characters that it cannot write otherwise (ECMA-376 part 1, 22.9.2.19): in a text it must not be read so.
ESCAPED: Final = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
# The least that makes an Office Open XML workbook of one sheet (ECMA-376 part 1, 12.3.23 and 18.2.27).
XML: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
KIND: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
SHEET: Final = "xl/worksheets/sheet1.xml"
PARTS: Final = {
    "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{KIND}.sheet.main+xml"/>'
    f'<Override PartName="/{SHEET}" ContentType="{KIND}.worksheet+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}">'
    '<sheets><sheet name="VOC" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
}
# The first row stays in sight.
SHEET_BEGINS: Final = (
    f'<worksheet xmlns="{MAIN}"><sheetViews><sheetView workbookViewId="0">'
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
    '<sheetFormatPr defaultColWidth="18" defaultRowHeight="15"/><sheetData>'
)
SHEET_ENDS: Final = "</sheetData></worksheet>"
CHUNK: Final = 64 * 1024


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


def xlsx_chunks(head: Iterable[object], rows: Iterable[Iterable[object]]) -> Iterator[bytes]:
    """The file, in pieces of some CHUNK bytes, to be streamed: one sheet, whose cells are texts and never formulas."""
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in PARTS.items():
            archive.writestr(name, XML + content)
        with archive.open(SHEET, "w") as sheet:
            sheet.write((XML + SHEET_BEGINS).encode())
            for row in chain([head], rows):
                sheet.write(f"<row>{''.join(map(_xlsx_cell, row))}</row>".encode())
                if len(pipe.held) >= CHUNK:
                    yield pipe.emptied()
            sheet.write(SHEET_ENDS.encode())
    yield pipe.emptied()


class _Pipe(io.RawIOBase):
    """What a ZIP is written to that never comes back: it holds what nobody has taken yet."""

    def __init__(self) -> None:
        super().__init__()
        self.held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.held += data
        return len(data)

    def emptied(self) -> bytes:
        taken, self.held = bytes(self.held), bytearray()
        return taken


def _xlsx_cell(value: object) -> str:
    # First what cannot be written: it may stand before what would be a formula.
    text = harmless(UNWRITABLE.sub("", "" if value is None else str(value)))
    text = ESCAPED.sub("_x005F_", text.replace("\r\n", "\n").replace("\r", "\n"))
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>' if text else "<c/>"
