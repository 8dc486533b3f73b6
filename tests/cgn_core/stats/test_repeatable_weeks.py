from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from cgn_core.errors import ConstantSeries, InvalidInput, TooFewObservations
from cgn_core.stats.daily_model import fit_daily
from cgn_core.stats.repeatable_weeks import (
    BY_DAY,
    BY_WEEK,
    LASTING_SHARE,
    LEFT_BY_WEEKDAY,
    RepeatableWeeks,
    complete_weeks,
    repeatable_weeks,
)
from cgn_core.tables import CONTENT_TYPES, DAYS_PER_WEEK, Daily, daily_from_frame
from datagen.worlds import world


@pytest.fixture(scope="module")
def daily() -> Daily:
    return world("plain", seed=3, weeks=60).daily


@pytest.fixture(scope="module")
def weeks(daily: Daily) -> RepeatableWeeks:
    return repeatable_weeks(daily)


def changed(daily: Daily, **columns: object) -> Daily:
    frame: pd.DataFrame = daily.frame.assign(**columns)  # type: ignore[arg-type]  # constants and arrays alike
    return daily_from_frame(frame)


def test_weeks_hold_the_weekly_tables_counts_and_its_growth_but_for_viral_weeks(
    daily: Daily, weeks: RepeatableWeeks
) -> None:
    table = daily.weekly()
    assert weeks.basis == BY_DAY
    assert weeks.levers == CONTENT_TYPES
    assert weeks.counts == pytest.approx(table[list(CONTENT_TYPES)].to_numpy())
    viral = {str(day)[:10] for day in fit_daily(daily).viral_days}
    mondays = table["week_start"].to_numpy().astype("datetime64[D]")
    hit = np.array([any(str(monday + day) in viral for day in range(DAYS_PER_WEEK)) for monday in mondays])
    assert hit.any()
    excess = table["net_growth"].to_numpy() - weeks.growth
    assert excess[~hit] == pytest.approx(0, abs=1e-6)
    assert (excess[hit] > 0).all()
    assert weeks.exceptional == len(viral)


def test_a_viral_day_leaves_its_week_as_the_fit_expects_it(daily: Daily, weeks: RepeatableWeeks) -> None:
    follows = daily.frame["follows"].to_numpy().copy()
    follows[200] += 40 * follows.mean()
    found = repeatable_weeks(changed(daily, follows=follows))
    assert found.growth == pytest.approx(weeks.growth, rel=0.2, abs=120)
    assert found.exceptional >= weeks.exceptional


def test_the_straight_fit_is_the_daily_models_own(daily: Daily, weeks: RepeatableWeeks) -> None:
    fit = fit_daily(daily)
    assert weeks.effects == pytest.approx([effect.estimate for effect in fit.effects])
    assert np.sqrt(np.diag(weeks.covariance))[1:] == pytest.approx([effect.std_error for effect in fit.effects])
    assert weeks.own_freedom == pytest.approx(list(fit.details["effect_degrees_of_freedom"].values()))


def test_what_arrives_is_what_left_the_week_before_and_the_later_in_the_week_the_more(weeks: RepeatableWeeks) -> None:
    assert np.isnan(weeks.arriving[0]).all()
    assert weeks.arriving[1:] == pytest.approx(weeks.leaving[:-1])
    assert (np.diff(LEFT_BY_WEEKDAY) > 0).all()
    assert (weeks.leaving <= LEFT_BY_WEEKDAY[-1] * weeks.counts).all()
    assert weeks.leaving.sum() == pytest.approx(LASTING_SHARE * weeks.counts.sum(), rel=0.2)


def test_a_week_after_a_gap_does_not_know_what_arrived(daily: Daily) -> None:
    frame = daily.frame.copy()
    frame.loc[frame.index[100], list(CONTENT_TYPES)] = np.nan
    found = repeatable_weeks(daily_from_frame(frame))
    unknown = np.isnan(found.arriving).any(axis=1)
    assert unknown.sum() == 2, "the first week, and the one after the gap"
    assert len(found.numbers) == 59
    assert np.diff(found.numbers)[np.flatnonzero(unknown)[1] - 1] == 2


def test_a_weekly_table_leaves_exceptional_weeks_out(daily: Daily) -> None:
    table = daily.weekly()
    found = repeatable_weeks(table)
    assert found.basis == BY_WEEK
    assert found.levers == CONTENT_TYPES
    assert found.exceptional == len(table) - len(found.numbers) > 0
    assert found.growth.max() < table["net_growth"].max()
    design = found.linear / np.sqrt(found.level)[:, None]
    reference = sm.OLS(found.growth / np.sqrt(found.level), design).fit(cov_type="HC3")
    assert found.effects == pytest.approx(reference.params[-4:])
    assert np.sqrt(np.diag(found.covariance))[1:] == pytest.approx(reference.bse[-4:])


