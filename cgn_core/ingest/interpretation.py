"""From a file's cells to numbers, days and creators; cells that can't be read become error findings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

import numpy as np

from cgn_core.ingest.columns import CREATOR, DATE, MARKERS, MONTH_FIRST, Columns, canonical_name
from cgn_core.ingest.counts import parse_counts
from cgn_core.ingest.dates import Order, ParsedDays, parse_days
from cgn_core.ingest.findings import Findings, excerpt
from cgn_core.ingest.grid import Counts, Days, Floats, Grid, Positions
from cgn_core.ingest.interpreted import Flags, Table
from cgn_core.ingest.mending import Mending
from cgn_core.ingest.storage import formula_plain

LONGEST_CREATOR = 60
MOST_VALUE = 1e12
"""A count no account reaches; beyond it a cell is a mistake."""
REAL_VALUED = frozenset({"minutes_spent"})
_YES, _NO = {"yes", "true", "1", "1.0", "y", "x", "sim", "si"}, {"no", "false", "0", "0.0", "n", "nao"}


__all__ = ["Flags", "Table", "interpret"]


def interpret(grid: Grid, columns: Columns, mending: Mending, *, today: date) -> Table:
    """Read every column that has a meaning; rows without a day and without any number go.

    Args:
        grid: the cells.
        columns: their meaning; has a date column.
        mending: takes what can't be read, and asks what shall become of it.
        today: see :func:`cgn_core.ingest.dates.parse_days`.
    """
    found = mending.found
    names, codes = _creators(grid, columns, found)
    values = {name: _numbers(grid, columns.places[name], name, mending) for name in columns.metrics}
    rival = {name: _numbers(grid, place, name, mending) for name, place in columns.competitor.items()}
    days = _days(grid, columns, codes, today, mending)
    dated = ~np.isnat(days.values)
    undated = np.flatnonzero(~dated)
    empty = np.setdiff1d(undated, days.unreadable, assume_unique=True)
    _note_days(grid, columns, days, _with_numbers(empty, (*values.values(), *rival.values())), mending)
    marked = {name: _marks(grid, columns.places[name], columns, mending) for name in MARKERS if name in columns.places}
    _note_creators(grid, columns, np.flatnonzero(dated & (codes < 0)), mending)
    left_out = mending.decide_rows()
    kept = np.flatnonzero(dated & ~np.isin(grid.lines, left_out) if len(left_out) else dated)
    table = Table(names, codes, days.values, values, rival, marked, grid.lines)
    if len(kept) == len(codes) and _are_ordered(codes, days.values):
        return table
    return table.only(kept[np.lexsort((days.values[kept], codes[kept]))])


def _with_numbers(rows: Positions, columns: Sequence[Floats]) -> Positions:
    """Those of the rows that have a number in any of the columns."""
    if not len(rows):
        return rows
    has_number = np.zeros(len(rows), dtype=bool)
    for numbers in columns:
        has_number |= ~np.isnan(numbers[rows])
    return rows[has_number]


def _are_ordered(codes: Positions, days: Days) -> bool:
    """Whether rows stand by creator and day already, as exports write them."""
    changes = np.diff(codes)
    return bool(((changes > 0) | ((changes == 0) & (days[1:] >= days[:-1]))).all())


def _creators(grid: Grid, columns: Columns, found: Findings) -> tuple[tuple[str, ...], Positions]:
    nobody = np.zeros(len(grid.lines), dtype=np.int64)
    if CREATOR not in columns.places:
        return ("",), nobody
    labels, texts = grid.labels(columns.places[CREATOR])
    by_fold: dict[str, int] = {}
    names: list[str] = []
    # The last place answers for empty cells, whose label is -1.
    by_label = np.full(len(texts) + 1, -1, dtype=np.int64)
    for label, text in enumerate(texts):
        name = formula_plain(text.strip()).removeprefix("@").strip()
        if name:
            by_label[label] = by_fold.setdefault(name.casefold(), len(names))
            if by_label[label] == len(names):
                names.append(name)
    codes = by_label[labels]
    if not names:
        return ("",), nobody
    long = [name for name in names if len(name) > LONGEST_CREATOR]
    if long:
        rows = grid.lines[np.isin(codes, [names.index(name) for name in long])]
        found.add(
            "error",
            "creator_too_long",
            f"{columns.source(CREATOR)} has a name of more than {LONGEST_CREATOR} characters in "
            f"{found.places(rows)} ({excerpt(long[0])}); write the account's handle.",
            rows,
        )
    return tuple(names), codes


def _note_creators(grid: Grid, columns: Columns, nameless: Positions, mending: Mending) -> None:
    rows = grid.lines[nameless]
    if len(rows):
        mending.fault(
            "missing_creator",
            f"{columns.source(CREATOR)} is empty in {mending.found.places(rows)}; write whose numbers these are, "
            "or remove the column if all are one creator's.",
            rows,
        )


def _numbers(grid: Grid, place: int, name: str, mending: Mending) -> Floats:
    """A column's numbers; NaN where empty or unreadable."""
    found = mending.found
    source, whole = grid.header[place], name not in REAL_VALUED
    numbers = grid.numbers(place)
    if numbers is None:
        cells = grid.cells(place)
        counts = parse_counts(cells, whole=whole)
        numbers = counts.values
        if len(counts.unreadable):
            rows = grid.lines[counts.unreadable]
            first = excerpt(cells[int(counts.unreadable[0])])
            mending.fault(
                "not_a_number",
                f"{source} has text where a number belongs in {_places(found, rows, first)}; write a number or leave "
                "the cell empty.",
                rows,
            )
        if len(counts.rounded):
            rows = grid.lines[counts.rounded]
            first = excerpt(cells[int(counts.rounded[0])])
            found.add(
                "warning",
                "rounded_numbers",
                f"{source} is rounded in {_places(found, rows, first)}, which hides the change from day to day; export "
                "the full numbers if you can.",
                rows,
            )
    values = numbers.astype(np.float64, copy=False)
    if _are_usual(numbers, whole=whole):
        return values
    with np.errstate(invalid="ignore"):
        wild = np.isinf(values) | (np.abs(values) >= MOST_VALUE)
        negative = (values < 0) & ~wild
        broken = (values != np.floor(values)) & ~np.isnan(values) & ~wild & whole
    for code, bad, what in (
        ("impossible_value", wild, "impossibly large"),
        ("negative_count", negative, "negative"),
        ("fractional_count", broken, "not a whole number"),
    ):
        if not bad.any():
            continue
        at = np.flatnonzero(bad)
        rows = grid.lines[at]
        sentence = f"{source} is {what} in {_places(found, rows, format(values[at[0]], ',.10g'))}"
        if code == "fractional_count":
            found.add("warning", code, f"{sentence}; counts are whole, check the unit.", rows)
        elif mending.decide_values(source, sentence, code, rows) or code == "impossible_value":
            values = np.where(bad, np.nan, values)
    return values


