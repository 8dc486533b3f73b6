from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from cgn_core.tables import CONTENT_TYPES, Provenance
from datagen import PROFILES, Creator, CreatorSpec, generate, generate_many

END = date(2026, 11, 22)
START = date(2023, 1, 2)
LONG = CreatorSpec(name="long", start=START, days=8_000, trend=0.0, season=0.0, viral_rate=0.0)


def made(*, seed: int = 1, **changes: Any) -> Creator:
    return generate(replace(LONG, **changes), np.random.default_rng(seed))


def design(creator: Creator, *, carry_over: float = 0.0) -> pd.DataFrame:
    """Weekday dummies and the counts that work on a day, computed apart from the generator."""
    frame = creator.daily.frame
    columns: dict[str, Any] = {f"day{k}": (frame["date"].dt.day_of_week == k).astype(float) for k in range(7)}
    for name in CONTENT_TYPES:
        stock, days = 0.0, []
        for count in frame[name]:
            stock = carry_over * stock + (1 - carry_over) * count
            days.append(stock)
        columns[name] = days
    return pd.DataFrame(columns)


def estimated(creator: Creator, *, carry_over: float = 0.0) -> dict[str, float]:
    """Followers per piece by least squares."""
    columns = design(creator, carry_over=carry_over)
    found = np.linalg.lstsq(columns.to_numpy(), creator.daily.frame["follows"].to_numpy(), rcond=None)[0]
    return {name: float(found[list(columns).index(name)]) for name in CONTENT_TYPES}


def test_one_seed_gives_the_same_creators_and_another_seed_others() -> None:
    first, again, other = (generate_many(creators=2, days=60, seed=seed, end=END) for seed in (4, 4, 5))
    for one, two in zip(first, again, strict=True):
        assert_frame_equal(one.daily.frame, two.daily.frame)
        assert one.truth == two.truth
    assert not first[0].daily.frame["follows"].equals(other[0].daily.frame["follows"])
    assert not first[0].daily.frame["follows"].equals(first[1].daily.frame["follows"])


def test_asking_for_more_creators_leaves_the_first_ones_as_they_were() -> None:
    few, many = (generate_many(creators=n, days=60, seed=4, end=END) for n in (2, 5))
    for one, two in zip(few, many, strict=False):
        assert_frame_equal(one.daily.frame, two.daily.frame)


def test_a_history_has_the_asked_days_and_ends_on_the_asked_day() -> None:
    (creator,) = generate_many(creators=1, days=730, seed=1, end=END)
    dates = creator.daily.frame["date"]
    assert len(dates) == 730
    assert dates.iloc[-1].date() == END
    assert dates.diff().dropna().eq(pd.Timedelta(days=1)).all()


@pytest.mark.parametrize("carry_over", [0.0, 0.6])
def test_without_noise_least_squares_gives_back_the_effects_that_truth_states(carry_over: float) -> None:
    creator = made(spread=0.0, carry_over=carry_over)
    found = estimated(creator, carry_over=carry_over)
    assert found == pytest.approx(creator.truth.effects, rel=0.005)
    assert creator.truth.effects == dict(PROFILES["mid"].effects)


def test_with_carry_over_the_effects_are_totals_and_the_same_day_holds_only_a_part() -> None:
    creator = made(spread=0.0, carry_over=0.6)
    assert estimated(creator)["reels"] < 0.6 * creator.truth.effects["reels"]


def test_with_noise_least_squares_scatters_around_the_truth() -> None:
    errors = []
    for seed in range(12):
        creator = made(seed=seed, spread=3.0, days=2_000)
        found = estimated(creator)
        errors.append([found[name] - creator.truth.effects[name] for name in CONTENT_TYPES])
    mean, error = np.mean(errors, axis=0), np.std(errors, axis=0, ddof=1) / np.sqrt(12)
    assert (np.abs(mean) < 4.5 * error).all()


def test_an_effect_can_be_taken_away_or_be_harmful() -> None:
    (none,) = generate_many(creators=1, days=3_000, seed=2, end=END, viral_rate=0.0, effects={"stories": 0.0})
    assert none.truth.effects["stories"] == 0.0
    assert none.truth.effects["reels"] > 10
    harmful = made(spread=0.0, effects={"reels": -3.0})
    assert estimated(harmful) == pytest.approx({"posts": 0.0, "reels": -3.0, "stories": 0.0, "ads": 0.0}, abs=0.02)


