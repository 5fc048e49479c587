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


def console(file: TextIO | None = None) -> Console:
    """Return a console that writes to standard output, without colours unless it is a terminal."""
    from rich.console import Console

    out = file or sys.stdout
    width = None if out.isatty() else int(os.environ.get("COLUMNS") or PLAIN_WIDTH)
    return Console(file=out, width=width, highlight=False, markup=False, emoji=False, soft_wrap=False)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, title: str = "") -> None:
    """Print rows under headings; every cell is shown as it is, control signs as <1B>."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, expand=False)
    for name in columns:
        table.add_column(name, overflow="fold", min_width=min(len(name), 12))
    for row in rows:
        table.add_row(*(Text(visible(cell)) for cell in row))
    printer = console()
    if title:
        printer.print(Text(visible(title)))
    printer.print(table)


def say(text: str) -> None:
    """Print one line of text that may hold data."""
    from rich.text import Text

    console().print(Text(visible(text)))
