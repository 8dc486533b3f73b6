"""What decides one synthetic creator's history, but for the random numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from cgn_core.tables import CONTENT_TYPES, DAYS_PER_WEEK
from datagen.profiles import PROFILES
from datagen.responses import LINEAR, Response, require

WEEKDAY_GROWTH = (0.96, 0.98, 1.0, 1.02, 1.04, 1.0, 1.0)
WEEKDAY_POSTING = (1.1, 1.0, 1.2, 1.0, 1.1, 0.7, 0.9)
REACH = {"posts": 0.05, "reels": 0.11, "stories": 0.02, "ads": 0.0}
HASHTAGS = {"posts": 5.0, "reels": 3.0, "stories": 0.0, "ads": 0.0}
PROCESSES = ("poisson", "timetable", "campaigns")
LARGEST_EFFECT = 1e6
LARGEST_CADENCE = 1_000.0
LARGEST_VIRAL_RATE = 0.2


@dataclass(frozen=True)
class Break:
    """From a day on, growth stands at a share of what it would have been; until the next break.

    Raises:
        ValueError: a number outside its bounds, by name.
    """

    day: int
    """Days from the start of the history; 0 is its first day."""
    factor: float

    def __post_init__(self) -> None:
        """Refuse what is no break."""
        require("the day of a break", self.day, 0, 36_500)
        require("the factor of a break", self.factor, 0, 100)


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
    processes: Mapping[str, str] = field(default_factory=dict)
    """How a type's pieces are spread: ``poisson`` (what is left out), a ``timetable`` as even as whole pieces allow, or
    ``campaigns`` of a few weeks with nothing between them."""
    cadence_variation: float = 0.5
    """Standard deviation of the log of a week's cadence: how unevenly weeks are filled."""
    posting_weekdays: tuple[float, ...] = WEEKDAY_POSTING
    """Weight of each day in the weekly plan, from Monday to Sunday."""
    effects: Mapping[str, float] = field(default_factory=lambda: dict(PROFILES["mid"].effects))
    """Followers per piece, all days together, on average in a week of the usual cadence."""
    responses: Mapping[str, Response] = field(default_factory=dict)
    """How a type's effect depends on the week's number of pieces; linear where left out."""
    carry_over: float = 0.0
    """Share of an effect's remainder that is left a day later; 0 works on the day alone."""
    timing: float = 0.0
    """How much more a piece in the best window brings than one outside, as a share of the effect."""
    window: float = 0.55
    """Share of pieces posted in the best window."""
    trend: float = 0.1
    """Growth of ``base`` per year, as a share."""
    season: float = 0.12
    """Amplitude of the yearly wave of ``base``, as a share."""
    peak_month: float = 1.0
    """When that wave is highest: 0 is the year's first day, 6 the middle."""
    weekday: tuple[float, ...] = WEEKDAY_GROWTH
    """Factor of ``base`` from Monday to Sunday."""
    breaks: tuple[Break, ...] = ()
    """Falls and rises of the level, base and effects alike, by ascending day."""
    shocks: tuple[float, ...] = ()
    """Factors of each week's growth that a whole market shares, from the first week on; 1 where left out."""
    swing: float = 0.0
    """Standard deviation of the log of a week's own level around the mean."""
    memory: float = 0.0
    """Correlation of that level with the next week's."""
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
    reach: Mapping[str, float] = field(default_factory=lambda: dict(REACH))
    """Share of followers that a piece reaches."""
    engagement: float = 0.06
    """Share of the accounts reached that interact."""
    hashtags: Mapping[str, float] = field(default_factory=lambda: dict(HASHTAGS))
    """Hashtags per piece."""
    gaps: float = 0.0
    """Share of days whose row is missing; the first and the last day are always there."""
    provisional_tail: int = 2
    """Newest days that the platform may still correct."""
    minutes: Mapping[str, float] = field(default_factory=lambda: dict(PROFILES["mid"].minutes))
    """Minutes of work per piece."""

    def __post_init__(self) -> None:
        """Refuse what no creator can have, by name."""
        require("the number of days", self.days, 1, 36_500)
        for what, value, least, most in (
            ("followers", self.followers, 0, 1e9),
            ("base", self.base, 0, LARGEST_EFFECT),
            ("the cadence's variation", self.cadence_variation, 0, 3),
            ("the carry-over", self.carry_over, 0, 0.99),
            ("the timing", self.timing, 0, 1),
            ("the share in the best window", self.window, 0, 1),
            ("the trend", self.trend, -1, 10),
            ("the season", self.season, 0, 1),
            ("the peak month", self.peak_month, -12, 24),
            ("the swing", self.swing, 0, 2),
            ("the memory", self.memory, -0.99, 0.99),
            ("the loss", self.loss, 0, 1),
            ("the viral rate", self.viral_rate, 0, LARGEST_VIRAL_RATE),
            ("the viral size", self.viral_size, 0, 1_000),
            ("the viral spread", self.viral_spread, 0, 3),
            ("the viral favour of reels", self.viral_reels, 0, 100),
            ("the engagement", self.engagement, 0, 1),
            ("the share of gaps", self.gaps, 0, 0.9),
            ("the provisional tail", self.provisional_tail, 0, self.days),
        ):
            require(what, value, least, most)
        if self.spread:
            require("the spread (where it isn't 0)", self.spread, 1, 1_000)
        for shock in self.shocks:
            require("a shock of the market", shock, 0, 100)
        self._require_types()
        for factors in (self.weekday, self.posting_weekdays):
            if len(factors) != DAYS_PER_WEEK or min(factors) < 0 or not 0 < sum(factors) < math.inf:
                raise ValueError("weekdays are seven factors from Monday to Sunday, none negative")
        days = [each.day for each in self.breaks]
        if days != sorted(set(days)) or (days and days[-1] >= self.days):
            raise ValueError(f"breaks are at days of the history, 0 to {self.days - 1}, in order and each day once")
        if (self.start - date.min).days < 1 or (date.max - self.start) <= timedelta(days=self.days):
            raise ValueError(f"{self.days} days from {self.start} leave the calendar")

    def _require_types(self) -> None:
        for what, values, least, most in (
            ("the effect of", self.effects, -LARGEST_EFFECT, LARGEST_EFFECT),
            ("the cadence of", self.cadence, 0, LARGEST_CADENCE),
            ("the minutes of", self.minutes, 0, 10_000),
            ("the reach of", self.reach, 0, 10),
            ("the hashtags of", self.hashtags, 0, 100),
        ):
            for name, value in values.items():
                _require_type(name)
                require(f"{what} {name}", value, least, most)
        for name in self.responses:
            _require_type(name)
        for name, process in self.processes.items():
            _require_type(name)
            if process not in PROCESSES:
                raise ValueError(f"{process!r} is no way of posting {name}; there are {', '.join(PROCESSES)}")

    def response(self, name: str) -> Response:
        """Of a content type."""
        return self.responses.get(name, LINEAR)


def _require_type(name: str) -> None:
    if name not in CONTENT_TYPES:
        raise ValueError(f"{name!r} is no content type; there are {', '.join(CONTENT_TYPES)}")
