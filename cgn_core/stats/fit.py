"""What a fit hands on: effects with intervals, next week's predictive distribution, and what to be careful about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from cgn_core.stats.predictive import WeekPredictor

EFFECT_LEVEL = 0.95
FEWEST_WEEKS = 8
"""Complete weeks below which nothing is trained."""


@dataclass(frozen=True)
class Effect:
    """What one more piece brings, all days together; ``unit`` says followers per what."""

    name: str
    estimate: float
    low: float
    high: float
    level: float
    std_error: float
    unit: str
    availability: str


@dataclass(frozen=True)
class Caution:
    """A sentence that travels with every number of the fit."""

    code: str
    message: str


@dataclass(frozen=True)
class Fit:
    """One model fitted to one history."""

    model: str
    target: str
    """net_growth | gross_follows"""
    weeks: int
    """Weeks whose growth is observed on every day."""
    first_week: str
    last_week: str
    """ISO Mondays."""
    effects: tuple[Effect, ...]
    predictor: WeekPredictor
    viral_days: tuple[str, ...] = ()
    viral_rate: float = 0.0
    """Viral days per day."""
    cautions: tuple[Caution, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Plain values; :meth:`from_json` is the inverse."""
        return {
            "model": self.model,
            "target": self.target,
            "weeks": self.weeks,
            "first_week": self.first_week,
            "last_week": self.last_week,
            "effects": [asdict(effect) for effect in self.effects],
            "predictor": self.predictor.to_json(),
            "viral_days": list(self.viral_days),
            "viral_rate": self.viral_rate,
            "cautions": [asdict(caution) for caution in self.cautions],
            "details": dict(self.details),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Fit:
        """The inverse of :meth:`to_json`."""
        return cls(
            **{
                **stored,
                "effects": tuple(Effect(**effect) for effect in stored["effects"]),
                "predictor": WeekPredictor.from_json(stored["predictor"]),
                "viral_days": tuple(stored["viral_days"]),
                "cautions": tuple(Caution(**caution) for caution in stored["cautions"]),
            }
        )
