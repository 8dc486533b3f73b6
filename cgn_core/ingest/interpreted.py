"""A file's rows once its cells are numbers, days and creators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from cgn_core.ingest.findings import excerpt, listed
from cgn_core.ingest.grid import Days, Floats, Positions

Flags = npt.NDArray[np.bool_]

ONE_DAY = np.timedelta64(1, "D")


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
    """By marker (provisional, imputed) and column, the rows whose number is so; columns without any may be left out."""
    lines: Positions

    def starts(self) -> Positions:
        """Where each creator's rows begin, and the end."""
        return np.searchsorted(self.codes, np.arange(len(self.creators) + 1))

    @cached_property
    def follows_yesterday(self) -> Flags:
        """Rows whose row before is the same creator's day before."""
        following = np.zeros(len(self.days), dtype=bool)
        following[1:] = (np.diff(self.codes) == 0) & (np.diff(self.days) == ONE_DAY)
        return following

    @cached_property
    def followers_change(self) -> Floats:
        """Followers less those of the day before, NaN where either isn't known; the table has followers."""
        change = np.empty(len(self.days))
        np.subtract(self.values["followers"][1:], self.values["followers"][:-1], out=change[1:])
        change[~self.follows_yesterday] = np.nan
        return change

    @cached_property
    def net_growth(self) -> Floats:
        """As :func:`cgn_core.tables.net_growth`, for all creators at once."""
        values = self.values
        growth = np.full(len(self.days), np.nan)
        if "follows" in values and "unfollows" in values:
            growth = values["follows"] - values["unfollows"]
        is_open = np.isnan(growth)
        if "followers" in values and is_open.any():
            growth = np.where(is_open, self.followers_change, growth)
        if "follows" in values and np.isnan(growth).all():
            growth = values["follows"]
        return growth

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
