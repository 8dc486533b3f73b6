from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgn_core.errors import TooFewObservations, UnsupportedLevel
from cgn_core.stats.benchmarks import Benchmark, _sizes, growth_benchmark
from cgn_core.stats.peer_metrics import METRICS, compare, weekly_quantities
from cgn_core.tables import Daily, daily_from_frame
from datagen import generate_many
from datagen.worlds import END

WEEKS = 12
SUNDAY = pd.Timestamp("2026-01-04")


def account(
    rates: float | Sequence[float], *, size: float = 1_000_000.0, first_week: int = 0, **per_day: float
) -> Daily:
    """An account whose followers grow by these shares per week, all on Wednesday; from the Sunday before on."""
    weekly = np.full(WEEKS, rates) if isinstance(rates, float) else np.array(rates)
    ends = size * np.cumprod(1 + weekly)
    followers = [size]
    for before, after in zip([size, *ends], ends, strict=False):
        followers += [before] * 2 + [after] * 5
    dates = pd.date_range(SUNDAY + pd.Timedelta(weeks=first_week), periods=len(followers), freq="D")
    return daily_from_frame(pd.DataFrame({"date": dates, "followers": followers, **per_day}))


def benchmark(own: Daily, peers: dict[str, Daily], *, seed: int = 1, level: float = 0.9) -> Benchmark:
    return growth_benchmark(own, peers, rng=np.random.default_rng(seed), level=level)


def test_the_percentile_is_the_share_of_peers_that_grow_more_slowly_relative_to_their_size() -> None:
    peers = {
        f"peer {rate}": account(rate, size=size)
        for rate, size in ((0.01, 5e7), (0.015, 1e4), (0.03, 2e5), (0.005, 1e6), (0.04, 3e4))
    }
    found = benchmark(account(0.02), peers)
    standing = found.percentiles["growth_rate"]
    assert (found.verdict, found.weeks) == ("ranked", WEEKS)
    assert standing.value == pytest.approx(0.02)
    assert (standing.percentile, standing.low, standing.high) == (60.0, 60.0, 60.0)
    assert found.own.value == pytest.approx(0.02)
    assert {peer.name: round(peer.value, 6) for peer in found.peers} == {name: float(name[5:]) for name in peers}
    assert found.sentence == "Over 12 weeks growth relative to size was faster than that of 60 % of 5 peers."


def test_a_tie_counts_half() -> None:
    peers = {str(number): account(0.02) for number in range(5)}
    assert benchmark(account(0.02), peers).percentiles["growth_rate"].percentile == 50.0


def test_below_five_peers_there_is_no_percentile_but_each_is_met_head_to_head() -> None:
    own = account([0.02, 0.04] * 6)
    found = benchmark(own, {"slow": account(0.01), "middle": account(0.03), "fast": account(0.05)})
    standing = found.percentiles["growth_rate"]
    assert found.verdict == "too_few_peers"
    assert (standing.percentile, standing.low, standing.high) == (None, None, None)
    assert standing.value == pytest.approx(0.03)
    duels = {duel.peer: duel for duel in found.head_to_head}
    assert {name: duel.share for name, duel in duels.items()} == {"slow": 1.0, "middle": 0.5, "fast": 0.0}
    assert duels["slow"].low == 1.0
    assert duels["middle"].low <= 0.5 <= duels["middle"].high
    assert "Too few peers for a percentile: 3 of at least 5" in found.sentence


def test_a_season_that_all_share_cancels() -> None:
    season = 0.1 * np.sin(np.arange(WEEKS))
    peers = {str(number): account(list(0.01 + 0.001 * number + season)) for number in range(5)}
    found = benchmark(account(list(0.018 + season)), peers)
    assert found.own.high - found.own.low > 0.03  # each alone is uncertain, by more than the lead
    assert (found.percentiles["growth_rate"].low, found.percentiles["growth_rate"].high) == (100.0, 100.0)


def test_peers_that_are_as_good_by_chance_leave_the_percentile_open() -> None:
    rng = np.random.default_rng(3)
    peers = {str(number): account(list(rng.normal(0.02, 0.02, WEEKS))) for number in range(8)}
    standing = benchmark(account(list(rng.normal(0.02, 0.02, WEEKS))), peers).percentiles["growth_rate"]
    assert standing.low is not None
    assert standing.high is not None
    assert standing.percentile is not None
    assert standing.low <= standing.percentile <= standing.high
    assert standing.high - standing.low >= 25


def test_only_the_weeks_that_all_share_count() -> None:
    own = account([0.5, 0.5, *[0.02] * 10])
    found = benchmark(own, {"later": account(0.01, first_week=2)})
    assert found.weeks == 10
    assert found.own.value == pytest.approx(0.02)


