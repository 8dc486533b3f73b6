"""What a reader has to say about a file: sentences with a severity, a stable code and the rows they speak of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from cgn_core.errors import UnreadableFile

Severity = Literal["error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")

Positions = npt.NDArray[np.int64]

ROWS_KEPT = 1000
NAMED = 5
"""Rows, columns or creators that a sentence names before it only counts."""
_LONGEST_EXCERPT = 40
_LONGEST_SENTENCE = 1500
_ENDLESS_WORD = re.compile(r"(\S{100})\S{60,}(\S{2})")


@dataclass(frozen=True)
class Finding:
    """One sentence about a file."""

    severity: Severity
    code: str
    message: str
    """Names the file, the place and the remedy."""
    rows: tuple[int, ...] = ()
    """Line numbers in the file, the header being line 1 (JSON: record numbers); at most 1,000."""

    def to_json(self) -> dict[str, Any]:
        """As ``cgn validate --json`` prints it."""
        return {"severity": self.severity, "code": self.code, "message": self.message, "rows": list(self.rows)}


class RefusedFile(UnreadableFile):
    """The file can't be read as a table of daily metrics."""

    def __init__(self, code: str, sentence: str, rows: Iterable[int] = ()) -> None:
        super().__init__(sentence)
        self.finding_code = code
        self.rows = tuple(rows)


@dataclass
class Findings:
    """Collects what is found in one file."""

    file_name: str
    unit: str = "row"
    """What a row is called in this file: row or record."""
    found: list[Finding] = field(default_factory=list)

    def add(self, severity: Severity, code: str, sentence: str, rows: Iterable[int] = ()) -> None:
        """Note a finding; ``sentence`` goes on from the file's name."""
        kept = tuple(int(row) for row, _ in zip(rows, range(ROWS_KEPT), strict=False))
        self.found.append(Finding(severity, code, shown(f"{self.file_name}: {sentence}"), kept))

    def places(self, rows: Positions | Sequence[int]) -> str:
        """``row 7``, ``rows 3, 9 and 12`` or ``rows 3, 4, 5, 6, 7 and 20 more``."""
        first = [str(row) for row in rows[:NAMED]]
        return f"{self.unit}{'s' if len(rows) != 1 else ''} {listed(first, of=len(rows))}"

    @property
    def has_errors(self) -> bool:
        """Whether anything found blocks the import."""
        return any(finding.severity == "error" for finding in self.found)

    def ordered(self) -> tuple[Finding, ...]:
        """Errors first, then warnings, then the rest; within each in the order found."""
        return tuple(sorted(self.found, key=lambda finding: SEVERITIES.index(finding.severity)))


def listed(names: Sequence[str], *, limit: int = NAMED, of: int | None = None) -> str:
    """``a``, ``a and b``, ``a, b and c`` or ``a, b, c, d, e and 12 more``; ``of`` counts names not given too."""
    shown = list(names[:limit])
    rest = (len(names) if of is None else of) - len(shown)
    if rest > 0:
        shown.append(f"{rest:,} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}" if shown else "none"


def printable(text: str) -> str:
    """The text with a space for each letter that shows nothing, breaks lines or turns the direction of writing."""
    return text if text.isprintable() else "".join(letter if letter.isprintable() else " " for letter in text)


def shown(sentence: str) -> str:
    """A sentence that people can read, whatever a stranger's file calls its columns."""
    text = _ENDLESS_WORD.sub(r"\1…\2", printable(sentence))
    return text if len(text) <= _LONGEST_SENTENCE else f"{text[:_LONGEST_SENTENCE]} …."


def excerpt(cell: object) -> str:
    """A cell's text in quotation marks, printable and short."""
    text = printable(str(cell))
    return f"“{text if len(text) <= _LONGEST_EXCERPT else text[: _LONGEST_EXCERPT - 1] + '…'}”"