@pytest.mark.parametrize("spread", [1.0, 3.0, 15.0])
def test_the_variance_of_a_day_is_the_spread_times_its_mean(spread: float) -> None:
    creator = made(spread=spread)
    expected = np.array(creator.truth.expected)
    follows = creator.daily.frame["follows"].to_numpy()
    assert follows.mean() == pytest.approx(expected.mean(), rel=0.03)
    assert ((follows - expected) ** 2 / expected).mean() == pytest.approx(spread, rel=0.12)
    low, high = expected < np.quantile(expected, 0.3), expected > np.quantile(expected, 0.7)
    ratios = [((follows - expected)[part] ** 2).mean() / expected[part].mean() for part in (low, high)]
    assert ratios[0] == pytest.approx(ratios[1], rel=0.2)


def test_viral_days_are_as_many_and_as_large_as_asked() -> None:
    creator = made(viral_rate=0.02, viral_size=5.0, viral_spread=0.5, spread=0.0)
    frame, expected = creator.daily.frame, np.array(creator.truth.expected)
    viral = frame["date"].dt.strftime("%Y-%m-%d").isin(creator.truth.viral_days).to_numpy()
    assert viral.mean() == pytest.approx(0.02, abs=4 * np.sqrt(0.02 * 0.98 / 8_000))
    size = np.log((frame["follows"].to_numpy() - np.round(expected))[viral] / expected[viral])
    assert np.median(size) == pytest.approx(np.log(5.0), abs=0.2)
    assert size.std() == pytest.approx(0.5, rel=0.2)
    assert np.allclose(frame["follows"].to_numpy()[~viral], np.round(expected)[~viral])


def test_viral_days_can_favour_reels_and_truth_counts_that_in() -> None:
    creator = made(viral_rate=0.02, viral_reels=4.0)
    frame = creator.daily.frame
    viral = frame["date"].dt.strftime("%Y-%m-%d").isin(creator.truth.viral_days)
    reels = frame["reels"] > 0
    assert viral[reels].mean() > 3 * viral[~reels].mean()
    assert viral.mean() == pytest.approx(creator.truth.viral_rate, rel=0.2)
    assert creator.truth.viral_rate > 0.03


def test_the_cadence_is_as_planned_and_uneven_between_weeks() -> None:
    even, uneven = made(cadence_variation=0.0), made(cadence_variation=0.8)
    for name, per_week in PROFILES["mid"].cadence.items():
        for creator in (even, uneven):
            assert creator.daily.frame[name].mean() * 7 == pytest.approx(per_week, rel=0.12)
    weeks = [creator.daily.weekly()["stories"] for creator in (even, uneven)]
    assert weeks[0].var() / weeks[0].mean() == pytest.approx(1.0, abs=0.2)
    assert weeks[1].var() / weeks[1].mean() > 3


def test_posting_follows_the_preferred_weekdays() -> None:
    creator = made(posting_weekdays=(1.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0))
    by_day = creator.daily.frame.groupby(creator.daily.frame["date"].dt.day_of_week)["stories"].mean()
    assert by_day[[1, 2, 4, 5, 6]].eq(0).all()
    assert by_day[3] / by_day[0] == pytest.approx(2.0, rel=0.1)


def test_trend_season_and_weekday_shape_the_base() -> None:
    still: dict[str, Any] = {"effects": {}, "weekday": (1.0,) * 7}
    assert np.ptp(made(**still).truth.expected) == 0
    growing = np.array(made(**still, trend=0.5, days=731).truth.expected)
    assert growing[-1] / growing[0] == pytest.approx(2.0, rel=0.01)
    assert np.diff(growing).min() > 0
    wave = pd.Series(made(**still, season=0.3, peak_month=6.0, days=365).truth.expected)
    assert wave.idxmax() in range(175, 190)
    assert wave.max() / wave.min() == pytest.approx(1.3 / 0.7, rel=0.01)
    busy = np.array(made(effects={}, weekday=(2.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.5)).truth.expected)
    assert busy[0] / busy[1] == 2.0  # the history starts on a Monday
    assert busy[6] / busy[1] == 0.5


@pytest.mark.parametrize("profile", PROFILES)
def test_the_columns_of_every_profile_agree_with_one_another(profile: str) -> None:
    (creator,) = generate_many(creators=1, days=730, profile=profile, seed=3, end=END)
    frame = creator.daily.frame
    counted = frame.drop(columns=["date", "minutes_spent"])
    assert (counted >= 0).all().all()
    assert (counted == counted.round()).all().all()
    assert np.allclose(frame["followers"].diff()[1:], (frame["follows"] - frame["unfollows"])[1:])
    assert (frame["profile_visits"] <= frame["reach"]).all()
    assert (frame["views"] >= frame["reach"]).all()
    assert (frame["interactions"] <= frame["reach"]).all()
    assert (frame["interactions"] == frame[["likes", "comments", "saves", "shares"]].sum(axis=1)).all()
    assert (frame["optimal_window_posts"] <= frame[["posts", "reels", "stories"]].sum(axis=1)).all()
    idle = frame[["posts", "reels", "stories", "ads"]].sum(axis=1) == 0
    assert (frame["minutes_spent"][idle] == 0).all()
    assert (frame["minutes_spent"][~idle] > 0).all()
    assert frame["followers"].iloc[-1] > frame["followers"].iloc[0]
    assert 0.05 < frame["unfollows"].sum() / frame["follows"].sum() < 1.0


