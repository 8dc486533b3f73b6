"""Whatever the design, estimators give finite numbers in their shapes, and follow where growth is in another unit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from any_histories import FEW, SEEDS, all_finite, designs
from hypothesis import given
from hypothesis import strategies as st

from cgn_core.errors import InvalidInput, TooFewObservations
from cgn_core.stats.batched import ManyFits, huber_many, huber_rolling, ordinary_many
from cgn_core.stats.least_squares import (
    bread,
    clustered_covariance,
    huber_start,
    median,
    solve,
    undetermined,
    upper_factor,
)
from cgn_core.stats.median_estimators import median_regression, theil_sen
from cgn_core.stats.next_week import student_scales
from cgn_core.stats.origins import check_designs, forecast_origins, window_start
from cgn_core.stats.orthonormal import Basis, decompose, orthonormal, times
from cgn_core.stats.penalised_estimators import elastic_net, lasso, ridge
from cgn_core.stats.residual_tests import durbin_watson_p_value, lags_of
from cgn_core.stats.rolling import RollingFit, rolling_origin
from cgn_core.stats.rolling_validation import ridge_together
from cgn_core.stats.stability import Recursion, cusum, recursion
from cgn_core.stats.triangular_factor import TriangularFactor
from cgn_core.stats.viral import exceptional_days, robust_scale, size_law, viral_week
from cgn_core.stats.weekly_estimators import (
    Estimate,
    huber,
    least_absolute,
    leave_one_out,
    leverages,
    ordinary,
    ordinary_hac,
    tukey,
)

Array = Any
ESTIMATORS: dict[str, Callable[[Array, Array], Estimate]] = {
    "ordinary": ordinary,
    "hac": lambda design, growth: ordinary_hac(design, growth, weeks=np.arange(len(growth))),
    "huber": huber,
    "tukey": tukey,
    "median": median_regression,
    "ridge": ridge,
    "lasso": lasso,
    "elastic_net": elastic_net,
}
FEW_NUMBERS = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=20).map(np.array)


def sum_of_squares(design: Array, growth: Array, coefficients: Array) -> float:
    return float(((growth - design @ coefficients) ** 2).sum())


@FEW
@given(designs(), st.sampled_from(tuple(ESTIMATORS)))
def test_an_estimate_is_finite_and_says_what_it_does_not_know(problem: tuple[Array, Array], name: str) -> None:
    design, growth = problem
    weeks, terms = design.shape
    found = ESTIMATORS[name](design, growth)
    assert isinstance(found, Estimate)
    assert all_finite(found)
    assert found.coefficients.shape == (terms,)
    assert found.covariance.shape == (terms, terms)
    assert np.linalg.eigvalsh(found.covariance).min() >= -1e-9 * np.abs(found.covariance).max()
    assert found.weights.shape == (weeks,)
    assert ((found.weights >= 0) & (found.weights <= 1 + 1e-9)).all()
    least = sum_of_squares(design, growth, ordinary(design, growth).coefficients)
    assert sum_of_squares(design, growth, found.coefficients) >= least * (1 - 1e-7) - 1e-6
    missed = leave_one_out(design, growth, found)
    assert missed.shape == (weeks,)
    assert np.isfinite(missed).all()
    if name in ("ordinary", "hac"):
        assert (np.abs(missed) >= np.abs(growth - design @ found.coefficients) * (1 - 1e-9) - 1e-6).all()


@FEW
@given(designs(), st.sampled_from(tuple(ESTIMATORS)), st.sampled_from((2.0**-10, 2.0**10)))
def test_growth_in_another_unit_gives_effects_in_that_unit(
    problem: tuple[Array, Array], name: str, unit: float
) -> None:
    design, growth = problem
    one, other = ESTIMATORS[name](design, growth), ESTIMATORS[name](design, unit * growth)
    size = np.abs(one.coefficients).max() + np.abs(growth).max()
    np.testing.assert_allclose(other.coefficients / unit, one.coefficients, rtol=1e-4, atol=1e-5 * size)


@FEW
@given(designs(terms=(2, 2)), st.sampled_from((0.5, 0.8, 0.95)))
def test_the_median_slope_lies_among_the_slopes_and_in_its_interval(problem: tuple[Array, Array], level: float) -> None:
    design, growth = problem
    found = theil_sen(design, growth, level=level)
    assert found.bounds is not None
    low, high = found.bounds[1]
    assert low <= found.coefficients[1] <= high
    wider = theil_sen(design, growth, level=level + (1 - level) / 2)
    assert wider.bounds is not None
    assert wider.bounds[1, 0] <= low <= high <= wider.bounds[1, 1]
    assert all_finite((found.coefficients, found.covariance))


@FEW
@given(designs(), SEEDS)
def test_the_parts_of_least_squares_belong_together(problem: tuple[Array, Array], seed: int) -> None:
    design, growth = problem
    rng = np.random.default_rng(seed)
    weights = rng.uniform(0.1, 1.0, len(growth))
    coefficients = solve(design, growth, weights)
    gram = design.T @ (weights[:, None] * design)
    np.testing.assert_allclose(gram @ coefficients, design.T @ (weights * growth), rtol=1e-5, atol=1e-6 * gram.max())
    penalised = solve(design, growth, weights, np.full(design.shape[1], 1e12))
    assert np.linalg.norm(penalised) <= np.linalg.norm(coefficients) + 1e-9
    assert not undetermined(design).any()
    assert undetermined(np.hstack([design, design])).all()
    factor = upper_factor(design)
    np.testing.assert_allclose(factor.T @ factor, design.T @ design, rtol=1e-9, atol=1e-9 * gram.max())
    np.testing.assert_allclose(bread(design, weights) @ gram, np.eye(len(gram)), atol=1e-6)
    decided = leverages(design)
    assert ((decided >= 0) & (decided <= 1 + 1e-9)).all()
    assert decided.sum() == pytest.approx(design.shape[1])
    start, middle = huber_start(design, growth), least_absolute(design, growth)
    assert np.isfinite(start).all()
    plain = np.abs(growth - design @ ordinary(design, growth).coefficients).sum()
    assert np.abs(growth - design @ middle).sum() <= plain * (1 + 1e-6) + 1e-6


@FEW
@given(problem=designs(spare=(12, 40)), seed=SEEDS, shrunk=st.booleans())
def test_a_clustered_covariance_is_one_and_its_freedom_less_than_its_clusters(
    problem: tuple[Array, Array], seed: int, *, shrunk: bool
) -> None:
    design, growth = problem
    rng = np.random.default_rng(seed)
    clusters = np.sort(rng.integers(0, 9, len(growth)))
    weights = rng.uniform(0.1, 1.0, len(growth))
    residuals = growth - design @ solve(design, growth, weights)
    penalty = np.full(design.shape[1], 2.0) if shrunk else None
    covariance, freedom = clustered_covariance(design, residuals, weights, clusters, penalty=penalty)
    assert np.linalg.eigvalsh(covariance).min() >= -1e-9 * np.abs(covariance).max()
    assert (freedom >= 1).all()
    assert (freedom <= max(len(np.unique(clusters)) - 1, 1)).all()
    twice, _ = clustered_covariance(design, 2 * residuals, weights, clusters, penalty=penalty, dispersion=4.0)
    np.testing.assert_allclose(twice, 4 * covariance, rtol=1e-9, atol=1e-300)


@FEW
@given(seed=SEEDS, creators=st.integers(1, 4), terms=st.integers(1, 4), spare=st.integers(1, 8), twins=st.booleans())
def test_many_designs_at_once_are_solved_as_each_alone(
    seed: int, creators: int, terms: int, spare: int, *, twins: bool
) -> None:
    rng = np.random.default_rng(seed)
    drawn = rng.normal(size=(creators, terms + spare, terms)) * 10.0 ** rng.integers(-3, 4, terms)
    if twins and terms > 1:
        drawn[0, :, 1] = drawn[0, :, 0]
    growth = rng.normal(size=(creators, terms + spare))
    for basis in (orthonormal(drawn), decompose(drawn)):
        assert isinstance(basis, Basis)
        assert basis.columns.shape == drawn.shape
        assert ((basis.rank == terms) == ~basis.undetermined.any(axis=1)).all()
        found = basis.solve(growth)
        assert np.isfinite(found).all()
        fitted = times(drawn, found)
        for creator in range(creators):
            best = drawn[creator] @ np.linalg.lstsq(drawn[creator], growth[creator], rcond=None)[0]
            np.testing.assert_allclose(fitted[creator], best, atol=1e-6)


@FEW
@given(SEEDS, st.integers(1, 3), st.integers(1, 3), st.integers(2, 10))
def test_weeks_appended_one_by_one_or_together_give_least_squares(
    seed: int, creators: int, terms: int, spare: int
) -> None:
    rng = np.random.default_rng(seed)
    weeks = terms + spare
    design, target = rng.normal(size=(weeks, terms, creators)), rng.normal(size=(weeks, creators))
    whole, first = TriangularFactor.empty(terms, creators), TriangularFactor.empty(terms, creators)
    second = TriangularFactor.empty(terms, creators)
    for week in range(weeks):
        for factor in (whole, first if week < weeks // 2 else second):
            factor.append(np.vstack([design[week], target[week]]), np.ones(creators))
    joined = first.copy()
    joined.append_factor(second)
    for creator in range(creators):
        own = design[:, :, creator]
        best, *_ = np.linalg.lstsq(own, target[:, creator], rcond=None)
        if np.linalg.cond(own) < 1e3:
            np.testing.assert_allclose(whole.coefficients()[:, creator], best, rtol=1e-6, atol=1e-8)
            np.testing.assert_allclose(joined.coefficients()[:, creator], best, rtol=1e-6, atol=1e-8)
            assert whole.squares[creator] == pytest.approx(((target[:, creator] - own @ best) ** 2).sum())
    assert (whole.leverages(design[0].copy()) <= 1 + 1e-6).all()
    assert whole.close().shape == (creators,)


@FEW
@given(SEEDS, st.integers(1, 3), st.integers(2, 3), st.integers(6, 12))
def test_batched_fits_are_finite_whether_once_or_at_every_origin(
    seed: int, creators: int, terms: int, spare: int
) -> None:
    rng = np.random.default_rng(seed)
    design = np.concatenate(
        [np.ones((terms + spare, 1, creators)), rng.poisson(3.0, (terms + spare, terms - 1, creators))], axis=1
    )
    target = np.round(rng.gamma(2.0, 100.0, (terms + spare, creators)))
    for found in (ordinary_many(design, target), huber_many(design, target)):
        assert isinstance(found, ManyFits)
        assert all_finite(found.to_json())
        assert found.coefficients.shape == (terms, creators)
    rolling = rolling_origin(design, target, initial=terms + 2)
    assert isinstance(rolling, RollingFit)
    assert (rolling.low <= rolling.predictions).all()
    assert (rolling.predictions <= rolling.high).all()
    robust = huber_rolling(design, target, initial=terms + 2)
    assert robust.shape == rolling.coefficients.shape
    assert np.isfinite(robust).all()


@FEW
@given(SEEDS, st.integers(1, 3), st.integers(2, 3), st.integers(4, 12))
def test_ridge_of_many_creators_is_each_ones_ridge(seed: int, creators: int, terms: int, spare: int) -> None:
    rng = np.random.default_rng(seed)
    design = rng.normal(size=(creators, terms + spare, terms))
    design[:, :, 0] = 1.0
    growth = rng.normal(size=(creators, terms + spare))
    together = ridge_together(design, growth)
    apart = [ridge(own, target).coefficients for own, target in zip(design, growth, strict=True)]
    np.testing.assert_allclose(together, apart, rtol=1e-6, atol=1e-9)


@FEW
@given(st.integers(1, 60), st.integers(-1, 30), st.none() | st.integers(-1, 30), st.integers(-1, 5), st.integers(-1, 5))
def test_origins_leave_a_week_to_forecast_or_are_refused_by_name(
    weeks: int, initial: int, window: int | None, step: int, ahead: int
) -> None:
    if min(initial, step, ahead, 1 if window is None else window) < 1:
        with pytest.raises(InvalidInput, match="at least 1") as refused:
            forecast_origins(weeks, initial=initial, window=window, step=step, ahead=ahead)
        assert type(refused.value) is InvalidInput
    elif initial + ahead > weeks:
        with pytest.raises(TooFewObservations):
            forecast_origins(weeks, initial=initial, window=window, step=step, ahead=ahead)
    else:
        origins = forecast_origins(weeks, initial=initial, window=window, step=step, ahead=ahead)
        assert origins[0] == initial
        assert origins[-1] + ahead <= weeks
        assert (np.diff(origins) == step).all()
        assert all(0 <= window_start(int(origin), window) < origin for origin in origins)


@FEW
@given(seed=SEEDS, odd=st.sampled_from((np.nan, np.inf, -np.inf, 1.0)), in_target=st.booleans())
def test_designs_that_are_no_numbers_are_refused(seed: int, odd: float, *, in_target: bool) -> None:
    rng = np.random.default_rng(seed)
    design, target = rng.normal(size=(5, 2, 3)), rng.normal(size=(5, 3))
    (target if in_target else design)[(2, 1) if in_target else (2, 1, 1)] = odd
    if np.isfinite(odd):
        columns, targets = check_designs(design, target)
        np.testing.assert_allclose(columns, np.abs(design).max(axis=0))
        np.testing.assert_allclose(targets, np.abs(target).max(axis=0))
    else:
        with pytest.raises(InvalidInput):
            check_designs(design, target)
    with pytest.raises(InvalidInput):
        check_designs(design, target[:-1])


@FEW
@given(designs(spare=(4, 20)))
def test_recursive_estimates_end_at_the_whole_fit(problem: tuple[Array, Array]) -> None:
    design, growth = problem
    found = recursion(design, growth)
    assert isinstance(found, Recursion)
    assert all_finite(found)
    assert len(found.coefficients) == len(found.errors) == len(growth) - found.start + 1
    assert found.residuals.shape == (len(growth) - found.start,)
    whole = ordinary(design, growth).coefficients
    np.testing.assert_allclose(found.coefficients[-1], whole, rtol=1e-5, atol=1e-6 * np.abs(growth).max())
    if len(found.residuals) > 1 and found.residuals.std() > 1e-9 * np.abs(growth).max():
        height, chance = cusum(found.residuals)
        assert height >= 0
        assert 0 <= chance <= 1


@FEW
@given(designs(terms=(1, 3), spare=(6, 20)), st.floats(0, 4), st.floats(0, 4))
def test_durbin_and_watsons_probability_is_one_and_its_middle_is_likely(
    problem: tuple[Array, Array], one: float, other: float
) -> None:
    design, _ = problem
    first, second = (durbin_watson_p_value(each, design) for each in (one, other))
    assert 0 <= first <= 1
    assert 0 <= second <= 1
    near, far = sorted((one, other), key=lambda each: abs(each - 2))
    if far < 1 <= near <= 2:
        assert durbin_watson_p_value(far, design) <= durbin_watson_p_value(near, design) + 1e-6
    assert 1 <= lags_of(len(design)) <= 10


@FEW
@given(FEW_NUMBERS, st.integers(0, 3))
def test_exceptional_days_are_far_from_the_rest_and_more_terms_judge_more_kindly(scaled: Array, terms: int) -> None:
    usable = np.ones(len(scaled), dtype=bool)
    above, below = exceptional_days(scaled, usable, terms=terms)
    assert not (above & below).any()
    assert (scaled[above] > 0).all()
    assert (scaled[below] < 0).all()
    scale = robust_scale(scaled, terms=terms)
    assert 0 < scale <= robust_scale(scaled, terms=terms + 1)
    assert median(np.abs(scaled)) <= scale
    np.testing.assert_array_equal(exceptional_days(-scaled, usable, terms=terms), (below, above))


@FEW
@given(st.lists(st.floats(1e-3, 1e4), max_size=12), st.integers(0, 400))
def test_viral_days_add_a_finite_law_whose_shares_sum_to_one(sizes: list[float], spare: int) -> None:
    jumps = viral_week(np.array(sizes), days=len(sizes) + spare)
    assert all_finite(jumps)
    assert sum(weight for weight, _, _ in jumps) == pytest.approx(1)
    assert all(weight >= 0 and mean >= 0 and variance >= 0 for weight, mean, variance in jumps)
    if sizes:
        centre, spread = size_law(np.array(sizes))
        bigger, same = size_law(2 * np.array(sizes))
        assert spread > 0
        assert bigger == pytest.approx(centre + np.log(2), abs=1e-6)
        assert same == pytest.approx(spread)


@FEW
@given(st.floats(1.0, 1000.0))
def test_student_is_a_mixture_of_normals_about_as_wide(freedom: float) -> None:
    scales = student_scales(freedom)
    assert all_finite(scales)
    assert sum(weight for _, weight in scales) == pytest.approx(1)
    assert all(factor > 0 for factor, _ in scales)
    variance = sum(factor * weight for factor, weight in scales)
    if freedom > 8:
        assert variance == pytest.approx(freedom / (freedom - 2), rel=0.02)
