"""What a history contributes to next week's predictor: the usual week, the support, and Student's tails."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from scipy import special

from cgn_core.errors import TooFewObservations
from cgn_core.stats.arrays import Matrix
from cgn_core.stats.history import RECENT_WEEKS, History, iso_day
from cgn_core.stats.intervals import offered_levels
from cgn_core.stats.predictive import DAILY_MIXTURE, LOO_RESIDUALS, WeekPredictor
from cgn_core.stats.viral import Jump

SCALE_NODES = 7
NORMAL_FROM = 300.0
"""Degrees of freedom from which Student's t is taken as normal."""
PRECISION_CUT = 1e-8


class Noise(NamedTuple):
    """A week's noise, see :class:`WeekPredictor`: variance over gain, the smallest gain, followers usually lost."""

    dispersion: float = 0.0
    floor: float = 0.0
    lost: float = 0.0


NO_NOISE = Noise()


def week_predictor(
    history: History,
    *,
    mean: Sequence[float],
    covariance: Matrix,
    freedom: float,
    n_residuals: int,
    undetermined: tuple[str, ...] = (),
    noise: Noise = NO_NOISE,
    jumps: tuple[Jump, ...] = ((1.0, 0.0, 0.0),),
    residuals: Sequence[float] | None = None,
) -> WeekPredictor:
    """A predictor for the week after the history.

    Args:
        history: at least one whole week.
        mean: shape (1 + levers,), see :class:`WeekPredictor`.
        covariance: shape (1 + levers, 1 + levers).
        freedom: degrees of freedom of Student's t.
        n_residuals: complete weeks or past errors that support its levels.
        undetermined: levers whose effect is open.
        noise: of the days, summed over the week.
        jumps: the viral part.
        residuals: leave-one-out residuals; with them the method is ``loo_residuals``, without ``daily_mixture``.
    """
    weekly = history.weekly_counts
    recent = weekly[-RECENT_WEEKS:]
    centre = weekly.mean(axis=0)
    away = weekly - centre
    precision = np.linalg.pinv(away.T @ away / len(weekly), rcond=PRECISION_CUT, hermitian=True)
    columns = dict(enumerate(history.levers))
    return WeekPredictor(
        method=DAILY_MIXTURE if residuals is None else LOO_RESIDUALS,
        target=history.target,
        week_start=iso_day(history.next_monday),
        levers=history.levers,
        mean=tuple(float(value) for value in mean),
        covariance=tuple(tuple(row) for row in covariance.tolist()),
        scales=student_scales(freedom),
        n_residuals=n_residuals,
        levels=offered_levels(n_residuals),
        usual={name: float(recent[:, place].mean()) for place, name in columns.items()},
        last_weeks={name: tuple(recent[:, place].tolist()) for place, name in columns.items()},
        support={name: float(weekly[:, place].max()) for place, name in columns.items()},
        centre=tuple(centre.tolist()),
        precision=tuple(tuple(row) for row in precision.tolist()),
        farthest=float(np.einsum("wi,ij,wj->w", away, precision, away).max()) if columns else 0.0,
        undetermined=undetermined,
        dispersion=noise.dispersion,
        floor=noise.floor,
        lost=noise.lost,
        jumps=jumps,
        residuals=() if residuals is None else tuple(sorted(float(value) for value in residuals)),
    )


def naive_predictor(history: History, *, centre: float, residuals: Sequence[float]) -> WeekPredictor:
    """A forecast that no plan moves: its median is ``centre``, around it stands the spread of its own past errors.

    Their median is taken off, so that what is shown is the forecast that was compared with the models. It knows of no
    viral days: a skew of its errors belongs to the week that repeats.

    Args:
        history: at least one whole week.
        centre: the forecast, followers per week.
        residuals: what past forecasts of this kind missed by (actual less forecast), followers per week.

    Raises:
        TooFewObservations: no residual at all.
    """
    if len(residuals) == 0:
        raise TooFewObservations("A naive forecast needs at least one past error to take its spread from.")
    levers = len(history.levers)
    errors = np.asarray(residuals, dtype=np.float64)
    skew = float(errors.mean() - np.median(errors))
    return week_predictor(
        history,
        mean=[centre + skew, *[0.0] * levers],
        covariance=np.zeros((1 + levers, 1 + levers)),
        freedom=np.inf,
        n_residuals=len(residuals),
        residuals=(errors - errors.mean()).tolist(),
    )


@cache
def student_scales(freedom: float) -> tuple[tuple[float, float], ...]:
    """Student's t as a finite mixture of normals: (factor on the variance, weight), by generalised Gauss-Laguerre.

    t is normal with a variance of freedom / chi-square(freedom); the quadrature takes that mean at a few nodes.
    """
    if freedom >= NORMAL_FROM:
        return ((1.0, 1.0),)
    nodes, weights = special.roots_genlaguerre(SCALE_NODES, freedom / 2 - 1)
    weights = weights / weights.sum()
    return tuple((float(freedom / (2 * node)), float(weight)) for node, weight in zip(nodes, weights, strict=True))