def test_profiles_grow_in_size_from_nano_to_mega() -> None:
    sizes = [
        generate_many(creators=1, days=90, profile=name, seed=1, end=END)[0].daily.frame["follows"].mean()
        for name in PROFILES
    ]
    assert list(PROFILES) == ["nano", "micro", "mid", "macro", "mega"]
    assert sizes == sorted(sizes)


def test_unfollows_are_the_asked_share_of_followers() -> None:
    frame = made(loss=0.002, days=2_000).daily.frame
    assert (frame["unfollows"] / frame["followers"].shift(1)).mean() == pytest.approx(0.002, rel=0.02)


def test_followers_never_fall_below_zero_and_still_agree_with_what_came_and_went() -> None:
    frame = made(followers=3.0, base=0.0, effects={}, loss=0.9, spread=1.0).daily.frame
    assert frame["followers"].min() == 0
    assert frame["unfollows"].min() >= 0
    assert np.allclose(frame["followers"].diff()[1:], (frame["follows"] - frame["unfollows"])[1:])


def test_gaps_are_missing_days_that_no_column_has() -> None:
    frame = made(gaps=0.1).daily.frame
    missing = frame["follows"].isna()
    assert missing.mean() == pytest.approx(0.1, abs=0.02)
    assert frame.drop(columns="date").isna().eq(missing, axis=0).all().all()
    assert not missing.iloc[[0, -1]].any()


def test_the_newest_days_are_provisional_and_the_others_observed() -> None:
    provenance = made(provisional_tail=4, days=30).daily.provenance
    assert (provenance.iloc[:-4] == Provenance.OBSERVED).all().all()
    assert (provenance.iloc[-4:] == Provenance.PROVISIONAL).all().all()


def test_creators_of_one_profile_differ_a_little_and_mixed_ones_take_every_profile() -> None:
    creators = generate_many(creators=30, days=30, profile="mid", seed=6, end=END)
    effects = np.log([creator.truth.effects["reels"] for creator in creators])
    assert effects.mean() == pytest.approx(np.log(20), abs=0.12)
    assert 0.08 < effects.std() < 0.25
    mixed = generate_many(creators=6, days=30, profile=None, seed=6, end=END)
    assert [one.truth.name for one in mixed] == [
        "nano.01", "micro.02", "mid.03", "macro.04", "mega.05", "nano.06",
    ]  # fmt: skip


def test_peers_can_share_one_season() -> None:
    def highest(peak_month: float | None) -> list[int]:
        peers = generate_many(
            creators=8, days=365, seed=6, end=date(2026, 12, 31), effects=dict.fromkeys(CONTENT_TYPES, 0.0),
            peak_month=peak_month, trend=0.0, season=0.8,
        )  # fmt: skip
        return [int(np.argmax(np.convolve(peer.truth.expected, np.ones(7), "valid"))) for peer in peers]

    assert max(abs(day - 182) for day in highest(6.0)) < 15
    assert np.std(highest(None)) > 40


def test_truth_is_plain_json() -> None:
    (creator,) = generate_many(creators=1, days=40, seed=1, end=END)
    assert json.loads(json.dumps(creator.truth.to_json()))["effects"] == creator.truth.effects


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"days": 0}, "the number of days must be between 1 and 36500, not 0"),
        ({"viral_rate": 0.3}, "the viral rate must be between 0 and 0.2, not 0.3"),
        ({"viral_rate": float("nan")}, "the viral rate must be between 0 and 0.2, not nan"),
        ({"carry_over": 1.0}, "the carry-over must be between 0 and 0.99, not 1"),
        ({"gaps": -0.1}, "the share of gaps must be between 0 and 0.9, not -0.1"),
        ({"spread": 0.5}, r"the spread \(where it isn't 0\) must be between 1 and 1000, not 0.5"),
        ({"effects": {"tiktoks": 1.0}}, "'tiktoks' is no content type; there are posts, reels, stories, ads"),
        ({"effects": {"reels": float("inf")}}, "the effect of reels must be between"),
        ({"cadence": {"posts": -1.0}}, "the cadence of posts must be between"),
        ({"weekday": (1.0, 1.0)}, "weekdays are seven factors"),
        ({"start": date(9999, 1, 1)}, "leave the calendar"),
    ],
)
def test_a_creator_that_can_not_be_is_refused_by_name(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        replace(LONG, **change)


def test_an_unknown_profile_is_refused() -> None:
    with pytest.raises(KeyError, match="huge"):
        generate_many(creators=1, profile="huge", seed=1, end=END)
