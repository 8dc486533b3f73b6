"""What a fit hands on: effects with intervals, next week's predictive distribution, and what to be careful about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

import pandas as pd

from cgn_core.errors import InvalidInput
from cgn_core.stats.arrays import Floats
from cgn_core.stats.features import availability_of
from cgn_core.stats.notebook import html_table
from cgn_core.stats.predictive import Prediction, WeekPredictor, predict
from cgn_core.tables import Daily

EFFECT_LEVEL = 0.95
_SINGULAR = {
    "posts": "post",
    "reels": "reel",
    "stories": "story",
    "ads": "ad",
    "posting_frequency": "piece",
    "hours": "hour",
}


@dataclass(frozen=True)
class Effect:
    """What one more piece brings, all days together, with a two-sided interval."""

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
    """daily | single_lever | ols | huber | tukey | last_value | mean | median | drift"""
    target: str
    """net_growth | gross_follows"""
    weeks: int
    """Weeks whose growth is observed on every day."""
    first_week: str
    last_week: str
    """ISO Mondays of the first and the last of them."""
    effects: tuple[Effect, ...]
    predictor: WeekPredictor
    viral_days: tuple[str, ...] = ()
    viral_rate: float = 0.0
    """Viral days per observed day."""
    cautions: tuple[Caution, ...] = ()
    details: dict[str, Any] = field(default_factory=dict)

    def predict(
        self, plans: Mapping[str, float] | Sequence[Mapping[str, float]], *, level: float = 0.9
    ) -> list[Prediction]:
        """Next week under one or more plans; a lever left out is the mean of the last four weeks.

        Raises:
            InvalidInput: an unknown lever or a negative count.
            UnsupportedLevel: the history is too short for this level.
        """
        wanted = [plans] if isinstance(plans, Mapping) else plans
        return [predict(self.predictor, plan, level=level) for plan in wanted]

    def to_json(self) -> dict[str, Any]:
        """Plain values; :meth:`from_json` is the inverse."""
        return {**asdict(self), "predictor": self.predictor.to_json()}

    def _repr_html_(self) -> str:
        rows = [(each.unit, each.estimate, each.low, each.high) for each in self.effects]
        title = f"{self.model}: what one more piece brings, over {self.weeks} weeks"
        level = f"{self.effects[0].level:.0%} " if self.effects else ""
        columns = ("", "estimate", f"{level}low", f"{level}high")
        return html_table(title, columns, rows, notes=[caution.message for caution in self.cautions])

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
                "details": dict(stored["details"]),
            }
        )


def effect_of(name: str, estimate: float, std_error: float, *, multiplier: float, level: float) -> Effect:
    """An effect with the interval ``estimate ± multiplier · std_error``."""
    return Effect(
        name=name,
        estimate=estimate,
        low=estimate - multiplier * std_error,
        high=estimate + multiplier * std_error,
        level=level,
        std_error=std_error,
        unit=f"followers per {one_of(name)}",
        availability=availability_of(name).value,
    )


def one_of(name: str) -> str:
    """A lever in the singular, such as ``reel``."""
    return _SINGULAR.get(name) or f"unit of {name.replace('_', ' ')}"


def open_caution(name: str, counts: Floats) -> Caution:
    """Why a lever's effect stays open, from its counts per day or week."""
    if counts.min() == counts.max():
        return Caution(
            "constant_lever", f"{name.capitalize()} never vary in this history, so their effect can't be known."
        )
    return Caution(
        "undetermined_effect",
        f"{name.capitalize()} are hardly used or always move with other content or the calendar: their own effect is "
        "undetermined, and forecasts hold for their usual count only.",
    )


def truncate(daily: Daily, end: date | pd.Timestamp | str) -> Daily:
    """The rows up to and including a day.

    Raises:
        InvalidInput: the history starts after that day.
    """
    rows = int((daily.frame["date"] <= pd.Timestamp(end)).sum())
    if rows == 0:
        raise InvalidInput(f"The history starts after {pd.Timestamp(end).date().isoformat()}.")
    return Daily(frame=daily.frame.iloc[:rows], provenance=daily.provenance.iloc[:rows], creator=daily.creator)
