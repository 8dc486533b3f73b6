from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from cgn_core.errors import InvalidInput, UnsupportedLevel
from cgn_core.stats.carry_over_test import weekly_carry_over
from cgn_core.stats.fit import Effect
from cgn_core.stats.insights import Insight, insights
from cgn_core.stats.model_choice import NO_BETTER
from cgn_core.stats.planner import plan_weeks
from cgn_core.stats.saturation import TypeSaturation, saturation
from cgn_core.stats.training import Training, train
from cgn_core.tables import Daily
from datagen.worlds import world


@pytest.fixture(scope="module")
def daily() -> Daily:
    return world("effects spread over days", seed=5, weeks=60).daily


@pytest.fixture(scope="module")
def training(daily: Daily) -> Training:
    return train(daily, model="daily")


def by_code(found: tuple[Insight, ...]) -> dict[str, list[Insight]]:
    return {code: [each for each in found if each.code == code] for code in {each.code for each in found}}


def with_effects(training: Training, *effects: tuple[str, float, float]) -> Training:
    """Independent effects known by hand, and nothing else to say."""
    made = tuple(Effect(name, value, 0, 0, 0.95, error, "", "planned") for name, value, error in effects)
    covariance = np.diag([error**2 for _, _, error in effects]).tolist()
    details = {"degrees_of_freedom": 50, "effect_covariance": covariance}
    return replace(training, fit=replace(training.fit, effects=made, details=details, viral_days=()))


def test_every_insight_is_linked_to_its_number_and_where_it_is_shown(daily: Daily, training: Training) -> None:
    found = insights(
        training,
        plan=plan_weeks(training.fit, hours=12, weeks=4),
        saturation=saturation(daily),
        carry_over=weekly_carry_over(daily),
    )
    assert {"plan_gain", "works_for_days", "carry_over", "viral_share", "beats_naive"} <= {each.code for each in found}
    for each in found:
        assert each.sentence.endswith(".")
        assert each.anchor in {"returns", "planner", "response", "viral-days", "model-card"}
        assert 0 < each.level < 1
        assert np.isfinite(each.value)
        assert each.low is None or (each.high is not None and each.low <= each.value <= each.high)
        assert json.loads(json.dumps(each.to_json()))["code"] == each.code


def test_a_best_type_is_named_only_where_an_hour_on_it_beats_every_other_type(training: Training) -> None:
    # per hour: 20, 10 and 30 followers
    clear = with_effects(training, ("posts", 15.0, 0.3), ("reels", 20.0, 0.5), ("stories", 4.0, 0.05))
    (best,) = by_code(insights(clear))["best_per_hour"]
    assert best.value == pytest.approx(10.0)
    assert best.sentence.startswith(
        "An hour on stories brings the most: 10.0 followers more than one on posts (90% for"
    )
    tied = with_effects(training, ("posts", 22.0, 0.3), ("reels", 20.0, 0.5), ("stories", 4.0, 0.05))
    codes = by_code(insights(tied))
    assert "best_per_hour" not in codes
    assert {each.sentence.split(" than")[0][:16] for each in codes["better_per_hour"]} == {
        "An hour on posts",
        "An hour on stori",
    }
    unclear = with_effects(training, ("posts", 15.0, 9.0), ("reels", 20.0, 9.0), ("stories", 4.0, 3.0))
    assert not {"best_per_hour", "better_per_hour"} & set(by_code(insights(unclear)))


def test_comparisons_are_held_to_a_level_that_covers_all_of_them(training: Training) -> None:
    one_pair = with_effects(training, ("posts", 15.0, 1.0), ("reels", 34.0, 1.0))
    difference, error = 20 - 17, float(np.hypot(1 / 0.75, 1 / 2))
    assert difference / error > stats.t.ppf(0.95, 50)
    assert "best_per_hour" in by_code(insights(one_pair))
    crowd = with_effects(training, ("posts", 15.0, 1.0), ("reels", 34.0, 1.0), ("stories", 2.4, 5.0), ("ads", 1, 1))
    minutes = {"posts": 45.0, "reels": 120.0, "stories": 8.0, "ads": 10.0}
    named = [each.sentence for each in insights(crowd, minutes=minutes) if each.code.endswith("per_hour")]
    assert not any("posts brings" in sentence and "one on reels" in sentence for sentence in named)


