"""Columns that nobody knows by name: each that holds numbers is asked about, and so is a needed one that is lacking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np

from cgn_core.ingest.columns import DATE, NETWORKS, Columns, Layout, canonical_name, folded
from cgn_core.ingest.counts import parse_counts
from cgn_core.ingest.dates import parse_days
from cgn_core.ingest.findings import Findings, RefusedFile, excerpt, listed
from cgn_core.ingest.grid import CellGrid, Grid
from cgn_core.ingest.questions import LEAVE_OUT, Asking
from cgn_core.tables import DAILY_COLUMNS, Availability

KNOWN_LAYOUTS: frozenset[Layout] = frozenset({"own", "public39", "social_blade", "sprout"})
"""Layouts of which every column is known: nothing is asked about their columns."""
GROWTH = ("followers", "follows")
MOSTLY = 0.8
"""Share of a column's filled cells that must read as numbers, or days, for it to be taken for such."""
_ANY_DAY = date(2100, 1, 1)
_LOOKED_AT = 400
_MOST_ASKED = 40
# Words that say nothing of what is counted.
_NOISE = frozenset({
    "instagram", "ig", "insta", "daily", "day", "per", "count", "counts", "number", "of", "total", "num", "no", "qty",
    "the", "de", "do", "da", "del", "el", "la", "por", "dia", "numero", "my",
})  # fmt: skip
_INSTAGRAM = frozenset({"instagram", "ig", "insta"})
_PHRASES = {
    "followers": "followers at the end of the day",
    "follows": "new followers per day",
    "unfollows": "followers lost per day",
}


def has_growth(columns: Columns) -> bool:
    """Whether the daily follower count or the daily new followers are there."""
    return any(name in columns.places for name in GROWTH)


def has_numbers(columns: Columns) -> bool:
    """Whether any of the canonical columns is there."""
    return any(name in columns.places for name in DAILY_COLUMNS)


def decide_columns(grid: Grid, columns: Columns, asking: Asking, *, alone: bool) -> Columns:
    """The columns with what was answered, or proposed, about those that nobody knows.

    Args:
        grid: the cells, which tell numbers from words.
        columns: as their names have them.
        asking: takes a question per unknown column of numbers, and one for each needed column that is lacking.
        alone: no other file of its account is there, which might have the growth.
    """
    if columns.layout in KNOWN_LAYOUTS:
        return columns
    unknown = [place for place, name in enumerate(grid.header) if _is_unknown(columns, name, grid.header, place)]
    if DATE not in columns.places:
        columns = _with_date(grid, columns, unknown, asking)
    numbers = [place for place in unknown if place not in columns.places.values() and holds_numbers(grid, place)]
    claimed = _claimed(grid, columns, numbers, asking)
    for place in numbers[:_MOST_ASKED]:
        if claimed is None or place != claimed[1]:
            columns = _with_column(grid, columns, place, asking)
    if not has_growth(columns) and (alone or not has_numbers(columns)):
        columns = _with_growth(grid, columns, numbers, asking)
    return columns


def holds_numbers(grid: Grid, place: int) -> bool:
    """Whether most of a column's filled cells are numbers."""
    cells = [cell for cell in grid.cells(place)[:_LOOKED_AT] if cell is not None]
    if not cells:
        return False
    return bool(len(parse_counts(cells, whole=True).unreadable) <= (1 - MOSTLY) * len(cells))


def holds_days(grid: Grid, place: int) -> bool:
    """Whether most of a column's filled cells are days."""
    cells = [cell for cell in grid.cells(place)[:_LOOKED_AT] if cell is not None]
    if not cells:
        return False
    # Today only decides between two orders, and either is a day.
    parsed = parse_days(cells, np.zeros(len(cells), dtype=np.int64), today=_ANY_DAY)
    return bool(len(parsed.unreadable) <= (1 - MOSTLY) * len(cells))


def guess(name: str) -> str | None:
    """The canonical column that an unknown name says in more words, such as ``IG new followers per day``."""
    words = [word for word in folded(name).split("_") if word not in _NOISE]
    found = canonical_name(" ".join(words)) if words else None
    return found if found in DAILY_COLUMNS else None


