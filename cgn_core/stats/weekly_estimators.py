"""Least squares and M-estimates of weekly growth with their covariances; the tests hold them against statsmodels.

Written here because validation refits them at every origin, and statsmodels' RLM takes tens of milliseconds each time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cgn_core.stats.arrays import Floats, Integers, Matrix
from cgn_core.stats.least_squares import RANK_TOLERANCE, TO_NORMAL, bread, median, solve, undetermined

HUBER = 1.345
TUKEY = 4.685
"""Both 95 % efficient at the normal law."""
STEPS = 60
SETTLED, ROUGHLY = 1e-8, 1e-4
"""Relative step at which an estimate stands, and at which a start will do."""
EXACT = 1e-12
"""Share of the largest growth below which a residual counts as none."""
LARGEST_LEVERAGE = 0.999
SMALLEST_SLOPE = 0.1


@dataclass(frozen=True)
class Estimate:
    """k terms, n weeks: coefficients (k,), covariance (k, k), the weights (n,) that each week had in the end."""

    coefficients: Floats
    covariance: Matrix
    weights: Floats
    bounds: Matrix | None = None
    """Shape (k, 2), lower and upper, of an estimate whose interval isn't Student's around it."""


def ordinary(design: Matrix, growth: Floats) -> Estimate:
    """Ordinary least squares with HC3 errors: MacKinnon & White (1985), doi:10.1016/0304-4076(85)90158-7."""
    ones = np.ones(len(growth))
    coefficients = solve(design, growth, ones)
    inner = bread(design, ones)
    scores = design * _left_out(design, growth - design @ coefficients, ones, inner)[:, None]
    return Estimate(coefficients, inner @ (scores.T @ scores) @ inner, ones)


def ordinary_hac(design: Matrix, growth: Floats, *, weeks: Integers) -> Estimate:
    """Ordinary least squares with errors that allow neighbouring weeks to move together.

    Weeks are neighbours by the calendar: across a gap in the history nothing is paired. Newey and West's kernel over
    floor(4 (n / 100)^(2/9)) weeks, times n / (n - k) for short histories.

    Args:
        design: shape (n, k).
        growth: shape (n,).
        weeks: shape (n,), numbers of the weeks, ascending.
    Source: Newey & West (1987), doi:10.2307/1913610, and (1994), doi:10.2307/2297912, for the lag.
    """
    ones = np.ones(len(growth))
    n, terms = design.shape
    coefficients = solve(design, growth, ones)
    scores = design * (growth - design @ coefficients)[:, None]
    reach = int(4 * (n / 100) ** (2 / 9))
    apart = np.abs(weeks[:, None] - weeks)
    kernel = np.maximum(1 - apart / (reach + 1), 0.0)
    inner = bread(design, ones)
    return Estimate(coefficients, n / (n - terms) * inner @ (scores.T @ kernel @ scores) @ inner, ones)


def huber(design: Matrix, growth: Floats) -> Estimate:
    """Huber's M-estimate with the covariance H1 of Huber (1981), Robust Statistics, section 7.6."""
    ones = np.ones(len(growth))
    coefficients, weights, scale = _reweighted(design, growth, solve(design, growth, ones), _huber_weights)
    scaled = (growth - design @ coefficients) / scale
    weeks, terms = design.shape
    inside = (np.abs(scaled) <= HUBER).astype(float)
    slope = max(float(inside.mean()), SMALLEST_SLOPE)
    factor = 1 + terms / weeks * float(inside.var()) / slope**2
    noise = float(((scaled * weights) ** 2).sum()) * scale**2 / (weeks - terms)
    return Estimate(coefficients, factor**2 * noise / slope**2 * bread(design, ones), weights)


