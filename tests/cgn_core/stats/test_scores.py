from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from cgn_core.errors import ConstantSeries, InvalidInput, TooFewObservations
from cgn_core.stats import scores

ACTUAL = np.array([1.0, 2.0, 3.0])
FORECAST = np.array([2.0, 2.0, 5.0])


def test_absolute_and_squared_errors_by_hand() -> None:
    assert scores.mean_absolute_error(ACTUAL, FORECAST) == 1.0
    assert scores.root_mean_squared_error(ACTUAL, FORECAST) == pytest.approx((5 / 3) ** 0.5)
    assert scores.mean_absolute_error(ACTUAL, ACTUAL) == scores.root_mean_squared_error(ACTUAL, ACTUAL) == 0.0


def test_the_scaled_error_counts_in_the_naive_forecasts_errors_by_hand() -> None:
    history = np.array([1.0, 3.0, 2.0, 5.0])  # changes of 2, 1 and 3: 2 on average; over two weeks 1 and 2: 1.5
    assert scores.mean_absolute_scaled_error(ACTUAL, FORECAST, history=history) == 0.5
    assert scores.mean_absolute_scaled_error(ACTUAL, FORECAST, history=history, season=2) == pytest.approx(1 / 1.5)


def test_a_scaled_error_needs_a_history_that_changes() -> None:
    with pytest.raises(TooFewObservations, match="more than 2 weeks of history, not 2"):
        scores.mean_absolute_scaled_error(ACTUAL, FORECAST, history=np.array([1.0, 2.0]), season=2)
    with pytest.raises(ConstantSeries):
        scores.mean_absolute_scaled_error(ACTUAL, FORECAST, history=np.full(9, 7.0))


def test_the_percentage_error_by_hand_and_where_both_are_zero() -> None:
    assert scores.symmetric_percentage_error(ACTUAL, FORECAST) == pytest.approx((2 / 3 + 0 + 4 / 8) / 3)
    assert scores.symmetric_percentage_error(np.array([0.0, 0.0]), np.array([0.0, 5.0])) == 1.0
    assert scores.symmetric_percentage_error(np.array([-4.0]), np.array([4.0])) == 2.0  # its worst


def test_out_of_sample_r2_is_the_share_of_the_references_squared_error_that_is_avoided() -> None:
    reference = np.full(3, 2.0)
    assert scores.out_of_sample_r2_score(ACTUAL, np.array([1.0, 2.0, 2.0]), reference=reference) == 0.5
    assert scores.out_of_sample_r2_score(ACTUAL, reference, reference=reference) == 0.0
    assert scores.out_of_sample_r2_score(ACTUAL, ACTUAL, reference=reference) == 1.0
    assert scores.out_of_sample_r2_score(ACTUAL, FORECAST, reference=reference) == -1.5
    with pytest.raises(ConstantSeries):
        scores.out_of_sample_r2_score(reference, ACTUAL, reference=reference)


def test_direction_is_judged_against_the_week_before() -> None:
    actual, forecast = np.array([12.0, 8.0, 10.0, 11.0]), np.array([11.0, 9.0, 10.0, 9.0])
    assert scores.directional_accuracy_score(actual, forecast, before=np.full(4, 10.0)) == 0.75


def test_the_pinball_error_weighs_misses_by_their_side() -> None:
    actual = np.array([10.0])
    assert scores.pinball_error(actual, np.array([8.0]), probability=0.9) == pytest.approx(1.8)
    assert scores.pinball_error(actual, np.array([12.0]), probability=0.9) == pytest.approx(0.2)
    sample = np.random.default_rng(1).normal(size=1001)
    tried = np.linspace(-2, 2, 401)
    errors = [scores.pinball_error(sample, np.full(1001, each), probability=0.8) for each in tried]
    assert tried[int(np.argmin(errors))] == pytest.approx(np.quantile(sample, 0.8), abs=0.02)


def test_crps_of_one_median_is_the_absolute_error_and_of_many_quantiles_the_normals_closed_form() -> None:
    one = scores.crps_error(ACTUAL, FORECAST[:, None], probabilities=np.array([0.5]))
    assert one == scores.mean_absolute_error(ACTUAL, FORECAST)
    probabilities = (np.arange(999) + 0.5) / 999
    quantiles = np.tile(stats.norm.ppf(probabilities), (4, 1))
    actual = np.array([-2.0, 0.0, 0.3, 1.5])
    closed = actual * (2 * stats.norm.cdf(actual) - 1) + 2 * stats.norm.pdf(actual) - np.pi**-0.5
    assert scores.crps_error(actual, quantiles, probabilities=probabilities) == pytest.approx(closed.mean(), rel=1e-3)


