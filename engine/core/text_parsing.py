"""Source text to syntax tree, by Jinja's own lexer and parser; nothing is compiled and nothing evaluated.

Every `lineno` of the tree is the character offset of its token, so that each mistake has an exact place.
Bounds come first: size, depth and number of nodes, whatever the source holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from importlib.metadata import version

from jinja2 import Environment, nodes
from jinja2.exceptions import TemplateSyntaxError
from jinja2.lexer import Token, TokenStream
from jinja2.parser import Parser

from engine.core.errors import UserError
from engine.core.syntax_sentences import report
from engine.core.text_faults import Findings

MAX_NODES = 2_000
MAX_DEPTH = 60
MAX_BRACKETS = 20
_MAX_TOKENS = 20_000
"""Above any source within the node limit, comments and all."""

_ESCAPES = re.compile(r"""\\(?![\\'"nt]|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4})""")
_FLOOR = (3, 1, 6)
"""The first Jinja without the sandbox escape CVE-2025-27516."""

Tree = nodes.Template | nodes.Expr
Ends = dict[int, int]
"""Token start -> token end; for the dot of an attribute, the end of its name."""


@lru_cache(maxsize=1)
def _environment() -> Environment:
    """Return the grammar's settings: plain Jinja, no extension, every newline kept.

    Raises:
        UserError: the installed Jinja is older than the floor.
    """
    installed = version("jinja2")
    if tuple(int(part) for part in re.findall(r"\d+", installed)[:3]) < _FLOOR:
        raise UserError(
            f"Jinja {installed} is installed, and older ones than 3.1.6 have known holes.",
            advice="Install jinja2 3.1.6 or newer.",
        )
    return Environment(keep_trailing_newline=True, autoescape=False)  # noqa: S701  # no HTML, and nothing rendered


def parse(source: str, findings: Findings, *, condition: bool) -> tuple[Tree | None, Ends]:
    """Return the tree of a text or of a condition, or None when it has mistakes that hide the rest.

    `source` must be within MAX_CHARACTERS and hold no carriage return.
    """
    reading = _Reading(source, findings)
    parser = Parser(_environment(), "")
    try:
        parser.stream = TokenStream(_wrapped(reading, condition), None, None)
        tree = _expression(parser) if condition else parser.parse()
    except TemplateSyntaxError as error:
        report(findings, source, error.message or "", min(error.lineno, len(source)), condition=condition)
        return None, reading.ends
    except RecursionError:
        findings.add((0, len(source)), "this is nested too deep", allowed=f"{MAX_BRACKETS} levels")
        return None, reading.ends
    return (tree if _is_bounded(tree, source, findings) else None), reading.ends


def _expression(parser: Parser) -> nodes.Expr:
    tree = parser.parse_expression()
    if not parser.stream.eos:
        parser.fail(f"expected token 'end of the condition', got {parser.stream.current.value!r}")
    return tree


def _wrapped(reading: _Reading, condition: bool) -> Iterator[Token]:
    return _environment().lexer.wrap(reading.tokens("variable" if condition else None))


class _Reading:
    """Jinja's tokens of one source, each with its offset in place of its line."""

    def __init__(self, source: str, findings: Findings) -> None:
        self.source, self.findings = source, findings
        self.ends: Ends = {}
        self._open = 0
        self._dot: int | None = None
        self._tag: str | None = None

    def tokens(self, state: str | None) -> Iterator[tuple[int, str, str]]:
        at, count = 0, 0
        try:
            for _, kind, value in _environment().lexer.tokeniter(self.source, None, None, state):
                at = self.source.index(value, at)
                count += 1
                if count > _MAX_TOKENS:
                    raise TemplateSyntaxError("too many parts", at)
                yield at, kind, self._checked(at, kind, value)
                at += len(value)
                self._remember(at, kind, value)
        except TemplateSyntaxError as error:
            raise TemplateSyntaxError(error.message or "", at) from None

    def _remember(self, end: int, kind: str, value: str) -> None:
        start = end - len(value)
        self.ends[start] = end
        if kind == "whitespace":
            return
        if self._dot is not None:
            self.ends[self._dot] = end
        self._dot = start if value == "." else None

    def _checked(self, at: int, kind: str, value: str) -> str:
        """Return the token to go on with: what can be read past is noted and mended here."""
        span = (at, at + len(value))
        if kind == "block_begin":
            self._tag = ""
        elif kind in {"block_end", "variable_begin"}:
            self._tag = None
        elif kind == "name" and self._tag == "":
            self._tag = value
            if value == "print":
                self.findings.add(span, "print is not part of our texts", allowed="{{ }}")
        elif kind == "operator":
            return self._operator(span, value)
        elif kind in {"integer", "float"} and not re.fullmatch(r"\d{1,17}(\.\d{1,17})?", value):
            self.findings.add(span, "a number is written in at most 17 digits, with a point before decimals")
            return "0" if kind == "integer" else "0.0"
        elif kind == "string" and _ESCAPES.search(value[1:-1].replace("\\\\", "")):
            self.findings.add(span, "a backslash in quotes is written twice", allowed=r"\\ \' \" \n \t")
            return "''"
        return value

    def _operator(self, span: tuple[int, int], value: str) -> str:
        if value in "([{":
            self._open += 1
            if self._open > MAX_BRACKETS:
                raise TemplateSyntaxError("too many brackets", span[0])
        elif value in ")]}":
            self._open -= 1
        elif value == "=" and self._tag != "set":
            self.findings.add(span, "= alone compares nothing", allowed="==", replacement="==")
            return "=="
        return value


def walk(tree: nodes.Node) -> Iterator[tuple[nodes.Node, int]]:
    """Yield every node with its depth, without recursion."""
    waiting = [(tree, 0)]
    while waiting:
        node, depth = waiting.pop()
        yield node, depth
        waiting.extend((child, depth + 1) for child in node.iter_child_nodes())


def _is_bounded(tree: Tree, source: str, findings: Findings) -> bool:
    for count, (_, depth) in enumerate(walk(tree), start=1):
        if depth > MAX_DEPTH:
            findings.add((0, len(source)), "this is nested too deep", allowed=f"{MAX_DEPTH} levels")
            return False
        if count > MAX_NODES:
            findings.add((0, len(source)), "this text has too many parts", allowed=f"{MAX_NODES}")
            return False
    return True
