from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cgn_core.errors import InvalidInput, LeakageError
from cgn_core.stats.feature_table import as_extra, availability, lagged, weekly_features
from cgn_core.stats.features import FEATURES
from cgn_core.tables import Availability, Daily, Provenance, daily_from_frame
from datagen.worlds import world

MONDAY = pd.Timestamp("2026-01-05")


def two_weeks() -> Daily:
    """A first week of 1 post on Monday, 2 reels on Tuesday and 1 story on Tuesday; a second of 4 stories on Friday."""
    frame = pd.DataFrame({"date": pd.date_range(MONDAY, periods=14)})
    for name in ("posts", "reels", "stories", "hashtags", "optimal_window_posts", "likes", "saves"):
        frame[name] = 0.0
    frame.loc[0, ["posts", "hashtags", "optimal_window_posts"]] = [1, 6, 1]
    frame.loc[1, ["reels", "stories", "hashtags"]] = [2, 1, 3]
    frame.loc[11, "stories"] = 4
    frame.loc[2, ["likes", "saves"]] = [90, 10]
    frame.loc[12, "likes"] = 30
    frame["reach"] = 100.0
    frame["follows"], frame["unfollows"] = 10.0, 3.0
    frame["followers"] = 1_000 + 7.0 * np.arange(1, 15)
    return daily_from_frame(frame)


def test_every_planned_feature_is_what_its_sentence_says() -> None:
    first, second = weekly_features(two_weeks()).to_dict("records")
    assert (first["posting_frequency"], second["posting_frequency"]) == (4, 4)
    assert [first[f"share_{name}"] for name in ("posts", "reels", "stories")] == [0.25, 0.5, 0.25]
    assert first["shannon_diversity"] == pytest.approx(stats.entropy([0.25, 0.5, 0.25]))
    assert first["simpson_diversity"] == pytest.approx(1 - 0.0625 - 0.25 - 0.0625)
    assert (second["shannon_diversity"], second["simpson_diversity"]) == (0, 0)
    assert first["optimal_window_share"] == 0.25
    assert first["posting_variance"] == pytest.approx(np.var([1, 3, 0, 0, 0, 0, 0]))
    assert (first["days_posted"], second["days_posted"]) == (2, 1)
    assert first["hashtags_per_post"] == 3
    assert np.isnan(second["hashtags_per_post"])
    assert first["hours"] == pytest.approx((45 + 240 + 8) / 60)


def test_outcomes_are_the_weeks_own_and_lags_those_of_the_week_before() -> None:
    first, second = weekly_features(two_weeks()).to_dict("records")
    assert first["engagement_rate"] == pytest.approx(100 / 700 * (1 + 2 * 1.5 + 0.6) / 4)
    assert second["engagement_rate"] == pytest.approx(30 / 700 * 0.6)
    assert second["lag_engagement_rate"] == first["engagement_rate"]
    assert (first["net_growth"], second["lag_growth"], second["lag_reach"]) == (49, 49, 700)
    assert np.isnan(first["lag_growth"])
    assert second["lag_log_followers"] == pytest.approx(np.log(1_049))
    assert first["follows_per_hour"] == pytest.approx(49 / ((45 + 240 + 8) / 60))
    # What came before the history is taken to be as in it: two reels in fourteen days.
    before = 2 / 14 * sum(0.4 * 0.6**day for day in range(7, 99)) / 0.4
    assert second["stock_reels"] == pytest.approx(2 * sum(0.4 * 0.6**day for day in range(6, 99)) + 0.6 * before)


def test_weights_minutes_decay_and_holidays_are_settable() -> None:
    plain = weekly_features(two_weeks())
    heavy = weekly_features(
        two_weeks(),
        weights={"reels": 3.0},
        minutes={"posts": 60.0, "reels": 0.0, "stories": 0.0},
        decay=0.0,
        holidays=[date(2026, 1, 6), date(2026, 1, 6), date(2026, 1, 18), date(2027, 1, 1)],
    )
    assert heavy["engagement_rate"][0] == pytest.approx(100 / 700 * (1 + 6 + 1) / 4)
    assert list(heavy["hours"]) == [1, 0]
    assert list(heavy["holidays"]) == [1, 1]
    assert list(heavy["stock_reels"].dropna()) == [0]
    assert "holidays" not in plain


def test_hours_as_noted_come_before_those_by_the_piece() -> None:
    daily = two_weeks()
    noted = daily_from_frame(daily.frame.assign(minutes_spent=[30.0] * 7 + [np.nan] * 7))
    assert list(weekly_features(noted)["hours"]) == pytest.approx([3.5, 4 * 8 / 60])


def test_the_year_is_one_turn_of_a_wave() -> None:
    daily = world("plain", seed=1, weeks=60).daily
    features = weekly_features(daily)
    assert list(features["year_sine"] ** 2 + features["year_cosine"] ** 2) == pytest.approx([1.0] * 60)
    assert features["year_cosine"].idxmax() == (features["week_start"] == "2025-12-29").idxmax()


def test_the_coming_week_knows_the_calendar_and_the_last_week_only() -> None:
    daily = world("plain", seed=1, weeks=20).daily
    features = weekly_features(daily, coming_week=True)
    kinds = availability(features)
    ahead = features.iloc[-1]
    assert len(features) == 21
    assert ahead["lag_growth"] == features["net_growth"].iloc[-2]
    assert ahead["lag_log_followers"] == np.log(daily.frame["followers"].iloc[-1])
    for name, kind in kinds.items():
        known = kind in {Availability.CALENDAR, Availability.LAGGED}
        assert np.isnan(ahead[name]) != known, name
    partial = daily_from_frame(daily.frame.iloc[:-3])
    shorter = weekly_features(partial, coming_week=True)
    assert len(shorter) == 20
    assert shorter["week_start"].iloc[-1] == features["week_start"].iloc[-2]


