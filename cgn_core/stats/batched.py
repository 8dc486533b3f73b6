"""Least squares with robust errors, and Huber's estimate, of many creators at once.

Each creator's design is first turned into orthonormal columns by its own QR factor; weighted solves then run on these,
so that normal equations are formed of well-conditioned columns only. Where a design leaves coefficients open, the basis
is that of its singular value decomposition and the answer the one of minimum norm, as statsmodels gives it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from cgn_core.errors import InvalidInput, TooFewObservations
from cgn_core.stats.arrays import Cube, FlagMatrix, Floats, Matrix
from cgn_core.stats.origins import check_designs, forecast_origins, window_start
from cgn_core.stats.orthonormal import Basis, orthonormal, times
from cgn_core.stats.weekly_estimators import EXACT, HUBER, LARGEST_LEVERAGE

QUARTILE = 0.6744897501960817
"""Third quartile of the normal law: a median absolute deviation over it estimates its standard deviation."""
MOST_STEPS = 100
SETTLED = 1e-10
"""Relative step at which an estimate stands; closer than statsmodels goes, so that where it started doesn't show."""
CROWD = 0.25
"""Share of a batch that stands, from which the rest goes on in a smaller one."""
BLOCK = 256
"""Creators solved together: their designs fit the processor's cache."""


@dataclass(frozen=True)
class ManyFits:
    """n weeks, k terms, m creators."""

    coefficients: Matrix
    """Shape (k, m)."""
    covariances: dict[str, Cube]
    """Shape (k, k, m) each: ``hc3`` and ``hac`` of least squares, ``h1`` of Huber's estimate."""
    weights: Matrix
    """Shape (n, m), that each week had in the end."""
    scales: Floats
    """Shape (m,): standard deviation of the residuals, Huber's by the median absolute deviation."""
    undetermined: FlagMatrix
    """Shape (k, m): effects that the weeks leave open."""

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "coefficients": self.coefficients.tolist(),
            "covariances": {name: values.tolist() for name, values in self.covariances.items()},
            "weights": self.weights.tolist(),
            "scales": self.scales.tolist(),
            "undetermined": self.undetermined.tolist(),
        }


class _Solved(NamedTuple):
    """Creators first: (m, k), a dict of (m, k, k), (m, n), (m,)."""

    coefficients: Matrix
    covariances: dict[str, Cube]
    weights: Matrix
    scales: Floats


def ordinary_many(design: Cube, target: Matrix, *, lags: int | None = None, small_sample: bool = True) -> ManyFits:
    """Ordinary least squares with HC3 and Newey-West errors.

    Args:
        design: shape (n, k, m), the intercept among the terms; weeks follow one another without gaps.
        target: shape (n, m).
        lags: of Bartlett's kernel; None takes floor(4 (n / 100)^(2/9)).
        small_sample: multiply the Newey-West covariance by n / (n - k).

    Raises:
        InvalidInput: shapes that don't belong together, numbers that are not finite, lags below 0.
        TooFewObservations: no more weeks than terms.
    Source: MacKinnon & White (1985), doi:10.1016/0304-4076(85)90158-7, a week's leverage held below 0.999; Newey & West
        (1987), doi:10.2307/1913610, and (1994), doi:10.2307/2297912, for the lag.
    """
    checked = _checked(design, target)
    reach = int(4 * (len(design) / 100) ** (2 / 9)) if lags is None else lags
    if reach < 0:
        raise InvalidInput(f"Lags are a number of weeks of at least 0, not {lags}.")
    return _together(*checked, lambda basis, growth: _ordinary(basis, growth, reach=reach, small_sample=small_sample))


def huber_many(design: Cube, target: Matrix) -> ManyFits:
    """Huber's M-estimate, as statsmodels' RLM gives it.

    Args:
        design: shape (n, k, m), the intercept among the terms.
        target: shape (n, m).
    Returns: the estimate with its covariance H1; the scale is the median absolute deviation at each step.

    Raises:
        InvalidInput, TooFewObservations: as :func:`ordinary_many`.
    Source: Huber (1981), Robust Statistics, sections 7.6 and 7.8.
    """
    return _together(*_checked(design, target), _huber)


