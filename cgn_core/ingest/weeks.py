"""Plain files straight to weekly sums, where only the weeks are wanted: no findings, no provenance, no frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cgn_core.ingest.columns import CREATOR, DATE
from cgn_core.ingest.content import decode, kind_of
from cgn_core.ingest.delimited import read_plain
from cgn_core.ingest.findings import RefusedFile
from cgn_core.ingest.grid import Counts, Days, Floats, Positions
from cgn_core.ingest.interpretation import MOST_VALUE
from cgn_core.ingest.typed import TypedGrid
from cgn_core.tables import DAYS_PER_WEEK

# 1970-01-05 was a Monday.
_MONDAY_SHIFT = 4
_LOOKED_AT = 4096
"""Bytes that tell a table from a web page or a binary file."""


@dataclass(frozen=True)
class Weeks:
    """Monday-Sunday weeks with a row on each of their seven days, by creator and week."""

    creators: tuple[str, ...]
    codes: Positions
    """For each week its creator's place in ``creators``."""
    week_starts: Days
    columns: tuple[str, ...]
    sums: Floats
    """Shape (columns, weeks); NaN where a day's cell is empty. Of levels such as followers a sum of seven days."""


def read_weeks(data: bytes) -> Weeks | None:
    """The weeks of a plain table; None where anything in it needs a closer look, which ``read_bytes`` takes.

    Plain is: delimited text of ISO days and numbers from zero below 1e12, each day of a creator once.
    """
    try:
        grid = read_plain(data) if kind_of(data) == "text" and decode(data[:_LOOKED_AT]) else None
    except RefusedFile:
        return None
    # NUL would pass for a character of a name.
    return None if grid is None or b"\x00" in data else _plain_weeks(grid)


def _plain_weeks(grid: TypedGrid) -> Weeks | None:
    columns = grid.mapped
    days = grid.days(columns.places[DATE])
    if days is None or np.isnat(days).any() or not columns.metrics:
        return None
    numbers = []
    for name in columns.metrics:
        each = grid.numbers(columns.places[name])
        if each is None or np.fmin.reduce(each) < 0 or np.fmax.reduce(each) >= MOST_VALUE:
            return None
        numbers.append(each)
    codes, names = np.zeros(len(days), dtype=np.int64), [""]
    if CREATOR in columns.places:
        codes, names = grid.labels(columns.places[CREATOR])
        if codes.min() < 0:
            return None
    ordinals = days.view(np.int64)
    if not _are_ordered(codes, ordinals):
        order = np.lexsort((ordinals, codes))
        codes, ordinals, numbers = codes[order], ordinals[order], [each[order] for each in numbers]
        if ((np.diff(codes) == 0) & (np.diff(ordinals) == 0)).any():
            return None
    return _summed(tuple(names), codes, ordinals, columns.metrics, numbers)


def _are_ordered(codes: Positions, ordinals: Positions) -> bool:
    """Whether rows stand by creator and day, each day once."""
    first = codes[:-1] < codes[1:]
    return bool((first | ((codes[:-1] == codes[1:]) & (ordinals[:-1] < ordinals[1:]))).all())


def _summed(
    names: tuple[str, ...],
    codes: Positions,
    ordinals: Positions,
    columns: tuple[str, ...],
    numbers: Sequence[Counts | Floats],
) -> Weeks:
    weeks = (ordinals - _MONDAY_SHIFT) // DAYS_PER_WEEK
    begins = np.ones(len(codes), dtype=bool)
    np.logical_or(codes[1:] != codes[:-1], weeks[1:] != weeks[:-1], out=begins[1:])
    starts = np.flatnonzero(begins)
    full = np.diff(starts, append=len(codes)) == DAYS_PER_WEEK
    sums = np.empty((len(numbers), np.count_nonzero(full)))
    for row, each in zip(sums, numbers, strict=True):
        row[:] = np.add.reduceat(each, starts)[full]
    return Weeks(
        creators=names,
        codes=codes[starts][full],
        week_starts=(weeks[starts][full] * DAYS_PER_WEEK + _MONDAY_SHIFT).astype("datetime64[D]"),
        columns=columns,
        sums=sums,
    )