def test_the_winkler_error_is_the_width_and_ten_times_the_miss_at_eighty_percent() -> None:
    low, high = np.zeros(3), np.full(3, 10.0)
    assert scores.winkler_error(np.array([5.0]), low[:1], high[:1], level=0.8) == 10.0
    assert scores.winkler_error(np.array([12.0]), low[:1], high[:1], level=0.8) == pytest.approx(30.0)
    assert scores.winkler_error(np.array([5.0, 12.0, -1.0]), low, high, level=0.8) == pytest.approx(20.0)


def test_an_intervals_ends_belong_to_it() -> None:
    actual = np.array([0.0, 10.0, 5.0, 10.1, -0.1])
    assert scores.coverage_share(actual, np.zeros(5), np.full(5, 10.0)) == 0.6


def test_the_error_per_hour_divides_each_week_by_its_own_hours() -> None:
    assert scores.follows_per_hour_error(ACTUAL, FORECAST, hours=np.array([2.0, 1.0, 4.0])) == pytest.approx(1 / 3)


def test_regret_and_right_choices_by_hand() -> None:
    first, second = np.array([10.0, 10.0, 10.0, 10.0]), np.array([30.0, 6.0, 14.0, 10.0])
    said = np.array([1.0, 2.0, 0.0, -1.0])  # right, wrong by 4, a coin's half of 4, and no difference
    assert scores.decision_regret_error(first, second, said=said) == pytest.approx((0 + 4 + 2 + 0) / 4)
    assert scores.right_choice_score(first, second, said=said) == pytest.approx((1 + 0 + 0.5 + 1) / 4)


NUMBERS = st.floats(-1e6, 1e6)


@given(pairs=st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), min_size=1, max_size=20))
def test_nobody_regrets_less_than_who_knew_and_nobody_more_than_who_took_the_opposite(
    pairs: list[tuple[float, float, float]],
) -> None:
    first, second, said = np.array(pairs).T
    regret = scores.decision_regret_error(first, second, said=said)
    apart = np.abs(first - second).mean()
    assert scores.decision_regret_error(first, second, said=second - first) == pytest.approx(0, abs=1e-9)
    assert scores.decision_regret_error(first, second, said=first - second) == pytest.approx(apart)
    assert -1e-9 <= regret <= apart + 1e-9
    assert regret + scores.decision_regret_error(first, second, said=-said) == pytest.approx(apart)
    assert 0 <= scores.right_choice_score(first, second, said=said) <= 1


@given(weeks=st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=20), level=st.sampled_from([0.5, 0.9]))
def test_scores_of_finite_numbers_are_finite_and_none_is_negative(
    weeks: list[tuple[float, float]], level: float
) -> None:
    actual, forecast = np.array(weeks).T
    found = [
        scores.mean_absolute_error(actual, forecast),
        scores.root_mean_squared_error(actual, forecast),
        scores.symmetric_percentage_error(actual, forecast),
        scores.pinball_error(actual, forecast, probability=level),
        scores.winkler_error(actual, forecast - 1, forecast + 1, level=level),
        scores.coverage_share(actual, forecast - 1, forecast + 1),
        scores.directional_accuracy_score(actual, forecast, before=np.zeros(len(actual))),
        scores.crps_error(actual, forecast[:, None], probabilities=np.array([0.5])),
        scores.follows_per_hour_error(actual, forecast, hours=np.full(len(actual), 2.0)),
    ]
    assert np.isfinite(found).all()
    assert min(found) >= 0
    assert found[0] <= found[1] * (1 + 1e-9) + 1e-12


@pytest.mark.parametrize("n", [1, 2, 7, 12, 30])
@pytest.mark.parametrize("level", [0.9, 0.95])
def test_the_interval_of_a_share_covers_every_true_share_at_least_as_often_as_stated(n: int, level: float) -> None:
    intervals = [scores.share_interval(hits, n, level=level) for hits in range(n + 1)]
    for true in np.linspace(0.01, 0.99, 197):
        chances = stats.binom.pmf(np.arange(n + 1), n, true)
        covered = sum(chance for chance, (low, high) in zip(chances, intervals, strict=True) if low <= true <= high)
        assert covered >= level
    for hits, found in enumerate(intervals):
        assert found == pytest.approx(tuple(stats.binomtest(hits, n).proportion_ci(level, method="exact")))


@given(st.integers(1, 500), st.data(), st.floats(0.5, 0.999))
def test_the_interval_of_a_share_holds_the_share_and_mirrors_that_of_what_was_missed(
    n: int, data: st.DataObject, level: float
) -> None:
    hits = data.draw(st.integers(0, n))
    low, high = scores.share_interval(hits, n, level=level)
    assert 0 <= low <= hits / n <= high <= 1
    mirrored = scores.share_interval(n - hits, n, level=level)
    assert (1 - high, 1 - low) == pytest.approx(mirrored, abs=1e-9)


def test_a_share_of_nothing_or_of_more_than_all_is_refused() -> None:
    with pytest.raises(TooFewObservations):
        scores.share_interval(0, 0)
    for hits in (-1, 3):
        with pytest.raises(InvalidInput, match="is no share"):
            scores.share_interval(hits, 2)
