"""Plain files straight to weekly sums, where only the weeks are wanted: no findings, no provenance, no frames."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cgn_core.ingest.columns import CREATOR, DATE
from cgn_core.ingest.content import decode, kind_of
from cgn_core.ingest.delimited import read_delimited
from cgn_core.ingest.findings import RefusedFile
from cgn_core.ingest.grid import Days, Floats, Positions
from cgn_core.ingest.interpretation import MOST_VALUE
from cgn_core.ingest.typed import TypedGrid
from cgn_core.tables import DAYS_PER_WEEK

# 1970-01-05 was a Monday.
_MONDAY_SHIFT = 4
_WEEKS_BETWEEN_CREATORS = 1_000_000


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
        grid = read_delimited(decode(data), data=data) if kind_of(data) == "text" else None
    except RefusedFile:
        return None
    if not isinstance(grid, TypedGrid):
        return None
    return _plain_weeks(grid)


def _plain_weeks(grid: TypedGrid) -> Weeks | None:
    columns = grid.mapped
    days = grid.days(columns.places[DATE])
    if days is None or np.isnat(days).any() or not columns.metrics:
        return None
    numbers = np.empty((len(columns.metrics), len(days)))
    for at, name in enumerate(columns.metrics):
        each = grid.numbers(columns.places[name])
        if each is None:
            return None
        numbers[at] = each
    if np.fmin.reduce(numbers, axis=None) < 0 or np.fmax.reduce(numbers, axis=None) >= MOST_VALUE:
        return None
    codes, names = np.zeros(len(days), dtype=np.int64), [""]
    if CREATOR in columns.places:
        codes, names = grid.labels(columns.places[CREATOR])
        if codes.min() < 0:
            return None
    ordinals = days.astype(np.int64)
    steps, changes = np.diff(ordinals), np.diff(codes)
    if not ((changes > 0) | ((changes == 0) & (steps > 0))).all():
        order = np.lexsort((ordinals, codes))
        codes, ordinals, numbers = codes[order], ordinals[order], numbers[:, order]
        if ((np.diff(codes) == 0) & (np.diff(ordinals) == 0)).any():
            return None
    return _summed(tuple(names), codes, ordinals, columns.metrics, numbers)


def _summed(
    names: tuple[str, ...], codes: Positions, ordinals: Positions, columns: tuple[str, ...], numbers: Floats
) -> Weeks:
    weeks = (ordinals - _MONDAY_SHIFT) // DAYS_PER_WEEK
    keys = codes * _WEEKS_BETWEEN_CREATORS + weeks
    starts = np.flatnonzero(np.diff(keys, prepend=keys[0] - 1))
    full = np.diff(starts, append=len(keys)) == DAYS_PER_WEEK
    return Weeks(
        creators=names,
        codes=codes[starts][full],
        week_starts=(weeks[starts][full] * DAYS_PER_WEEK + _MONDAY_SHIFT).astype("datetime64[D]"),
        columns=columns,
        sums=np.add.reduceat(numbers, starts, axis=1)[:, full],
    )