def tukey(design: Matrix, growth: Floats) -> Estimate:
    """The bisquare from a least-absolute start, so that viral weeks can't pull it at once; HC3-type errors.

    Huber's estimate stands in where the bisquare would leave too few weeks.

    Source: Beaton & Tukey (1974), doi:10.1080/00401706.1974.10489171; its sandwich with HC3's leverage correction.
    """
    start = least_absolute(design, growth)
    coefficients, weights, scale = _reweighted(design, growth, start, _tukey_weights, fitted=design.shape[1])
    kept = weights > 0
    if kept.sum() <= design.shape[1] or undetermined(design[kept]).any():
        return huber(design, growth)
    residuals = growth - design @ coefficients
    inner = bread(design, np.maximum(weights, EXACT))
    scores = design * (weights * _left_out(design, residuals, weights, inner))[:, None]
    squares = np.minimum((residuals / (TUKEY * scale)) ** 2, 1.0)
    # The mean slope of psi, not each week's: single slopes are negative near the bound.
    slope = max(float(((1 - squares) * (1 - 5 * squares)).mean()), SMALLEST_SLOPE)
    outer = bread(design, np.ones(len(growth))) / slope
    return Estimate(coefficients, outer @ (scores.T @ scores) @ outer, weights)


def leave_one_out(design: Matrix, growth: Floats, estimate: Estimate) -> Floats:
    """What each week is missed by when it is left out: exact for least squares, weights held for robust fits."""
    inner = bread(design, np.maximum(estimate.weights, EXACT))
    return _left_out(design, growth - design @ estimate.coefficients, estimate.weights, inner)


def leverages(design: Matrix) -> Floats:
    """How much each week decides its own fit, 0 to 1; shape (n,), for a design of any rank."""
    norms = np.linalg.norm(design, axis=0)
    left, singular, _ = np.linalg.svd(design / np.where(norms > 0, norms, 1.0), full_matrices=False)
    return np.array((left[:, singular > RANK_TOLERANCE * singular[0]] ** 2).sum(axis=1), dtype=np.float64)


def _left_out(design: Matrix, residuals: Floats, weights: Floats, inner: Matrix) -> Floats:
    leverage = weights * np.einsum("ij,jk,ik->i", design, inner, design)
    corrected: Floats = residuals / (1 - np.minimum(leverage, LARGEST_LEVERAGE))
    return corrected


def _reweighted(
    design: Matrix, growth: Floats, start: Floats, weigh: Callable[[Floats], Floats], *, fitted: int = 0
) -> tuple[Floats, Floats, float]:
    """Iteratively reweighted least squares; coefficients, weights, and scale by the median absolute deviation.

    As many of the smallest residuals as ``fitted`` says are left out of the scale: a least-absolute start runs through
    as many weeks as there are terms, and with them 13 weeks' intervals held in 74-78 % instead of 92-94 %.
    Source: Maronna, Martin & Yohai (2006), Robust Statistics, section 4.4.2.
    """
    coefficients = start
    floor = EXACT * max(float(np.abs(growth).max()), 1.0)
    for _ in range(STEPS):
        residuals = growth - design @ coefficients
        scale = max(TO_NORMAL * median(np.sort(np.abs(residuals))[fitted:]), floor)
        weights = weigh(residuals / scale)
        updated = solve(design, growth, weights)
        settled = np.abs(updated - coefficients).max() <= SETTLED * (EXACT + np.abs(updated).max())
        coefficients = updated
        if settled:
            break
    return coefficients, weights, scale


def _huber_weights(scaled: Floats) -> Floats:
    weights: Floats = HUBER / np.maximum(np.abs(scaled), HUBER)
    return weights


def _tukey_weights(scaled: Floats) -> Floats:
    weights: Floats = (1 - np.minimum((scaled / TUKEY) ** 2, 1.0)) ** 2
    return weights


def least_absolute(design: Matrix, growth: Floats) -> Floats:
    """Least absolute deviations by reweighting."""
    coefficients = solve(design, growth, np.ones(len(growth)))
    floor = EXACT * max(float(np.abs(growth).max()), 1.0)
    for _ in range(STEPS):
        away = np.abs(growth - design @ coefficients)
        updated = solve(design, growth, 1 / np.maximum(away, 1e-4 * median(away) + floor))
        settled = np.abs(updated - coefficients).max() <= ROUGHLY * (EXACT + np.abs(updated).max())
        coefficients = updated
        if settled:
            break
    return coefficients
