"""Tables on a terminal: as wide as it is, plain elsewhere, and no data can steer it (C11)."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TextIO

from engine.core.report import visible

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

PLAIN_WIDTH = 140
"""Into a file or a pipe; COLUMNS changes it."""

_GAP = 3
"""Between two columns."""

_LEAST_WIDTH = 40
"""Below that nothing can be read anyhow, and columns of width 0 are worse than lines that a terminal wraps."""


def console(file: TextIO | None = None) -> Console:
    """Return a console that writes to standard output, without colours unless it is a terminal."""
    from rich.console import Console

    out = file or sys.stdout
    return Console(file=out, width=_given_width(out), highlight=False, markup=False, emoji=False, soft_wrap=False)


def width() -> int:
    """Return how many columns a table may take: COLUMNS, else the terminal's, else PLAIN_WIDTH."""
    return console().width


def _given_width(out: TextIO) -> int | None:
    """Return COLUMNS where it is a usable number; else None lets a terminal say how wide it is."""
    text = os.environ.get("COLUMNS", "").strip()
    if text.isascii() and text.isdigit() and 0 < int(text) < 10_000:
        return max(int(text), _LEAST_WIDTH)
    return None if out.isatty() else PLAIN_WIDTH


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], *, title: str = "", least: Sequence[int] = ()
) -> None:
    """Print rows under headings; every cell is shown whole and as it is, control signs as <1B>.

    `least` are the widths that columns keep while others can still shrink. A newline in a cell begins a line.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    cells = [[Text("\n".join(visible(line) for line in cell.split("\n"))) for cell in row] for row in rows]
    printer = console()
    natural = [
        max(Text(name).cell_len, *(_widest(row[number]) for row in cells)) if cells else Text(name).cell_len
        for number, name in enumerate(columns)
    ]
    widths = fitted(natural, least or [12] * len(columns), printer.width - _GAP * (len(columns) - 1))
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, expand=False)
    for name, columns_width in zip(columns, widths, strict=True):
        table.add_column(name, overflow="fold", width=columns_width)
    for row in cells:
        table.add_row(*row)
    if title:
        printer.print(Text(visible(title)))
    printer.print(table)


def fitted(natural: Sequence[int], least: Sequence[int], room: int) -> list[int]:
    """Return widths that fit: the widest columns shrink first, at first only down to their least.

    The library's own way of shrinking cuts the last column off when least widths do not fit.
    """
    widths = [min(wish, max(room, 1)) for wish in natural]
    for floors in ([min(wish, floor) for wish, floor in zip(natural, least, strict=True)], [1] * len(widths)):
        while sum(widths) > room:
            spare = [number for number, width in enumerate(widths) if width > max(floors[number], 1)]
            if not spare:
                break
            widths[max(spare, key=lambda number: widths[number])] -= 1
    return widths


def _widest(text: Text) -> int:
    return max(line.cell_len for line in text.split("\n", allow_blank=True))


def say(text: str) -> None:
    """Print one line of text that may hold data."""
    from rich.text import Text

    console().print(Text(visible(text)))
