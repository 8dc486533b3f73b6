"""Faults that only show between columns: a metric counted anew, days shifted by one, zeros that are not there yet."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cgn_core.ingest.columns import Columns
from cgn_core.ingest.findings import Findings
from cgn_core.ingest.grid import Floats, Positions
from cgn_core.ingest.interpreted import ONE_DAY, Flags, Table
from cgn_core.ingest.medians import medians
from cgn_core.tables import DAYS_PER_WEEK

METRICS = (
    "follows", "reach", "views", "profile_visits", "likes", "comments", "saves", "shares", "interactions",
)  # fmt: skip
"""Outcomes that rise and fall together from day to day."""
WINDOW = 6
"""Weeks on either side of a change of definition."""
LEAST_FACTOR, MOST_OTHERS = 1.5, 1.25
"""A metric's level jumps at least by the first while the others' moves at most by the second."""
_SUSPICIOUS = 0.7
LEAST_ERRORS, _LEAST_ERROR = 8.0, 1e-6
"""How many standard errors a jump must be of, out of the weeks' own scatter on both sides."""
_FEWEST_A_WEEK = 20.0
TAIL = 8
"""Days that a platform publishes late at most."""
_USUAL_FROM, _MOST_ZEROS = 5.0, 0.01
_FEWEST_DAYS, _DAYS_COMPARED = 42, 365
_ALIKE, _APART = 0.5, 0.2
MOST_CREATORS = 50
"""Creators whose days are compared by column: a file of more is one tool's, and its days are one zone's."""
_SLIP = 0.5
_NO_SCATTER = 1e-12
"""What rounding leaves of a column that moves alike every day."""


def note_changes(table: Table, columns: Columns, found: Findings) -> None:
    """What columns say of each other; ``table`` has no errors."""
    _note_slips(table, columns, found)
    _note_zero_tails(table, columns, found)
    if len(table.creators) <= MOST_CREATORS:
        _note_definitions(table, columns, found)
        _note_shifted_days(table, columns, found)


def followers_slips(table: Table) -> Positions:
    """Days whose follower count is less than half, or more than twice, that of the days on both sides."""
    counts = table.values.get("followers")
    if counts is None or len(counts) < 3:  # noqa: PLR2004 - a day and its neighbours
        return np.empty(0, dtype=np.int64)
    before, here, after = counts[:-2], counts[1:-1], counts[2:]
    alike = (table.codes[:-2] == table.codes[2:]) & (table.days[2:] - table.days[:-2] == 2 * ONE_DAY)
    with np.errstate(invalid="ignore"):
        steady = alike & (np.minimum(before, after) > _SLIP * np.maximum(before, after))
        low = here < _SLIP * np.minimum(before, after)
        high = here * _SLIP > np.maximum(before, after)
    return np.flatnonzero(steady & (low | high)) + 1


def _note_slips(table: Table, columns: Columns, found: Findings) -> None:
    at = followers_slips(table)
    if len(at):
        rows = np.sort(table.lines[at])
        found.add(
            "warning",
            "followers_slip",
            f"{columns.source('followers')} jumps for a single day and back{table.named(table.codes[at])} in "
            f"{found.places(rows)} ({table.days[at[0]]}: {table.values['followers'][at[0]]:,.0f}); correct these cells "
            "or empty them.",
            rows,
        )


def zero_tails(table: Table) -> Iterator[tuple[str, Positions]]:
    """Metrics that end in zeros although they hardly ever are zero: the platform hasn't published these days yet."""
    ends = np.append(np.flatnonzero(np.diff(table.codes)), len(table.codes) - 1)
    for name in METRICS:
        if name not in table.values or not (table.values[name][ends] == 0).any():
            continue
        late: list[int] = []
        for begin, end in pairwise(table.starts()):
            values = table.values[name][begin:end]
            known = np.flatnonzero(values != 0)
            last = int(known[-1]) + 1 if len(known) else 0
            usual = values[:last][~np.isnan(values[:last])]
            length = len(values) - last
            if not 0 < length <= TAIL or len(usual) < _FEWEST_DAYS or np.isnan(values[last:]).any():
                continue
            if np.median(usual) >= _USUAL_FROM and (usual == 0).mean() <= _MOST_ZEROS:
                late += range(begin + last, end)
        if late:
            yield name, np.array(late)


