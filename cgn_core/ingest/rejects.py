"""Rows of a file that were left out, for somebody to mend: where they stand, why, and the cells that are read."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from cgn_core.ingest.storage import formula_safe


@dataclass(frozen=True)
class RejectedRow:
    """One row that was left out."""

    line: int
    reason: str
    cells: tuple[str, ...]
    file: str = ""
    """Where several files are read together."""


@dataclass(frozen=True)
class Rejects:
    """What was left out of a file; only columns that are read, so never captions or names."""

    header: tuple[str, ...]
    rows: tuple[RejectedRow, ...]

    def to_json(self) -> dict[str, Any]:
        """The rows as lists; the file comes first where there are several."""
        has_files = any(row.file for row in self.rows)
        return {
            "header": [*(["file"] if has_files else []), "line", "reason", *self.header],
            "rows": [[*([row.file] if has_files else []), row.line, row.reason, *row.cells] for row in self.rows],
        }

    def to_csv(self) -> str:
        """A file to download; no spreadsheet takes its texts for formulas."""
        told = self.to_json()
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        for row in (told["header"], *told["rows"]):
            writer.writerow([formula_safe(cell) if isinstance(cell, str) else cell for cell in row])
        return text.getvalue()


def merged_rejects(rejects: Sequence[tuple[str, Rejects | None]]) -> Rejects | None:
    """What was left out of several files as one table: every column of any of them, empty where a file has it not.

    Args:
        rejects: each file's name and what was left out of it.
    """
    held = [(name, each) for name, each in rejects if each is not None]
    if not held:
        return None
    header = tuple(dict.fromkeys(column for _, each in held for column in each.header))
    rows = []
    for name, each in held:
        for row in each.rows:
            cells = dict(zip(each.header, row.cells, strict=True))
            rows.append(replace(row, file=name, cells=tuple(cells.get(column, "") for column in header)))
    return Rejects(header, tuple(rows))