def huber_rolling(
    design: Cube, target: Matrix, *, initial: int, window: int | None = None, step: int = 1, ahead: int = 1
) -> Cube:
    """Huber's coefficients at every origin, each origin's steps starting from those of the one before.

    Args:
        design: shape (n, k, m), the intercept among the terms.
        target: shape (n, m).
        initial: weeks before the first origin.
        window: weeks of a rolling window; None lets it grow.
        step: weeks from one origin to the next.
        ahead: weeks from the last known to the forecast one.
    Returns: shape (o, k, m), of the same origins as :func:`cgn_core.stats.rolling.rolling_origin`.

    Raises:
        InvalidInput: as :func:`ordinary_many`, or a count below 1.
        TooFewObservations: no week is left to forecast, or the first window has no more weeks than terms.
    """
    known = initial if window is None else min(initial, window)
    design, target = _checked(design, target, known=known)
    weeks, terms, creators = design.shape
    origins = forecast_origins(weeks, initial=initial, window=window, step=step, ahead=ahead)
    found = np.empty((len(origins), terms, creators))
    for first in range(0, creators, BLOCK):
        block = slice(first, first + BLOCK)
        designs, growth = _creators_first(design[:, :, block], target[:, block])
        last: Matrix | None = None
        for number, origin in enumerate(origins.tolist()):
            past = slice(window_start(origin, window), origin)
            basis, actual = orthonormal(designs[:, past]), growth[:, past]
            start = None if last is None else actual - times(designs[:, past], last)
            last, _, _ = _reweighted(basis, actual, start)
            found[number, :, block] = last.T
    return found


def _checked(design: Cube, target: Matrix, *, known: int | None = None) -> tuple[Cube, Matrix]:
    design, target = np.asarray(design, np.float64), np.asarray(target, np.float64)
    check_designs(design, target)
    weeks = len(design) if known is None else known
    if weeks <= design.shape[1]:
        raise TooFewObservations(
            f"{weeks} weeks can't judge {design.shape[1]} effects; it takes {design.shape[1] + 1}."
        )
    return design, target


def _creators_first(design: Cube, target: Matrix) -> tuple[Cube, Matrix]:
    return np.ascontiguousarray(design.transpose(2, 0, 1)), np.ascontiguousarray(target.T)


def _together(design: Cube, target: Matrix, solve: Callable[[Basis, Matrix], _Solved]) -> ManyFits:
    """All creators, a block at a time."""
    made = []
    for first in range(0, design.shape[2], BLOCK):
        designs, growth = _creators_first(design[:, :, first : first + BLOCK], target[:, first : first + BLOCK])
        basis = orthonormal(designs)
        made.append((basis.undetermined, solve(basis, growth)))
    solved = [each for _, each in made]
    return ManyFits(
        coefficients=np.concatenate([each.coefficients for each in solved]).T,
        covariances={
            name: np.concatenate([each.covariances[name] for each in solved]).transpose(1, 2, 0)
            for name in solved[0].covariances
        },
        weights=np.concatenate([each.weights for each in solved]).T,
        scales=np.concatenate([each.scales for each in solved]),
        undetermined=np.concatenate([flags for flags, _ in made]).T,
    )


def _ordinary(basis: Basis, growth: Matrix, *, reach: int, small_sample: bool) -> _Solved:
    weeks, terms = basis.columns.shape[1:]
    solved = basis.project(growth)
    residuals = growth - times(basis.columns, solved)
    leverages = np.minimum((basis.columns**2).sum(axis=2), LARGEST_LEVERAGE)
    outer = basis.inner.transpose(0, 2, 1)
    lone = basis.columns * (residuals / (1 - leverages))[:, :, None] @ outer
    scores = basis.columns * residuals[:, :, None] @ outer
    # Bartlett's kernel is a window of equal weights on itself: the sum of squares of running sums.
    runs = np.zeros((len(growth), weeks + reach, terms))
    for lag in range(reach + 1):
        runs[:, lag : lag + weeks] += scores
    factor = (weeks / (weeks - terms) if small_sample else 1.0) / (reach + 1)
    return _Solved(
        coefficients=times(basis.inner, solved),
        covariances={"hc3": lone.transpose(0, 2, 1) @ lone, "hac": factor * runs.transpose(0, 2, 1) @ runs},
        weights=np.ones_like(growth),
        scales=np.sqrt((residuals**2).sum(axis=1) / (weeks - basis.rank)),
    )


