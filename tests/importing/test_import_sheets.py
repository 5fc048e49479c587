"""Sheets to drafts to YAML: three differently shaped ones as they come out, and bad ones with row and column."""

from pathlib import Path

import pytest
import spreadsheets
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.authoring.importing.cells import Row, Sheet, column_name, read_sheet
from engine.authoring.importing.columns import Columns, given_columns, guess_columns
from engine.authoring.importing.drafting import Draft, Drafting
from engine.authoring.importing.times import is_time
from engine.authoring.importing.writing import yaml_text
from engine.authoring.loader import load
from engine.authoring.source import source_of
from engine.core.errors import UserError
from engine.core.model import TaskList
from engine.core.text import compile_text
from engine.core.words import ANCHORS


def _draft(sheet: Sheet, columns: Columns | None = None) -> Draft:
    found = columns or guess_columns(sheet, is_time)
    start = Draft("imported", "Imported", "contract.start", ("From a test.",))
    return Drafting(sheet, found, start, anchors=ANCHORS, organisation=None).run()


def _model(draft: Draft) -> TaskList:
    return load(TaskList, source_of("imported.yaml", yaml_text(draft).encode())).model


def _shape(draft: Draft) -> list[tuple[str, str, str, str]]:
    return [(item.name, item.phase, item.responsible, item.due) for item in draft.items]


def test_a_workbook_with_headings_and_lines_below_a_task():
    sheet = read_sheet(spreadsheets.with_headings(), "new.xlsx")
    assert guess_columns(sheet, is_time).said() == (
        'task = column B "Task", who = column C "Owner", when = column D "Due", notes = column E "Comments"'
    )
    draft = _draft(sheet)
    assert _shape(draft) == [
        ("Send welcome email", "Before arrival", "community-manager", "3 business days before contract.start"),
        ("Check ID, if needed", "Before arrival", "front-desk", "1 day before contract.start"),
        ("Hand out access card", "Day one", "front-desk", "on contract.start at 09:00"),
        ("House tour", "Day one", "host", "on contract.start at 11:00"),
        ("30-day check-in", "After", "community-manager", "30 days after contract.start"),
        ("Invoice check", "After", "finance", ""),
        ('Set up {{ "{{" }}printer}}', "After", "", ""),
    ]
    assert draft.items[2].checklist == ["scan it: must fail", "add to system"]
    assert draft.items[1].notes == "Passport or ID card\nNo photocopies"
    assert [str(left) for left in draft.left_out] == ["(row 1) above the header: Acme Coworking - New member checklist"]
    assert {(review.row, review.column) for review in draft.all_reviews()} == {
        (6, "C"), (6, "B"), (14, "D"), (15, "D"), (15, "C"),
    }  # fmt: skip
    assert [item.id for item in _model(draft).items] == [item.id for item in draft.items]


def test_a_german_list_saved_as_windows_1252_with_semicolons():
    draft = _draft(read_sheet(spreadsheets.GERMAN.encode("cp1252"), "einzug.csv"))
    assert _shape(draft) == [
        ("Schlüssel übergeben", "", "ana@acme.example", "on contract.start"),
        ("WLAN einrichten", "", "it", "1 day before contract.start"),
        ("Rundgang", "", "host", ""),
    ]
    assert "Windows-1252" in draft.reviews[0].what
    assert draft.items[0].id == "schlussel-ubergeben"


def test_a_bare_list_is_understood_by_what_stands_in_it():
    sheet = read_sheet(spreadsheets.BARE.encode(), "bare.csv")
    assert guess_columns(sheet, is_time).said() == "task = column A, who = column B, when = column C"
    assert [due for *_, due in _shape(_draft(sheet))] == [
        "2 days before contract.start", "on contract.start", "1 day after contract.start",
        "7 days after contract.start",
    ]  # fmt: skip


def test_one_column_of_tasks_is_a_list_too():
    draft = _draft(read_sheet(b"Tasks\nHand out the card\nGive a tour\n", "one.csv"))
    assert [name for name, *_ in _shape(draft)] == ["Hand out the card", "Give a tour"]