def instagram_rows(grid: Grid, found: Findings) -> Grid:
    """The rows about Instagram, where a column says which network each row is about.

    Raises:
        RefusedFile: none of the rows is.
    """
    place = next((place for place, name in enumerate(grid.header) if folded(name) in NETWORKS), None)
    if place is None:
        return grid
    labels, texts = grid.labels(place)
    is_ours = [bool(_INSTAGRAM & set(folded(text).split("_"))) for text in texts]
    if not texts or all(is_ours):
        return grid
    if not any(is_ours):
        sentence = (
            f"{grid.header[place]} says {listed([excerpt(text) for text in texts])} and never Instagram; export the "
            "Instagram profile."
        )
        raise RefusedFile("no_instagram", f"has no row of Instagram: {sentence}")
    kept = np.flatnonzero(np.asarray([*is_ours, False])[labels])
    rows = kept.tolist()
    others = [excerpt(text) for text, ours in zip(texts, is_ours, strict=True) if not ours]
    found.add(
        "info",
        "other_networks",
        f"{len(labels) - len(kept):,} rows of {listed(others)} are left out; only Instagram's are read.",
    )
    columns = tuple(tuple(cells[at] for at in rows) for cells in map(grid.cells, range(len(grid.header))))
    return CellGrid(
        file_type=grid.file_type,
        header=grid.header,
        columns=columns,
        lines=grid.lines[kept],
        unit=grid.unit,
        skipped=grid.skipped,
        notes=grid.notes,
        top=grid.top,
        ragged=grid.ragged,
    )


def _is_unknown(columns: Columns, name: str, header: Sequence[str], place: int) -> bool:
    return name in columns.ignored and header.index(name) == place


def _with_date(grid: Grid, columns: Columns, unknown: Sequence[int], asking: Asking) -> Columns:
    plausible = [place for place in unknown if holds_days(grid, place)]
    if not plausible:
        return columns
    names = [grid.header[place] for place in plausible]
    chosen = asking.ask(
        "needed/date",
        f"no column is named date among {listed([name for name in grid.header if name.strip()])}; which column has the "
        "days?",
        [(name, f"{excerpt(name)}{_example(grid, place)}") for name, place in zip(names, plausible, strict=True)],
    )
    return columns if chosen is None else _mapped(columns, grid.header.index(chosen), DATE)


def _with_column(grid: Grid, columns: Columns, place: int, asking: Asking) -> Columns:
    name = grid.header[place]
    free = [column for column in DAILY_COLUMNS if column not in columns.places]
    guessed = guess(name)
    chosen = asking.ask(
        f"column/{name}",
        f"the column {excerpt(name)} isn't known{_example(grid, place)}; what does it hold?",
        [*((column, _in_words(column)) for column in free), (LEAVE_OUT, "leave it out")],
        proposed=guessed if guessed in free else LEAVE_OUT,
    )
    return columns if chosen in (None, LEAVE_OUT) else _mapped(columns, place, str(chosen))


def _claimed(grid: Grid, columns: Columns, numbers: Sequence[int], asking: Asking) -> tuple[str, int] | None:
    """The column that was already answered to be the needed one; it isn't asked about twice."""
    if has_growth(columns):
        return None
    name, _, source = asking.answers.get(asking.key("needed/growth"), "").partition("=")
    places = [place for place in numbers if grid.header[place] == source]
    return (name, places[0]) if name in GROWTH and places else None


def _with_growth(grid: Grid, columns: Columns, numbers: Sequence[int], asking: Asking) -> Columns:
    free = [place for place in numbers if place not in columns.places.values()][:_MOST_ASKED]
    if not free:
        return columns
    chosen = asking.ask(
        "needed/growth",
        f"no column is named followers or follows among {listed([name for name in grid.header if name.strip()])}, and "
        "growth can't be known without the daily follower count or the daily new followers; which column has it?",
        [
            (f"{name}={grid.header[place]}", f"{excerpt(grid.header[place])}: {_PHRASES[name]}{_example(grid, place)}")
            for place in free
            for name in GROWTH
        ],
    )
    if chosen is None:
        return columns
    name, _, source = chosen.partition("=")
    return _mapped(columns, grid.header.index(source), name)


def _mapped(columns: Columns, place: int, name: str) -> Columns:
    source = columns.header[place]
    is_outcome = name in DAILY_COLUMNS and DAILY_COLUMNS[name].availability is Availability.OUTCOME
    return replace(
        columns,
        places={**columns.places, name: place},
        ignored=tuple(other for other in columns.ignored if other != source),
        outcomes=(*columns.outcomes, source) if is_outcome else columns.outcomes,
    )


def _in_words(column: str) -> str:
    return _PHRASES.get(column, DAILY_COLUMNS[column].unit)


def _example(grid: Grid, place: int) -> str:
    cells = [excerpt(cell) for cell in grid.cells(place)[:_LOOKED_AT] if cell is not None][:2]
    return f" (such as {listed(cells)})" if cells else ""
