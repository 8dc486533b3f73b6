"""Which weeks a fit leans on: leverage, externally studentised residuals and Cook's distance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from cgn_core.stats.arrays import Floats
from cgn_core.stats.judged_weeks import JudgedWeeks

EDGE = 1e-10
"""Room for rounding where a week alone decides a coefficient."""
MOST_LISTED = 10
LISTED_DISTANCE = 4.0
"""Cook's distance times the number of weeks from which a week is listed (Bollen & Jackman, 1990)."""
OUTLIER_SIZE = 0.05
"""Chance that any of the weeks is called an outlier where none is (Bonferroni)."""


@dataclass(frozen=True)
class InfluentialWeek:
    """A week that moves the fit, or that the fit misses by far."""

    week_start: str
    leverage: float
    """Share of the week's own growth in what the fit gives it, 0 to 1."""
    studentised: float | None
    """Standard deviations by which a fit without it misses it; None where that can't be said."""
    cooks_distance: float | None
    outlier: bool
    """Whether so large a miss is more than chance, all weeks considered."""


@dataclass(frozen=True)
class Influence:
    """Every week's figures, shape (n,) each; NaN where a week alone decides a coefficient."""

    leverage: Floats
    studentised: Floats
    cooks_distance: Floats


def influence(judged: JudgedWeeks) -> Influence:
    """Leverage, externally studentised residuals and Cook's distances of a fit's weeks.

    For least squares they equal statsmodels' ``OLSInfluence``. In a robust fit a week's leverage and distance count by
    the weight that the fit gave it, and its residual is set against the spread of the weeks that counted.

    Source: Cook (1977), doi:10.2307/1268249; Belsley, Kuh & Welsch (1980), doi:10.1002/0471725153.
    """
    weights = judged.weights
    design = judged.scaled_design
    basis = np.linalg.qr(design * np.sqrt(weights)[:, None])[0]
    leverage = np.clip((basis**2).sum(axis=1), 0.0, 1.0)
    residuals, terms = judged.residuals, len(judged.terms)
    freedom = float(weights.sum()) - terms
    total = float(weights @ residuals**2)
    studentised = distance = np.full(len(residuals), np.nan)
    free = 1 - leverage > EDGE
    if freedom > 1 and total > 0 and not judged.exact:
        left = np.where(free, 1 - leverage, 1.0)
        without = (total - weights * residuals**2 / left) / (freedom - weights)
        apart = free & (without > EDGE * total / freedom)
        studentised = np.where(apart, residuals / np.sqrt(np.where(apart, without, 1.0) * left), np.nan)
        distance = np.where(free, weights * residuals**2 * leverage / (terms * (total / freedom) * left**2), np.nan)
    return Influence(leverage=leverage, studentised=studentised, cooks_distance=distance)


def influential_weeks(judged: JudgedWeeks, found: Influence) -> tuple[InfluentialWeek, ...]:
    """The weeks that stand out, the most influential first; at most ten."""
    weeks = len(judged.weeks)
    freedom = judged.freedom - 1
    bound = np.inf
    if freedom >= 1:
        bound = float(special.stdtrit(freedom, 1 - OUTLIER_SIZE / (2 * weeks)))
    away = np.nan_to_num(np.abs(found.studentised))
    moved = np.nan_to_num(found.cooks_distance, nan=0.0)
    alone = 1 - found.leverage <= EDGE
    listed = np.flatnonzero((moved > LISTED_DISTANCE / weeks) | (away > bound) | alone)
    order = sorted(listed, key=lambda place: (not alone[place], -moved[place], -away[place]))[:MOST_LISTED]
    mondays = judged.mondays
    return tuple(
        InfluentialWeek(
            week_start=mondays[place],
            leverage=float(found.leverage[place]),
            studentised=_known(found.studentised[place]),
            cooks_distance=_known(found.cooks_distance[place]),
            outlier=bool(away[place] > bound),
        )
        for place in order
    )


def typical_distance(judged: JudgedWeeks) -> float:
    """Cook's own yardstick: the median of F with the fit's degrees of freedom; a week beyond it alone moves the fit."""
    return float(special.fdtri(len(judged.terms), max(judged.freedom, 1), 0.5))


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