def test_the_error_of_a_tested_term_is_the_larger_of_statsmodels_conventional_and_hc2(weeks: RepeatableWeeks) -> None:
    rng = np.random.default_rng(5)
    used = rng.random(len(weeks.numbers)) < 0.8
    robust_was_larger = set()
    for _ in range(20):
        column = rng.exponential(size=len(weeks.numbers)) ** 2
        design = np.column_stack([weeks.linear, column])
        root = 1 / np.sqrt(weeks.level[used])
        reference = sm.OLS(weeks.growth[used] * root, design[used] * root[:, None]).fit()
        coefficient, error = weeks.last_term(design, weeks=used)
        assert coefficient == pytest.approx(reference.params[-1])
        assert error == pytest.approx(max(reference.bse[-1], reference.HC2_se[-1]))
        robust_was_larger.add(reference.HC2_se[-1] > reference.bse[-1])
    assert robust_was_larger == {True, False}


def test_a_short_history_has_no_trend_and_no_season_until_a_year_is_full(daily: Daily) -> None:
    for length, terms in ((12, 1), (13, 2), (51, 2), (52, 4)):
        part = world("plain", seed=1, weeks=length).daily
        assert repeatable_weeks(part).calendar.shape[1] == terms
        assert repeatable_weeks(part.weekly()).calendar.shape[1] == terms
    season = repeatable_weeks(daily).calendar
    assert season[:, 0] == pytest.approx(1)
    assert np.linalg.norm(season[:, 2:], axis=1) == pytest.approx(1, abs=0.01)


def test_types_that_never_vary_or_never_appear_are_undetermined(daily: Daily) -> None:
    part = changed(daily, ads=0.0, stories=1.0)
    for history in (part, part.weekly()):
        found = repeatable_weeks(history)
        assert found.levers == ("posts", "reels")
        assert found.undetermined == ("stories", "ads")


def test_a_column_that_is_mostly_blank_is_one_of_zeros(daily: Daily) -> None:
    ads = daily.frame["ads"].where(daily.frame["ads"] > 0)
    part = changed(daily, ads=ads)
    assert repeatable_weeks(part).levers == CONTENT_TYPES
    assert repeatable_weeks(part.weekly()).undetermined == ("ads",), "the weekly table knows no week's ads in full"
    assert complete_weeks(part) == complete_weeks(part.weekly()) == 60


def test_bad_weekly_tables_are_refused_by_name(daily: Daily) -> None:
    table = daily.weekly()
    with pytest.raises(InvalidInput, match="week_start and net_growth"):
        repeatable_weeks(table.drop(columns="week_start"))
    with pytest.raises(InvalidInput, match="week_start and net_growth"):
        repeatable_weeks(table.drop(columns=["net_growth", "gross_follows"]))
    with pytest.raises(InvalidInput, match="Mondays"):
        repeatable_weeks(table.assign(week_start=table["week_start"] + pd.Timedelta(days=1)))
    with pytest.raises(InvalidInput, match="each once"):
        repeatable_weeks(pd.concat([table, table.tail(1)], ignore_index=True))
    with pytest.raises(TooFewObservations, match="7 complete weeks"):
        repeatable_weeks(table.head(7))
    with pytest.raises(ConstantSeries):
        repeatable_weeks(table.assign(net_growth=5.0))


def test_a_weekly_table_of_gross_follows_says_so(daily: Daily) -> None:
    table = daily.weekly().drop(columns=["net_growth", "unfollows"])
    assert repeatable_weeks(table).target == "gross_follows"


def test_weeks_that_are_no_target_are_not_used(daily: Daily) -> None:
    table = daily.weekly()
    table.loc[5, "is_target"] = False
    assert complete_weeks(table) == len(table) - 1
    assert complete_weeks(daily) == len(table)
    assert table["week_start"][5].to_datetime64().astype("datetime64[D]").astype(int) not in (
        repeatable_weeks(table).numbers * DAYS_PER_WEEK - 3
    )


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    length=st.integers(8, 40),
    scale=st.sampled_from([0.01, 1.0, 1e5]),
    kept=st.sets(st.sampled_from(CONTENT_TYPES)),
)
def test_any_weekly_table_gives_finite_weeks(seed: int, length: int, scale: float, kept: set[str]) -> None:
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "week_start": pd.date_range("2024-01-01", periods=length, freq="7D", unit="s"),
            "net_growth": scale * rng.standard_t(2, length),
            **{name: rng.poisson(rng.uniform(0, 5), length).astype(float) for name in sorted(kept)},
        }
    )
    found = repeatable_weeks(table)
    assert (found.level > 0).all()
    assert len(found.numbers) + found.exceptional == length
    assert {*found.levers, *found.undetermined} == kept
    for values in (found.growth, found.level, found.calendar, found.counts, found.straight, found.covariance):
        assert np.isfinite(values).all()
