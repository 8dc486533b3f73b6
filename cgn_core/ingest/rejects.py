"""Rows of a file that were left out, for somebody to mend: where they stand, why, and the cells that are read."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import Any

from cgn_core.ingest.storage import formula_safe


@dataclass(frozen=True)
class RejectedRow:
    """One row that was left out."""

    line: int
    reason: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Rejects:
    """What was left out of a file; only columns that are read, so never captions or names."""

    header: tuple[str, ...]
    rows: tuple[RejectedRow, ...]

    def to_json(self) -> dict[str, Any]:
        """The rows as lists."""
        return {
            "header": ["line", "reason", *self.header],
            "rows": [[row.line, row.reason, *row.cells] for row in self.rows],
        }

    def to_csv(self) -> str:
        """A file to download; no spreadsheet takes its texts for formulas."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["line", "reason", *map(formula_safe, self.header)])
        writer.writerows([row.line, row.reason, *map(formula_safe, row.cells)] for row in self.rows)
        return text.getvalue()
