"""A spreadsheet's bytes to rows of text, .csv and .xlsx alike. It guesses no meaning and computes no formula.

What comes in is somebody's file: its size is bounded before it is opened, and nothing in it is ever run.
"""

from __future__ import annotations

import csv
import io
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Final

from engine.core.errors import UserError

if TYPE_CHECKING:
    from openpyxl.cell.cell import Cell, MergedCell
    from openpyxl.workbook import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

MOST_BYTES: Final = 5 * 1024 * 1024
MOST_UNPACKED: Final = 60 * 1024 * 1024
"""Of an .xlsx, which is a zip: a bomb unpacks to more than any checklist holds."""

MOST_ROWS: Final = 2000
MOST_COLUMNS: Final = 60
MOST_CHARACTERS: Final = 4000
"""Of one cell: more is a document, not a task."""

_BOMS: Final = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_DELIMITERS: Final = ",;\t|"


_BROKEN: Final = (
    *(zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError),
    *(ArithmeticError, AttributeError, LookupError, SyntaxError, TypeError, ValueError),
)
"""What comes out of the zip and the workbook readers for a file that is not what it says, or not whole."""


@dataclass(frozen=True)
class Row:
    """`number` counts from 1 as the spreadsheet shows it; `texts` are the cells, trimmed, '' for empty ones."""

    number: int
    texts: tuple[str, ...]
    is_bold: bool = False

    def text(self, column: int | None) -> str:
        return self.texts[column] if column is not None and column < len(self.texts) else ""

    def filled(self) -> tuple[int, ...]:
        """Return the columns that hold something."""
        return tuple(number for number, text in enumerate(self.texts) if text)


@dataclass(frozen=True)
class Sheet:
    """One sheet's rows that hold something. `notes` say what was done to read it."""

    name: str
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()


def column_name(column: int) -> str:
    """Return what a spreadsheet calls a column: 0 is A, 26 is AA."""
    letters = ""
    number = column + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def read_sheet(data: bytes, file_name: str, wanted: str | None = None) -> Sheet:
    """Return the rows of a spreadsheet; `wanted` names one of several sheets.

    Raises:
        UserError: no spreadsheet, too large, several sheets and none named, or nothing in it.
    """
    if len(data) > MOST_BYTES:
        what = f"{file_name} has {len(data):,} bytes; at most {MOST_BYTES:,} are read."
        raise UserError(what, advice="Save the sheet with the checklist alone.")
    suffix = file_name.rpartition(".")[2].lower()
    if suffix in {"csv", "tsv", "txt"}:
        sheet = _from_csv(data, file_name)
    elif suffix in {"xlsx", "xlsm"}:
        sheet = _from_workbook(data, file_name, wanted)
    else:
        raise UserError(f"{file_name} is neither .csv nor .xlsx.", advice="Save it as one of these and import that.")
    if not sheet.rows:
        raise UserError(f"there is nothing in {file_name}.")
    return sheet


