"""Estimation on days: viral days, noise weights and carry-over are found in turn, from a robust start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import special

from cgn_core.stats.arrays import Flags, Floats, Integers, Matrix
from cgn_core.stats.carry_over import stock
from cgn_core.stats.least_squares import clustered_covariance, huber_start, solve
from cgn_core.stats.viral import exceptional_days

DECAYS = (0.2, 0.4, 0.6, 0.8, 0.9)
"""Shares of an effect that are left a day later: the coarse grid, refined around its best."""
REFINEMENTS = (0.1, 0.05, 0.025)
LARGEST_DECAY = 0.95
RATIO_NEEDED = 3.84
"""Likelihood ratio above which carry-over is believed: the 95 % point of chi-square with one degree of freedom."""
CLEAR = 0.001
"""How unlikely it must be that posting did nothing before carry-over is looked for: it would be one of noise."""
ROUNDS = 12
CARRY_OVER_TURNS = (0, 2)
"""Rounds in which the decay is chosen: from a first look, and again once viral days and weights stand."""
FLOOR_SHARE = 0.1
"""Noise shrinks with the followers gained no further than to this share of a typical day's."""
STEP = 1e-4
"""Of the decay, for derivatives."""


@dataclass(frozen=True)
class DayFit:
    """A fit of n days with p linear terms, calendar terms first and then the levers' stocks."""

    decay: float
    ratio: float
    """Likelihood ratio of carry-over against none."""
    design: Matrix
    coefficients: Floats
    mean: Floats
    """Shape (n,), followers per day, without viral days."""
    level: Floats
    """Shape (n,), the noise's variance up to a factor: the followers gained, but never below ``floor``."""
    floor: float
    used: Flags
    viral: Flags
    losses: Flags
    """Days as far below the mean as viral days are above it; left out like those."""
    residuals: Floats
    """Shape (n,), growth less the mean; 0 on days that aren't usable."""
    dispersion: float
    """Variance of a used day's noise over its ``level``."""
    penalty: Floats
    """Shape (p,), what each coefficient's square cost: 0 but for calendar terms whose usual size is known."""


def fit_days(
    terms: Matrix, counts: Matrix, growth: Floats, usable: Flags, *, lost: float = 0.0, sizes: Floats | None = None
) -> DayFit:
    """Fit daily growth.

    Calendar terms of a known usual size are normal around 0 with it: best linear unbiased prediction, which is least
    squares with a penalty.

    Args:
        terms: calendar terms, shape (n, q).
        counts: pieces per day, shape (n, levers), no NaN.
        growth: shape (n,), NaN where not usable.
        usable: shape (n,), days that may be used.
        lost: followers lost on a usual day: noise grows with what is gained, growth plus losses.
        sizes: shape (q,), usual size of each term's coefficient as a share of a day's gain, infinite by default.
    Source: Robinson (1991), "That BLUP is a good thing", doi:10.1214/ss/1177011926.
    """
    growth = np.where(usable, growth, 0.0)
    gain = max(float(np.mean(np.abs(growth[usable]))) + lost, 1e-9)
    floor = FLOOR_SHARE * gain
    free = np.full(terms.shape[1] + counts.shape[1], np.inf)
    if sizes is not None:
        free[: len(sizes)] = sizes
    precision = 1 / (free * gain) ** 2
    design = np.hstack([terms, counts])
    coefficients = huber_start(design[usable], growth[usable])
    decay, ratio = 0.0, 0.0
    spread = cache(lambda share: stock(counts, share))
    viral = losses = np.zeros(len(growth), dtype=bool)
    for turn in range(ROUNDS):
        mean = design @ coefficients
        level = np.maximum(mean + lost, floor)
        found = exceptional_days((growth - mean) / np.sqrt(level), usable, terms=design.shape[1])
        settled = bool((found[0] == viral).all() and (found[1] == losses).all())
        viral, losses = found
        used = usable & ~viral & ~losses
        penalty = _dispersion(growth - mean, level, used, terms=design.shape[1]) * precision
        if turn in CARRY_OVER_TURNS:
            decay, ratio = _choose_decay(terms, spread, growth, 1 / level, used, penalty)
            design = np.hstack([terms, spread(decay)])
        coefficients = solve(design[used], growth[used], 1 / level[used], penalty)
        if settled and turn > CARRY_OVER_TURNS[-1]:
            break
    mean = design @ coefficients
    level = np.maximum(mean + lost, floor)
    return DayFit(
        decay=decay,
        ratio=ratio,
        design=design,
        coefficients=coefficients,
        mean=mean,
        level=level,
        floor=floor,
        used=used,
        viral=viral,
        losses=losses,
        residuals=np.where(usable, growth - mean, 0.0),
        dispersion=_dispersion(growth - mean, level, used, terms=design.shape[1]),
        penalty=penalty,
    )