def test_a_type_that_can_not_be_told_from_nothing_is_said_to_be_so_and_one_that_costs_too(training: Training) -> None:
    made = with_effects(training, ("posts", 1.0, 2.0), ("reels", -20.0, 2.0), ("stories", 4.0, 0.1))
    found = by_code(insights(made))
    (unclear,) = found["not_distinguishable"]
    (costs,) = found["costs_followers"]
    assert unclear.sentence.startswith("Whether posts bring followers can't be told from this history: +1.0 per post")
    assert costs.sentence.startswith("Each reel costs about 20.0 followers (90% for all types together: ")
    assert (unclear.low or 0) < 0 < (unclear.high or 0)
    assert costs.high is not None
    assert costs.high < 0
    # clear of zero by itself, but not as one of three types
    barely = with_effects(training, ("posts", 9.0, 0.1), ("reels", -19.0, 10.0), ("stories", 4.0, 0.1))
    assert not {"not_distinguishable", "costs_followers"} & set(by_code(insights(barely)))


def test_a_plans_gain_is_told_as_its_interval_allows(training: Training) -> None:
    clear = plan_weeks(training.fit, hours=14, weeks=4)
    (gain,) = by_code(insights(training, plan=clear))["plan_gain"]
    assert (gain.value, gain.low, gain.high) == (clear.gain.estimate, clear.gain.low, clear.gain.high)
    (open_gain,) = by_code(insights(training, plan=replace(clear, distinguishable=False)))["plan_not_distinguishable"]
    assert open_gain.anchor == "planner"
    assert not {"plan_gain", "plan_not_distinguishable"} & set(
        by_code(insights(training, plan=replace(clear, status="no_effect")))
    )


def test_saturation_and_carry_over_speak_only_where_they_are_identified(daily: Daily, training: Training) -> None:
    bend = saturation(daily)
    claimed = replace(bend.types[0], identified=True, curvature=-0.5, sentence="More posts bring less and less.")
    assert isinstance(claimed, TypeSaturation)
    open_bend = replace(bend, identified=False, types=tuple(replace(each, identified=False) for each in bend.types))
    (told,) = by_code(insights(training, saturation=replace(bend, types=(claimed,))))["saturation"]
    assert (told.value, told.sentence) == (-0.5, "More posts bring less and less.")
    assert "saturation" not in by_code(insights(training, saturation=open_bend))
    lasting = weekly_carry_over(daily)
    assert lasting.identified
    (share,) = by_code(insights(training, carry_over=lasting))["carry_over"]
    assert share.value == lasting.estimate
    for silent in (replace(lasting, identified=False), replace(lasting, estimate=2.0)):
        assert "carry_over" not in by_code(insights(training, carry_over=silent))


def test_how_long_a_piece_works_is_told_where_the_daily_fit_believes_it(training: Training) -> None:
    (days,) = by_code(insights(training))["works_for_days"]
    assert days.value == training.fit.details["carry_over_decay"]
    assert days.low is not None
    assert days.high is not None
    assert 0 <= days.low < days.value < days.high <= 1
    at_once = train(world("plain", seed=5, weeks=30).daily, model="daily")
    assert "works_for_days" not in by_code(insights(at_once))


def test_the_viral_share_is_what_the_forecast_adds_for_viral_days_and_needs_three_of_them(training: Training) -> None:
    (share,) = by_code(insights(training))["viral_share"]
    lift = 1 + sum(weight * mean for weight, mean, _ in training.fit.predictor.jumps)
    assert share.value == pytest.approx(1 - 1 / lift)
    few = replace(training, fit=replace(training.fit, viral_days=training.fit.viral_days[:2]))
    assert "viral_share" not in by_code(insights(few))


def test_that_no_model_beats_the_naive_forecast_comes_first(training: Training) -> None:
    plain = replace(training, verdict=NO_BETTER, reason="Chance alone could do that.")
    first = insights(plain)[0]
    assert (first.code, first.anchor) == (NO_BETTER, "model-card")
    assert first.sentence == "The forecast shown is no better than a naive one. Chance alone could do that."


def test_wrong_minutes_and_levels_are_refused(training: Training) -> None:
    with pytest.raises(InvalidInput, match="Minutes for posts"):
        insights(training, minutes={"posts": 0.0})
    with pytest.raises(UnsupportedLevel):
        insights(training, level=1.0)
