"""Rolling-origin least squares and ridge of many creators in one pass.

Every origin's coefficients, forecast, leverage and interval come from one triangular factor that grows by a week at a
time; the numbers equal a refit at every origin. A rolling window isn't downdated, which would lose digits: a block's
factors are stored from each week to its end, and each window joins one of them with the weeks after it, so that weeks
enter by rotations only and leave by never having entered.

Rotating in one row after the other adds up more rounding than a factor of all rows at once: some tenths of a digit,
which only count where terms are close to collinear. These creators' windows are factored on their own. Where a window
leaves coefficients open (a content type not used yet), the answer is that of minimum norm, and the open effects are
named.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np
from scipy import special

from cgn_core.errors import InvalidInput, TooFewObservations
from cgn_core.stats.arrays import Cube, FlagCube, FlagMatrix, Floats, IntegerMatrix, Integers, Matrix
from cgn_core.stats.intervals import require_level
from cgn_core.stats.origins import check_designs, forecast_origins, window_start
from cgn_core.stats.orthonormal import orthonormal
from cgn_core.stats.triangular_factor import TriangularFactor

BLOCK = 512
"""Creators in one pass: enough that numpy computes rather than calls, few enough for the cache."""
PLANE = 2
"""Axes."""


@dataclass(frozen=True)
class RollingFit:
    """o origins, k terms, m creators; every origin forecasts the row ``ahead - 1`` rows after it."""

    origins: Integers
    """Shape (o,): how many weeks were known, so the first row that was not."""
    coefficients: Cube
    """Shape (o, k, m)."""
    predictions: Matrix
    """Shape (o, m)."""
    leverages: Matrix
    """Shape (o, m), of the forecast row beside the weeks known."""
    variances: Matrix
    """Shape (o, m): residual sum of squares over ``freedom``."""
    freedom: IntegerMatrix
    """Shape (o, m): weeks less determined coefficients; a penalty counts as a week."""
    low: Matrix
    high: Matrix
    """Shape (o, m), Student's t interval of the forecast row's target."""
    undetermined: FlagCube
    """Shape (o, k, m): effects that the weeks leave open."""
    level: float
    """Of the intervals."""

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        arrays = {name: value.tolist() for name, value in vars(self).items() if isinstance(value, np.ndarray)}
        return {**arrays, "level": self.level}


def rolling_origin(
    design: Cube,
    target: Matrix,
    *,
    initial: int,
    window: int | None = None,
    step: int = 1,
    ahead: int = 1,
    penalty: float | Floats | Matrix = 0.0,
    level: float = 0.9,
    compiled: bool = False,
) -> RollingFit:
    """Least squares or ridge of each creator's weeks up to every origin, and the forecast of a later week.

    Args:
        design: shape (weeks, k, m), the intercept among the terms; creators last.
        target: shape (weeks, m).
        initial: weeks before the first origin; with a window, at least as long as it.
        window: weeks of a rolling window; None lets it grow.
        step: weeks from one origin to the next.
        ahead: weeks from the last known to the forecast one.
        penalty: on squared coefficients. A number leaves the first term, the intercept, free; an array of shape (k,)
            or (k, m) says it for each.
        level: of the t intervals, two-sided.
        compiled: by numba, where it is installed (the extra ``fast``); pays from some thousand creators.
    Returns: what a refit at every origin gives; under a penalty what least squares gives when sqrt(penalty) rows of
        target zero are weeks too, which for the intervals is the posterior under a normal prior.

    Raises:
        InvalidInput: shapes that don't belong together, numbers that are not finite, a count below 1.
        TooFewObservations: no week is left to forecast, or the first window has no more weeks than free coefficients.
        UnsupportedLevel: the level is not between 0 and 1.
    Source: Gentleman (1973), doi:10.1093/imamat/12.3.329; Hoerl & Kennard (1970), doi:10.1080/00401706.1970.10488634.
    """
    require_level(level)
    task = _task(design, target, penalty, initial=initial, window=window, step=step, ahead=ahead)
    found = _pass(task, compiled=compiled and find_spec("numba") is not None)
    for number in np.flatnonzero(found.close.any(axis=1)):
        _solve_apart(task, found, int(number))
    variances = found.squares / found.freedom
    # Few distinct degrees of freedom, and a quantile costs as much as a factor's week.
    multipliers = special.stdtrit(np.arange(found.freedom.max() + 1), (1 + level) / 2)
    margins = multipliers[found.freedom] * np.sqrt(variances * (1 + found.leverages))
    return RollingFit(
        origins=task.origins,
        coefficients=found.coefficients,
        predictions=found.predictions,
        leverages=found.leverages,
        variances=variances,
        freedom=found.freedom,
        low=found.predictions - margins,
        high=found.predictions + margins,
        undetermined=found.undetermined,
        level=level,
    )


class _Task(NamedTuple):
    """What is asked: the arguments, checked."""

    design: Cube
    target: Matrix
    penalties: Matrix
    columns: Matrix
    """Shape (k, m), what the terms are multiplied by."""
    targets: Floats
    """Shape (m,), what the target is."""
    origins: Integers
    window: int | None
    ahead: int


class _Found(NamedTuple):
    """Arrays that the pass fills."""

    coefficients: Cube
    predictions: Matrix
    leverages: Matrix
    squares: Matrix
    freedom: IntegerMatrix
    undetermined: FlagCube
    close: FlagMatrix


def _task(
    design: Cube,
    target: Matrix,
    penalty: float | Floats | Matrix,
    *,
    initial: int,
    window: int | None,
    step: int,
    ahead: int,
) -> _Task:
    design, target = np.ascontiguousarray(design, np.float64), np.ascontiguousarray(target, np.float64)
    columns, targets = check_designs(design, target)
    origins = forecast_origins(len(design), initial=initial, window=window, step=step, ahead=ahead)
    _, terms, creators = design.shape
    penalties = np.asarray(penalty, dtype=np.float64)
    if penalties.ndim == 0:
        penalties = np.where(np.arange(terms) > 0, penalties, 0.0)
    try:
        penalties = np.broadcast_to(penalties if penalties.ndim == PLANE else penalties[:, None], (terms, creators))
    except ValueError:
        raise InvalidInput(f"A penalty of shape {penalties.shape} doesn't fit {terms} terms.") from None
    if not np.isfinite(penalties).all() or (penalties < 0).any():
        raise InvalidInput("A penalty must be a number of 0 or more.")
    known, free = initial if window is None else min(initial, window), int((penalties == 0).sum(axis=0).max())
    if known <= free:
        raise TooFewObservations(
            f"{known} weeks before the first forecast can't judge {free} effects; it takes {free + 1}."
        )
    scales = _powers_of_two(columns), _powers_of_two(targets[None])[0]
    return _Task(design, target, np.ascontiguousarray(penalties), *scales, origins, window, ahead)


def _pass(task: _Task, *, compiled: bool) -> _Found:
    """All creators, a block at a time."""
    _, terms, creators = task.design.shape
    shape = (len(task.origins), creators)
    starts = np.array([window_start(origin, task.window) for origin in task.origins.tolist()], dtype=np.int64)
    found = _Found(
        coefficients=np.empty((len(task.origins), terms, creators)),
        predictions=np.empty(shape),
        leverages=np.empty(shape),
        squares=np.empty(shape),
        freedom=(task.origins - starts)[:, None] - (task.penalties == 0).sum(axis=0),
        undetermined=np.zeros((len(task.origins), terms, creators), dtype=bool),
        close=np.empty(shape, dtype=bool),
    )
    if compiled:
        from cgn_core.stats.rolling_compiled import fill

        fill(
            task.design,
            task.target,
            task.penalties,
            task.columns,
            task.targets,
            task.origins,
            starts,
            task.ahead,
            found.coefficients,
            found.predictions,
            found.leverages,
            found.squares,
            found.close,
        )
        return found
    for first in range(0, creators, BLOCK):
        block = slice(first, first + BLOCK)
        _fill(task, found, block, task.columns[:, block], task.targets[block])
    return found


def _fill(task: _Task, found: _Found, block: slice, columns: Matrix, targets: Floats) -> None:
    """One block of creators, in numpy."""
    for number, factor in enumerate(_factors(task, block, columns, targets)):
        row = task.design[task.origins[number] + task.ahead - 1, :, block] * columns
        coefficients = factor.coefficients()
        found.predictions[number, block] = np.einsum("km,km->m", row, coefficients) / targets
        found.coefficients[number, :, block] = coefficients * (columns / targets)
        found.leverages[number, block] = factor.leverages(row)
        found.squares[number, block] = factor.squares / targets**2
        found.close[number, block] = factor.close()


def _powers_of_two(largest: Matrix) -> Matrix:
    """What brings each largest size to between a half and one: exact, so no digit changes."""
    scales: Matrix = np.ldexp(1.0, -np.frexp(largest)[1])
    return scales


def _factors(task: _Task, block: slice, columns: Matrix, targets: Floats) -> Iterator[TriangularFactor]:
    """The factor of every origin's weeks, to be read before the next is asked for."""
    terms = task.design.shape[1]

    def grow(factor: TriangularFactor, first: int, stop: int) -> None:
        for week in range(first, stop):
            row = np.empty((terms + 1, columns.shape[1]))
            np.multiply(task.design[week, :, block], columns, out=row[:terms])
            np.multiply(task.target[week, block], targets, out=row[terms])
            factor.append(row, np.ones(columns.shape[1]))

    def begin() -> TriangularFactor:
        factor = TriangularFactor.empty(terms, columns.shape[1])
        for place in np.flatnonzero((task.penalties[:, block] > 0).any(axis=1)).tolist():
            row = np.zeros((terms + 1, columns.shape[1]))
            row[place] = columns[place]
            factor.append(row, task.penalties[place, block].copy(), first=place)
        return factor

    later, border, done = begin(), 0, 0
    earlier: dict[int, TriangularFactor] = {}
    for origin in task.origins.tolist():
        start = window_start(origin, task.window)
        if start > border:
            # All weeks before the border have left: a new border, and the factors from each week up to it.
            earlier, border = {}, origin
            growing = TriangularFactor.empty(terms, columns.shape[1])
            for week in range(origin - 1, start - 1, -1):
                grow(growing, week, week + 1)
                earlier[week] = growing.copy()
            later, done = begin(), origin
        grow(later, done, origin)
        done = origin
        if start < border:
            joined = earlier[start].copy()
            joined.append_factor(later)
            yield joined
        else:
            yield later


