"""How what a week's pieces bring depends on how many there are, and the bounds of every number of a creator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

Floats = np.ndarray[Any, np.dtype[np.float64]]
LEAST_USUAL = 1e-6
"""Pieces per week below which a type counts as unused."""
LEAST_SCALE, MOST_SCALE = 0.01, 10_000.0
SHAPES = ("linear", "log1p", "hill", "quadratic")


def require(what: str, value: float, least: float, most: float) -> None:
    """Refuse a number outside its bounds, NaN included.

    Raises:
        ValueError: the sentence names the number and its bounds.
    """
    if not least <= value <= most:  # also refuses NaN
        raise ValueError(f"{what} must be between {least:g} and {most:g}, not {value:g}")


@dataclass(frozen=True)
class Response:
    """The curve from a week's pieces of a type to the followers that they bring together.

    With ``w`` pieces a week: ``linear`` is ``w``; ``log1p`` is ``log(1 + w / scale)``; ``hill`` is
    ``w^power / (scale^power + w^power)``; ``quadratic`` is ``w (1 - w / (2 scale))`` and flat from its top at ``scale``
    on. A creator's effect is what a piece brings on average in a week of the usual cadence; the curve says what
    it brings in other weeks.

    Raises:
        ValueError: no such shape, or a number outside its bounds, by name.
    """

    shape: str = "linear"
    scale: float = 1.0
    """Pieces per week that set where the curve bends."""
    power: float = 1.0
    """Of Hill's curve: above 1 the first pieces bring little."""

    def __post_init__(self) -> None:
        """Refuse what is no curve."""
        if self.shape not in SHAPES:
            raise ValueError(f"{self.shape!r} is no response; there are {', '.join(SHAPES)}")
        require("the scale of a response", self.scale, LEAST_SCALE, MOST_SCALE)
        require("the power of a response", self.power, 0.2, 5)

    def height(self, pieces: Floats) -> Floats:
        """The curve, in units of its own, at so many pieces a week; any shape, 0 at 0, nowhere falling."""
        if self.shape == "linear":
            return pieces * 1.0
        share = pieces / self.scale
        if self.shape == "log1p":
            return np.log1p(share)
        if self.shape == "quadratic":
            top = np.minimum(share, 1.0)
            return self.scale * top * (1 - top / 2)
        raised: Floats = share**self.power
        return raised / (1 + raised)

    def slope(self, pieces: Floats) -> Floats:
        """Derivative of :meth:`height`; pieces above 0."""
        if self.shape == "linear":
            return np.ones_like(pieces)
        share = pieces / self.scale
        if self.shape == "log1p":
            return 1 / (self.scale + pieces)
        if self.shape == "quadratic":
            return np.maximum(1 - share, 0.0)
        raised: Floats = share**self.power
        return self.power * raised / pieces / (1 + raised) ** 2

    def worth(self, pieces: Floats, *, usual: float) -> Floats:
        """What a piece brings in weeks of so many, as a share of what it brings in a usual week.

        Args:
            pieces: per week, any shape; a week of none counts as a usual one.
            usual: pieces per week at which the share is 1; 0 where the type isn't used.
        """
        if usual < LEAST_USUAL:
            return np.ones_like(pieces)
        counted = np.where(pieces > 0, pieces, usual)
        base = np.array(usual)
        worth: Floats = self.height(counted) / counted / (self.height(base) / base)
        return worth

    def marginal(self, *, usual: float) -> float:
        """What one more piece brings at the usual cadence, as a share of what a piece brings there on average."""
        if usual < LEAST_USUAL:
            return 1.0
        base = np.array(float(usual))
        return float(self.slope(base) * base / self.height(base))


LINEAR = Response()
