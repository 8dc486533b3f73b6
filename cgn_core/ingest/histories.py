"""What to know of a creator's history before trusting its numbers: gaps, disagreement, spikes, length."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from cgn_core.ingest.changes import note_changes
from cgn_core.ingest.columns import DATE, Columns
from cgn_core.ingest.findings import NAMED, Findings, Severity, listed
from cgn_core.ingest.grid import Days, Floats, Positions
from cgn_core.ingest.interpreted import ONE_DAY, Flags, Table
from cgn_core.ingest.medians import medians
from cgn_core.tables import CONTENT_TYPES, DAYS_PER_WEEK

WEEKS_NEEDED, WEEKS_RECOMMENDED = 8, 13
_ROUNDING = 1.0
"""Followers by which the two ways to compute growth may differ."""
_SHIFTED = 0.95
_CONSTANT_FROM = 14
"""Days from which a column that never changes says something."""
_SPIKE_DEVIATIONS, _SPIKE_FACTOR = 8.0, 4.0
_MAD_TO_SD = 1.4826
# 1970-01-05 was a Monday.
_MONDAY_SHIFT = 4
_GROWTH = ("followers", "follows", "unfollows")
FEWEST_WEEKLY_STEPS = 3
"""Steps of seven days that tell a table of weeks from a few days with gaps."""


def note_warnings(table: Table, columns: Columns, found: Findings) -> None:
    """What to know before trusting the numbers; ``table`` has no errors."""
    _note_gaps(table, columns, found)
    _note_empty_cells(table, columns, found)
    _note_disagreement(table, columns, found)
    _note_constants(table, columns, found)
    _note_spikes(table, found)
    note_changes(table, columns, found)
    _note_weeks(table, found)


def complete_weeks(table: Table) -> Positions:
    """By creator, the Monday-Sunday weeks whose growth is observed on all seven days: what training can use."""
    known = _known_days(table)
    codes, weeks = table.codes[known], _week_numbers(table.days[known])
    begins = np.ones(len(codes), dtype=bool)
    np.logical_or(codes[1:] != codes[:-1], weeks[1:] != weeks[:-1], out=begins[1:])
    firsts = np.flatnonzero(begins)
    is_full = np.diff(firsts, append=len(codes)) == DAYS_PER_WEEK
    return np.bincount(codes[firsts[is_full]], minlength=len(table.creators))


def _week_numbers(days: Days) -> Positions:
    return (days.astype("datetime64[D]", copy=False).view(np.int64) - _MONDAY_SHIFT) // DAYS_PER_WEEK


def _known_days(table: Table) -> Flags:
    values = table.values
    pair = ("follows", "unfollows") if "follows" in values and "unfollows" in values else ()
    read = pair or (("followers",) if "followers" in values else ("follows",))
    known = ~np.isnan(table.net_growth)
    for name in read:
        known &= ~np.isnan(values[name])
        for marks in table.marked.values():
            if name in marks:
                known &= ~marks[name]
    return known


def _note_gaps(table: Table, columns: Columns, found: Findings) -> None:
    steps = np.diff(table.days).astype(np.int64)
    at = np.flatnonzero((np.diff(table.codes) == 0) & (steps > 1)) + 1
    if not len(at):
        return
    if _is_weekly(table, steps):
        found.add(
            "warning",
            "weekly_rows",
            f"{columns.source(DATE)} has one row every seven days; each is read as that day's numbers alone and "
            "nothing can be trained on it, so export the numbers with one row a day.",
        )
        return
    missing, first = int((steps[at - 1] - 1).sum()), int(at[0])
    before, after = table.days[first - 1] + ONE_DAY, table.days[first] - ONE_DAY
    span = str(before) if before == after else f"{before} to {after}"
    where = f"before {found.places(table.lines[at])}"
    found.add(
        "warning",
        "missing_days",
        f"{columns.source(DATE)} skips {_count(missing, 'day')}{table.named(table.codes[at])} {where} (first {span}); "
        "these days stay missing, they don't count as zero; upload them when you have them.",
        table.lines[at],
    )


def _is_weekly(table: Table, steps: Positions) -> bool:
    """Whether rows stand for weeks: at least three steps within creators, most of them of seven days, none shorter."""
    within = steps[np.diff(table.codes) == 0]
    return (
        len(within) >= FEWEST_WEEKLY_STEPS
        and bool((within >= DAYS_PER_WEEK).all())
        and float(np.median(within)) == DAYS_PER_WEEK
    )


def _note_empty_cells(table: Table, columns: Columns, found: Findings) -> None:
    for name in (*_GROWTH, *CONTENT_TYPES):
        if name not in table.values:
            continue
        empty = np.isnan(table.values[name])
        if not empty.any():
            continue
        if empty.all():
            found.add(
                "info",
                "empty_column",
                f"{columns.source(name)} is empty in every row and is left out; fill it in if you have the numbers.",
            )
            continue
        tail = _tail(table, empty) if name in _GROWTH else np.zeros(len(empty), dtype=bool)
        _note_tail(table, columns.source(name), tail, found)
        if (empty & ~tail).any():
            rows = np.sort(table.lines[empty & ~tail])
            found.add(
                "warning",
                "empty_cells",
                f"{columns.source(name)} is empty in {found.places(rows)}; these days count as missing, write 0 where "
                "nothing happened.",
                rows,
            )


def _tail(table: Table, empty: Flags) -> Flags:
    """Empty rows after which a creator has no number any more: platforms publish the newest days late."""
    tail = np.zeros(len(empty), dtype=bool)
    for begin, end in pairwise(table.starts()):
        known = np.flatnonzero(~empty[begin:end])
        if len(known):
            tail[begin + known[-1] + 1 : end] = True
    return tail


def _note_tail(table: Table, source: str, tail: Flags, found: Findings) -> None:
    if not tail.any():
        return
    first = int(np.flatnonzero(tail)[0])
    missing = int((tail & (table.codes == table.codes[first])).sum())
    found.add(
        "info",
        "not_there_yet",
        f"{source} ends on {table.days[first] - ONE_DAY}{table.named(table.codes[tail])}, {_count(missing, 'day')} "
        "before the other numbers; platforms publish the newest days late, so they stay open and don't count as zero.",
        np.sort(table.lines[tail]),
    )


def disagreements(table: Table) -> tuple[Flags, Floats, Floats]:
    """Rows where the change of followers isn't follows less unfollows, and both; the table has all three columns."""
    flow = table.values["follows"] - table.values["unfollows"]
    change = table.followers_change
    with np.errstate(invalid="ignore"):
        return np.abs(change - flow) > _ROUNDING, change, flow


