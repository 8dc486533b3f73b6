"""Do the same numbers hold throughout? Recursive estimates and the CUSUM test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from cgn_core.stats.arrays import Floats, Matrix
from cgn_core.stats.judged_weeks import JudgedWeeks
from cgn_core.stats.least_squares import undetermined
from cgn_core.stats.residual_tests import FEWEST_FREE, NOT_ENOUGH_WEEKS, NOT_TESTABLE

COUNTED = 1e-6
"""Weight of a robust fit below which a week doesn't count."""


@dataclass(frozen=True)
class RecursiveEffect:
    """One effect as it would have been estimated from the first weeks alone, week by week."""

    name: str
    week_starts: tuple[str, ...]
    estimates: tuple[float, ...]
    std_errors: tuple[float, ...]


@dataclass(frozen=True)
class Recursion:
    """Recursive least squares over n weeks with k terms, of which the first ``start`` are needed to begin."""

    start: int
    coefficients: Matrix
    """Shape (n - start + 1, k): after ``start`` weeks, after one more, ..."""
    errors: Matrix
    """Shape (n - start + 1, k), standard errors with the last spread."""
    residuals: Floats
    """Shape (n - start,), standardised one-step-ahead residuals."""


def recursion(design: Matrix, growth: Floats) -> Recursion:
    """Recursive estimates and residuals.

    Args:
        design: shape (n, k), full column rank.
        growth: shape (n,), n > k.
    Source: Brown, Durbin & Evans (1975), doi:10.1111/j.2517-6161.1975.tb01532.x.
    """
    weeks, terms = design.shape
    start = terms
    while start < weeks and undetermined(design[:start]).any():
        start += 1
    path, spreads, residuals = [], [], []
    # Solved anew for every week: updating the inverse loses digits on weeks that hardly differ.
    for known in range(start, weeks + 1):
        basis, upper = np.linalg.qr(design[:known])
        inverse = np.linalg.inv(upper)
        path.append(inverse @ (basis.T @ growth[:known]))
        spreads.append((inverse**2).sum(axis=1))
        if known < weeks:
            row = design[known]
            residuals.append(float(growth[known] - row @ path[-1]) / np.sqrt(1 + float(((row @ inverse) ** 2).sum())))
    left = growth - design @ path[-1]
    variance = float(left @ left) / max(weeks - terms, 1)
    return Recursion(
        start=start,
        coefficients=np.array(path),
        errors=np.sqrt(variance * np.array(spreads)),
        residuals=np.array(residuals, dtype=np.float64),
    )


def cusum(residuals: Floats) -> tuple[float, float]:
    """The CUSUM test's statistic, largest share of its slanted bound, and p-value.

    Args:
        residuals: shape (m,), recursive residuals, m >= 2.
    Source: Brown, Durbin & Evans (1975): crossing probability of two lines from ±a to ±3a, 0.948 at 5 %.
    """
    count = len(residuals)
    path = np.cumsum(residuals) / (residuals.std(ddof=1) * np.sqrt(count))
    height = float((np.abs(path) / (1 + 2 * np.arange(1, count + 1) / count)).max())
    crossing = 2 * (special.ndtr(-3 * height) + np.exp(-4 * height**2) * special.ndtr(height))
    return height, float(min(crossing, 1.0))


def stability(judged: JudgedWeeks) -> tuple[tuple[RecursiveEffect, ...], tuple[float, float] | str]:
    """Recursive estimates of every term, and the CUSUM test's answer (or why there is none).

    A robust fit's weeks count by their weights, so that a viral week doesn't pass for a break.
    """
    counted = judged.weights > COUNTED
    if int(counted.sum()) - len(judged.terms) < FEWEST_FREE:
        return (), NOT_ENOUGH_WEEKS
    root = np.sqrt(judged.weights[counted])
    design = judged.scaled_design[counted] * root[:, None]
    growth = (judged.growth / np.sqrt(judged.variance))[counted] * root
    found = recursion(design, growth)
    mondays = [monday for monday, kept in zip(judged.mondays, counted, strict=True) if kept][found.start - 1 :]
    effects = tuple(
        RecursiveEffect(
            name=name,
            week_starts=tuple(mondays),
            estimates=tuple(found.coefficients[:, place].tolist()),
            std_errors=tuple(found.errors[:, place].tolist()),
        )
        for place, name in enumerate(judged.terms)
    )
    if judged.exact or len(found.residuals) < FEWEST_FREE or found.residuals.std(ddof=1) == 0:
        return effects, NOT_TESTABLE if judged.exact else NOT_ENOUGH_WEEKS
    return effects, cusum(found.residuals)
