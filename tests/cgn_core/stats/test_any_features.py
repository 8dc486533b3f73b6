"""Whatever the history, its weeks, features, losses and further predictors keep what is known apart from what isn't."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from any_histories import FEW, FEWEST, SEEDS, SUNDAY, all_finite, answer_of, histories
from hypothesis import given
from hypothesis import strategies as st

from cgn_core.errors import ConstantSeries, InvalidInput, LeakageError, TooFewObservations
from cgn_core.stats.calendar_terms import Calendar
from cgn_core.stats.daily_levers import fit_levers
from cgn_core.stats.extra_predictors import check_extra
from cgn_core.stats.feature_table import as_extra, availability, interactions_of, lagged, weekly_features
from cgn_core.stats.features import FEATURES, Feature, availability_of, check_predictors, is_lagged_by_name, plain
from cgn_core.stats.fit import truncate
from cgn_core.stats.history import (
    History,
    iso_day,
    iso_monday,
    read_history,
    require_enough,
    require_weeks,
    target_name,
)
from cgn_core.stats.leakage import Suspects, near_determined, nearness, suspects_of
from cgn_core.stats.losses import Losses, follow_posting, usual_losses
from cgn_core.tables import CONTENT_TYPES, DEFAULT_MINUTES, Availability, Daily

TINY = histories(weeks=(1, 12))
ODD = st.sampled_from((math.nan, math.inf, -1.0))


@FEW
@given(TINY)
def test_a_history_is_its_whole_weeks(daily: Daily) -> None:
    history = read_history(daily)
    assert isinstance(history, History)
    assert history.target == target_name(daily)
    assert history.target in ("net_growth", "gross_follows")
    assert len(history.days) == len(history.growth) == len(history.counts) == len(history.usable)
    assert np.isfinite(history.counts).all()
    assert np.isfinite(history.growth[history.usable]).all()
    assert (np.diff(history.days) == 1).all()
    assert iso_day(history.next_monday - 1) <= SUNDAY.isoformat()
    assert set(history.complete_weeks.tolist()) <= set(history.week_numbers.tolist())
    mondays = [iso_monday(int(week)) for week in history.week_numbers]
    assert mondays == sorted(mondays)
    np.testing.assert_allclose(
        history.weekly_counts.sum(axis=0), history.counts[len(history.days) % 7 :].sum(axis=0), rtol=1e-9
    )
    weeks = len(history.complete_weeks)
    known = answer_of(lambda: require_weeks(history), TooFewObservations, ConstantSeries)
    assert (known is None) >= (weeks < 8)
    if weeks < 8:
        with pytest.raises(TooFewObservations, match=f"{8 - weeks} more"):
            require_enough(weeks)
    else:
        require_enough(weeks)


@FEW
@given(TINY, st.integers(-10, 90))
def test_a_shortened_history_knows_nothing_later(daily: Daily, back: int) -> None:
    end = SUNDAY - timedelta(days=back)
    kept = answer_of(lambda: truncate(daily, end), InvalidInput)
    if kept is None:
        assert daily.frame["date"].iloc[0].date() > end
        return
    assert kept.frame["date"].iloc[-1].date() <= end
    assert kept.columns == daily.columns
    history = read_history(daily)
    past = history.until(int(history.days[-1]) - 7) if len(history.days) > 7 else history
    assert past.growth.tolist() == pytest.approx(history.growth[: len(past.growth)].tolist(), nan_ok=True)


@FEW
@given(TINY, st.floats(0, 0.99), st.booleans().map(int))
def test_features_are_known_when_the_registry_says_and_never_infinite(daily: Daily, decay: float, ahead: int) -> None:
    features = answer_of(lambda: weekly_features(daily, decay=decay, coming_week=bool(ahead)), InvalidInput)
    if features is None:
        return
    when = availability(features)
    assert list(when) == [str(name) for name in features.columns if name != "week_start"]
    for name, known in when.items():
        assert isinstance(FEATURES[name], Feature)
        assert known == availability_of(name) == FEATURES[name].availability
        assert not np.isinf(features[name]).any(), name
    shares = [name for name in ("share_posts", "share_reels", "share_stories") if name in features]
    if shares:
        summed = features[shares].sum(axis=1, min_count=len(shares)).dropna()
        np.testing.assert_allclose(summed, 1.0)
    planned = [name for name, known in when.items() if known is Availability.PLANNED and name not in CONTENT_TYPES]
    extra = as_extra(features, planned[:2])
    assert len(extra) == 7 * len(features)
    back = extra.drop(columns="date").groupby(np.arange(len(extra)) // 7).sum(min_count=7)
    np.testing.assert_allclose(back, features[planned[:2]], rtol=1e-9, atol=1e-9)
    held = lagged(features, list(when), weeks=1)
    assert len(held) == len(features)
    assert all(is_lagged_by_name(str(name)) for name in held.columns if name != "week_start")
    outcomes = [name for name, known in when.items() if known is Availability.OUTCOME]
    for name in outcomes:
        with pytest.raises(LeakageError):
            as_extra(features, [name])
    found = interactions_of(daily.weekly())
    assert (found is None) == ("likes" not in daily.columns)


@FEW
@given(TINY, ODD, st.sampled_from((1.0, -0.1, math.nan)), st.integers(-3, 0))
def test_questions_without_sense_are_refused(daily: Daily, odd: float, decay: float, weeks: int) -> None:
    table = pd.DataFrame({"week_start": pd.to_datetime(["2026-11-16"]), "posts": [1.0]})
    asked: tuple[Callable[[], object], ...] = (
        lambda: weekly_features(daily, weights={"posts": odd}),
        lambda: weekly_features(daily, minutes={"reels": odd}),
        lambda: weekly_features(daily, minutes={"teleports": 1.0}),
        lambda: weekly_features(daily, decay=decay),
        lambda: lagged(table, ["posts"], weeks=weeks),
        lambda: lagged(table, ["reels"]),
        lambda: as_extra(table, ["reels"]),
    )
    for ask in asked:
        with pytest.raises(InvalidInput) as refused:
            ask()
        assert type(refused.value) is InvalidInput


@FEW
@given(st.text(max_size=20))
def test_a_name_is_plain_once_and_for_all(name: str) -> None:
    once = plain(name)
    assert plain(once) == once
    assert availability_of(name) is availability_of(once)
    assert availability_of(f"lag_1_{once or 'x'}") is Availability.LAGGED
    if is_lagged_by_name(name):
        assert availability_of(name) is Availability.LAGGED


@FEWEST
@given(histories(weeks=(10, 30), gaps=False), SEEDS)
def test_growth_in_disguise_is_refused_and_a_predictor_of_its_own_is_not(daily: Daily, seed: int) -> None:
    history = read_history(daily)
    if answer_of(lambda: require_weeks(history), TooFewObservations, ConstantSeries) is None:
        return
    rng = np.random.default_rng(seed)
    dates = pd.DatetimeIndex(daily.frame["date"])
    growth = np.nan_to_num(np.array(daily.net_growth(), dtype=np.float64))
    own = pd.DataFrame({"date": dates, "moon": rng.normal(size=len(dates))})
    copied = pd.DataFrame({"date": dates, "moon": 3 * growth + 5})
    declared = frozenset({"moon"})
    check_extra(daily, read_history(daily, extra=own), declared_planned=declared)
    for extra, planned in ((copied, declared), (own, frozenset())):
        with pytest.raises(LeakageError) as refused:
            check_extra(daily, read_history(daily, extra=extra), declared_planned=planned)
        assert type(refused.value) is LeakageError
        assert "moon" in refused.value.message
    outcome = own.rename(columns={"moon": "reach"})
    with pytest.raises(LeakageError):
        check_extra(daily, read_history(daily, extra=outcome), declared_planned=frozenset({"reach"}))
    doubled = own.rename(columns={"moon": history.levers[0]})
    with pytest.raises(InvalidInput):
        check_extra(daily, read_history(daily, extra=doubled), declared_planned=frozenset())
    for wrong in (own.drop(columns="date"), pd.concat([own, own]), own.assign(moon="full")):
        with pytest.raises(InvalidInput):
            read_history(daily, extra=wrong)


@FEW
@given(SEEDS, st.integers(12, 60), st.floats(0.1, 100.0), st.floats(-1e4, 1e4))
def test_a_line_through_growth_is_near_it_and_noise_is_not(seed: int, rows: int, slope: float, shift: float) -> None:
    rng = np.random.default_rng(seed)
    target = pd.Series(rng.gamma(5.0, 20.0, rows))
    predictors = pd.DataFrame({"posts": rng.poisson(3.0, rows).astype(float)})
    suspects = suspects_of(predictors, target, None, DEFAULT_MINUTES)
    assert isinstance(suspects, Suspects)
    assert len(suspects.values) == len(suspects.known) == rows
    given_terms = predictors.to_numpy()
    disguised: Any = slope * target.to_numpy() + shift
    assert near_determined(disguised, suspects, given_terms)
    assert not near_determined(np.full(rows, shift), suspects, given_terms)
    assert not near_determined(np.full(rows, np.nan), suspects, given_terms)
    noise = pd.DataFrame({**predictors, "moon": rng.normal(size=rows)})
    check_predictors(noise, target, declared_planned=frozenset({"moon"}))
    with pytest.raises(LeakageError):
        check_predictors(noise.assign(moon=disguised), target, declared_planned=frozenset({"moon"}))


@FEW
@given(st.integers(2, 1000), st.integers(2, 1000))
def test_more_rows_make_nearness_no_stricter_than_its_least(free: int, other: int) -> None:
    few, many = nearness(min(free, other)), nearness(max(free, other))
    assert 0.95 <= many <= few < 1


@FEW
@given(histories())
def test_losses_are_shares_of_what_there_was(daily: Daily) -> None:
    history = read_history(daily)
    if answer_of(lambda: require_weeks(history), TooFewObservations, ConstantSeries) is None:
        return
    losses = usual_losses(history)
    if losses is None:
        return
    assert isinstance(losses, Losses)
    assert all_finite(losses)
    assert (losses.lost >= 0).all()
    assert (losses.usual >= 0).all()
    assert losses.ahead >= 0
    assert losses.doubt >= 0
    assert (losses.residuals()[losses.exceptional] == 0).all()
    found = fit_levers(history)
    stocks = found.fit.design[:, found.terms.shape[1] :]
    assert 0 <= follow_posting(losses, found.terms, stocks, found.fit.used) <= 1


@FEW
@given(st.integers(0, 30_000), st.integers(1, 800), st.integers(8, 120))
def test_a_calendar_is_finite_and_weekdays_cancel_over_a_week(first: int, length: int, weeks: int) -> None:
    calendar = Calendar(first=first, last=first + length, weeks=weeks)
    days = np.arange(first, first + length + 1)
    terms: Any = calendar.terms(days)
    assert terms.shape == (len(days), len(calendar.sizes))
    assert np.isfinite(terms).all()
    assert (calendar.sizes > 0).all()
    if length >= 7:
        np.testing.assert_allclose(terms[:7, 1:7].sum(axis=0), 0.0, atol=1e-12)