def _note_disagreement(table: Table, columns: Columns, found: Findings) -> None:
    if not all(name in table.values for name in _GROWTH):
        return
    off, change, flow = disagreements(table)
    if not off.any():
        return
    both = ~np.isnan(flow) & ~np.isnan(change)
    rows = np.sort(table.lines[off])
    worst = int(np.argmax(np.where(off, np.abs(change - flow), -1.0)))
    followers, follows, unfollows = (columns.source(name) for name in _GROWTH)
    before = np.full(len(flow), np.nan)
    before[1:] = flow[:-1]
    shifted = table.follows_yesterday & ~np.isnan(before) & ~np.isnan(change)
    is_shifted = (
        off.sum() > both.sum() / 2
        and shifted.any()
        and (np.abs(change - before)[shifted] <= _ROUNDING).mean() >= _SHIFTED
    )
    hint = (
        f"{followers} looks like the count at the start of the day, so "
        if is_shifted
        else "check which of the two is right; until then "
    )
    found.add(
        "warning",
        "growth_disagrees",
        f"the change of {followers} isn't {follows} less {unfollows} in {found.places(rows)} (largest in "
        f"{found.unit} {table.lines[worst]}: {change[worst]:+,.0f} against {flow[worst]:+,.0f}); {hint}growth is taken "
        f"from {follows} and {unfollows}.",
        rows,
    )


def _note_constants(table: Table, columns: Columns, found: Findings) -> None:
    starts = table.starts()
    long = np.flatnonzero(np.diff(starts) >= _CONSTANT_FROM)
    firsts, lasts = starts[long], starts[long + 1] - 1
    same: dict[Severity, dict[str, list[int]]] = {"warning": {}, "info": {}}
    for name, values in table.values.items():
        for code in long[values[firsts] == values[lasts]].tolist():
            part = values[starts[code] : starts[code + 1]]
            if not (part == part[0]).all():
                continue
            is_growth = name in _GROWTH and not (name == "unfollows" and part[0] == 0)
            text = f"{columns.source(name)} ({part[0]:,.10g})"
            same["warning" if is_growth else "info"].setdefault(text, []).append(code)
    for severity, codes in same.items():
        if codes:
            is_one = len(codes) == 1
            found.add(
                severity,
                "constant_column",
                f"{listed(list(codes), limit=20)} {'is' if is_one else 'are'} the same on every day"
                f"{table.named([code for several in codes.values() for code in several])}, so nothing can be learned "
                f"from {'it' if is_one else 'them'}; check the export if that isn't so.",
            )