def _solve_apart(task: _Task, found: _Found, number: int) -> None:
    """An origin's creators with terms close to collinear, each by a QR factor of its own window."""
    chosen = np.flatnonzero(found.close[number])
    origin = int(task.origins[number])
    weeks = slice(window_start(origin, task.window), origin)
    terms = task.design.shape[1]
    penalties = np.sqrt(task.penalties[:, chosen]).T
    rows = np.concatenate([task.design[weeks, :, chosen].transpose(2, 0, 1), penalties[:, :, None] * np.eye(terms)], 1)
    answers = np.concatenate([task.target[weeks, chosen].T, np.zeros_like(penalties)], 1)
    solved = orthonormal(rows)
    coefficients = solved.solve(answers)
    ahead = task.design[origin + task.ahead - 1][:, chosen]
    found.coefficients[number][:, chosen] = coefficients.T
    found.predictions[number, chosen] = np.einsum("cj,jc->c", coefficients, ahead)
    found.leverages[number, chosen] = (np.einsum("cjk,jc->ck", solved.inner, ahead) ** 2).sum(axis=1)
    found.squares[number, chosen] = ((answers - np.einsum("crk,ck->cr", rows, coefficients)) ** 2).sum(axis=1)
    found.freedom[number, chosen] += terms - solved.rank
    found.undetermined[number][:, chosen] = solved.undetermined.T