def _are_usual(numbers: Counts | Floats, *, whole: bool) -> bool:
    """Whether every number is one that nothing is said about."""
    if not (np.fmin.reduce(numbers) >= 0 and np.fmax.reduce(numbers) < MOST_VALUE):
        return False
    if not whole or numbers.dtype.kind == "i":
        return True
    return bool(np.count_nonzero(numbers != np.floor(numbers)) == np.count_nonzero(np.isnan(numbers)))


def _days(grid: Grid, columns: Columns, codes: Positions, today: date, mending: Mending) -> ParsedDays:
    place = columns.places[DATE]
    days = grid.days(place)
    if days is not None and (np.isnat(days) | (days >= np.datetime64("2000-01-01"))).all():
        return ParsedDays(days, np.empty(0, dtype=np.int64), "iso")
    cells = grid.cells(place)
    parsed = parse_days(cells, codes, today=today)
    if not parsed.ambiguous:
        return parsed
    if columns.layout in MONTH_FIRST:
        return parse_days(cells, codes, today=today, order="month_first")
    example = int(np.flatnonzero(~np.isnat(parsed.values))[0])
    text = excerpt(cells[example])
    orders: dict[str, Order] = {"day_first": "day_first", "month_first": "month_first"}
    readings = {name: parse_days(cells, codes, today=today, order=order) for name, order in orders.items()}
    chosen = mending.asking.ask(
        "date_order",
        f"{grid.header[place]} could be day-month or month-day ({mending.found.unit} {grid.lines[example]}: {text}) "
        "and nothing in the file tells which; is the day or the month first?",
        [(name, f"{name.replace('_', ' ')}: {text} is {days.values[example]}") for name, days in readings.items()],
    )
    return readings[chosen or "day_first"]


def _note_days(grid: Grid, columns: Columns, days: ParsedDays, undated: Positions, mending: Mending) -> None:
    source, found = columns.source(DATE), mending.found
    if len(days.unreadable):
        rows, first = grid.lines[days.unreadable], grid.cells(columns.places[DATE])[int(days.unreadable[0])]
        wanted = {
            "iso": "2026-01-31 (YYYY-MM-DD)",
            "day_first": "31-01-2026 like the others",
            "month_first": "01-31-2026",
        }
        mending.fault(
            "unreadable_date",
            f"{source} can't be read as a day in {_places(found, rows, excerpt(first))}; write days as "
            f"{wanted[days.order]}.",
            rows,
        )
    if len(undated):
        rows = grid.lines[undated]
        mending.fault(
            "missing_dates", f"{source} is empty in {found.places(rows)}; write the day of these numbers.", rows
        )


def _marks(grid: Grid, place: int, columns: Columns, mending: Mending) -> dict[str, Flags]:
    """The rows that the marker names, by column; none of columns that it never names."""
    labels, texts = grid.labels(place)
    # Each text is read once; the last place answers for empty cells, whose label is -1.
    by_text = {name: np.zeros(len(texts) + 1, dtype=bool) for name in columns.metrics}
    is_wrong = np.zeros(len(texts) + 1, dtype=bool)
    for label, cell in enumerate(texts):
        text = cell.strip().casefold()
        if not text or text in _NO:
            continue
        words = [canonical_name(word) for word in re.split(r"[\s,;]+", text)]
        names = list(by_text) if text in _YES else [word for word in words if word in by_text]
        is_wrong[label] = text not in _YES and len(names) != len(words)
        for name in names:
            by_text[name][label] = True
    wrong = np.flatnonzero(is_wrong[labels])
    if len(wrong):
        rows = grid.lines[wrong]
        mending.fault(
            "unreadable_marks",
            f"{grid.header[place]} is neither yes or no nor names of columns in "
            f"{_places(mending.found, rows, excerpt(texts[labels[wrong[0]]]))}; write yes or leave the cell empty.",
            rows,
        )
    return {name: flags[labels] for name, flags in by_text.items() if flags.any()}


def _places(found: Findings, rows: Positions, first: str) -> str:
    places = found.places(rows)
    return f"{places} ({first})" if len(rows) == 1 else f"{places} ({found.unit} {rows[0]}: {first})"