def test_accounts_without_followers_or_shared_weeks_are_left_out_and_one_at_least_must_stay() -> None:
    posts = daily_from_frame(pd.DataFrame({"date": pd.date_range(SUNDAY, periods=80), "posts": 1.0}))
    strangers = {"posts only": posts, "later": account(0.01, first_week=5)}
    found = benchmark(account(0.02), {**strangers, "known": account(0.01)})
    assert [peer.name for peer in found.peers] == ["known"]
    assert found.weeks == WEEKS
    assert found.left_out == ("posts only", "later")
    assert found.sentence.endswith("Not compared, for want of followers or of shared weeks: posts only, later.")
    with pytest.raises(TooFewObservations, match=r"share 7 weeks .* at least 8 are needed"):
        benchmark(account(0.02), strangers)
    with pytest.raises(TooFewObservations, match=r"creator has no week with growth and followers"):
        benchmark(posts, {"known": account(0.01)})
    with pytest.raises(TooFewObservations):
        benchmark(account(0.02), {})


def test_one_competitor_of_another_time_does_not_take_away_the_comparison_with_the_others() -> None:
    recent = {f"recent {number}": account(0.01, first_week=3) for number in range(5)}
    old = account([0.05] * 8 + [np.nan] * 4)  # shares eight weeks with the creator, but five with the others
    found = benchmark(account(0.02), {"old": old, **recent})
    assert [peer.name for peer in found.peers] == list(recent)
    assert (found.weeks, found.verdict) == (9, "ranked")


def test_the_same_draws_give_the_same_intervals_and_a_higher_level_wider_ones() -> None:
    rng = np.random.default_rng(8)
    own, peers = account(list(rng.normal(0.02, 0.02, WEEKS))), {"one": account(list(rng.normal(0.02, 0.02, WEEKS)))}
    assert benchmark(own, peers, seed=4) == benchmark(own, peers, seed=4)
    assert benchmark(own, peers, seed=4).own != benchmark(own, peers, seed=5).own
    wide, narrow = benchmark(own, peers, level=0.95).own, benchmark(own, peers, level=0.5).own
    assert wide.low < narrow.low < narrow.value < narrow.high < wide.high


@pytest.mark.parametrize("level", [0.0, 1.0, 1.5, float("nan")])
def test_a_level_outside_of_0_and_1_is_refused(level: float) -> None:
    with pytest.raises(UnsupportedLevel):
        benchmark(account(0.02), {"one": account(0.01)}, level=level)


def test_a_benchmark_is_json_with_the_keys_of_the_command() -> None:
    stored = json.loads(json.dumps(benchmark(account(0.02), {"one": account(0.01)}).to_json(), allow_nan=False))
    assert {"peers", "percentiles", "verdict"} <= set(stored)
    assert set(stored["percentiles"]["growth_rate"]) == {"value", "percentile", "low", "high"}
    assert stored["peers"][0]["name"] == "one"


def test_cadence_mix_and_engagement_are_ranked_where_they_are_known() -> None:
    own = account(0.02, posts=1.0, reels=1.0, stories=2.0, reach=100.0, interactions=8.0)
    peers = {
        f"peer {number}": account(
            0.01, posts=1.0, reels=float(number), stories=0.0, reach=100.0, interactions=float(number)
        )
        for number in range(6)
    }
    found = benchmark(own, {**peers, "growth only": account(0.03)})
    assert {name: (each.value, each.percentile) for name, each in found.percentiles.items()} == {
        "growth_rate": (pytest.approx(0.02), pytest.approx(600 / 7)),
        "cadence": (28.0, pytest.approx(100 * 3.5 / 6)),
        "share_posts": (0.25, pytest.approx(100 * 2.5 / 6)),
        "share_reels": (0.25, pytest.approx(100 / 6)),
        "share_stories": (0.5, 100.0),
        "engagement_rate": (pytest.approx(0.08), 100.0),
        "engagement_by_followers": (pytest.approx(56e-6, rel=0.2), 100.0),
        "share_of_voice": (pytest.approx(4 / 25), pytest.approx(100 * 3.5 / 6)),
    }
    assert found.metrics["cadence"].peers["peer 5"] == 42.0
    assert "growth only" not in found.metrics["cadence"].peers
    assert (
        found.metrics["cadence"].sentence
        == "Posts, reels and stories a week: higher than 58 % of 6 peers over 12 weeks."
    )
    assert [voice.name for voice in found.share_of_voice] == ["", *peers]
    assert sum(voice.share for voice in found.share_of_voice) == pytest.approx(1.0)


def test_a_metric_that_too_few_peers_have_has_no_percentile_though_growth_has_one() -> None:
    peers = {str(number): account(0.01) for number in range(5)}
    found = benchmark(account(0.02, posts=1.0), {**peers, "posting": account(0.01, posts=2.0)})
    assert found.verdict == "ranked"
    assert found.metrics["cadence"].verdict == "too_few_peers"
    assert found.percentiles["cadence"].percentile is None
    assert found.percentiles["share_of_voice"].value == pytest.approx(1 / 3)
    assert "engagement_rate" not in found.percentiles


