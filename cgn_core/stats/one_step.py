"""What each week missed its forecast from the weeks before by, in robust standard deviations; drift is read from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cgn_core.stats.arrays import Floats, Integers, Matrix
from cgn_core.stats.calendar_terms import YEAR_DAYS
from cgn_core.stats.least_squares import TO_NORMAL, huber_start, median, solve
from cgn_core.tables import DAYS_PER_WEEK

WARM_UP = 8
"""Weeks before the first forecast."""
CLIP = 3.0
FLOOR_SHARE = 0.1
"""A forecast stands no lower than at this share of the usual week, so that its logarithm exists."""
USUAL_SEASON = 0.15
"""Standard deviation of a season's sine and cosine beforehand, on the log scale: what a short history is held to."""
LEAST_SCALE = 0.05
"""Below this the noise is taken to be unknown rather than absent; on the log scale, or as a share of the usual week."""
TINY = 1e-12


@dataclass(frozen=True)
class OneStep:
    """One-step-ahead residuals of n weeks.

    Attributes:
        weeks: shape (n,), numbers of the Monday weeks that have a residual.
        residuals: shape (n,), in robust standard deviations, clipped at three.
        logarithmic: whether they are ratios (growth was always above zero) rather than differences.
    """

    weeks: Integers
    residuals: Floats
    logarithmic: bool


def one_step_residuals(weeks: Integers, growth: Floats, counts: Matrix) -> OneStep:
    """Forecast each week from those before it, given what was posted in it, and standardise what it missed by.

    The forecast is Huber's regression on the counts, times (plus, where growth isn't always above zero) a season whose
    size is held to the usual by a ridge. What is unusual about a week is judged against the misses before it.

    Args:
        weeks: shape (n,), numbers of complete weeks, ascending.
        growth: shape (n,), followers, finite.
        counts: shape (n, levers), pieces per week.
    """
    logarithmic = bool((growth > 0).all())
    usual = max(median(np.abs(growth)), TINY)
    angle = 2 * np.pi * weeks * DAYS_PER_WEEK / YEAR_DAYS
    season = np.column_stack([np.sin(angle), np.cos(angle)])
    missed, numbers = [], []
    for place in range(WARM_UP, len(weeks)):
        moving = counts[:place].std(axis=0) > 0
        # A lever that few weeks inform would be extrapolated by chance.
        kept = moving if place > WARM_UP + int(moving.sum()) else np.zeros_like(moving)
        design = np.column_stack([np.ones(place), counts[:place, kept]])
        coefficients = huber_start(design, growth[:place])
        fitted = design @ coefficients
        row = np.concatenate([[1.0], counts[place, kept]])
        ahead = float(row @ coefficients)
        # Counts far beyond those seen are taken no further than as much again as the forecasts seen span.
        span = float(np.ptp(fitted))
        ahead = float(np.clip(ahead, fitted.min() - span, fitted.max() + span))
        past = _miss(growth[:place], fitted, usual, logarithmic=logarithmic)
        swing = _season(past, season[:place])
        here = _miss(growth[place : place + 1], np.array([ahead]), usual, logarithmic=logarithmic)[0]
        centre = median(past - season[:place] @ swing)
        # A week unlike any before is foretold less surely, and may miss by more.
        leverage = float(row @ np.linalg.pinv(design.T @ design, hermitian=True) @ row)
        missed.append((here - float(season[place] @ swing) - centre) / np.sqrt(1 + leverage))
        numbers.append(int(weeks[place]))
    return OneStep(
        weeks=np.array(numbers, dtype=np.int64),
        residuals=_standardised(np.array(missed, dtype=np.float64)),
        logarithmic=logarithmic,
    )


def _miss(growth: Floats, forecast: Floats, usual: float, *, logarithmic: bool) -> Floats:
    """Log ratio, or difference as a share of the usual week."""
    if logarithmic:
        floor = FLOOR_SHARE * usual
        ratio: Floats = np.log(np.maximum(growth, floor / 10) / np.maximum(forecast, floor))
        return ratio
    difference: Floats = (growth - forecast) / usual
    return difference


def _season(missed: Floats, season: Matrix) -> Floats:
    """Sine and cosine of the season in what was missed, shrunk to none by a ridge; shape (2,)."""
    scale = max(TO_NORMAL * median(np.abs(missed - median(missed))), LEAST_SCALE)
    held = np.clip(missed - median(missed), -CLIP * scale, CLIP * scale)
    penalty = scale / USUAL_SEASON
    design = np.vstack([season, penalty * np.eye(2)])
    return solve(design, np.concatenate([held, np.zeros(2)]), np.ones(len(design)))


def _standardised(missed: Floats) -> Floats:
    """Each miss over the robust standard deviation of those before it (of the first eight for these)."""
    scaled = np.zeros(len(missed))
    for place in range(len(missed)):
        known = missed[: max(place, min(WARM_UP, len(missed)))]
        scale = max(TO_NORMAL * median(np.abs(known - median(known))), LEAST_SCALE)
        scaled[place] = missed[place] / scale
    clipped: Floats = np.clip(scaled, -CLIP, CLIP)
    return clipped
