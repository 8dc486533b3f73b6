from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from cgn_core.errors import TooFewObservations
from cgn_core.stats.seasonality import seasonality
from cgn_core.tables import Daily, daily_from_frame

WORLDS = 100


def made(*, weeks: int, seed: int, weekend: float = 0.0, season: float = 0.0) -> Daily:
    """Posts on random days, Saturdays that bring ``weekend`` more, and a wave of ``season`` around the year."""
    rng = np.random.default_rng(seed)
    days = pd.date_range("2024-01-01", periods=7 * weeks)
    posts = rng.poisson(0.8, len(days))
    wave = season * np.sin(2 * np.pi * np.arange(len(days)) / 365.25)
    follows = 60 + 12 * posts + weekend * (days.day_of_week == 5) + wave + rng.normal(0, 9, len(days))
    frame = pd.DataFrame({"date": days, "follows": follows, "unfollows": 0.0, "posts": posts.astype(float)})
    return daily_from_frame(frame)


def test_a_weekday_that_brings_more_is_found_with_its_size() -> None:
    found = seasonality(made(weeks=60, seed=3, weekend=21.0)).weekday
    assert found.identified
    best = max(found.points, key=lambda each: each.estimate)
    assert best.name == "Saturday"
    assert best.low <= 21 - 3 <= best.high  # against the mean day, which holds a seventh of it
    assert "Saturday brings the most" in found.sentence
    assert sum(each.estimate for each in found.points) == pytest.approx(0, abs=1e-9)


def test_without_a_pattern_one_is_claimed_no_more_often_than_stated() -> None:
    claims = sum(seasonality(made(weeks=30, seed=100 + seed)).weekday.identified for seed in range(WORLDS))
    assert claims <= stats.binom.ppf(0.999, WORLDS, 0.05)


def test_the_year_shows_from_a_full_year_on() -> None:
    assert seasonality(made(weeks=40, seed=5, season=20.0)).year is None
    year = seasonality(made(weeks=110, seed=5, season=20.0), level=0.99).year
    assert year is not None
    assert year.identified
    spring, autumn = year.points[3], year.points[9]  # the wave's top and bottom
    assert spring.low <= 7 * 20 * np.sin(2 * np.pi * 104 / 365.25) <= spring.high
    assert autumn.estimate < 0 < spring.estimate
    json.dumps(seasonality(made(weeks=110, seed=5)).to_json(), allow_nan=False)


def test_too_few_weeks_are_refused() -> None:
    with pytest.raises(TooFewObservations):
        seasonality(made(weeks=5, seed=1))
