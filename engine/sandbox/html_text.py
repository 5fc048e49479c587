"""How the pages are written: one frame, one stylesheet, and every text of a record as data.

Data is escaped, kept from turning the line around, and control bytes are shown as a sign.
Must never let a record's text become markup.
"""

from __future__ import annotations

import html
from collections.abc import Iterable

from starlette.responses import HTMLResponse, Response

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}

STYLE = """\
:root { color-scheme: light dark; --line: #8884; --soft: #8882; --accent: #2f6f5e; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 68rem; margin: 2rem auto; padding: 0 1rem; }
header { display: flex; gap: 1rem; align-items: baseline; border-bottom: 2px solid var(--accent); }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .3rem; }
a { color: var(--accent); } small, .quiet { opacity: .7; }
table { border-collapse: collapse; width: 100%; }
th { text-align: left; font-weight: 600; background: var(--soft); }
td, th { padding: .35rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
td.due { white-space: nowrap; font-variant-numeric: tabular-nums; }
td.notes { white-space: pre-wrap; overflow-wrap: anywhere; max-width: 26rem; }
tr.completed td, tr.over td { opacity: .6; }
nav { display: flex; gap: 1rem; }
form { display: flex; flex-wrap: wrap; gap: .6rem 1rem; align-items: end; margin: .4rem 0; }
label { display: flex; flex-direction: column; font-size: .85rem; }
label.check { flex-direction: row; gap: .4rem; align-items: center; }
input, select, button { font: inherit; padding: .25rem .5rem; }
.wrong { border-left: 4px solid #b3261e; padding-left: .6rem; }
"""


def page(title: str, body: str, status: int = 200) -> Response:
    """A whole page around `body`, which is markup."""
    text = (
        f"<!DOCTYPE html><html lang='en'><head><meta charset='utf-8'><title>{title}</title>"
        f"<meta name='viewport' content='width=device-width'><link rel='stylesheet' href='/style.css'></head>"
        f"<body><header><h1><a href='/'>{title}</a></h1><nav><a href='/signup'>Sign up</a>"
        f"<a href='/hooks'>Webhooks</a></nav><span class='quiet'>a stand-in for Nexudus; nothing here"
        f" is real</span></header><main>{body}</main></body></html>"
    )
    return HTMLResponse(text, status_code=status, headers=HEADERS)


def table(titles: Iterable[str], rows: Iterable[str]) -> str:
    """A table; `rows` are markup of rows."""
    head = "".join(f"<th>{title}</th>" for title in titles)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def text(value: object) -> str:
    """Text of a record, inert: escaped, isolated from the direction of its neighbours, no control bytes."""
    return f"<bdi>{attribute(value)}</bdi>"


def attribute(value: object) -> str:
    """The same for the inside of a quoted attribute or of an option, where no element may stand."""
    plain = "" if value is None else str(value)
    visible = "".join("\N{REPLACEMENT CHARACTER}" if _is_control(sign) else sign for sign in plain)
    return html.escape(visible, quote=True)


def _is_control(sign: str) -> bool:
    return (sign < " " and sign not in "\n\t") or "\x7f" <= sign <= "\x9f" or "\ud800" <= sign <= "\udfff"
