"""Viral days: how they are found, and what they add to a week."""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from cgn_core.stats.arrays import Flags, Floats
from cgn_core.stats.least_squares import TO_NORMAL, median
from cgn_core.tables import DAYS_PER_WEEK

THRESHOLD = 5.0
"""Robust standard deviations from the fitted mean beyond which a day is exceptional."""
USUAL_SPREAD = 0.5
"""Standard deviation of a viral day's log size, where its own days say little."""
USUAL_SPREAD_DAYS = 3
"""How many days' worth of evidence that counts."""
LARGEST_SPREAD = 1.2
MOST_IN_A_WEEK = 3
SLICES = (0.0, 0.05, 0.15, 0.3, 0.45, 0.6, 0.72, 0.82, 0.9, 0.95, 0.98, 0.995, 1.0)
"""Cumulative probabilities at which the size of a week's viral part is cut."""

Jump = tuple[float, float, float]
"""Weight, mean and variance of one component of a week's viral part."""


def robust_scale(scaled: Floats, *, terms: int) -> float:
    """Standard deviation of noise by the median absolute deviation, for residuals of a fit with so many terms."""
    n = len(scaled)
    middle = TO_NORMAL * median(np.abs(scaled))
    # Half the mean absolute deviation stands in where more than half of the days fit exactly (a dormant account).
    return max(middle, 0.5 * float(np.abs(scaled).mean()), 1e-12) * math.sqrt(n / max(n - terms, 1))


def exceptional_days(scaled: Floats, usable: Flags, *, terms: int) -> tuple[Flags, Flags]:
    """Days far above, and days far below, the fitted mean.

    Args:
        scaled: shape (n,), residuals over the square root of their variance's shape.
        usable: shape (n,), days to judge and to take the scale from.
        terms: coefficients fitted.
    """
    bound = THRESHOLD * robust_scale(scaled[usable], terms=terms)
    return usable & (scaled > bound), usable & (scaled < -bound)


def viral_week(sizes: Floats, *, days: int) -> tuple[Jump, ...]:
    """What viral days add to a week, in units of what it gains otherwise; the first component is a week without.

    The number of viral days is beta-binomial (Jeffreys' prior for the rate), sizes are log-normal, sums of several are
    log-normal with the same mean and variance. Each slice of a size keeps its own mean and variance, so the mixture has
    the exact mean and variance of the log-normal.

    Args:
        sizes: shape (k,), > 0, what each viral day brought above its fitted mean, as a multiple of that mean.
        days: days judged.
    Source: sums of log-normals, Fenton (1960), doi:10.1109/TCOM.1960.1097606.
    """
    found = len(sizes)
    if found == 0:
        return ((1.0, 0.0, 0.0),)
    centre, spread = size_law(sizes / DAYS_PER_WEEK)
    share = _viral_days_a_week(found, days)
    jumps: list[Jump] = [(float(share[0]), 0.0, 0.0)]
    for number in range(1, MOST_IN_A_WEEK + 1):
        width = float(np.sqrt(np.log1p(np.expm1(spread**2) / number)))
        location = centre + np.log(number) + (spread**2 - width**2) / 2
        jumps += [(float(share[number]) * part, mean, variance) for part, mean, variance in _slices(location, width)]
    return tuple(jumps)


def size_law(sizes: Floats) -> tuple[float, float]:
    """Mean and predictive standard deviation of the log size; few days lean on the usual spread."""
    logs = np.log(sizes)
    k = len(logs)
    centre = float(logs.mean())
    within = float(((logs - centre) ** 2).sum())
    variance = (USUAL_SPREAD_DAYS * USUAL_SPREAD**2 + within) / (USUAL_SPREAD_DAYS + k - 1)
    # What isn't known of the centre widens the spread; the mean size stays that of the days seen.
    spread = min(float(np.sqrt(variance * (1 + 1 / k))), LARGEST_SPREAD)
    return centre - (spread**2 - min(variance, LARGEST_SPREAD**2)) / 2, spread


def _viral_days_a_week(found: int, days: int) -> Floats:
    """Shares of weeks with 0, 1, 2 and 3 or more viral days; shape (4,)."""
    k = np.arange(DAYS_PER_WEEK + 1)
    a, b = found + 0.5, days - found + 0.5
    logs = special.betaln(a + k, b + DAYS_PER_WEEK - k) - special.betaln(a, b)
    shares = special.binom(DAYS_PER_WEEK, k) * np.exp(logs)
    return np.append(shares[:MOST_IN_A_WEEK], 1 - shares[:MOST_IN_A_WEEK].sum())


def _slices(centre: float, spread: float) -> list[Jump]:
    edges = special.ndtri(np.array(SLICES))
    weights = np.diff(np.array(SLICES))
    first, second = (
        np.exp(k * centre + (k * spread) ** 2 / 2) * np.diff(special.ndtr(edges - k * spread)) / weights for k in (1, 2)
    )
    return [
        (float(weight), float(mean), float(max(square - mean**2, 0.0)))
        for weight, mean, square in zip(weights, first, second, strict=True)
    ]
