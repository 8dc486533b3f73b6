"""A file's rows once its cells are numbers, days and creators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cgn_core.ingest.findings import excerpt, listed
from cgn_core.ingest.grid import Days, Floats, Positions

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Table:
    """A file's rows, by creator and day."""

    creators: tuple[str, ...]
    """Names as first written, without @; one "" where the file names none."""
    codes: Positions
    """For each row its creator's place in ``creators``; ascending."""
    days: Days
    values: dict[str, Floats]
    competitor: dict[str, Floats]
    marked: dict[str, dict[str, Flags]]
    """By marker (provisional, imputed) and column, the rows whose number is so."""
    lines: Positions

    def starts(self) -> Positions:
        """Where each creator's rows begin, and the end."""
        return np.searchsorted(self.codes, np.arange(len(self.creators) + 1))

    def named(self, codes: Sequence[int] | Positions) -> str:
        """`` of luna and mara``; nothing where the file has one creator."""
        if len(self.creators) == 1:
            return ""
        return f" of {listed([excerpt(self.creators[code]) for code in sorted({int(code) for code in codes} - {-1})])}"

    def only(self, kept: Positions) -> Table:
        """Some of the rows, in their order."""
        return Table(
            creators=self.creators,
            codes=self.codes[kept],
            days=self.days[kept],
            values={name: numbers[kept] for name, numbers in self.values.items()},
            competitor={name: numbers[kept] for name, numbers in self.competitor.items()},
            marked={marker: {name: flags[kept] for name, flags in by.items()} for marker, by in self.marked.items()},
            lines=self.lines[kept],
        )
