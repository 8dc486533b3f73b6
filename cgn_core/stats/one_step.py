"""What each week missed its forecast from the weeks before by, in robust standard deviations; drift is read from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cgn_core.stats.arrays import Cube, FlagMatrix, Floats, Integers, Matrix
from cgn_core.stats.calendar_terms import YEAR_DAYS
from cgn_core.stats.least_squares import HUBER, HUBER_STEPS, RANK_TOLERANCE, TO_NORMAL, median
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
    size is held to the usual by a ridge. What is unusual about a week is judged against the misses before it. All weeks
    are forecast at once: one by one they took a third of a retraining.

    Args:
        weeks: shape (n,), numbers of complete weeks, ascending.
        growth: shape (n,), followers, finite.
        counts: shape (n, levers), pieces per week.
    """
    logarithmic = bool((growth > 0).all())
    usual = max(median(np.abs(growth)), TINY)
    angle = 2 * np.pi * weeks * DAYS_PER_WEEK / YEAR_DAYS
    season = np.column_stack([np.sin(angle), np.cos(angle)])
    design = np.column_stack([np.ones(len(weeks)), counts])
    places = np.arange(WARM_UP, len(weeks))
    origins = np.arange(len(places))
    before: FlagMatrix = np.arange(len(weeks)) < places[:, None]
    kept = _kept(counts, places)
    coefficients = _huber_of_each(design, growth, before, kept)
    fitted = coefficients @ design.T
    # Counts far beyond those seen are taken no further than as much again as the forecasts seen span.
    low, high = np.where(before, fitted, np.inf).min(axis=1), np.where(before, fitted, -np.inf).max(axis=1)
    ahead = np.clip(fitted[origins, places], 2 * low - high, 2 * high - low)
    past = _miss(growth, fitted, usual, logarithmic=logarithmic)
    swing = _season(past, season, before)
    here = _miss(growth[places], ahead, usual, logarithmic=logarithmic)
    centre = _medians(past - swing @ season.T, before)
    # A week unlike any before is foretold less surely, and may miss by more.
    rows = design[places] * kept
    inverse = np.linalg.pinv(_grams(design, before.astype(np.float64), kept), hermitian=True)
    leverage = (rows[:, None, :] @ inverse @ rows[:, :, None])[:, 0, 0]
    missed = (here - (season[places] * swing).sum(axis=1) - centre) / np.sqrt(1 + leverage)
    return OneStep(weeks=weeks[places].astype(np.int64), residuals=_standardised(missed), logarithmic=logarithmic)


def _kept(counts: Matrix, places: Integers) -> FlagMatrix:
    """Which terms each origin's design has, the constant first; shape (origins, 1 + levers)."""
    moving = (np.maximum.accumulate(counts) > np.minimum.accumulate(counts))[places - 1]
    # A lever that few weeks inform would be extrapolated by chance.
    informed = places > WARM_UP + moving.sum(axis=1)
    return np.column_stack([np.ones(len(places), dtype=bool), moving & informed[:, None]])


def _huber_of_each(design: Matrix, growth: Floats, before: FlagMatrix, kept: FlagMatrix) -> Matrix:
    """What :func:`cgn_core.stats.least_squares.huber_start` gives on the weeks before each origin, all at once.

    Args:
        design: shape (n, terms).
        growth: shape (n,).
        before: shape (origins, n), the weeks that each origin knows.
        kept: shape (origins, terms); the others' coefficients are zero.
    """
    found = _solve_each(design, growth, before.astype(np.float64), kept)
    going = np.arange(len(found))
    for _ in range(HUBER_STEPS):
        known = before[going]
        away = np.abs(growth - found[going] @ design.T) * known
        scale = np.maximum(np.maximum(TO_NORMAL * _medians(away, known), 1e-9 * away.max(axis=1)), 1e-300)
        weights = known * np.minimum(1.0, HUBER * scale[:, None] / np.maximum(away, 1e-300))
        updated = _solve_each(design, growth, weights, kept[going])
        change, size = np.abs(updated - found[going]).max(axis=1), np.abs(updated).max(axis=1)
        found[going] = updated
        going = going[change > 1e-4 * (1e-300 + size)]
        if not len(going):
            break
    return found


