"""What decides one synthetic creator's history, but for the random numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from cgn_core.tables import CONTENT_TYPES, DAYS_PER_WEEK
from datagen.profiles import PROFILES

WEEKDAY_GROWTH = (0.96, 0.98, 1.0, 1.02, 1.04, 1.0, 1.0)
WEEKDAY_POSTING = (1.1, 1.0, 1.2, 1.0, 1.1, 0.7, 0.9)
LARGEST_EFFECT = 1e6
LARGEST_CADENCE = 1_000.0
LARGEST_VIRAL_RATE = 0.2


@dataclass(frozen=True)
class CreatorSpec:
    """Everything that decides one creator's history but the random numbers.

    Raises:
        ValueError: a number that no creator can have; the sentence names it and its bounds.
    """

    name: str
    start: date
    days: int = 730
    followers: float = 110_000.0
    base: float = 45.0
    """Followers gained per day without any post, at the start."""
    cadence: Mapping[str, float] = field(default_factory=lambda: dict(PROFILES["mid"].cadence))
    """Pieces per week."""
    cadence_variation: float = 0.5
    """Standard deviation of the log of a week's cadence: how unevenly weeks are filled."""
    posting_weekdays: tuple[float, ...] = WEEKDAY_POSTING
    """Weight of each day in the weekly plan, from Monday to Sunday."""
    effects: Mapping[str, float] = field(default_factory=lambda: dict(PROFILES["mid"].effects))
    """Followers per piece, all days together."""
    carry_over: float = 0.0
    """Share of an effect's remainder that is left a day later; 0 works on the day alone."""
    trend: float = 0.1
    """Growth of ``base`` per year, as a share."""
    season: float = 0.12
    """Amplitude of the yearly wave of ``base``, as a share."""
    peak_month: float = 1.0
    """When that wave is highest: 0 is the year's first day, 6 the middle."""
    weekday: tuple[float, ...] = WEEKDAY_GROWTH
    """Factor of ``base`` from Monday to Sunday."""
    loss: float = 0.0003
    """Share of followers lost per day."""
    spread: float = 3.0
    """Variance of a day's gained followers over its mean; 1 is Poisson noise, 0 none at all."""
    viral_rate: float = 0.02
    """Chance that a day without a reel goes viral."""
    viral_size: float = 5.0
    """Median excess of a viral day, as a multiple of its mean."""
    viral_spread: float = 0.5
    """Standard deviation of the log of that excess."""
    viral_reels: float = 0.0
    """How much likelier a day with a reel is to go viral, as a share."""
    gaps: float = 0.0
    """Share of days whose row is missing; the first and the last day are always there."""
    provisional_tail: int = 2
    """Newest days that the platform may still correct."""
    minutes: Mapping[str, float] = field(default_factory=lambda: dict(PROFILES["mid"].minutes))
    """Minutes of work per piece."""

    def __post_init__(self) -> None:
        """Refuse what no creator can have, by name."""
        _require("the number of days", self.days, 1, 36_500)
        _require("followers", self.followers, 0, 1e9)
        _require("base", self.base, 0, LARGEST_EFFECT)
        _require("the cadence's variation", self.cadence_variation, 0, 3)
        _require("the carry-over", self.carry_over, 0, 0.99)
        _require("the trend", self.trend, -1, 10)
        _require("the season", self.season, 0, 1)
        _require("the loss", self.loss, 0, 1)
        _require("the viral rate", self.viral_rate, 0, LARGEST_VIRAL_RATE)
        _require("the viral size", self.viral_size, 0, 1_000)
        _require("the viral spread", self.viral_spread, 0, 3)
        _require("the viral favour of reels", self.viral_reels, 0, 100)
        _require("the share of gaps", self.gaps, 0, 0.9)
        _require("the provisional tail", self.provisional_tail, 0, self.days)
        if self.spread:
            _require("the spread (where it isn't 0)", self.spread, 1, 1_000)
        for what, values, least, most in (
            ("the effect of", self.effects, -LARGEST_EFFECT, LARGEST_EFFECT),
            ("the cadence of", self.cadence, 0, LARGEST_CADENCE),
            ("the minutes of", self.minutes, 0, 10_000),
        ):
            for name, value in values.items():
                if name not in CONTENT_TYPES:
                    raise ValueError(f"{name!r} is no content type; there are {', '.join(CONTENT_TYPES)}")
                _require(f"{what} {name}", value, least, most)
        for factors in (self.weekday, self.posting_weekdays):
            if len(factors) != DAYS_PER_WEEK or min(factors) < 0 or not 0 < sum(factors) < math.inf:
                raise ValueError("weekdays are seven factors from Monday to Sunday, none negative")
        if (self.start - date.min).days < 1 or (date.max - self.start) <= timedelta(days=self.days):
            raise ValueError(f"{self.days} days from {self.start} leave the calendar")


def _require(what: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:  # also refuses NaN
        raise ValueError(f"{what} must be between {least:g} and {most:g}, not {value:g}")