def test_of_several_sheets_one_is_to_be_named():
    data = spreadsheets.of_several_sheets()
    with pytest.raises(UserError, match=r"2 sheets: 'Desk', 'Office'.*--sheet"):
        read_sheet(data, "both.xlsx")
    with pytest.raises(UserError, match=r"no sheet 'Ofice'.*Desk, Office"):
        read_sheet(data, "both.xlsx", "Ofice")
    draft = _draft(read_sheet(data, "both.xlsx", "Office"))
    assert [(item.name, item.phase, item.due) for item in draft.items] == [
        ("Order the line", "Early", "12 weeks before contract.start"),
        ("Paint the walls", "Late", ""),
    ]
    assert "1 hidden rows" in draft.reviews[0].what


def test_columns_are_named_by_letter_or_header():
    sheet = read_sheet(spreadsheets.with_headings(), "new.xlsx")
    named = given_columns(sheet, "task=B, when=due, who=C")
    assert dict(named.of) == {"task": 1, "who": 2, "when": 3}
    assert named.unused == (4,), "the comments"
    with pytest.raises(UserError) as refused:
        given_columns(sheet, "tsk=B,when=Dew")
    assert "no use 'tsk', nearest: task" in str(refused.value)
    assert "no column 'Dew'" in str(refused.value)


@pytest.mark.parametrize(
    ("data", "name", "said"),
    [
        (b"", "empty.csv", "nothing in empty.csv"),
        (b"a,b\n", "old.xls", "neither .csv nor .xlsx"),
        (b"not a zip", "broken.xlsx", "cannot be read as a spreadsheet"),
        (b"Task\n" + b"x" * 5000, "long.csv", "row 2, column A: 5,000 characters"),
        (b"Task\n" + b"one task\n" * 2100, "many.csv", "2,101 rows; at most 2,000"),
        (b"x" * (5 * 1024 * 1024 + 1), "big.csv", "at most 5,242,880"),
    ],
)
def test_what_is_no_spreadsheet_is_refused_in_a_sentence(data: bytes, name: str, said: str):
    with pytest.raises(UserError, match=".") as refused:
        read_sheet(data, name)
    assert said in str(refused.value)


def test_a_stray_cell_at_the_foot_of_a_sheet_costs_nothing():
    rows = read_sheet(spreadsheets.with_a_stray_cell(), "stray.xlsx").rows
    assert [row.texts for row in rows] == [("Task", "When"), ("Give the card", "1 day before start")]


@pytest.mark.parametrize(
    ("old", "new"),
    [('t="inlineStr"><is><t>Task</t></is>', 't="s"><v>99</v>'), ('r="A1"', 'r="??"'), ("<sheetData>", "")],
    ids=["a text that is not there", "a cell without a place", "a part left open"],
)
def test_a_damaged_workbook_is_refused_in_a_sentence(old: str, new: str):
    with pytest.raises(UserError, match="cannot be read as a spreadsheet"):
        read_sheet(spreadsheets.damaged(old, new), "damaged.xlsx")


def test_a_bomb_is_not_unpacked(tmp_path: Path):
    with pytest.raises(UserError, match="unpacks to"):
        read_sheet(spreadsheets.bomb(tmp_path).read_bytes(), "bomb.xlsx")


def test_columns_are_called_as_spreadsheets_call_them():
    assert [column_name(number) for number in (0, 25, 26, 51, 52, 701)] == ["A", "Z", "AA", "AZ", "BA", "ZZ"]


CELLS = st.one_of(
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=60),
    st.sampled_from(["{{ coworker.full_name }}", "{% if %}", "- x", "a: b", "#1", "true", "'", '"', "1.", "[x] y"]),
)


@settings(derandomize=True, max_examples=250, deadline=None)
@given(st.lists(st.tuples(CELLS, CELLS, CELLS, CELLS), min_size=1, max_size=5))
def test_whatever_stands_in_the_cells_the_yaml_is_read_back_as_text(cells: list[tuple[str, ...]]):
    from engine.authoring.importing.cells import _clean

    rows = tuple(Row(number, tuple(map(_clean, row))) for number, row in enumerate(cells, start=1))
    columns = Columns({"task": 0, "who": 1, "when": 2, "notes": 3}, 0, {})
    draft = _draft(Sheet("", tuple(row for row in rows if row.filled())), columns)
    if not draft.items:
        return
    model = _model(draft)
    for item, drafted in zip(model.items, draft.items, strict=True):
        told = item.name if isinstance(item.name, str) else str(item.name)
        assert told == drafted.name
        assert compile_text(drafted.name, {}).facts_used == frozenset(), "nothing that people typed is a fact"