def growth_spikes(table: Table) -> tuple[Flags, Floats]:
    """Rows whose growth is far above its creator's usual, and the growth of every row."""
    growth = table.net_growth
    limits = np.full(len(table.creators), np.inf)
    known = np.flatnonzero(~np.isnan(growth))
    days = np.bincount(table.codes[known], minlength=len(limits))
    begins = np.cumsum(days) - days
    for length in np.unique(days[days >= _CONSTANT_FROM]).tolist():
        # Creators with as many days at once.
        codes = np.flatnonzero(days == length)
        parts = growth[known[begins[codes][:, None] + np.arange(length)]]
        middle = medians(parts)
        deviation = _MAD_TO_SD * medians(np.abs(parts - middle[:, None]))
        limits[codes] = np.maximum(middle + _SPIKE_DEVIATIONS * deviation, np.maximum(_SPIKE_FACTOR * middle, 1.0))
    with np.errstate(invalid="ignore"):
        return growth > limits[table.codes], growth


def _note_spikes(table: Table, found: Findings) -> None:
    spikes, growth = growth_spikes(table)
    if spikes.any():
        at = np.flatnonzero(spikes)
        days = listed([f"{table.days[row]} ({growth[row]:+,.0f})" for row in at[:NAMED]], of=len(at))
        rows = np.sort(table.lines[at])
        found.add(
            "info",
            "growth_spikes",
            f"growth is far above the usual{table.named(table.codes[at])} on {days}, in {found.places(rows)}; these "
            "days are kept and modelled as viral, correct them if they are slips.",
            rows,
        )


def _note_weeks(table: Table, found: Findings) -> None:
    weeks = complete_weeks(table)
    few = np.flatnonzero(weeks < WEEKS_NEEDED)
    short = np.flatnonzero((weeks >= WEEKS_NEEDED) & (weeks < WEEKS_RECOMMENDED))
    if len(few) == 1:
        code = int(few[0])
        have, lacking = int(weeks[code]), WEEKS_NEEDED - int(weeks[code])
        found.add(
            "warning",
            "too_few_weeks",
            f"there {'is' if have == 1 else 'are'} {_count(have, 'complete week')} (Monday to Sunday)"
            f"{table.named([code])}, training needs at least {WEEKS_NEEDED}, so {lacking} more "
            f"{'is' if lacking == 1 else 'are'} missing; the days can be stored, and with a row every day training can "
            f"start after {_ready_on(table, code, lacking)}.",
        )
    elif len(few):
        lacking = WEEKS_NEEDED - int(weeks[few].min())
        found.add(
            "warning",
            "too_few_weeks",
            f"there are fewer than {WEEKS_NEEDED} complete weeks (Monday to Sunday){table.named(few)}; the days can be "
            f"stored, training needs at least {WEEKS_NEEDED}, so up to {lacking} more "
            f"{'is' if lacking == 1 else 'are'} missing.",
        )
    if len(short):
        found.add(
            "info",
            "short_history",
            f"there are {listed([str(week) for week in sorted(set(weeks[short].tolist()))])} complete weeks"
            f"{table.named(short)}; forecasts get better from {WEEKS_RECOMMENDED} weeks (three months) on, so upload "
            "older days if you have them.",
        )


def _ready_on(table: Table, code: int, lacking: int) -> str:
    """The Sunday that ends the last week still needed, when the rows go on without a gap."""
    rows = np.flatnonzero(table.codes == code)
    known = table.days[rows][_known_days(table)[rows]]
    last = table.days[rows[-1]]
    week = int(_week_numbers(last[None])[0])
    monday = np.datetime64(week * DAYS_PER_WEEK + _MONDAY_SHIFT, "D")
    days_so_far = int((last - monday).astype(np.int64)) + 1
    unbroken = int((known >= monday).sum()) == days_so_far
    skipped = 1 if days_so_far == DAYS_PER_WEEK or not unbroken else 0
    return str(monday + np.timedelta64(DAYS_PER_WEEK * (lacking + skipped) - 1, "D"))


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
