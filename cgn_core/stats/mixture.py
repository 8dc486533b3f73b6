"""Quantiles of finite mixtures of normals."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, inf

import numpy as np
from scipy import special

from cgn_core.stats.arrays import Floats

STEPS = 200
NEAR = 1e-5
"""Of the narrowest spread: a step so small leaves its third power, which is rounding."""
TOLERANCE = 1e-12
"""Of the quantile itself, where its rounding is coarser than the spreads."""
REACH = 40.0
"""Standard deviations beyond which no quantile is looked for."""
MOST_BEND = 0.5
"""By which Halley's correction may divide Newton's step more or less; a curve bent more is far from its parabola."""


def mixture_quantiles(
    weights: Floats, means: Floats, spreads: Floats, probabilities: Sequence[float]
) -> tuple[float, ...]:
    """The quantiles of a finite mixture of normals, to rounding.

    Each is the root of ``z(F(x)) = z(probability)``, z the standard normal quantile: where the mixture is near a
    normal that is nearly a straight line, tails included, so that three or four of Halley's steps do.

    Args:
        weights: shape (k,), summing to 1.
        means: shape (k,).
        spreads: shape (k,), standard deviations > 0.
        probabilities: each in (0, 1).
    """
    ends = float((means - REACH * spreads).min()), float((means + REACH * spreads).max())
    return tuple(_quantile(weights, means, spreads, ends, probability) for probability in probabilities)


def _quantile(weights: Floats, means: Floats, spreads: Floats, ends: tuple[float, float], probability: float) -> float:
    low, high = ends
    heights, curves = weights / spreads, weights / spreads**2
    narrowest, wanted = float(spreads.min()), float(special.ndtri(probability))
    guess = float(means[0] + wanted * spreads[0])
    for _ in range(STEPS):
        scaled = (guess - means) / spreads
        mass = float(special.ndtr(scaled) @ weights)
        if mass > probability:
            high = guess
        else:
            low = guess
        densities = np.exp(-0.5 * scaled * scaled)
        move = _halley(wanted, mass, float(densities @ heights), -float(densities * scaled @ curves))
        step = guess + move
        if abs(move) <= NEAR * narrowest + TOLERANCE * abs(guess):
            return step
        guess = step if low < step < high else 0.5 * (low + high)
    return guess


def _halley(wanted: float, mass: float, slope: float, bend: float) -> float:
    """The step towards the root; infinite where the mass is 0 or 1 to rounding.

    Args:
        wanted: z(probability).
        mass: F(x).
        slope: F'(x), as ``bend`` without the normal density's factor 1 / sqrt(2 pi).
        bend: F''(x).
    """
    if not (0 < mass < 1 and slope > 0):
        return inf
    reached = float(special.ndtri(mass))
    steepness = slope / exp(-0.5 * reached * reached)
    newton = (wanted - reached) / steepness
    turn = 0.5 * newton * (bend / slope + reached * steepness)
    return newton / (1 + min(max(turn, -MOST_BEND), MOST_BEND))