def _huber(basis: Basis, growth: Matrix) -> _Solved:
    coefficients, residuals, scales = _reweighted(basis, growth, None)
    weeks = growth.shape[1]
    scaled = np.abs(residuals) / scales[:, None]
    weights = HUBER / np.maximum(scaled, HUBER)
    inside = (scaled <= HUBER).mean(axis=1)
    factor = 1 + basis.rank / weeks * (1 - inside) / inside
    noise = ((residuals * weights) ** 2).sum(axis=1) / (weeks - basis.rank)
    covariance = (factor**2 * noise / inside**2)[:, None, None] * (basis.inner @ basis.inner.transpose(0, 2, 1))
    return _Solved(coefficients, {"h1": covariance}, weights, scales)


def huber_together(basis: Basis, growth: Matrix) -> tuple[Matrix, Matrix]:
    """Huber's estimate of m designs, and the weights that their weeks had in the end.

    Args:
        basis: of the designs.
        growth: shape (m, n).
    Returns: coefficients, shape (m, k), and weights, shape (m, n).
    """
    coefficients, residuals, scales = _reweighted(basis, growth, None)
    return coefficients, HUBER / np.maximum(np.abs(residuals) / scales[:, None], HUBER)


def weighted_leverages(basis: Basis, weights: Matrix) -> Matrix:
    """How much each week decides its own fit when weeks have weights; shapes (m, n)."""
    columns = basis.columns
    # A column of zeros has no part in it.
    filler = np.eye(columns.shape[2]) * (np.arange(columns.shape[2]) >= basis.rank[:, None])[:, None, :]
    inner = np.linalg.inv((columns * weights[:, :, None]).transpose(0, 2, 1) @ columns + filler)
    found: Matrix = weights * ((columns @ inner) * columns).sum(axis=2)
    return found


def _reweighted(basis: Basis, growth: Matrix, start: Matrix | None) -> tuple[Matrix, Matrix, Floats]:
    """Iteratively reweighted least squares from residuals (m, n), None for those of least squares.

    Returns: coefficients (m, k), residuals (m, n) and scales (m,). Creators that stand leave the batch.
    """
    creators, _, terms = basis.columns.shape
    floor = EXACT * np.maximum(np.abs(growth).max(axis=1), np.finfo(np.float64).tiny)
    # A column of zeros needs a one to be solved for, and gets a coefficient of zero.
    filler = np.eye(terms) * (np.arange(terms) >= basis.rank[:, None])[:, None, :]
    solved = basis.project(growth)
    residuals = growth - times(basis.columns, solved) if start is None else start
    scales = np.maximum(_deviations(residuals), floor)
    found = solved.copy(), residuals.copy(), scales.copy()
    going, standing = np.arange(creators), np.zeros(creators, dtype=bool)
    columns, actual = basis.columns, growth
    for _ in range(MOST_STEPS):
        weights = HUBER / np.maximum(np.abs(residuals) / scales[:, None], HUBER)
        weighted = (columns * weights[:, :, None]).transpose(0, 2, 1)
        updated = np.linalg.solve(weighted @ columns + filler, weighted @ actual[:, :, None])[:, :, 0]
        residuals = actual - times(columns, updated)
        scales = np.maximum(_deviations(residuals), floor)
        settled = np.abs(updated - solved).max(axis=1) <= SETTLED * np.abs(updated).max(axis=1)
        solved = updated
        for whole, part in zip(found, (solved, residuals, scales), strict=True):
            whole[going[~standing]] = part[~standing]
        standing |= settled
        if standing.mean() >= CROWD:
            keep = ~standing
            if not keep.any():
                break
            columns, actual, residuals, solved = columns[keep], actual[keep], residuals[keep], solved[keep]
            scales, floor, filler = scales[keep], floor[keep], filler[keep]
            going, standing = going[keep], standing[keep]
    return times(basis.inner, found[0]), found[1], found[2]


def _deviations(residuals: Matrix) -> Floats:
    """Median absolute deviation from zero, of each row, as a standard deviation."""
    weeks = residuals.shape[1]
    ordered = np.sort(np.abs(residuals), axis=1)
    middle: Floats = (ordered[:, (weeks - 1) // 2] + ordered[:, weeks // 2]) / (2 * QUARTILE)
    return middle
