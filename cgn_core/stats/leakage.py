"""Does a column follow from the growth it should predict? The rule of near-determination.

It catches growth and its parts in disguise. Outcomes that merely go along with growth (engagement, reach, saves) leak
more softly and no statistical rule tells them from honest predictors: the registry's names and the lag of everything
unknown protect against those.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from cgn_core.stats.arrays import Floats, Matrix
from cgn_core.tables import CONTENT_TYPES, DAYS_PER_WEEK

NEAR = 0.95
"""Absolute correlation with the target or a part of it, given the planned features, from which a column is refused."""
FEWEST_FREE = 2
"""Rows beyond the given columns below which any two columns correlate."""
CHANCE = 1e-5
"""Where rows are few a correlation must also be rarer than this by chance; copies are still exactly 1."""
COPY = 1e-9
"""How far below 1 the correlation of a copy may be by rounding."""
TREND_FROM_ROWS = 16
WEEKLY_LEADS = (0, 1, 2)
DAILY_LEADS = (0, 1, 2, DAYS_PER_WEEK, 2 * DAYS_PER_WEEK)
MINUTES_PER_HOUR = 60.0
NOTHING_LEFT = 1e-9
"""Share of a column that must be left once the given ones are taken out."""


@dataclass(frozen=True)
class Suspects:
    """Everything that a leaking column could be made of, n rows (weeks or days).

    Attributes:
        values: shape (n, s), growth and its parts, plain, logged, and over hours, pieces and followers; NaN where
            unknown.
        known: shape (n, c), what is taken out of both sides besides the given columns: a trend, and the hours as noted.
    """

    values: Matrix
    known: Matrix


def suspects_of(
    predictors: pd.DataFrame, target: pd.Series[float], parts: pd.DataFrame | None, minutes: Mapping[str, float]
) -> Suspects:
    """Growth and its parts in every form, from the predictors' counts and hours.

    Args:
        predictors: n rows; content types and ``hours`` are used where they are among them.
        target: growth, same rows.
        parts: ``follows``, ``unfollows``, ``followers`` (at the row's end), ``minutes_spent``, as far as known.
        minutes: of work per piece.
    """
    growth = target.to_numpy(dtype="float64")
    rows = len(growth)
    known = {str(name): parts[name].to_numpy(dtype="float64") for name in parts} if parts is not None else {}
    changes = [growth, *(known[name] for name in ("follows", "unfollows") if name in known)]
    counts = {name: predictors[name].to_numpy(dtype="float64") for name in CONTENT_TYPES if name in predictors}
    worked = sum((counts[name] * minutes.get(name, 0.0) for name in counts), np.zeros(rows))
    divisors = [worked / MINUTES_PER_HOUR, sum((counts[name] for name in counts if name != "ads"), np.zeros(rows))]
    if "followers" in known:
        before = np.concatenate([[np.nan], known["followers"][:-1]])
        changes.append(known["followers"] - before)
        divisors.append(before)
    noted = []
    if "minutes_spent" in known:
        divisors.append(known["minutes_spent"] / MINUTES_PER_HOUR)
        noted.append(known["minutes_spent"])
    if "hours" in predictors:
        divisors.append(predictors["hours"].to_numpy(dtype="float64"))
    forms = []
    for change in changes:
        forms += [change, np.sign(change) * np.log1p(np.abs(change))]
        forms += [change / np.where(divisor > 0, divisor, np.nan) for divisor in divisors]
    kept = [form for form in forms if np.isfinite(form).any()]
    trend = [np.arange(rows, dtype=np.float64)] if rows >= TREND_FROM_ROWS else []
    return Suspects(_columns(kept, rows), _columns([*trend, *noted], rows))


def _columns(columns: list[Floats], rows: int) -> Matrix:
    return np.column_stack(columns) if columns else np.empty((rows, 0))


def near_determined(
    column: Floats, suspects: Suspects, given: Matrix, *, leads: tuple[int, ...] = WEEKLY_LEADS
) -> bool:
    """Whether a column is growth or a part of it in disguise.

    The column and its change from row to row (a level, such as followers at the week's end, changes by growth) are set
    against every suspect of the same row and of later rows, with the given columns taken out of both. What rows before
    explain better is known in advance and no leak.

    Args:
        column: shape (n,), the suspected predictor.
        suspects: of the same n rows.
        given: shape (n, g), the other predictors that are known in advance.
        leads: rows by which the column may run ahead.
    """
    if not np.isfinite(column).any():
        return False
    forms = np.column_stack([column, np.diff(column, prepend=np.nan)])
    design = np.column_stack([np.ones(len(column)), suspects.known, given])
    now = max(_closest(forms, suspects.values, design, lead) for lead in leads)
    return now > 0 and now >= max(
        (_closest(forms, suspects.values, design, -lead) for lead in leads if lead), default=0
    )


def _closest(forms: Matrix, values: Matrix, design: Matrix, lead: int) -> float:
    """The largest absolute partial correlation with the suspects ``lead`` rows later that counts as near; else 0."""
    rows = len(forms)
    here = slice(max(0, -lead), max(rows - max(0, lead), 0))
    there = slice(max(0, lead), max(rows + min(0, lead), 0))
    largest = 0.0
    for form in forms.T:
        usable = np.isfinite(form[here]) & np.isfinite(design[here]).all(axis=1)
        later = values[there][usable]
        present = np.isfinite(later)
        # Suspects with the same gaps are judged at once.
        alike: dict[bytes, list[int]] = {}
        for place, flags in enumerate(present.T):
            alike.setdefault(flags.tobytes(), []).append(place)
        for places in alike.values():
            rows_of = present[:, places[0]]
            nearest = _nearest(form[here][usable][rows_of], later[rows_of][:, places], design[here][usable][rows_of])
            largest = max(largest, nearest)
    return largest


def _nearest(form: Floats, suspects: Matrix, design: Matrix) -> float:
    largest = np.abs(design).max(axis=0, initial=0.0)
    basis, sizes, _ = np.linalg.svd(design / np.where(largest > 0, largest, 1.0), full_matrices=False)
    basis = basis[:, sizes > NOTHING_LEFT * sizes.max(initial=0.0)]
    free = len(form) - basis.shape[1]
    if free < FEWEST_FREE:
        return 0.0
    both = np.column_stack([form, suspects])
    left = both - basis @ (basis.T @ both)
    norms = np.linalg.norm(left, axis=0)
    some = norms > NOTHING_LEFT * np.linalg.norm(both, axis=0)
    if not some[0] or not some[1:].any():
        return 0.0
    left = left[:, some] / norms[some]
    closest = float(np.abs(left[:, 0] @ left[:, 1:]).max())
    return closest if closest > nearness(free) else 0.0


def nearness(free: int) -> float:
    """The correlation above which a column is near: 0.95, more where chance alone would give that.

    Args:
        free: rows beyond the columns that were taken out, at least 2.
    """
    quantile = float(special.stdtrit(free - 1, 1 - CHANCE / 2))
    return min(max(NEAR, quantile / float(np.sqrt(free - 1 + quantile**2))), 1 - COPY)
