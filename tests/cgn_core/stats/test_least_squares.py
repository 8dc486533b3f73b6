from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from cgn_core.stats.arrays import Floats
from cgn_core.stats.least_squares import (
    bread,
    clustered_covariance,
    huber_start,
    median,
    solve,
    undetermined,
    upper_factor,
)


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


def test_clusters_of_one_day_give_statsmodels_hc2() -> None:
    design, growth, _, _ = weighted_problem()
    days = np.arange(len(growth))
    reference = sm.OLS(growth, design).fit(cov_type="HC2")
    covariance, _ = clustered_covariance(design, np.asarray(reference.resid), np.ones(len(growth)), days)
    np.testing.assert_allclose(covariance, reference.cov_params(), rtol=1e-9)


@pytest.mark.parametrize("penalty", [np.zeros(3), np.array([0.0, 4.0, 50.0])])
def test_the_covariance_is_unbiased_under_independent_errors_and_known_sizes(penalty: Floats) -> None:
    design, _, weights, weeks = weighted_problem()
    rows = design * np.sqrt(weights)[:, None]
    inner = np.linalg.inv(rows.T @ rows + np.diag(penalty))
    # Residuals then have the covariance I - H; the estimate is quadratic in them, so its mean is a sum over a root.
    root = np.linalg.cholesky(np.eye(len(rows)) - rows @ inner @ rows.T + 1e-12 * np.eye(len(rows)))
    total = np.zeros((3, 3))
    for column in root.T:
        found, _ = clustered_covariance(
            design, column / np.sqrt(weights), weights, weeks, penalty=penalty, dispersion=1 / len(rows)
        )
        total += found
    np.testing.assert_allclose(total, inner, rtol=1e-6)


def test_a_penalty_is_a_row_that_says_the_coefficient_is_zero() -> None:
    design, growth, weights, _ = weighted_problem()
    reference = sm.WLS(np.append(growth, 0.0), np.vstack([design, [0, 0, 1]]), weights=np.append(weights, 30.0)).fit()
    found = solve(design, growth, weights, np.array([0.0, 0.0, 30.0]))
    np.testing.assert_allclose(found, reference.params, rtol=1e-10)


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


@pytest.mark.parametrize(("rows", "terms"), [(1, 1), (5, 9), (127, 3), (129, 3), (130, 14), (730, 14), (1000, 40)])
def test_a_factor_by_blocks_is_that_of_the_whole(rows: int, terms: int) -> None:
    design = np.random.default_rng(rows).normal(size=(rows, terms))
    found, (_, whole) = upper_factor(design), np.linalg.qr(design)
    assert found.shape == whole.shape
    np.testing.assert_allclose(np.abs(found), np.abs(whole), rtol=1e-10, atol=1e-12)