def _grams(design: Matrix, weights: Matrix, kept: FlagMatrix) -> Cube:
    """Weighted products of the kept terms, zero elsewhere; shape (origins, terms, terms)."""
    terms = design.shape[1]
    products = (design[:, :, None] * design[:, None, :]).reshape(len(design), terms * terms)
    return (weights @ products).reshape(-1, terms, terms) * (kept[:, :, None] & kept[:, None, :])


def _solve_each(design: Matrix, growth: Floats, weights: Matrix, kept: FlagMatrix) -> Matrix:
    """What :func:`cgn_core.stats.least_squares.solve` gives for each row of weights; shape (origins, terms)."""
    gram = _grams(design, weights, kept)
    diagonal = np.einsum("ijj->ij", gram)
    scale = np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
    scaled = gram / (scale[:, :, None] * scale[:, None, :])
    np.einsum("ijj->ij", scaled)[diagonal <= 0] = 1.0  # a term of zeros gets a coefficient of zero
    moment = ((weights * growth) @ design) * kept / scale
    values, vectors = np.linalg.eigh(scaled)
    usable = values > RANK_TOLERANCE**2 * values[:, -1:]
    turned = (moment[:, None, :] @ vectors)[:, 0] * np.where(usable, 1 / np.where(usable, values, 1.0), 0.0)
    found: Matrix = (vectors @ turned[:, :, None])[:, :, 0] / scale
    return found


def _medians(values: Matrix, known: FlagMatrix) -> Floats:
    """The median of each row's known values; shape (rows,)."""
    ordered = np.sort(np.where(known, values, np.inf), axis=1)
    sizes, rows = known.sum(axis=1), np.arange(len(values))
    middle: Floats = (ordered[rows, (sizes - 1) // 2] + ordered[rows, sizes // 2]) / 2
    return middle


def _miss(growth: Floats, forecast: Floats | Matrix, usual: float, *, logarithmic: bool) -> Matrix:
    """Log ratio, or difference as a share of the usual week."""
    if logarithmic:
        floor = FLOOR_SHARE * usual
        ratio: Matrix = np.log(np.maximum(growth, floor / 10) / np.maximum(forecast, floor))
        return ratio
    difference: Matrix = (growth - forecast) / usual
    return difference


def _season(missed: Matrix, season: Matrix, known: FlagMatrix) -> Matrix:
    """Sine and cosine of the season in what each row missed, shrunk to none by a ridge; shape (rows, 2)."""
    centre = _medians(missed, known)[:, None]
    scale = np.maximum(TO_NORMAL * _medians(np.abs(missed - centre), known), LEAST_SCALE)[:, None]
    held = np.clip(missed - centre, -CLIP * scale, CLIP * scale) * known
    both = np.ones((len(missed), 2), dtype=bool)
    ridge = (scale / USUAL_SEASON)[:, :, None] ** 2 * np.eye(2)
    gram = _grams(season, known.astype(np.float64), both) + ridge
    solved: Matrix = np.linalg.solve(gram, (held @ season)[:, :, None])[:, :, 0].astype(np.float64)
    return solved


def _standardised(missed: Floats) -> Floats:
    """Each miss over the robust standard deviation of those before it (of the first eight for these)."""
    if not len(missed):
        return missed
    number = np.arange(len(missed))
    known: FlagMatrix = number < np.maximum(number, min(WARM_UP, len(missed)))[:, None]
    rows = np.tile(missed, (len(missed), 1))
    spread = _medians(np.abs(rows - _medians(rows, known)[:, None]), known)
    scaled: Floats = np.clip(missed / np.maximum(TO_NORMAL * spread, LEAST_SCALE), -CLIP, CLIP)
    return scaled
