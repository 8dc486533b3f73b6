"""What is wrong, or worth knowing, about a creator's daily numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from cgn_core.ingest.findings import Finding, finding, rows_in_words
from cgn_core.tables import Daily

RECOMMENDED_WEEKS = 13
TRAINABLE_WEEKS = 8
SPIKE_SDS = 8.0
DISAGREEMENT = 1.0
"""Followers by which the change of followers and follows less unfollows may differ by rounding."""


@dataclass(frozen=True)
class Source:
    """One creator's rows before they become a Daily: values by canonical name, and where each row stands."""

    creator: str
    dates: pd.Series[pd.Timestamp]
    values: pd.DataFrame
    lines: np.ndarray[tuple[int], np.dtype[np.int64]]

    @property
    def whose(self) -> str:
        """The words " of NAME"; "" where the file names no creator."""
        return f" of {self.creator}" if self.creator else ""


def row_findings(source: Source, *, file_name: str, today: date) -> list[Finding]:
    """Findings about single rows: duplicates, the future, impossible values."""
    return [
        *_duplicates(source, file_name),
        *_future(source, file_name, today),
        *_negative(source, file_name),
        *_fractions(source, file_name),
    ]


def _lines(source: Source, mask: Sequence[bool] | np.ndarray[tuple[int], np.dtype[np.bool_]]) -> list[int]:
    return [int(line) for line in source.lines[np.asarray(mask, dtype=bool)]]


def _duplicates(source: Source, file_name: str) -> list[Finding]:
    repeated = source.dates.duplicated(keep=False).to_numpy()
    if not repeated.any():
        return []
    lines = _lines(source, repeated)
    first = source.dates[repeated].iloc[0].date()
    return [
        finding(
            "error",
            "duplicate_dates",
            f"{file_name}: {first} and other dates{source.whose} stand more than once ({rows_in_words(lines)}); "
            "keep one row a date.",
            lines,
        )
    ]


def _future(source: Source, file_name: str, today: date) -> list[Finding]:
    lines = _lines(source, (source.dates > pd.Timestamp(today)).to_numpy())
    if not lines:
        return []
    return [
        finding(
            "error",
            "future_date",
            f"{file_name}: {rows_in_words(lines)}{source.whose} {'lies' if len(lines) == 1 else 'lie'} after today "
            f"({today}); correct the dates or take the rows out.",
            lines,
        )
    ]


def _negative(source: Source, file_name: str) -> list[Finding]:
    found = []
    for name in source.values:
        lines = _lines(source, (source.values[name] < 0).to_numpy())
        if lines:
            found.append(
                finding(
                    "error",
                    "negative_count",
                    f"{file_name}: {name} is below zero in {rows_in_words(lines)}{source.whose}, and a count can't be; "
                    "correct or empty these cells.",
                    lines,
                )
            )
    return found


def _fractions(source: Source, file_name: str) -> list[Finding]:
    found = []
    for name in source.values:
        if name == "minutes_spent":
            continue
        values = source.values[name]
        lines = _lines(source, (values.notna() & (values % 1 != 0)).to_numpy())
        if lines:
            found.append(
                finding(
                    "warning",
                    "fractional_count",
                    f"{file_name}: {name} is no whole number in {rows_in_words(lines)}{source.whose}; check the unit.",
                    lines,
                )
            )
    return found


def history_findings(daily: Daily, *, file_name: str, lines: dict[pd.Timestamp, int]) -> list[Finding]:
    """Findings about the whole history: gaps, disagreement, spikes, constants, length."""
    whose = f" of {daily.creator}" if daily.creator else ""
    growth = daily.net_growth()
    return [
        *_gaps(daily, file_name, whose, lines),
        *_disagreement(daily, file_name, whose, lines),
        *_spikes(daily, growth, file_name, whose, lines),
        *_constants(daily, file_name, whose),
        *_length(daily, file_name, whose),
    ]


def _named(daily: Daily, mask: np.ndarray[tuple[int], np.dtype[np.bool_]], lines: dict[pd.Timestamp, int]) -> list[int]:
    return [lines[day] for day in daily.frame["date"][mask] if day in lines]


def _gaps(daily: Daily, file_name: str, whose: str, lines: dict[pd.Timestamp, int]) -> list[Finding]:
    absent = [day for day in daily.frame["date"] if day not in lines]
    if not absent:
        return []
    return [
        finding(
            "warning",
            "missing_days",
            f"{file_name}: {len(absent)} {'day is' if len(absent) == 1 else 'days are'} missing{whose} between "
            f"{daily.frame['date'].iloc[0].date()} and {daily.frame['date'].iloc[-1].date()}, the first "
            f"{absent[0].date()}; they stay missing and their weeks are no training targets.",
        )
    ]


def _disagreement(daily: Daily, file_name: str, whose: str, lines: dict[pd.Timestamp, int]) -> list[Finding]:
    frame = daily.frame
    if not {"followers", "follows", "unfollows"} <= set(frame.columns):
        return []
    gap = (frame["followers"].diff() - (frame["follows"] - frame["unfollows"])).abs()
    mask = (gap > DISAGREEMENT).to_numpy()
    rows = _named(daily, mask, lines)
    if not rows:
        return []
    return [
        finding(
            "warning",
            "growth_disagrees",
            f"{file_name}: the change of followers differs from follows less unfollows in {rows_in_words(rows)}"
            f"{whose}; follows less unfollows is used.",
            rows,
        )
    ]


def _spikes(
    daily: Daily, growth: pd.Series[float], file_name: str, whose: str, lines: dict[pd.Timestamp, int]
) -> list[Finding]:
    known = growth.dropna()
    if len(known) < TRAINABLE_WEEKS * 7:
        return []
    middle = float(known.median())
    spread = 1.4826 * float((known - middle).abs().median())
    if spread == 0:
        return []
    rows = _named(daily, ((growth - middle).abs() > SPIKE_SDS * spread).to_numpy(), lines)
    if not rows:
        return []
    return [
        finding(
            "info",
            "growth_spikes",
            f"{file_name}: growth stands far out in {rows_in_words(rows)}{whose}; training keeps viral days apart.",
            rows,
        )
    ]


def _constants(daily: Daily, file_name: str, whose: str) -> list[Finding]:
    names = [
        name for name in daily.columns if daily.frame[name].min() == daily.frame[name].max() and len(daily.frame) > 1
    ]
    if not names:
        return []
    verb = "never changes" if len(names) == 1 else "never change"
    return [
        finding(
            "info",
            "constant_column",
            f"{file_name}: {', '.join(names)} {verb}{whose}, so nothing can be learned from it.",
        )
    ]


def _length(daily: Daily, file_name: str, whose: str) -> list[Finding]:
    weeks = int(daily.weekly()["is_target"].sum())
    held = f"{file_name}: {len(daily.frame)} days{whose} hold {weeks} complete {'week' if weeks == 1 else 'weeks'}"
    if weeks < TRAINABLE_WEEKS:
        missing = TRAINABLE_WEEKS - weeks
        return [
            finding(
                "warning",
                "too_few_weeks",
                f"{held}; they can be stored, but training needs at least {TRAINABLE_WEEKS}, so {missing} more "
                f"{'is' if missing == 1 else 'are'} missing.",
            )
        ]
    if weeks < RECOMMENDED_WEEKS:
        return [
            finding("info", "short_history", f"{held}; at least {RECOMMENDED_WEEKS} (three months) are recommended.")
        ]
    return []
