"""A synthetic creator: the daily table, and what is true of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from cgn_core.tables import Daily
from datagen.responses import LINEAR, Response


@dataclass(frozen=True)
class Truth:
    """What is true of a generated creator; what a model should find."""

    name: str
    effects: dict[str, float]
    """Followers per piece, all days together, on average in a week of the usual cadence."""
    carry_over: float
    base: float
    viral_rate: float
    """Mean chance of a day to go viral, reels' favour included."""
    viral_days: tuple[str, ...]
    """ISO dates, those that fell into a gap included."""
    expected: tuple[float, ...]
    """Shape (days,): mean of the gained followers per day without viral boosts."""
    cadence: Mapping[str, float] = field(default_factory=dict)
    """Usual pieces per week."""
    responses: Mapping[str, Response] = field(default_factory=dict)
    """Of the types that bend."""
    breaks: tuple[tuple[str, float], ...] = ()
    """ISO date and share of the level from then on."""
    timing: float = 0.0
    """How much more a piece in the best window brings, as a share of the effect."""
    competitor: bool = False
    """Whether it was made as a competitor of others."""

    @property
    def marginal(self) -> dict[str, float]:
        """Followers that one more piece a week brings at the usual cadence, by content type."""
        return {
            name: effect * self.responses.get(name, LINEAR).marginal(usual=self.cadence.get(name, 0.0))
            for name, effect in self.effects.items()
        }

    def per_piece(self, name: str, pieces: float) -> float:
        """Followers that a piece of a type brings on average in a week with so many.

        Args:
            name: of the content type.
            pieces: in the week, at least 0; at 0 as in a usual week.
        """
        response = self.responses.get(name, LINEAR)
        return self.effects[name] * float(response.worth(np.array(pieces), usual=self.cadence.get(name, 0.0)))

    def to_json(self) -> dict[str, Any]:
        """Plain values, with the marginal effects worked out."""
        return asdict(self) | {"marginal": self.marginal}


@dataclass(frozen=True)
class Creator:
    """A daily table and the truth behind it."""

    daily: Daily
    truth: Truth