def _note_zero_tails(table: Table, columns: Columns, found: Findings) -> None:
    for name, late in zero_tails(table):
        rows = np.sort(table.lines[late])
        found.add(
            "warning",
            "zeros_at_the_end",
            f"{columns.source(name)} is 0 on the newest days{table.named(table.codes[late])} ({found.places(rows)})"
            " and hardly ever before; if the platform hasn't published them yet, empty these cells.",
            rows,
        )


def changed_definitions(table: Table) -> Iterator[tuple[str, int, int, float]]:
    """Metrics that jump against the others: the name, the creator's code, the row from which on, and the factor."""
    names = [name for name in METRICS if name in table.values]
    width = 2 * WINDOW + 1
    if len(names) < 2 or len(table.days) < width * DAYS_PER_WEEK:  # noqa: PLR2004 - one to compare with
        return
    for code, (begin, end) in enumerate(pairwise(table.starts())):
        weeks = (end - begin) // DAYS_PER_WEEK
        if weeks < width:
            continue
        levels = np.array([_weekly_logs(table.values[name][begin:end], weeks) for name in names])
        suspects = _moving(levels)
        for place, name in enumerate(names):
            # Growth may change by itself; drift is told elsewhere.
            if name == "follows" or not suspects[place]:
                continue
            others = np.delete(levels, place, axis=0)
            jump = _jump(levels[place], others)
            if jump is None:
                continue
            week, factor = jump
            at = begin + week * DAYS_PER_WEEK
            yield name, code, at, factor


def _note_definitions(table: Table, columns: Columns, found: Findings) -> None:
    for name, code, at, factor in changed_definitions(table):
        found.add(
            "warning",
            "changed_definition",
            f"{columns.source(name)}{table.named([code])} stands at {factor:.1f} times its level from about "
            f"{table.days[at]} on ({found.unit} {table.lines[at]}) while the other metrics stay; if the platform "
            "counts it anew since then, don't compare across that day.",
            [table.lines[at]],
        )


def _moving(levels: Floats) -> Flags:
    """Metrics whose level moves at all against the middle of all: the others need no closer look."""
    if np.isnan(levels).any():
        return np.ones(len(levels), dtype=bool)
    sums = np.zeros((levels.shape[0], levels.shape[1] + 1))
    np.cumsum(levels - medians(levels.T), axis=1, out=sums[:, 1:])
    means = (sums[:, WINDOW:] - sums[:, :-WINDOW]) / WINDOW
    moves = np.abs(means[:, WINDOW + 1 :] - means[:, : -WINDOW - 1])
    return np.asarray(moves.max(axis=1) >= _SUSPICIOUS * np.log(LEAST_FACTOR))


def _weekly_logs(values: Floats, weeks: int) -> Floats:
    """Log of the sum of each seven rows; NaN where it is unknown or too small to compare."""
    sums = values[: weeks * DAYS_PER_WEEK].reshape(weeks, DAYS_PER_WEEK).sum(axis=1)
    return np.log(np.where(sums >= _FEWEST_A_WEEK, sums, np.nan))


