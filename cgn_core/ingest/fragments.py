"""What one file says of one account's days; several files of an account make a history together."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from cgn_core.ingest.grid import Days, Floats, Positions
from cgn_core.tables import Provenance


@dataclass(frozen=True)
class Metrics:
    """Daily series of the platform from one file, or from one block of it.

    Attributes:
        source: the file's name, with the block's title where it has several.
        creator: the account's handle without @, "" where the file names none.
        days: shape (n,), ascending, each once.
        values: by canonical column, shape (n,), NaN where the file has no number.
        lines: shape (n,), where in the file each day stands.
        omits_zero_days: columns in which the platform leaves out days of zero, so that a missing day may be one.
        provisional_days: how many of the newest days the platform may still correct.
        marks: provenance by column where the file says it itself; else it follows from the numbers.
        rank: of two files with the same day, the one of the higher rank is believed, then the one that ends later.
    """

    source: str
    creator: str
    days: Days
    values: dict[str, Floats]
    lines: Positions
    omits_zero_days: frozenset[str] = field(default_factory=frozenset)
    provisional_days: int = 0
    rank: int = 1
    marks: dict[str, npt.NDArray[np.int8]] = field(default_factory=dict)

    @property
    def codes(self) -> dict[str, npt.NDArray[np.int8]]:
        """Provenance per cell, shape (n,) by column."""
        found = {}
        for name, numbers in self.values.items():
            if name in self.marks:
                found[name] = self.marks[name]
                continue
            marks = np.where(np.isnan(numbers), Provenance.MISSING, Provenance.OBSERVED).astype(np.int8)
            newest = np.zeros(len(numbers), dtype=bool)
            newest[len(numbers) - min(self.provisional_days, len(numbers)) :] = True
            marks[newest & (marks == Provenance.OBSERVED)] = Provenance.PROVISIONAL
            found[name] = marks
        return found


@dataclass(frozen=True)
class Piece:
    """One published post, reel or story; nothing of it is kept but its day and kind."""

    identity: str
    """Tells it from others within a drop of files; not stored."""
    day: np.datetime64
    column: str
    """posts | reels | stories"""


@dataclass(frozen=True)
class Pieces:
    """What an account published, from one file."""

    source: str
    creator: str
    pieces: tuple[Piece, ...]
    columns: frozenset[str]
    """Kinds of which the file lists every piece, so that a day without one is a zero."""


Fragment = Metrics | Pieces
