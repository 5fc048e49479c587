"""What the parser could not read, in plain sentences with a place. Only words: no parsing, no checking."""

from __future__ import annotations

import re

from engine.core.text_faults import Findings
from engine.core.words import nearest

TAGS = ("if", "elif", "else", "endif", "for", "endfor")
_CLOSERS = {"{{": "}}", "{%": "%}", "{#": "#}"}
_OTHER_SPELLINGS = {"&": "and", "!": "not"}
_WORD_OPERATORS = frozenset({"and", "or", "not", "in", "if", "else"})


def report(findings: Findings, source: str, message: str, at: int, *, condition: bool) -> None:
    """Note the one mistake that stopped the parser at offset `at` with `message`."""
    if message.startswith("too many"):
        findings.add((at, at + 1), f"this has {message}", allowed="20 open brackets, 2,000 parts")
    elif not condition and _note_unclosed(findings, source, at):
        return
    elif "raw directive" in message:
        start = max(source.rfind("{%", 0, at), 0)
        findings.add((start, at), "{% raw %} is not closed", allowed="{% endraw %}")
    elif "unknown tag" in message:
        _note_tag(findings, source, message, at)
    elif "looking for the following tags" in message or "end of template" in message:
        _note_early_end(findings, source, message)
    else:
        _note_token(findings, source, message, at)


def _note_unclosed(findings: Findings, source: str, at: int) -> bool:
    """Note an opening {{, {% or {# whose closing half does not come before the next opening."""
    opened = max(_CLOSERS, key=lambda opener: source.rfind(opener, 0, at + 2))
    start = source.rfind(opened, 0, at + 2)
    if start < 0:
        return False
    following = re.compile(r"\{\{|\{%|\{#").search(source, start + 2)
    close = source.find(_CLOSERS[opened], start + 2, following.start() if following else len(source))
    if close >= 0:
        return False
    half = re.compile(r"[}%#]").search(source, start + 2)
    mended = source[start : half.start()].rstrip() + " " + _CLOSERS[opened] if half else None
    end = half.end() if half else len(source)
    findings.add((start, end), f"{opened} is not closed", allowed=_CLOSERS[opened], replacement=mended)
    return True


def _note_tag(findings: Findings, source: str, message: str, at: int) -> None:
    name = re.findall(r"'(\w+)'", message)[:1]
    word = name[0] if name else ""
    what = f"the tag {{% {word} %}} does not fit here" if word in TAGS else f"there is no tag {{% {word} %}}"
    start = source.find(word, at)
    span = (start, start + len(word)) if start >= 0 else (at, at + 1)
    findings.add(span, what, allowed=", ".join(TAGS), nearest="" if word in TAGS else nearest(word, TAGS))


def _note_early_end(findings: Findings, source: str, message: str) -> None:
    block = re.search(r"needs to be closed is '(\w+)'", message)
    if block is None:
        findings.add((len(source), len(source)), "this ends too early")
        return
    opening = [found.start() for found in re.finditer(r"\{%[-+]?\s*" + block[1], source)]
    start = opening[-1] if opening else 0
    close = source.find("%}", start)
    findings.add(
        (start, close + 2 if close >= 0 else len(source)),
        f"{{% {block[1]} %}} is not closed",
        allowed=f"{{% end{block[1]} %}}",
    )


def _note_token(findings: Findings, source: str, message: str, at: int) -> None:
    character = source[at : at + 1]
    word = re.compile(r"\w*").match(source, at)
    name = word[0] if word else ""
    span = (at, at + max(len(name), 1))
    if character in _OTHER_SPELLINGS:
        end = at + (2 if source[at : at + 2] == "&&" else 1)
        spelling = _OTHER_SPELLINGS[character]
        findings.add((at, end), f"write {spelling} as a word", replacement=f" {spelling} ")
    elif source[at - 1 : at + 1] == "||":
        findings.add((at - 1, at + 1), "write or as a word", replacement=" or ")
    elif character in {"'", '"'}:
        findings.add((at, len(source)), "a quote is not closed", allowed=character)
    elif name.lower() in _WORD_OPERATORS and name != name.lower():
        findings.add(span, f"{name.lower()} is written in small letters", replacement=name.lower())
    elif not source[at:].strip():
        findings.add((at, len(source)), "this ends too early")
    else:
        expected = re.search(r"expected token '([^']*)'", message)
        findings.add(span, "this does not fit here", allowed=_plain(expected[1]) if expected else "")


def _plain(expected: str) -> str:
    return {
        "end of print statement": "}}, a filter or an operator",
        "end of statement block": "%}",
        "end of the condition": "and, or, a comparison or a filter",
        "name": "a name",
    }.get(expected, expected)
