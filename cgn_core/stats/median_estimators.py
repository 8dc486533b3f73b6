"""Estimates by medians, which a few extreme weeks can't move: Theil-Sen's line and median regression."""

from __future__ import annotations

import numpy as np
from scipy import special

from cgn_core.stats.arrays import Floats, Integers, Matrix
from cgn_core.stats.least_squares import bread, median
from cgn_core.stats.weekly_estimators import EXACT, SETTLED, Estimate, least_absolute

PIVOTS = 500
"""More than any history of weeks needs; a bound only because rounding could make two corners take turns."""
UNTIED, GOLDEN = 1e-9, (5**0.5 - 1) / 2
"""Share of the largest growth, and the sequence, by which equal weeks are told apart."""
FEWEST_BESIDE = 2
QUARTILES_TO_NORMAL = 1.34
"""Quartiles of the normal law are so many standard deviations apart."""
BANDWIDTH_LEVEL = 0.05
"""Of the intervals that Hall and Sheather's bandwidth is best for."""


def theil_sen(design: Matrix, growth: Floats, *, level: float) -> Estimate:
    """The median of the slopes through all pairs of weeks, with the interval that Kendall's statistic gives it.

    The covariance is the one that a normal law with an interval as wide would have.

    Args:
        design: shape (n, 2), intercept and one term that varies.
        growth: shape (n,).
        level: of the interval in ``bounds``, two-sided.
    Source: Theil (1950), Proc. KNAW 53; Sen (1968), doi:10.1080/01621459.1968.10480934, the interval with ties in 2.6.
    """
    pieces = design[:, 1]
    first, second = np.triu_indices(len(pieces), k=1)
    run = pieces[second] - pieces[first]
    apart = run != 0
    slopes = np.sort((growth[second] - growth[first])[apart] / run[apart])
    slope = median(slopes)
    intercept = median(growth - slope * pieces)
    low, high = _sen_interval(slopes, pieces, growth, level)
    tail = float(special.ndtri((1 + level) / 2))
    error = (high - low) / (2 * tail)
    residuals = growth - intercept - slope * pieces
    # The intercept is a median given the slope: pi / 2 times a mean's variance.
    middle = np.pi / 2 * float(residuals.var()) / len(residuals)
    centre = float(pieces.mean())
    covariance = np.array([[middle + (centre * error) ** 2, -centre * error**2], [-centre * error**2, error**2]])
    return Estimate(
        np.array([intercept, slope]), covariance, np.ones(len(growth)), np.array([[np.nan, np.nan], [low, high]])
    )


def _sen_interval(slopes: Floats, pieces: Floats, growth: Floats, level: float) -> tuple[float, float]:
    """The slopes between which Kendall's statistic stays within its normal bounds; the extreme ones where it can't."""
    n = len(pieces)
    ties = sum(_tied(values) for values in (pieces, growth))
    deviation = float(np.sqrt(max(n * (n - 1) * (2 * n + 5) - ties, 0) / 18))
    reach = float(special.ndtri((1 + level) / 2)) * deviation
    below = max(int(np.round((len(slopes) - reach) / 2)) - 1, 0)
    above = min(int(np.round((len(slopes) + reach) / 2)), len(slopes) - 1)
    return float(slopes[below]), float(slopes[above])


def _tied(values: Floats) -> int:
    _, times = np.unique(values, return_counts=True)
    return int((times * (times - 1) * (2 * times + 5)).sum())


def median_regression(design: Matrix, growth: Floats) -> Estimate:
    """The hyperplane of least absolute deviations, to rounding, with the sparsity taken from a kernel.

    From a reweighted start the fit moves along the edges of the problem's polytope, always down the steepest, until
    none leads down. Residuals of the weeks that it runs through are zero by construction and say nothing about how
    dense growth is at its median, so the density is taken from the others.

    Source: Koenker & Bassett (1978), doi:10.2307/1913643; Barrodale & Roberts (1973), doi:10.1137/0710069; bandwidth of
        Hall & Sheather (1988), doi:10.1111/j.2517-6161.1988.tb01735.x.
    """
    # Orthonormal terms: among those, weeks that determine the fit are found whatever the terms' sizes are.
    terms, factor = np.linalg.qr(design)
    corner, others = _lowest_corner(terms, growth)
    fitted: Floats = np.linalg.solve(factor, corner).astype(np.float64)
    weights = np.ones(len(growth))
    return Estimate(fitted, (0.5 * _sparsity(others)) ** 2 * bread(design, weights), weights)