def test_where_small_accounts_grow_faster_the_creator_is_ranked_as_if_all_had_its_size() -> None:
    rng = np.random.default_rng(1)
    sizes = np.geomspace(3e3, 3e6, 12)
    usual = 0.04 - 0.004 * np.log(sizes / 3e3)
    peers = {
        f"{size:.0f}": account(list(rate + rng.normal(0, 0.001, WEEKS)), size=size)
        for size, rate in zip(sizes, usual, strict=True)
    }
    large = account(list(0.012 + 0.004 + rng.normal(0, 0.001, WEEKS)), size=3e6)
    found = benchmark(large, peers)
    assert found.metrics["growth_rate"].adjusted_for_size
    standing = found.percentiles["growth_rate"]
    assert standing.percentile is not None
    assert standing.percentile > 90
    assert "of 12 peers of its size" in found.sentence
    shuffled = rng.permutation(usual)
    mixed = {f"{size:.0f}": account(float(rate), size=size) for size, rate in zip(sizes, shuffled, strict=True)}
    assert not benchmark(large, mixed).metrics["growth_rate"].adjusted_for_size


def test_an_account_has_the_size_with_which_the_shared_weeks_began() -> None:
    mine = weekly_quantities(account(0.02, first_week=4))
    others = {"older": weekly_quantities(account(0.1, size=1_000.0)), "posts only": pd.DataFrame({"posts": [1.0]})}
    compared = compare(mine, {"older": others["older"]}, METRICS["growth_rate"])
    assert compared is not None
    assert compared.weeks == 8
    assert _sizes(mine, others, compared) == pytest.approx(np.log([1e6, 1_000 * 1.1**4]))
    nameless = replace(compared, names=("posts only",))
    assert np.isnan(_sizes(mine, others, nameless)[1])


def test_who_changed_what_is_named_with_its_weeks() -> None:
    own, rival = account(0.02), account(0.01)
    frame = rival.frame.assign(reels=0.0, posts=1.0)
    frame.loc[frame.index[-28:], "reels"] = 1.0
    found = benchmark(own, {"rival": daily_from_frame(frame)})
    (change,) = found.changes
    assert (change.name, change.content_type, change.before, change.recent) == ("rival", "reels", 0.0, 7.0)
    assert (change.recent_from, change.recent_to) == ("2026-03-02", "2026-03-23")
    assert change.p_value < 0.05
    assert change.sentence == "rival posts more reels: 7.0 a week in the last 4 weeks, 0.0 before."


def test_no_change_is_reported_where_nobody_changed_anything() -> None:
    reported = 0
    for seed in range(12):
        creators = generate_many(creators=6, days=150, profile=None, seed=seed, end=END)
        own, *peers = [creator.daily for creator in creators]
        reported += bool(benchmark(own, {str(place): peer for place, peer in enumerate(peers)}).changes)
    assert reported <= 3  # 2 % in 150 sets; four of twelve come about once in ten thousand runs


def test_a_lead_that_holds_is_certain_and_the_interval_holds_the_percentile() -> None:
    creators = generate_many(creators=9, days=365, profile="mid", seed=3, end=END, peak_month=3.0)
    own, *peers = [creator.daily for creator in creators]
    found = benchmark(own, {str(place): peer for place, peer in enumerate(peers)})
    for name, standing in found.percentiles.items():
        assert standing.percentile is not None, name
        assert standing.low is not None
        assert standing.high is not None
        assert 0 <= standing.low <= standing.percentile <= standing.high <= 100
    assert set(found.percentiles) == {*found.metrics, "share_of_voice"}


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    peers=st.integers(0, 7),
    dropped=st.sets(st.sampled_from(["posts", "reels", "stories", "reach", "interactions", "likes", "follows"])),
    scale=st.sampled_from([0.0, 1.0, 1e4]),
    days=st.integers(20, 120),
)
def test_any_accounts_give_numbers_or_a_reason(
    seed: int, peers: int, dropped: set[str], scale: float, days: int
) -> None:
    rng = np.random.default_rng(seed)
    accounts = []
    for place in range(peers + 1):
        frame = pd.DataFrame({"date": pd.date_range("2026-01-01", periods=days)})
        for name in ("posts", "reels", "stories", "reach", "interactions", "likes", "follows"):
            if name not in dropped or rng.random() < 0.5:
                frame[name] = rng.poisson(3, days) * scale
        frame["followers"] = np.maximum(0, 100 * scale + rng.normal(1, 3, days).cumsum())
        if place and rng.random() < 0.3:
            frame = frame.mask(rng.random(frame.shape) < 0.05).assign(date=frame["date"])
        accounts.append(daily_from_frame(frame))
    own, *others = accounts
    try:
        found = benchmark(own, {str(place): each for place, each in enumerate(others)}, seed=seed)
    except TooFewObservations:
        return
    stored = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert (stored["verdict"] == "ranked") == (len(stored["peers"]) >= 5)
    for standing in stored["percentiles"].values():
        assert (standing["percentile"] is None) == (standing["low"] is None) == (standing["high"] is None)
