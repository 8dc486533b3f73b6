from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from cgn_core.stats.least_squares import bread, clustered_covariance, huber_start, median, solve, undetermined


def weighted_problem(seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    days = 140
    design = np.column_stack([np.ones(days), rng.poisson(1.0, days), rng.normal(size=days)]).astype(float)
    weeks = np.arange(days) // 7
    growth = design @ [50.0, 12.0, -3.0] + rng.normal(size=days) * 9 + rng.normal(size=20)[weeks] * 4
    return design, growth, rng.uniform(0.2, 2.0, days), weeks


def test_solutions_are_statsmodels_weighted_least_squares() -> None:
    design, growth, weights, _ = weighted_problem()
    reference = sm.WLS(growth, design, weights=weights).fit()
    np.testing.assert_allclose(solve(design, growth, weights), reference.params, rtol=1e-10)
    np.testing.assert_allclose(bread(design, weights), reference.normalized_cov_params, rtol=1e-10)


def test_a_rank_deficient_design_gets_a_finite_answer_with_the_best_fit() -> None:
    design, growth, weights, _ = weighted_problem()
    doubled = np.column_stack([design, design[:, 1]])
    fitted = doubled @ solve(doubled, growth, weights)
    np.testing.assert_allclose(fitted, design @ solve(design, growth, weights), rtol=1e-8)
    assert undetermined(doubled).tolist() == [False, True, False, True]
    assert not undetermined(design).any()


def test_cr3_is_the_jackknife_over_weeks() -> None:
    design, growth, weights, weeks = weighted_problem()
    coefficients = solve(design, growth, weights)
    covariance, _ = clustered_covariance(design, growth - design @ coefficients, weights, weeks)
    left_out = np.array([solve(design[weeks != w], growth[weeks != w], weights[weeks != w]) for w in range(20)])
    away = left_out - coefficients
    np.testing.assert_allclose(covariance, 19 / 20 * away.T @ away, rtol=1e-9)


def test_degrees_of_freedom_are_those_of_the_variance_estimate_under_independent_errors() -> None:
    design, _, weights, weeks = weighted_problem()
    rng = np.random.default_rng(2)
    found = []
    for _ in range(1500):
        noise = rng.normal(size=len(weights)) / np.sqrt(weights)
        residuals = noise - design @ solve(design, noise, weights)
        covariance, freedom = clustered_covariance(design, residuals, weights, weeks)
        found.append(np.diag(covariance))
    variances = np.array(found)
    measured = 2 * variances.mean(axis=0) ** 2 / variances.var(axis=0)
    np.testing.assert_allclose(freedom, measured, rtol=0.2)


def test_a_huber_start_is_not_pulled_by_a_few_enormous_days() -> None:
    design, growth, _, _ = weighted_problem()
    shaken = growth.copy()
    shaken[[3, 60, 100]] += 5000.0
    np.testing.assert_allclose(huber_start(design, shaken), huber_start(design, growth), atol=2.5)


@pytest.mark.parametrize("size", [1, 2, 7, 10])
def test_the_median_is_numpys(size: int) -> None:
    values = np.random.default_rng(size).normal(size=size)
    assert median(values) == pytest.approx(np.median(values), rel=1e-15)
