from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from cgn_core.errors import InvalidInput
from cgn_core.stats.baselines import fit_baseline
from cgn_core.stats.counterfactual import counterfactual
from cgn_core.stats.daily_model import fit_daily
from cgn_core.stats.predictive import difference, viral_lift
from datagen.worlds import Creator, world

WORLDS = 120


@pytest.fixture(scope="module")
def creator() -> Creator:
    return world("plain", seed=1, weeks=52)


def mondays(creator: Creator) -> list[str]:
    return [day.date().isoformat() for day in creator.daily.weekly()["week_start"]]


def test_the_interval_holds_what_the_change_would_truly_have_brought() -> None:
    """Effects spread over days too: what works on in the week after belongs to the change."""
    for kind in ("plain", "effects spread over days"):
        held = 0
        for seed in range(WORLDS):
            made = world(kind, seed=900 + seed, weeks=40)
            fit, weekly = fit_daily(made.daily), made.daily.weekly()
            answer = counterfactual(fit, weekly, mondays(made)[-8:-2], {"reels": 1, "posts": 1})
            each = made.truth.effects["reels"] + made.truth.effects["posts"]
            truth = viral_lift(fit.predictor) * 6 * each
            held += answer.difference.low <= truth <= answer.difference.high
        assert stats.binom.ppf(0.001, WORLDS, 0.87) <= held <= stats.binom.ppf(0.9995, WORLDS, 0.93), kind


def test_weeks_add_up_and_a_change_back_and_forth_is_nothing(creator: Creator) -> None:
    fit, weekly, weeks = fit_daily(creator.daily), creator.daily.weekly(), mondays(creator)
    two = counterfactual(fit, weekly, weeks[-3:-1], {"reels": 2})
    apart = [counterfactual(fit, weekly, [week], {"reels": 2}) for week in weeks[-3:-1]]
    assert two.difference.estimate == pytest.approx(sum(each.difference.estimate for each in apart))
    # The same doubt of the same effect: it adds up, it doesn't average out.
    widths = [each.difference.high - each.difference.low for each in (two, *apart)]
    assert widths[0] == pytest.approx(sum(widths[1:]))
    assert two.actual == pytest.approx(weekly["net_growth"].iloc[-3:-1].sum())
    fewer = counterfactual(fit, weekly, weeks[-3:-1], {"reels": -1})
    assert fewer.difference.estimate < 0 < two.difference.estimate
    as_it_was = counterfactual(fit, weekly, [weeks[-1]], {})
    assert (as_it_was.difference.estimate, as_it_was.difference.low, as_it_was.difference.high) == (0, 0, 0)
    assert "is the one that was posted" in as_it_was.sentence


def test_one_week_without_carry_over_is_the_predictors_own_difference(creator: Creator) -> None:
    fit, weekly, weeks = fit_daily(creator.daily), creator.daily.weekly(), mondays(creator)
    assert fit.details["carry_over_decay"] == 0
    found = counterfactual(fit, weekly, [weeks[-1]], {"stories": 12, "reels": 3}, way="set").weeks[0]
    said = difference(fit.predictor, found.changed, found.posted)
    assert (found.difference.estimate, found.difference.low, found.difference.high) == pytest.approx(
        (said.estimate, said.low, said.high), rel=1e-9
    )
    assert found.changed == {**found.posted, "stories": 12.0, "reels": 3.0}


def test_a_week_has_no_fewer_than_no_pieces(creator: Creator) -> None:
    fit, weekly, weeks = fit_daily(creator.daily), creator.daily.weekly(), mondays(creator)
    (week,) = counterfactual(fit, weekly, [weeks[-2]], {"posts": -50}).weeks
    assert week.changed["posts"] == 0
    per_post = next(each.estimate for each in fit.effects if each.name == "posts")
    lost = -week.posted["posts"] * per_post * viral_lift(fit.predictor)
    assert week.difference.estimate == pytest.approx(lost)


def test_beyond_what_was_tried_is_marked_and_far_beyond_refused(creator: Creator) -> None:
    fit, weekly, weeks = fit_daily(creator.daily), creator.daily.weekly(), mondays(creator)
    most = fit.predictor.support["reels"]
    beyond = counterfactual(fit, weekly, [weeks[-1]], {"reels": most + 1}, way="set")
    assert beyond.difference.extrapolation == "beyond_support"
    with pytest.raises(InvalidInput, match="far beyond anything seen"):
        counterfactual(fit, weekly, [weeks[-1]], {"reels": 3 * most + 5}, way="set")


def test_the_naive_forecast_knows_no_other_past(creator: Creator) -> None:
    fit = fit_baseline(creator.daily, model="median")
    found = counterfactual(fit, creator.daily.weekly(), [mondays(creator)[-1]], {"reels": 2})
    assert found.difference.estimate == 0
    assert "knows no effect of posting" in found.sentence


def test_questions_that_make_no_sense_are_refused_by_name(creator: Creator) -> None:
    fit, weekly, week = fit_daily(creator.daily), creator.daily.weekly(), mondays(creator)[-1]
    for weeks, change, way, words in (
        ([], {"reels": 1}, "add", "between 1 and 104"),
        (["2020-01-06"], {"reels": 1}, "add", "no complete week"),
        (["nonsense"], {"reels": 1}, "add", "no complete week"),
        ([week], {"podcasts": 1}, "add", "no lever 'podcasts'"),
        ([week], {"reels": float("nan")}, "add", "needs a number"),
        ([week], {"reels": -1}, "set", "of 0 or more"),
        ([week], {"reels": 1}, "double", "neither"),
    ):
        with pytest.raises(InvalidInput, match=words):
            counterfactual(fit, weekly, weeks, change, way=way)
    holed = weekly.copy()
    holed.loc[holed.index[-1], "reels"] = np.nan
    with pytest.raises(InvalidInput, match="isn't known; leave it out"):
        counterfactual(fit, holed, [week], {"reels": 1})
