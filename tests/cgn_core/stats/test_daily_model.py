from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from cgn_core.errors import ConstantSeries, TooFewObservations
from cgn_core.stats.daily_model import fit_daily
from cgn_core.stats.weekly_models import fit_weekly
from cgn_core.tables import Daily, daily_from_frame
from datagen import generate_many
from datagen.worlds import END, STEADY_KINDS, world

CHECKED = ("posts", "reels", "stories")


def band(worlds: int, share: float) -> float:
    """The least number of hits that a true share leaves to chance once in a thousand test runs."""
    return float(stats.binom.ppf(0.001, worlds, share))


@pytest.mark.parametrize("kind", STEADY_KINDS)
@pytest.mark.parametrize("weeks", [26, 104])
def test_effects_are_recovered_and_their_intervals_hold(kind: str, weeks: int) -> None:
    hits, errors = 0, []
    for seed in range(30):
        creator = world(kind, seed=seed, weeks=weeks)
        for effect in fit_daily(creator.daily).effects:
            if effect.name in CHECKED:
                truth = creator.truth.effects[effect.name]
                hits += effect.low <= truth <= effect.high
                errors.append((effect.estimate - truth) / truth if truth else 0.0)
    assert hits >= band(30 * len(CHECKED), 0.93)
    assert abs(float(np.median(errors))) < 0.08


def test_viral_days_are_found_and_nothing_else_is() -> None:
    found, planted, both = 0, 0, 0
    for seed in range(15):
        creator = world("plain", seed=seed, weeks=104)
        flagged, true = set(fit_daily(creator.daily).viral_days), set(creator.truth.viral_days)
        found, planted, both = found + len(flagged), planted + len(true), both + len(flagged & true)
    assert both / found >= 0.95
    assert both / planted >= 0.95


def test_on_forty_creators_the_default_covers_and_weekly_least_squares_is_three_times_as_wide() -> None:
    creators = generate_many(creators=40, days=730, profile="mid", seed=11, end=END, viral_rate=0.02)
    hits, pairs, ratios = 0, 0, []
    for creator in creators:
        weekly = {effect.name: effect for effect in fit_weekly(creator.daily, model="ols").effects}
        for effect in fit_daily(creator.daily).effects:
            pairs += 1
            hits += effect.low <= creator.truth.effects[effect.name] <= effect.high
            other = weekly[effect.name]
            ratios.append((other.high - other.low) / (effect.high - effect.low))
    assert pairs == 160
    assert hits / pairs >= 0.90
    assert float(np.median(ratios)) >= 3.0


def test_a_content_type_that_never_varies_is_left_out_and_said_so() -> None:
    creator = world("plain", seed=1, weeks=30)
    fit = fit_daily(_with(creator.daily, ads=0.0))
    assert [effect.name for effect in fit.effects] == ["posts", "reels", "stories"]
    assert "Ads never vary" in " ".join(caution.message for caution in fit.cautions)


def test_two_content_types_that_always_move_together_are_undetermined_by_name() -> None:
    creator = world("plain", seed=2, weeks=30)
    fit = fit_daily(_with(creator.daily, reels=creator.daily.frame["posts"].to_numpy()))
    assert [effect.name for effect in fit.effects] == ["stories", "ads"]
    codes = [caution.code for caution in fit.cautions]
    assert codes == ["undetermined_effect", "undetermined_effect"]


def test_thirty_days_are_refused_naming_the_weeks_that_are_missing() -> None:
    creator = world("plain", seed=3, weeks=4)
    with pytest.raises(TooFewObservations, match=r"holds 4 complete weeks .* needs at least 8, so 4 more are missing"):
        fit_daily(creator.daily)


def test_growth_that_never_changes_is_refused() -> None:
    creator = world("plain", seed=4, weeks=12)
    flat = {"follows": 5.0, "unfollows": 0.0}
    with pytest.raises(ConstantSeries):
        fit_daily(_with(creator.daily, **flat))


def test_provisional_days_are_never_training_targets() -> None:
    creator = world("plain", seed=5, weeks=30)
    frame = creator.daily.frame.copy()
    frame.loc[frame.index[-3:], "follows"] = 0.0
    settled = fit_daily(daily_from_frame(frame, provisional_days=3))
    untouched = fit_daily(daily_from_frame(creator.daily.frame, provisional_days=3))
    assert settled.effects == untouched.effects
    assert settled.weeks == 29


def _with(daily: Daily, **columns: object) -> Daily:
    frame: pd.DataFrame = daily.frame.assign(**columns)  # type: ignore[arg-type]  # constants and arrays alike
    return daily_from_frame(frame)
