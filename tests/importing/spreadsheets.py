"""Spreadsheets as operators have them, made new for each test: a workbook with headings, a list from a German office,
a bare list without a header, and what is no spreadsheet at all."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Font


def _bytes(workbook: Workbook) -> bytes:
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def with_headings() -> bytes:
    """A title, a header in the third row, bold headings, lines below a task, a tick column."""
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.title = "Onboarding"
    sheet.append(["Acme Coworking - New member checklist"])
    sheet.append([])
    sheet.append(["#", "Task", "Owner", "Due", "Comments", "Done?"])
    _heading(sheet, "BEFORE ARRIVAL")
    sheet.append([1, "Send welcome email", "Community Manager", "3 working days before start", "Template B", False])
    sheet.append([2, "Check ID, if needed", "Reception / Ana", "T-1", "Passport or ID card\nNo photocopies", False])
    _heading(sheet, "DAY ONE")
    sheet.append([3, "Hand out access card", "Front desk", "Day 1 at 9am", None, True])
    sheet.append([None, "- scan it: must fail"])
    sheet.append([None, "- add to system"])
    sheet.append([4, "House tour", "Host", "Day 1, 11:00", None, False])
    _heading(sheet, "AFTER")
    sheet.append([5, "30-day check-in", "Community", "30 days after start", "", False])
    sheet.append([6, "Invoice check", "Accounts", "monthly", None, False])
    sheet.append([7, "Set up {{printer}}", "System", None, None, None])
    return _bytes(workbook)


def _heading(sheet: object, text: str) -> None:
    sheet.append([None, text])  # type: ignore[attr-defined]
    sheet.cell(sheet.max_row, 2).font = Font(bold=True)  # type: ignore[attr-defined]


def of_several_sheets() -> bytes:
    """Two sheets with tasks, an empty and a hidden one; in the second a hidden row and a date."""
    workbook = Workbook()
    first = workbook.active
    assert first is not None
    first.title = "Desk"
    first.append(["Task", "When"])
    first.append(["Label the desk", "-1"])
    second = workbook.create_sheet("Office")
    second.append(["Task", "When", "Phase"])
    second.append(["Order the line", "12 weeks before move-in", "Early"])
    second.append(["Old row", "0", "Early"])
    second.row_dimensions[3].hidden = True
    second.append(["Paint the walls", "2027-01-04", "Late"])
    workbook.create_sheet("Empty")
    workbook.create_sheet("Secret").append(["Task"])
    workbook["Secret"].sheet_state = "hidden"
    return _bytes(workbook)


GERMAN = "Aufgabe;Zuständig;Wann;Hinweise\nSchlüssel übergeben;ana@acme.example;on arrival;Zwei Stück\n" \
    "WLAN einrichten;IT;1 day before move-in;\nRundgang;Host;next full moon;\n"  # fmt: skip
"""Saved by a spreadsheet program as Windows-1252 with semicolons."""

BARE = (
    "Prepare the desk for them,facilities,-2\nGive them the key card,front desk,0\n"
    "Say hello at the coffee bar,host,+1\nAsk how the first week went,host,7\n"
)


def bomb(folder: Path) -> Path:
    """A zip of a few kilobytes that unpacks to more than any checklist."""
    file = folder / "bomb.xlsx"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b"0" * (61 * 1024 * 1024))
    return file


def with_a_stray_cell() -> bytes:
    """A short list, and a blank in the last cell that a sheet has, as programs leave one behind."""
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.append(["Task", "When"])
    sheet.append(["Give the card", "1 day before start"])
    sheet["XFD1048576"] = " "
    return _bytes(workbook)


def damaged(old: str, new: str) -> bytes:
    """A workbook whose first sheet was changed by a hand that does not know the format."""
    source, out = io.BytesIO(with_a_stray_cell()), io.BytesIO()
    with zipfile.ZipFile(source) as before, zipfile.ZipFile(out, "w") as after:
        for part in before.infolist():
            text = before.read(part)
            is_sheet = part.filename.endswith("sheet1.xml")
            after.writestr(part, text.replace(old.encode(), new.encode()) if is_sheet else text)
    return out.getvalue()
