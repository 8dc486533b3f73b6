"""Viral days: how they are found, and how a week of them is distributed."""

from __future__ import annotations

import numpy as np
from scipy import special

from cgn_core.stats.arrays import Flags, Floats
from cgn_core.tables import DAYS_PER_WEEK

THRESHOLD = 5.0
"""Robust standard deviations above the fitted mean from which a day is viral."""
TO_SIGMA = 1.4826022185056018
"""Makes a median absolute deviation a standard deviation under the normal."""
USUAL_SPREAD = 0.6
"""Standard deviation of the log size while there are too few viral days to estimate it."""
FEWEST_FOR_SPREAD = 4
SLICES = {1: 6, 2: 3, 3: 1}
"""Into how many slices the size of one, two, and three or more viral days is cut."""


def viral_flags(residuals: Floats, mean: Floats, *, usable: Flags) -> Flags:
    """Days whose growth stands above the fitted mean by more than the threshold.

    Args:
        residuals: shape (n,), growth less fitted mean, followers per day.
        mean: shape (n,), fitted mean > 0; noise is taken to grow with its square root.
        usable: shape (n,), days that were observed.
    """
    scaled = np.where(usable, residuals, 0.0) / np.sqrt(mean)
    middle = np.median(scaled[usable])
    spread = TO_SIGMA * np.median(np.abs(scaled[usable] - middle))
    flags: Flags = usable & (scaled - middle > THRESHOLD * max(float(spread), 1e-9))
    return flags


def viral_states(sizes: Floats, *, days: int) -> tuple[tuple[float, float, float], ...]:
    """A week's viral part in units of the repeatable week, as a finite mixture.

    Args:
        sizes: shape (k,), excess of each viral day over its fitted mean, as a multiple of that mean.
        days: how many days were observed.
    Returns: (weight, mean, standard deviation) per state, the first without any viral day.
    """
    if len(sizes) == 0:
        return ((1.0, 0.0, 0.0),)
    logs = np.log(sizes)
    spread = float(logs.std(ddof=1)) if len(logs) >= FEWEST_FOR_SPREAD else USUAL_SPREAD
    centre, spread = float(logs.mean()) - np.log(DAYS_PER_WEEK), max(spread, 0.05)
    rate = len(sizes) / days
    counts = np.array([special.comb(DAYS_PER_WEEK, k) * rate**k * (1 - rate) ** (DAYS_PER_WEEK - k) for k in range(4)])
    states = [(float(counts[0]), 0.0, 0.0)]
    weights = {1: float(counts[1]), 2: float(counts[2]), 3: float(1 - counts[:3].sum())}
    for number, weight in weights.items():
        location, width = _sum_of_lognormals(centre, spread, number)
        states += [(weight * share, mean, sd) for share, mean, sd in _slices(location, width, SLICES[number])]
    return tuple(states)


def _sum_of_lognormals(centre: float, spread: float, number: int) -> tuple[float, float]:
    """A log-normal with the mean and variance of the sum of ``number`` (Fenton, 1960)."""
    ratio = np.expm1(spread**2) / number
    width = float(np.sqrt(np.log1p(ratio)))
    return float(np.log(number) + centre + spread**2 / 2 - width**2 / 2), width


def _slices(centre: float, spread: float, number: int) -> list[tuple[float, float, float]]:
    """A log-normal cut at equal probabilities: share, mean and standard deviation of each slice."""
    edges = special.ndtri(np.linspace(0, 1, number + 1))
    first, second = (
        np.exp(k * centre + (k * spread) ** 2 / 2) * np.diff(special.ndtr(edges - k * spread)) * number for k in (1, 2)
    )
    return [
        (1 / number, float(mean), float(np.sqrt(max(square - mean**2, 0.0))))
        for mean, square in zip(first, second, strict=True)
    ]
