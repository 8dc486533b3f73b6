"""From rows sorted by creator and day to one gap-free daily table per creator."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

import numpy as np
import pandas as pd

from cgn_core.ingest.columns import IMPUTED, PROVISIONAL
from cgn_core.ingest.grid import Floats
from cgn_core.ingest.interpreted import Flags, Table
from cgn_core.tables import DAILY_COLUMNS, Daily, Provenance

_CODES = {PROVISIONAL: Provenance.PROVISIONAL, IMPUTED: Provenance.IMPUTED}


def creators_of(table: Table) -> tuple[Daily, ...]:
    """One daily table per creator, in the file's order; days without a row are rows of missing cells."""
    return tuple(daily for _, daily in _tables(table, table.values, table.marked))


def competitors_of(table: Table) -> dict[str, Daily]:
    """The competitor that each creator's rows carry along, by the name it is offered under."""
    if not table.competitor:
        return {}
    rivals = {}
    for creator, daily in _tables(table, table.competitor, {}):
        if daily.columns:
            name = f"Competitor of {creator}" if creator else "Competitor"
            rivals[name] = Daily(frame=daily.frame, provenance=daily.provenance, creator=name)
    return rivals


def _tables(
    table: Table, values: Mapping[str, Floats], marked: Mapping[str, Mapping[str, Flags]]
) -> Iterator[tuple[str, Daily]]:
    """Each creator's columns that have a number.

    All creators stand in one block of numbers; a creator's frame is a part of it, which pandas copies on write.
    """
    starts = table.starts()
    filled = np.flatnonzero(np.diff(starts) > 0)
    begins, ends = starts[filled], starts[filled + 1]
    first = table.days[begins]
    lengths = (table.days[ends - 1] - first).astype(np.int64) + 1
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    names = [name for name in DAILY_COLUMNS if name in values]
    if offsets[-1] == len(table.days):
        dates, rows = table.days.astype("datetime64[s]"), np.arange(len(table.days))
        numbers = np.array([values[name] for name in names]).reshape(len(names), len(dates))
    else:
        within = np.arange(offsets[-1]) - np.repeat(offsets[:-1], lengths)
        dates = (np.repeat(first, lengths) + within).astype("datetime64[s]")
        rows = np.repeat(offsets[:-1] - first.astype(np.int64), ends - begins) + table.days.astype(np.int64)
        numbers = np.full((len(names), offsets[-1]), np.nan)
        for place, name in enumerate(names):
            numbers[place, rows] = values[name]
    known = ~np.isnan(numbers)
    codes = known.view(np.int8) * np.int8(Provenance.OBSERVED)
    for marker, by_column in marked.items():
        for place, name in enumerate(names):
            if name in by_column:
                marks = rows[by_column[name]]
                codes[place, marks[known[place, marks]]] = _CODES[marker]
    has_number: Flags = np.logical_or.reduceat(known, offsets[:-1], axis=1)
    # A column is put before numbered ones three times as fast as before named ones.
    frame = pd.DataFrame(numbers.T, columns=range(1, len(names) + 1), copy=False)
    frame.insert(0, 0, dates)
    frame.columns = _index(("date", *names))
    provenance = pd.DataFrame(codes.T, columns=_index(tuple(names)), copy=False)
    is_whole = np.logical_and.reduce(has_number, axis=0)
    for at, code in enumerate(filled):
        part = slice(offsets[at], offsets[at + 1])
        kept = None if is_whole[at] else [name for name, has in zip(names, has_number[:, at], strict=True) if has]
        creator = table.creators[code]
        yield (
            creator,
            Daily(
                frame=_part(frame, part, kept if kept is None else ["date", *kept]),
                provenance=_part(provenance, part, kept),
                creator=creator,
            ),
        )


@lru_cache(maxsize=256)
def _index(names: tuple[str, ...]) -> pd.Index[str]:
    """Made once: of a file of one creator it takes as long as its numbers."""
    return pd.Index(list(names))


def _part(frame: pd.DataFrame, rows: slice, names: list[str] | None) -> pd.DataFrame:
    part = frame.iloc[rows] if names is None else frame.iloc[rows][names]
    part.index = pd.RangeIndex(len(part))
    return part
