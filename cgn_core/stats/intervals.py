"""Interval levels that a history can support, and quantiles of residuals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import cache
from math import ceil

from cgn_core.errors import UnsupportedLevel
from cgn_core.stats.arrays import Floats

LEVELS = (0.5, 0.8, 0.9, 0.95, 0.99)
"""Two-sided levels that are offered."""


def require_level(level: float) -> None:
    """Raise UnsupportedLevel unless the level lies between 0 and 1."""
    if not 0 < level < 1:  # also refuses NaN
        raise UnsupportedLevel(f"A level lies between 0 and 1, such as 0.9; {level} does not.")


@cache
def residuals_needed(level: float) -> int:
    """How many residuals a two-sided level needs: ceil(2 / (1 - level)) - 1, so 19 for 0.9 and 39 for 0.95.

    The level is taken as the decimal it was written as: in floating point 0.9 would need 20.

    Raises:
        UnsupportedLevel: not between 0 and 1.
    """
    require_level(level)
    return ceil(2 / (1 - Fraction(str(level)))) - 1


def refused_levels(residuals: int, levels: Iterable[float] = LEVELS) -> tuple[float, ...]:
    """The levels that so many residuals can't support."""
    return tuple(level for level in levels if residuals_needed(level) > residuals)


def supported_level(residuals: int, *, wanted: float) -> float:
    """``wanted`` where the residuals support it, else the widest offered level below it that they do.

    Raises:
        UnsupportedLevel: not even the narrowest level is supported.
    """
    offered = [wanted, *sorted((level for level in LEVELS if level < wanted), reverse=True)]
    for level in offered:
        if residuals_needed(level) <= residuals:
            return level
    raise UnsupportedLevel(
        f"{residuals} weeks support no interval; even the narrowest needs {residuals_needed(LEVELS[0])}."
    )


def offered_levels(residuals: int) -> tuple[float, ...]:
    """The offered levels that so many residuals support, ascending."""
    return tuple(level for level in LEVELS if residuals_needed(level) <= residuals)


def check_level(level: float, *, residuals: int) -> None:
    """Raise UnsupportedLevel unless so many residuals support the level; the sentence names the widest that is."""
    if residuals_needed(level) > residuals:
        widest = supported_level(residuals, wanted=max(known for known in LEVELS if known <= max(level, LEVELS[0])))
        raise UnsupportedLevel(
            f"{residuals} weeks don't support an interval of {level:.0%}, which needs {residuals_needed(level)}; "
            f"the widest they support is {widest:.0%}."
        )


def check_probability(probability: float, *, residuals: int) -> None:
    """Raise UnsupportedLevel where a quantile lies further out than the outermost plotting position, 1 / (n + 1)."""
    if not 0 < probability < 1:
        raise UnsupportedLevel(f"A quantile's probability lies between 0 and 1; {probability} does not.")
    if min(probability, 1 - probability) * (residuals + 1) < 1 - 1e-9:
        raise UnsupportedLevel(f"{residuals} weeks say nothing about the {100 * probability:g} % quantile.")


def weibull_quantile(ordered: Floats | Sequence[float], probability: float) -> float:
    """A quantile interpolated between plotting positions i / (n + 1).

    Args:
        ordered: shape (n,), ascending.
        probability: in [0, 1]; beyond the outermost positions the extreme value.
    Source: Hyndman & Fan (1996), definition 6, doi:10.1080/00031305.1996.10473566.
    """
    place = (len(ordered) + 1) * probability - 1
    if place <= 0:
        return float(ordered[0])
    if place >= len(ordered) - 1:
        return float(ordered[-1])
    below = int(place)
    return float(ordered[below] + (place - below) * (ordered[below + 1] - ordered[below]))