def _jump(own: Floats, others: Floats) -> tuple[int, float] | None:
    """The week in which a metric jumps against the others' middle, and the factor; None where none does clearly."""
    # A week in which one of them is unknown has no middle that could be compared.
    middle = np.median(others, axis=0)
    around, moved = (sliding_window_view(each, 2 * WINDOW + 1) for each in (own - middle, middle))
    before, after = around[:, :WINDOW], around[:, WINDOW + 1 :]
    with np.errstate(invalid="ignore", divide="ignore"):
        size = np.abs(after.mean(axis=1) - before.mean(axis=1))
        apart = np.maximum(after.min(axis=1) - before.max(axis=1), before.min(axis=1) - after.max(axis=1))
        error = np.sqrt((before.var(axis=1, ddof=1) + after.var(axis=1, ddof=1)) / WINDOW)
        shift = np.abs(moved[:, WINDOW + 1 :].mean(axis=1) - moved[:, :WINDOW].mean(axis=1))
        clear = (size >= np.log(LEAST_FACTOR)) & (apart > 0) & (size >= LEAST_ERRORS * error)
        held = clear & (shift <= np.log(MOST_OTHERS))
    weeks = np.flatnonzero(held)
    if not len(weeks):
        return None
    best = weeks[np.argmax((size / np.maximum(error, _LEAST_ERROR))[weeks])]
    factor = np.exp(after[best].mean() - before[best].mean())
    return int(best) + WINDOW, float(factor)


def _note_shifted_days(table: Table, columns: Columns, found: Findings) -> None:
    """Columns whose days are one before or after the others', as when tools cut days in different time zones."""
    told: set[tuple[str, str]] = set()
    for code, (begin, end) in enumerate(pairwise(table.starts())):
        part = slice(max(begin, end - _DAYS_COMPARED), end)
        if part.stop - part.start < _FEWEST_DAYS or (np.diff(table.days[part]) != ONE_DAY).any():
            continue
        names = [name for name in METRICS if name in table.values and (table.values[name][part] >= 0).all()]
        counts = np.array([table.values[name][part] for name in names]).reshape(len(names), part.stop - part.start)
        steps = dict(zip(names, np.diff(np.log1p(counts)), strict=True))
        if "followers" in table.values and not np.isnan(table.values["followers"][part]).any():
            change = np.diff(table.values["followers"][part], prepend=np.nan)
            steps["followers"] = np.diff(np.sign(change) * np.log1p(np.abs(change)))
        for name, way in _shifted(steps):
            if (name, way) in told:
                continue
            told.add((name, way))
            remedy = "check in which time zone each was exported" if name != "followers" else "it may be the morning's"
            found.add(
                "warning",
                "shifted_days",
                f"{columns.source(name)}{table.named([code])} runs a day {way} the other metrics; {remedy}, and "
                "export it again or move its days.",
            )


def _shifted(steps: dict[str, Floats]) -> list[tuple[str, str]]:
    """Columns that agree with the others only when moved by a day, and which way they run."""
    if not steps:
        return []
    moves = np.array(list(steps.values()))
    known = ~np.isnan(moves)
    days = np.maximum(known.sum(axis=1), 1)[:, None]
    # An unknown day agrees with nothing.
    moves = np.where(known, moves, 0.0)
    moves = np.where(known, moves - moves.sum(axis=1, keepdims=True) / days, 0.0)
    scatter = np.sqrt((moves * moves).sum(axis=1, keepdims=True) / days)
    kept = ((days >= _FEWEST_DAYS // 2) & (scatter > _NO_SCATTER))[:, 0]
    names = [name for name, is_kept in zip(steps, kept, strict=True) if is_kept]
    if len(names) < 2:  # noqa: PLR2004 - nothing to compare with
        return []
    moves = moves[kept] / scatter[kept]
    same, later = moves @ moves.T / moves.shape[1], moves[:, 1:] @ moves[:, :-1].T / (moves.shape[1] - 1)
    found = []
    middles = _middles_of_others(np.stack((same, later, later.T)))
    for name, (now, late, early) in zip(names, middles.T.tolist(), strict=True):
        if max(late, early) >= _ALIKE and now <= _APART:
            found.append((name, "behind" if late > early else "ahead of"))
    # Of two, either may be the one that is moved; of more, the one that differs from most.
    return found[:1] if len(names) == 2 else found  # noqa: PLR2004 - a pair


def _middles_of_others(agreements: Floats) -> Floats:
    """The median of each row of square matrices without their diagonals, shape (matrices, rows)."""
    matrices, size, _ = agreements.shape
    others = agreements[:, ~np.eye(size, dtype=bool)]
    return medians(others.reshape(matrices * size, size - 1)).reshape(matrices, size)
