"""A rehearsal as one HTML page: no script, nothing from elsewhere, every text escaped.

Pure. The page is safe to mail and to keep: its policy forbids it to load anything at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from typing import Final

from whenever import Date, YearMonth

from engine.core.calendar import MONTHS, long_day
from engine.core.rehearsal import KINDS, MEANINGS, Finding, Rehearsal
from engine.core.rehearsal_calendar import WEEKDAYS, heat, months_of, weeks_of
from engine.core.report import visible

_STYLE: Final = """\
body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;color:#1c1c1c;background:#fff}
h1{font-size:1.35rem;overflow-wrap:anywhere}h2{font-size:1.1rem;margin-top:2rem}
.months{display:flex;flex-wrap:wrap;gap:1.2rem}
table{border-collapse:collapse}caption{text-align:left;font-weight:600;padding:.2rem 0}
.month td,.month th{width:2.6rem;height:2.2rem;text-align:center;border:1px solid #ddd;padding:0}
.month small{display:block;color:#555;line-height:1}
.list td,.list th{border-bottom:1px solid #ddd;padding:.3rem .6rem .3rem 0;text-align:left;vertical-align:top}
.list td{overflow-wrap:anywhere}.number{text-align:right}
.h1{background:#fdf0d5}.h2{background:#fbd38d}.h3{background:#f6a04d}.h4{background:#d9622b}
.h4,.h4 small{color:#fff}
.out{background:#f6f6f6}.marked{outline:2px solid #8b1a1a;outline-offset:-2px}
@media (prefers-color-scheme:dark){body{color:#eee;background:#1b1b1b}
.month td,.month th,.list td,.list th{border-color:#444}
.month small{color:#aaa}.h1,.h2,.h3{color:#1c1c1c}.h1 small,.h2 small,.h3 small{color:#555}.out{background:#242424}}
"""

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

MOST_SHOWN: Final = 500
"""Findings on the page: the rest is counted. A page of more is slow to open, and nobody reads it."""


def page(rehearsal: Rehearsal) -> str:
    """Return the whole page."""
    return "\n".join(_lines(rehearsal)) + "\n"


def _lines(told: Rehearsal) -> Iterator[str]:
    title = _text(f"Rehearsal of {told.tasklist}")
    yield "<!DOCTYPE html>"
    yield '<html lang="en">'
    yield "<head>"
    yield '<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{escape(_POLICY)}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="referrer" content="no-referrer">'
    yield f"<title>{title}</title>"
    yield f"<style>\n{_STYLE}</style>"
    yield "</head>"
    yield "<body>"
    yield f"<h1>{title}</h1>"
    yield f"<p>{_text(told.title())}. {told.lead} days of notice; over {told.per_day} tasks a day are too many.</p>"
    yield from _counts(told)
    yield from _months(told)
    yield from _findings(told.findings)
    yield from _loads(told)
    yield "</body>"
    yield "</html>"


def _counts(told: Rehearsal) -> Iterator[str]:
    counts = told.counts()
    rows = ([kind, str(counts[kind]), MEANINGS[kind]] for kind in KINDS)
    yield from _table("What is awkward", ("finding", "number", "meaning"), rows)


def _months(told: Rehearsal) -> Iterator[str]:
    most, marks = max(told.by_day.values(), default=0), told.marks()
    yield "<h2>Tasks by due day</h2>"
    yield '<div class="months">'
    for month in months_of(tuple(told.by_day)):
        yield '<table class="month">'
        yield f"<caption>{MONTHS[month.month - 1]} {month.year}</caption>"
        yield "<thead><tr>" + "".join(f'<th scope="col">{name}</th>' for name in WEEKDAYS) + "</tr></thead>"
        yield "<tbody>"
        yield from _weeks(told, month, marks, most)
        yield "</tbody>"
        yield "</table>"
    yield "</div>"


def _weeks(told: Rehearsal, month: YearMonth, marks: dict[Date, str], most: int) -> Iterator[str]:
    for week in weeks_of(month):
        cells = []
        for day in week:
            if day is None:
                cells.append('<td class="out"></td>')
                continue
            number = told.by_day.get(day, 0)
            kinds = f"h{heat(number, most)}" + (" marked" if day in marks else "")
            what = f"{long_day(day)}: {number} tasks"
            cells.append(f'<td class="{kinds}" title="{what}"><small>{day.day}</small>{number or ""}</td>')
        yield f"<tr>{''.join(cells)}</tr>"


def _findings(findings: tuple[Finding, ...]) -> Iterator[str]:
    if not findings:
        yield "<h2>Findings</h2>"
        yield "<p>Nothing that a person should look at.</p>"
        return
    rows = ([one.kind, one.location or one.person, one.said] for one in findings[:MOST_SHOWN])
    yield from _table("Findings", ("finding", "where, who", "what"), rows)
    if len(findings) > MOST_SHOWN:
        yield f"<p>And {len(findings) - MOST_SHOWN} more: the JSON holds all.</p>"


def _loads(told: Rehearsal) -> Iterator[str]:
    rows = (
        [load.person, str(load.tasks), str(load.days), f"{load.most} on {long_day(load.most_on)}"]
        for load in told.loads
    )
    yield from _table("Tasks by person", ("person", "tasks", "days", "fullest day"), rows)


def _table(title: str, columns: tuple[str, ...], rows: Iterable[list[str]]) -> Iterator[str]:
    yield f"<h2>{_text(title)}</h2>"
    yield '<table class="list">'
    yield "<thead><tr>" + "".join(f'<th scope="col">{_text(name)}</th>' for name in columns) + "</tr></thead>"
    yield "<tbody>"
    for row in rows:
        yield "<tr>" + "".join(f"<td>{_text(cell)}</td>" for cell in row) + "</tr>"
    yield "</tbody>"
    yield "</table>"


def _text(text: str) -> str:
    """Return a text for the page: signs that steer shown as such, and no sign that HTML reads."""
    return escape(visible(text), quote=True)
