"""What can be wrong with a text: found when it is read (Fault), or when it meets one coworker's facts.

Only values and sentences. No message holds a fact's value, so an error never carries member data.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.core.errors import UserError

MAX_CHARACTERS = 65_536
"""64 KiB, of source and of output: far above any task's notes, far below what hurts."""


@dataclass(frozen=True, order=True)
class Fault:
    """One mistake in a text. `offset` counts characters of the source from 0."""

    offset: int
    length: int
    what: str
    found: str = ""
    allowed: str = ""
    nearest: str = ""
    corrected: str = ""
    """The line of the source that holds the mistake, mended."""

    def __str__(self) -> str:
        parts = [self.what, f"found {self.found}" if self.found else ""]
        parts += [f"allowed: {self.allowed}" if self.allowed else ""]
        parts += [f"nearest: {self.nearest}" if self.nearest else ""]
        parts += [f"write: {self.corrected}" if self.corrected else ""]
        return ", ".join(part for part in parts if part)


class TextSyntax(UserError):
    """A text that cannot be used, with all its mistakes in the order of their places."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        self.faults = tuple(sorted(set(faults)))
        super().__init__("\n".join(str(fault) for fault in self.faults))


class TextFailure(UserError):
    """A sound text that cannot be rendered for this coworker."""


class FactAbsent(TextFailure):
    """The text names something that this coworker lacks, such as a contract."""

    def __init__(self, path: str, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(f"{path} has no value: {reason}.")


class FactEmpty(TextFailure):
    """The text needs a fact that is empty."""

    def __init__(self, path: str) -> None:
        self.path = path
        super().__init__(
            f"{path} is empty for this coworker.",
            advice=f'Give a word for that case, as in {{{{ {path} | default("none") }}}}, or test it first.',
        )


class FactMistyped(TextFailure):
    """A fact is not of the type that the catalogue promises; the text is not to blame."""

    def __init__(self, path: str, wanted: str) -> None:
        self.path = path
        super().__init__(f"{path} should be {wanted}, and the value read is something else.")


class TextTooLong(TextFailure):
    """A text, or a part of it on the way, is above 64 KiB."""

    def __init__(self, what: str = "the text") -> None:
        super().__init__(f"{what} is longer than 64 KiB.", advice="Shorten it, or name a shorter fact.")


class TextTooCostly(TextFailure):
    """A text takes more steps than any task text needs."""

    def __init__(self) -> None:
        super().__init__("this text takes too many steps.", advice="Loop over a shorter list.")


class Findings:
    """The mistakes found so far in one source."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.faults: list[Fault] = []

    def add(
        self,
        span: tuple[int, int],
        what: str,
        *,
        allowed: str = "",
        nearest: str = "",
        replacement: str | None = None,
    ) -> None:
        """Note a mistake at `span` (start, end); `replacement` is what should stand there instead."""
        start, end = span
        found = " ".join(self.source[start:end].split())
        corrected = "" if replacement is None else self._line_with(start, end, replacement)
        self.faults.append(
            Fault(
                start,
                max(end - start, 1),
                what,
                found=repr(found if len(found) <= 60 else found[:57] + "...") if found else "",
                allowed=allowed,
                nearest=nearest,
                corrected=corrected,
            )
        )

    def _line_with(self, start: int, end: int, replacement: str) -> str:
        first = self.source.rfind("\n", 0, start) + 1
        last = self.source.find("\n", end)
        tail = self.source[end:] if last < 0 else self.source[end:last]
        return (self.source[first:start] + replacement + tail).strip()