def test_a_lag_is_of_the_last_known_week() -> None:
    daily = world("plain", seed=2, weeks=12).daily
    frame = daily.frame.copy()
    frame.loc[35:37, ["follows", "unfollows", "followers"]] = np.nan
    features = weekly_features(daily_from_frame(frame))
    assert np.isnan(features["net_growth"][5])
    assert features["lag_growth"][6] == features["net_growth"][4]


def test_the_saturation_flag_marks_hours_that_bring_under_half_of_usual() -> None:
    daily = world("plain", seed=3, weeks=30).daily
    frame = daily.frame.drop(columns=["followers", "minutes_spent"]).copy()
    frame[["posts", "reels", "stories", "ads"]] = 1.0
    frame["follows"], frame["unfollows"] = 100.0, 20.0
    frame.loc[7 * 20 : 7 * 21 - 1, "follows"] = 40.0
    features = weekly_features(daily_from_frame(frame))
    assert features["saturation_flag"][:8].isna().all()
    assert list(features.index[features["saturation_flag"] == 1]) == [20]


def test_every_column_stands_in_the_registry_in_its_order_with_unit_and_sentence() -> None:
    features = weekly_features(world("plain", seed=1, weeks=12).daily, holidays=[])
    names = list(features.columns[1:])
    assert names == [name for name in FEATURES if name in names]
    assert set(FEATURES) == set(names)
    assert availability(features) == {name: FEATURES[name].availability for name in names}
    assert all(feature.unit and feature.sentence.endswith(".") for feature in FEATURES.values())
    assert {str(kind) for kind in features.dtypes[1:]} == {"float64"}


def test_features_as_extra_sum_to_the_week_and_outcomes_are_refused() -> None:
    features = weekly_features(two_weeks())
    extra = as_extra(features, ["hours", "days_posted"])
    assert len(extra) == 14
    assert list(extra.groupby(np.arange(14) // 7)["hours"].sum()) == pytest.approx(list(features["hours"]))
    assert extra["date"].iloc[0] == MONDAY
    with pytest.raises(LeakageError, match="use lag_engagement_rate instead"):
        as_extra(features, ["engagement_rate"])
    with pytest.raises(LeakageError, match="use lag_growth instead"):
        as_extra(features, ["net_growth"])
    with pytest.raises(InvalidInput, match="no column mood"):
        as_extra(features, ["mood"])


def test_an_unknown_column_can_enter_lagged() -> None:
    features = weekly_features(world("plain", seed=1, weeks=12).daily)
    features["mood"] = np.arange(12.0)
    found = lagged(features, ["mood", "reach", "lag_growth"], weeks=2)
    assert list(found.columns) == ["week_start", "lag_mood", "lag_reach", "lag_growth"]
    assert list(found["lag_mood"][2:]) == list(range(10))
    assert list(found["lag_growth"][1:]) == list(features["net_growth"][:-1])
    with pytest.raises(InvalidInput, match="at least one week"):
        lagged(features, ["mood"], weeks=0)
    with pytest.raises(InvalidInput, match="no column tone"):
        lagged(features, ["tone"])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"weights": {"lives": 1.0}}, "lives, which is no content type"),
        ({"weights": {"posts": -1.0}}, "at least 0"),
        ({"minutes": {"posts": float("nan")}}, "at least 0"),
        ({"decay": 1.0}, "between 0 and 1"),
    ],
)
def test_bad_settings_are_refused_in_words(options: dict[str, object], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        weekly_features(two_weeks(), **options)  # type: ignore[arg-type]  # wrong on purpose


def test_a_history_without_a_whole_week_is_refused() -> None:
    short = daily_from_frame(pd.DataFrame({"date": pd.date_range(MONDAY, periods=5), "follows": 1.0}))
    with pytest.raises(InvalidInput, match="no whole week"):
        weekly_features(short)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    days=st.integers(13, 60),
    gaps=st.sampled_from([0.0, 0.1, 0.6]),
    dropped=st.sets(
        st.sampled_from(["posts", "reels", "stories", "ads", "followers", "unfollows", "reach", "interactions", "likes",
                         "minutes_spent", "hashtags", "optimal_window_posts"])
    ),
    size=st.sampled_from([0.0, 1.0, 1e6]),
)  # fmt: skip
def test_any_history_gives_finite_cells_or_blanks_within_their_bounds(
    seed: int, days: int, gaps: float, dropped: set[str], size: float
) -> None:
    frame = world("plain", seed=seed % 7, weeks=10).daily.frame.iloc[seed % 7 : seed % 7 + days].copy()
    columns = [name for name in frame.columns if name not in {*dropped, "date"}]
    frame = frame[["date", *columns]]
    rng = np.random.default_rng(seed)
    frame[columns] = (frame[columns] * size).mask(rng.random((len(frame), len(columns))) < gaps)
    daily = daily_from_frame(frame)
    assert (daily.provenance.to_numpy() != Provenance.IMPUTED).all()
    features = weekly_features(daily, coming_week=bool(seed % 2))
    values = features.drop(columns="week_start").to_numpy(dtype="float64")
    assert not np.isinf(values).any()
    for name in ("share_posts", "share_reels", "share_stories", "simpson_diversity"):
        if name in features:
            assert features[name].dropna().between(-1e-12, 1 + 1e-12).all()
    if "shannon_diversity" in features:
        assert (features["shannon_diversity"].dropna() <= np.log(3) + 1e-12).all()
    if "days_posted" in features:
        assert features["days_posted"].dropna().between(0, 7).all()