def _from_csv(data: bytes, file_name: str) -> Sheet:
    text, notes = _decoded(data)
    delimiter = _delimiter(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows: list[Row] = []
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append(_row(line, cells, file_name))
            line += 1
    except csv.Error as error:
        raise UserError(f"{file_name}, row {line}, cannot be read: {error}.") from None
    return Sheet("", _bounded(rows, file_name), notes)


def _decoded(data: bytes) -> tuple[str, tuple[str, ...]]:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data.decode(encoding, "replace"), ()
    try:
        return data.decode("utf-8"), ()
    except UnicodeDecodeError:
        note = "the file is not UTF-8 and was read as Windows-1252: look at accented letters"
        return data.decode("cp1252", "replace"), (note,)


def _delimiter(text: str) -> str:
    """The sign that cuts the first lines into the most equal parts; in quotes it does not count."""
    lines = text.splitlines()[:20]

    def score(sign: str) -> tuple[int, int]:
        try:
            counts = [len(cells) for cells in csv.reader(lines, delimiter=sign) if cells]
        except csv.Error:
            return (0, 0)
        usual = max(set(counts), key=counts.count) if counts else 1
        return (counts.count(usual) if usual > 1 else 0, usual)

    return max(_DELIMITERS, key=score)


def _from_workbook(data: bytes, file_name: str, wanted: str | None) -> Sheet:
    workbook = _opened(data, file_name)
    sheets = [sheet for sheet in workbook.worksheets if sheet.sheet_state == "visible"]
    named = {sheet.title: sheet for sheet in sheets}
    if wanted is not None:
        if wanted not in named:
            raise UserError(f"{file_name} has no sheet {wanted!r}.", advice=f"It has: {', '.join(named)}.")
        return _sheet(named[wanted], file_name)
    found = [sheet for sheet in (_sheet(one, file_name) for one in sheets) if sheet.rows]
    if len(found) > 1:
        names = ", ".join(repr(sheet.name) for sheet in found)
        raise UserError(f"{file_name} has {len(found)} sheets: {names}.", advice="Name one with --sheet.")
    return found[0] if found else Sheet("", ())


def _opened(data: bytes, file_name: str) -> Workbook:
    from openpyxl import load_workbook

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            size = sum(part.file_size for part in packed.infolist())
        if size > MOST_UNPACKED:
            raise UserError(f"{file_name} unpacks to {size:,} bytes; at most {MOST_UNPACKED:,} are read.")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of parts such as drop-down lists, which are not read
            return load_workbook(io.BytesIO(data), data_only=True, keep_links=False)
    except _BROKEN as error:
        what = f"{file_name} cannot be read as a spreadsheet ({type(error).__name__})."
        raise UserError(what, advice="Open it and save it as .xlsx once more, or as .csv.") from None


def _sheet(sheet: Worksheet, file_name: str) -> Sheet:
    rows: list[Row] = []
    notes: list[str] = []
    hidden = 0
    for number, found in _filled_rows(sheet):
        width = max(found) + 1
        texts = [_text(found[column].value) if column in found else "" for column in range(width)]
        if sheet.row_dimensions[number].hidden:
            hidden += 1
            continue
        bold = all(bool(cell.font and cell.font.b) for cell in found.values())
        rows.append(_row(number, texts, file_name, is_bold=bold))
    if hidden:
        notes.append(f"{hidden} hidden rows of the sheet {sheet.title!r} were left out")
    return Sheet(sheet.title, _bounded(rows, file_name), tuple(notes))


def _filled_rows(sheet: Worksheet) -> Iterator[tuple[int, dict[int, Cell | MergedCell]]]:
    """Yield the rows that hold something, as cells by column from 0 on.

    The cells that the file has are looked at, not all up to the last: one stray cell at the foot of a sheet, as
    spreadsheet programs leave them, would make millions of empty ones.
    """
    rows: dict[int, dict[int, Cell | MergedCell]] = {}
    for (number, column), cell in sorted(sheet._cells.items()):
        if column <= MOST_COLUMNS and _text(cell.value):
            rows.setdefault(number, {})[column - 1] = cell
    yield from rows.items()


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, datetime) and value.time() != time():
        return value.isoformat(" ", "minutes")
    if isinstance(value, date):
        return value.isoformat()[:10]
    if isinstance(value, time):
        return value.isoformat("minutes")
    is_whole = isinstance(value, float) and value.is_integer()
    return "" if value is None else str(int(value) if is_whole else value)  # type: ignore[call-overload]


def _row(number: int, cells: Sequence[str], file_name: str, *, is_bold: bool = False) -> Row:
    for column, cell in enumerate(cells):
        if len(cell) > MOST_CHARACTERS:
            where = f"{file_name}, row {number}, column {column_name(column)}"
            raise UserError(f"{where}: {len(cell):,} characters in one cell; at most {MOST_CHARACTERS:,} are read.")
    return Row(number, tuple(_clean(cell) for cell in cells[:MOST_COLUMNS]), is_bold)


def _clean(text: str) -> str:
    """Lines trimmed; of the signs that no YAML may hold, and of those that turn text around, none is left."""
    kept = "".join(sign for sign in text.replace("\r\n", "\n").replace("\r", "\n") if sign in "\n\t" or _is_plain(sign))
    lines = [" ".join(line.split()) for line in kept.split("\n")]
    return "\n".join(lines).strip()


def _is_plain(sign: str) -> bool:
    import unicodedata

    return unicodedata.category(sign) not in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"} or sign == "\u200d"


def _bounded(rows: Iterable[Row], file_name: str) -> tuple[Row, ...]:
    found = tuple(rows)
    if len(found) > MOST_ROWS:
        raise UserError(f"{file_name} has {len(found):,} rows; at most {MOST_ROWS:,} are read.")
    return found
