"""What blocks an import, and what became of a file's columns."""

from __future__ import annotations

from datetime import date

import numpy as np

from cgn_core.ingest.columns import CREATOR, DATE, Columns, canonical_name
from cgn_core.ingest.findings import Findings, excerpt, listed
from cgn_core.ingest.interpreted import Table

MOST_CREATORS = 2000
MOST_DAYS = 3_000_000
"""Days from first to last, over all creators."""
_SPARSE_DAYS, _SPARSE_FACTOR = 4000, 40
_GROWTH = ("followers", "follows", "unfollows")


def note_errors(table: Table, columns: Columns, found: Findings, *, today: date, alone: bool = True) -> None:
    """What makes rows no daily history: future days, impossible spans; alone, no growth too, which others may have."""
    source = columns.source(DATE)
    late = table.days > np.datetime64(today, "D")
    if late.any():
        rows = np.sort(table.lines[late])
        newest = table.days[late].max()
        found.add(
            "error",
            "future_date",
            f"{source} lies in the future in {found.places(rows)} (up to {newest}, today is {today.isoformat()}); "
            "correct the date or remove the rows.",
            rows,
        )
    if len(table.creators) > MOST_CREATORS:
        found.add(
            "error",
            "too_many_creators",
            f"{columns.source(CREATOR)} names {len(table.creators):,} creators and at most {MOST_CREATORS:,} are "
            "imported at once; split the file.",
        )
        return
    _note_spans(table, columns, found)
    if alone:
        _note_no_growth(table, columns, found)


def _note_spans(table: Table, columns: Columns, found: Findings) -> None:
    starts = table.starts()
    filled = np.flatnonzero(np.diff(starts) > 0)
    spans = (table.days[starts[filled + 1] - 1] - table.days[starts[filled]]).astype(np.int64) + 1
    sparse = filled[spans > _SPARSE_DAYS + _SPARSE_FACTOR * np.diff(starts)[filled]]
    if len(sparse) or spans.sum() > MOST_DAYS:
        at = int(sparse[0]) if len(sparse) else int(filled[np.argmax(spans)])
        first, last = table.days[starts[at]], table.days[starts[at + 1] - 1]
        rows = sorted({int(table.lines[starts[at]]), int(table.lines[starts[at + 1] - 1])})
        found.add(
            "error",
            "too_many_days",
            f"{columns.source(DATE)} runs from {first} to {last}{table.named([at])}, far more days than there are rows "
            f"({found.places(rows)}); correct the dates.",
            rows,
        )


def _note_no_growth(table: Table, columns: Columns, found: Findings) -> None:
    starts = table.starts()
    has_growth = np.zeros(len(table.days), dtype=bool)
    for name in ("followers", "follows"):
        if name in table.values:
            has_growth |= ~np.isnan(table.values[name])
    without = [code for code in range(len(table.creators)) if not has_growth[starts[code] : starts[code + 1]].any()]
    if without and any(name in columns.places for name in ("followers", "follows")):
        sources = listed([columns.source(name) for name in ("followers", "follows") if name in columns.places])
        found.add(
            "error",
            "no_growth_numbers",
            f"{sources} {'are' if ' and ' in sources else 'is'} empty on every day{table.named(without)}; export the "
            "file with the daily followers or new followers.",
        )


def note_columns(columns: Columns, found: Findings) -> None:
    """Which columns were recognised, offered as a competitor, or left alone."""
    for name, others in columns.doubled.items():
        found.add(
            "warning",
            "doubled_column",
            f"{listed(others)} {'is' if len(others) == 1 else 'are'} left out because {columns.source(name)} is {name} "
            "already; remove one of them if that is the wrong choice.",
        )
    # Followers, follows and unfollows are what is predicted; nobody takes them for causes.
    outcomes = [name for name in columns.outcomes if canonical_name(name) not in _GROWTH]
    if outcomes:
        found.add(
            "info",
            "outcome_columns",
            f"{listed(outcomes, limit=40)} {'is an outcome' if len(outcomes) == 1 else 'are outcomes'} "
            "of the same day: shown, and never used to predict that day.",
        )
    if columns.known:
        found.add(
            "info",
            "set_aside_columns",
            f"{listed(columns.known, limit=40)} {'is' if len(columns.known) == 1 else 'are'} recognised and not "
            "stored, because the product computes or doesn't need them.",
        )
    if columns.competitor:
        sources = [columns.header[place] for place in columns.competitor.values()]
        found.add(
            "info",
            "competitor_columns",
            f"{listed(sources)} {'is' if len(sources) == 1 else 'are'} a competitor's, "
            "offered on the Competitors page.",
        )
    if columns.ignored:
        found.add(
            "info",
            "ignored_columns",
            f"{listed([excerpt(name) for name in columns.ignored])} {'is' if len(columns.ignored) == 1 else 'are'} not "
            "known and ignored; rename a column to one of ours if it should be read.",
        )
