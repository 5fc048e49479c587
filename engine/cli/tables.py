"""Tables on a terminal: as wide as it is, plain elsewhere, and no data can steer it (C11)."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TextIO

from engine.core.report import visible

if TYPE_CHECKING:
    from rich.console import Console

PLAIN_WIDTH = 140
"""Into a file or a pipe; COLUMNS changes it."""

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
    """Print rows under headings; every cell is shown as it is, control signs as <1B>.

    `least` are the columns' least widths, 0 for one that may shrink. A newline in a cell begins a line.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, expand=False)
    for number, name in enumerate(columns):
        room = least[number] if least else min(len(name), 12)
        table.add_column(name, overflow="fold", min_width=room or None)
    for row in rows:
        table.add_row(*(Text("\n".join(visible(line) for line in cell.split("\n"))) for cell in row))
    printer = console()
    if title:
        printer.print(Text(visible(title)))
    printer.print(table)


def say(text: str) -> None:
    """Print one line of text that may hold data."""
    from rich.text import Text

    console().print(Text(visible(text)))
