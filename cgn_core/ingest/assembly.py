"""From rows sorted by creator and day to one gap-free daily table per creator."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from cgn_core.ingest.columns import IMPUTED, PROVISIONAL
from cgn_core.ingest.grid import Floats
from cgn_core.ingest.interpretation import Table
from cgn_core.tables import DAILY_COLUMNS, Daily, Provenance

_CODES = {PROVISIONAL: Provenance.PROVISIONAL, IMPUTED: Provenance.IMPUTED}


def creators_of(table: Table) -> tuple[Daily, ...]:
    """One daily table per creator, in the file's order; days without a row are rows of missing cells."""
    codes = {
        name: np.where(np.isnan(numbers), Provenance.MISSING, Provenance.OBSERVED).astype(np.int8)
        for name, numbers in table.values.items()
    }
    for marker, by_column in table.marked.items():
        for name, flags in by_column.items():
            codes[name][flags & (codes[name] != Provenance.MISSING)] = _CODES[marker]
    starts = table.starts()
    return tuple(
        _daily(table, slice(int(starts[at]), int(starts[at + 1])), table.values, codes, creator=name)
        for at, name in enumerate(table.creators)
    )


def competitors_of(table: Table) -> dict[str, Daily]:
    """The competitor that each creator's rows carry along, by the name it is offered under."""
    codes = {
        name: np.where(np.isnan(numbers), Provenance.MISSING, Provenance.OBSERVED).astype(np.int8)
        for name, numbers in table.competitor.items()
    }
    starts = table.starts()
    rivals = {}
    for at, creator in enumerate(table.creators):
        rows = slice(int(starts[at]), int(starts[at + 1]))
        if any(codes[name][rows].any() for name in codes):
            name = f"Competitor of {creator}" if creator else "Competitor"
            rivals[name] = _daily(table, rows, table.competitor, codes, creator=name)
    return rivals


def _daily(
    table: Table, rows: slice, values: Mapping[str, Floats], codes: Mapping[str, npt.NDArray[np.int8]], *, creator: str
) -> Daily:
    days = table.days[rows]
    names = [name for name in DAILY_COLUMNS if name in values and codes[name][rows].any()]
    places = (days - days[0]).astype(np.int64)
    length = int(places[-1]) + 1
    numbers = np.full((length, len(names)), np.nan)
    marks = np.zeros((length, len(names)), dtype=np.int8)
    for column, name in enumerate(names):
        numbers[places, column] = values[name][rows]
        marks[places, column] = codes[name][rows]
    frame = pd.DataFrame(numbers, columns=names)
    frame.insert(0, "date", (days[0] + np.arange(length)).astype("datetime64[s]"))
    return Daily(frame=frame, provenance=pd.DataFrame(marks, columns=names), creator=creator)
