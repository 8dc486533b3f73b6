"""Estimators of weekly growth beside those of statsmodels, scipy and scikit-learn."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats
from sklearn.linear_model import ElasticNet, Lasso, Ridge

from cgn_core.stats.arrays import Floats, Matrix
from cgn_core.stats.median_estimators import median_regression, theil_sen
from cgn_core.stats.penalised_estimators import PENALTIES, SHARES, elastic_net, lasso, ridge
from cgn_core.stats.weekly_estimators import Estimate, huber, leave_one_out, ordinary, ordinary_hac, tukey

ALL: dict[str, Callable[[Matrix, Floats], Estimate]] = {
    "ordinary": ordinary,
    "hac": lambda design, growth: ordinary_hac(design, growth, weeks=np.arange(len(growth))),
    "huber": huber,
    "tukey": tukey,
    "median": median_regression,
    "ridge": ridge,
    "lasso": lasso,
    "elastic_net": elastic_net,
}
EQUIVARIANT = ("ordinary", "hac", "huber", "tukey", "median")


def problem(seed: int, weeks: int, terms: int = 3, *, noise: float = 40.0) -> tuple[Matrix, Floats]:
    """Counts and a growth with heavy tails that is a whole number, so that weeks tie."""
    rng = np.random.default_rng(seed)
    design = np.column_stack([np.ones(weeks), rng.poisson(5, (weeks, terms))]).astype(float)
    growth = design @ rng.uniform(-20, 60, 1 + terms) + noise * rng.standard_t(2, weeks)
    return design, np.round(growth)


@pytest.mark.parametrize("weeks", [8, 13, 26, 104])
@pytest.mark.parametrize("noise", [0.5, 40.0])
def test_the_median_regression_is_the_linear_programmes_even_where_weeks_tie(weeks: int, noise: float) -> None:
    for seed in range(8):
        design, growth = problem(seed, weeks, noise=noise)
        terms = design.shape[1]
        cost = np.concatenate([np.zeros(terms), np.ones(2 * weeks)])
        best = optimize.linprog(
            cost,
            A_eq=np.hstack([design, np.eye(weeks), -np.eye(weeks)]),
            b_eq=growth,
            bounds=[(None, None)] * terms + [(0, None)] * (2 * weeks),
        ).fun
        assert best is not None
        assert np.abs(growth - design @ median_regression(design, growth).coefficients).sum() <= best * (1 + 1e-9)


def test_on_many_weeks_the_median_regressions_errors_are_about_statsmodels() -> None:
    design, growth = problem(3, 300)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # statsmodels' own search may end on its bound
        reference = sm.QuantReg(growth, design).fit(q=0.5)
    estimate = median_regression(design, growth)
    np.testing.assert_allclose(estimate.coefficients, reference.params, rtol=0.02, atol=1.0)
    np.testing.assert_allclose(np.sqrt(np.diag(estimate.covariance)), reference.bse, rtol=0.25)


@pytest.mark.parametrize("weeks", [8, 26, 104])
@pytest.mark.parametrize("level", [0.5, 0.95])
def test_theil_sen_is_scipys_with_its_interval(weeks: int, level: float) -> None:
    design, growth = problem(weeks, weeks, terms=1)
    estimate = theil_sen(design, growth, level=level)
    pieces: Floats = design[:, 1]
    slope, intercept, low, high = stats.mstats.theilslopes(growth, pieces, alpha=level, method="joint")
    assert estimate.coefficients == pytest.approx([intercept, slope])
    assert estimate.bounds is not None
    assert estimate.bounds[1] == pytest.approx([low, high])
    assert np.sqrt(estimate.covariance[1, 1]) == pytest.approx((high - low) / 2 / stats.norm.ppf((1 + level) / 2))


@pytest.mark.parametrize("weeks", [13, 26, 104])
def test_hac_errors_are_statsmodels(weeks: int) -> None:
    design, growth = problem(1, weeks)
    options = {"maxlags": int(4 * (weeks / 100) ** (2 / 9)), "use_correction": True}
    reference = sm.OLS(growth, design).fit(cov_type="HAC", cov_kwds=options)
    estimate = ordinary_hac(design, growth, weeks=np.arange(weeks))
    np.testing.assert_allclose(estimate.coefficients, reference.params, rtol=1e-9)
    np.testing.assert_allclose(estimate.covariance, reference.cov_params(), rtol=1e-8)


def test_hac_errors_pair_no_weeks_across_a_gap() -> None:
    design, growth = problem(2, 40)
    apart = np.concatenate([np.arange(20), np.arange(20) + 500])
    near = np.arange(40)
    halves = ordinary_hac(design, growth, weeks=apart).covariance
    whole = ordinary_hac(design, growth, weeks=near).covariance
    scores = design * (growth - design @ ordinary(design, growth).coefficients)[:, None]
    inner = np.linalg.inv(design.T @ design)
    lag = int(4 * 0.4 ** (2 / 9))
    missing = np.zeros((4, 4))
    for early in range(20 - lag, 20):
        for late in range(20, early + lag + 1):
            pair = np.outer(scores[late], scores[early])
            missing += (1 - (late - early) / (lag + 1)) * (pair + pair.T)
    np.testing.assert_allclose(whole - halves, 40 / 36 * inner @ missing @ inner, rtol=1e-6)


def test_penalised_estimates_are_scikit_learns_at_the_penalty_that_was_chosen() -> None:
    design, growth = problem(5, 60)
    terms = (design[:, 1:] - design[:, 1:].mean(axis=0)) / design[:, 1:].std(axis=0)
    unit = growth.std()
    away = (growth - growth.mean()) / unit
    largest = np.abs(terms.T @ away).max() / len(away)
    for estimator, references in (
        (ridge, [Ridge(alpha=len(away) * penalty, fit_intercept=False) for penalty in PENALTIES]),
        (lasso, [Lasso(alpha=largest * share, fit_intercept=False, tol=1e-10) for share in SHARES]),
        (elastic_net, [ElasticNet(alpha=2 * largest * share, fit_intercept=False, tol=1e-10) for share in SHARES]),
    ):
        slopes = [unit * each.fit(terms, away).coef_ / design[:, 1:].std(axis=0) for each in references]
        found = estimator(design, growth).coefficients
        assert min(np.abs(found[1:] - each).max() for each in slopes) < 1e-3
        assert design.mean(axis=0) @ found == pytest.approx(growth.mean())


def test_a_penalty_is_chosen_on_weeks_that_come_later_not_on_those_it_was_fitted_to() -> None:
    """In sample the weakest penalty always wins; on later weeks of pure noise a strong one does."""
    strong = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        design = np.column_stack([np.ones(26), rng.poisson(5, (26, 4))]).astype(float)
        growth = rng.normal(100, 30, 26)
        shrunk = np.abs(ridge(design, growth).coefficients[1:]).sum()
        strong += shrunk < 0.5 * np.abs(ordinary(design, growth).coefficients[1:]).sum()
    assert strong >= 12


def test_a_shrunk_estimate_owns_up_to_its_pull() -> None:
    design, growth = problem(7, 30)
    for estimator in (ridge, lasso, elastic_net):
        estimate, plain = estimator(design, growth), ordinary(design, growth)
        pull = estimate.coefficients - plain.coefficients
        np.testing.assert_allclose(estimate.covariance - plain.covariance, np.outer(pull, pull))


def test_leaving_a_week_out_is_what_it_says_for_least_squares() -> None:
    design, growth = problem(9, 20)
    found = leave_one_out(design, growth, ordinary(design, growth))
    for week in range(20):
        rest = np.arange(20) != week
        without = ordinary(design[rest], growth[rest]).coefficients
        assert found[week] == pytest.approx(growth[week] - design[week] @ without)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    weeks=st.integers(7, 40),
    name=st.sampled_from(sorted(ALL)),
    size=st.sampled_from([1e-3, 1.0, 1e6]),
)
def test_every_estimate_is_finite_and_its_covariance_is_one(seed: int, weeks: int, name: str, size: float) -> None:
    design, growth = problem(seed, weeks)
    if np.linalg.matrix_rank(design) < design.shape[1]:
        return
    estimate = ALL[name](design, size * growth)
    assert np.isfinite(estimate.coefficients).all()
    assert np.isfinite(leave_one_out(design, size * growth, estimate)).all()
    values = np.linalg.eigvalsh(estimate.covariance)
    assert values[0] >= -1e-9 * max(values[-1], 1e-300)
    if name in EQUIVARIANT:
        moved = ALL[name](design, size * (growth + design @ np.array([3.0, -2.0, 5.0, 1.0])))
        reach = max(float(np.abs(growth).max()), 20.0)
        np.testing.assert_allclose(
            moved.coefficients / size, estimate.coefficients / size + [3.0, -2.0, 5.0, 1.0], atol=2e-3 * reach
        )


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), weeks=st.integers(5, 40), exact=st.booleans())
def test_theil_sens_interval_grows_with_its_level_and_holds_its_slope(seed: int, weeks: int, exact: bool) -> None:  # noqa: FBT001 - drawn
    design, growth = problem(seed, weeks, terms=1)
    if np.ptp(design[:, 1]) == 0:
        return
    growth = 3 * design[:, 1] + 1 if exact else growth
    narrow, wide = (theil_sen(design, growth, level=level) for level in (0.5, 0.95))
    assert narrow.bounds is not None
    assert wide.bounds is not None
    assert wide.bounds[1, 0] <= narrow.bounds[1, 0] <= narrow.bounds[1, 1] <= wide.bounds[1, 1]
    assert wide.bounds[1, 0] <= wide.coefficients[1] <= wide.bounds[1, 1]
    if exact:
        assert wide.coefficients == pytest.approx([1.0, 3.0])


@pytest.mark.parametrize("name", ["ordinary", "huber", "tukey", "median", "ridge", "lasso", "elastic_net"])
def test_growth_that_a_design_explains_to_the_last_follower_is_explained(name: str) -> None:
    design, _ = problem(0, 20)
    growth = design @ np.array([100.0, 5.0, 10.0, 20.0])
    estimate = ALL[name](design, growth)
    slack = 0.5 if name in {"ridge", "lasso", "elastic_net"} else 1e-6
    np.testing.assert_allclose(estimate.coefficients[1:], [5.0, 10.0, 20.0], atol=slack)


def test_a_lasso_of_weeks_that_hardly_tell_four_types_apart_warns_of_nothing() -> None:
    rng = np.random.default_rng(99)
    design = np.column_stack([np.ones(9), rng.poisson(3, (9, 4))]).astype(np.float64)
    design[:4, 2:] = 0.0
    growth = np.round(rng.gamma(5, 140, 9))
    assert np.isfinite(lasso(design, growth).coefficients).all()


def test_a_median_regression_stands_beside_a_term_of_millions() -> None:
    rng = np.random.default_rng(3)
    design = np.column_stack([np.ones(9), rng.uniform(1e6, 5e6, 9), rng.poisson(6.0, 9)])
    growth = design @ [100.0, 1e-4, 30.0] + rng.normal(0, 20.0, 9)
    millions = median_regression(design, growth)
    ones = median_regression(design / [1.0, 1e6, 1.0], growth)
    np.testing.assert_allclose(millions.coefficients, ones.coefficients / [1.0, 1e6, 1.0], rtol=1e-6)