def _lowest_corner(design: Matrix, growth: Floats) -> tuple[Floats, Floats]:
    """Coefficients of orthonormal terms, shape (p,), and residuals of the weeks that the fit doesn't run through."""
    size = max(float(np.abs(growth).max()), 1.0)
    tiny = EXACT * size
    # Whole numbers tie, and at a tie no single edge need lead down though the corner isn't the lowest.
    apart = growth + UNTIED * size * (np.arange(1, len(growth) + 1) * GOLDEN % 1 - 0.5)
    basis = _closest(design, apart - design @ least_absolute(design, apart))
    coefficients = np.linalg.solve(design[basis], apart[basis])
    for _ in range(PIVOTS):
        residuals = apart - design @ coefficients
        residuals[basis] = 0.0
        edges = np.linalg.inv(design[basis])
        moves = design @ edges
        signs = np.where(np.abs(residuals) > tiny, np.sign(residuals), 0.0)
        touching = signs == 0
        touching[basis] = False
        # How fast the sum of absolute residuals rises where nothing pulls: by what leaves the fit.
        resistance = np.abs(moves[touching]).sum(axis=0) + 1.0
        pull = signs @ moves
        steepest = int(np.argmax(np.abs(pull) - resistance))
        descent = abs(float(pull[steepest])) - float(resistance[steepest])
        if descent <= SETTLED * float(resistance[steepest]):
            break
        entering = _turning_week(residuals, signs, moves[:, steepest] * np.sign(pull[steepest]), descent)
        basis[steepest] = entering
        coefficients = np.linalg.solve(design[basis], apart[basis])
    fitted: Floats = np.linalg.solve(design[basis], growth[basis]).astype(np.float64)
    return fitted, np.delete(growth - design @ fitted, basis)


def _closest(design: Matrix, residuals: Floats) -> Integers:
    """As many weeks as terms, those nearest the fit first, that determine it; shape (p,)."""
    chosen: list[int] = []
    basis = np.zeros((0, design.shape[1]))
    for week in np.argsort(np.abs(residuals), kind="stable"):
        rest = design[week] - basis.T @ (basis @ design[week])
        rest = rest - basis.T @ (basis @ rest)
        size = float(np.linalg.norm(rest))
        if size > np.sqrt(EXACT) * float(np.linalg.norm(design[week])):
            basis = np.vstack([basis, rest / size])
            chosen.append(int(week))
        if len(chosen) == design.shape[1]:
            break
    return np.array(chosen, dtype=np.int64)


def _turning_week(residuals: Floats, signs: Floats, step: Floats, descent: float) -> int:
    """The week at whose crossing the sum of absolute residuals stops falling along a step that starts downhill."""
    crossed = np.flatnonzero(signs * step > 0)
    crossed = crossed[np.argsort(residuals[crossed] / step[crossed], kind="stable")]
    risen = 2 * np.cumsum(np.abs(step[crossed])) >= descent
    return int(crossed[int(np.argmax(risen)) if risen.any() else -1])


def _sparsity(residuals: Floats) -> float:
    """One over the density of the residuals at their median, by an Epanechnikov kernel."""
    n = len(residuals)
    if n < FEWEST_BESIDE:
        return 0.0
    tail = special.ndtri(1 - BANDWIDTH_LEVEL / 2)
    share = n ** (-1 / 3) * tail ** (2 / 3) * (1.5 / (2 * np.pi)) ** (1 / 3)
    share = min(float(share), 0.45)
    low, high = np.quantile(residuals, (0.25, 0.75))
    spread = min(float(residuals.std()), float(high - low) / QUARTILES_TO_NORMAL) or float(residuals.std())
    width = spread * float(special.ndtri(0.5 + share) - special.ndtri(0.5 - share))
    if width == 0:
        return 0.0
    density = 0.75 * np.maximum(1 - (residuals / width) ** 2, 0.0).mean() / width * _flattening(width / spread)
    return float(1 / density) if density > 0 else 2 * float(np.abs(residuals).max())


def _flattening(width: float) -> float:
    """By how much such a kernel lowers the peak of a normal law; ``width`` in its standard deviations."""
    inside = 2 * float(special.ndtr(width)) - 1
    height = np.exp(-(width**2) / 2) / np.sqrt(2 * np.pi)
    seen = 0.75 * (inside / width - (inside - 2 * width * height) / width**3)
    return float(1 / (np.sqrt(2 * np.pi) * seen))