def _dispersion(residuals: Floats, level: Floats, used: Flags, *, terms: int) -> float:
    """Variance of a used day's noise over its level, by the sum of squares."""
    return float((residuals[used] ** 2 / level[used]).sum()) / max(int(used.sum()) - terms, 1)


def parameter_covariance(fit: DayFit, counts: Matrix, weeks: Integers) -> tuple[Matrix, Floats]:
    """CR2 covariance by week, and degrees of freedom, of the coefficients and, where there is carry-over, of the decay.

    The decay enters as one more column, the mean's derivative (Gauss-Newton), so that what isn't known of it widens the
    effects' intervals too.

    Args:
        fit: of :func:`fit_days`.
        counts: as given there.
        weeks: shape (n,), each day's week.
    """
    design, penalty = fit.design, fit.penalty
    if fit.decay > 0:
        effects = fit.coefficients[design.shape[1] - counts.shape[1] :]
        change = (stock(counts, fit.decay + STEP) - stock(counts, fit.decay - STEP)) / (2 * STEP)
        design, penalty = np.hstack([design, (change @ effects)[:, None]]), np.append(penalty, 0.0)
    used = fit.used
    return clustered_covariance(
        design[used],
        fit.residuals[used],
        1 / fit.level[used],
        weeks[used],
        penalty=penalty,
        dispersion=fit.dispersion,
    )


def _choose_decay(
    terms: Matrix, spread: Callable[[float], Matrix], growth: Floats, weights: Floats, used: Flags, penalty: Floats
) -> tuple[float, float]:
    """The decay of the highest profile likelihood where it beats none by more than chance, else 0; and the ratio.

    Args:
        terms: calendar terms, shape (n, q).
        spread: the levers' stocks by decay, each of shape (n, levers).
        growth: shape (n,).
        weights: shape (n,).
        used: shape (n,).
        penalty: shape (q + levers,).
    """
    levers = spread(0.0).shape[1]
    if levers == 0:
        return 0.0, 0.0

    def error(design: Matrix) -> float:
        rows, cost = design[used], penalty[: design.shape[1]]
        coefficients = solve(rows, growth[used], weights[used], cost)
        residuals = growth[used] - rows @ coefficients
        return max(float(weights[used] @ residuals**2 + cost @ coefficients**2), 1e-300)

    def error_of(decay: float) -> float:
        return error(np.hstack([terms, spread(decay)]))

    errors = {decay: error_of(decay) for decay in (0.0, *DECAYS)}
    best = min(errors, key=lambda decay: errors[decay])
    for step in REFINEMENTS if best > 0 else ():
        for candidate in (best - step, best + step):
            if 0 < candidate <= LARGEST_DECAY:
                errors.setdefault(candidate, error_of(candidate))
        best = min(errors, key=lambda decay: errors[decay])
    days = int(used.sum())
    ratio = float(days * np.log(errors[0.0] / errors[best]))
    matters = days * np.log(error(terms) / errors[best]) > special.chdtri(levers, CLEAR)
    return (best, ratio) if matters and ratio > RATIO_NEEDED else (0.0, ratio)
