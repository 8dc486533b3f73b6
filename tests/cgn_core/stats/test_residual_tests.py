from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.diagnostic import acorr_ljungbox, het_breuschpagan, het_white, linear_reset
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.stattools import durbin_watson, jarque_bera

from cgn_core.stats.judged_weeks import JudgedWeeks
from cgn_core.stats.residual_tests import (
    ResidualTest,
    _negative,
    durbin_watson_p_value,
    holm,
    lags_of,
    residual_tests,
)

NAMES = ("breusch_pagan", "white", "durbin_watson", "ljung_box", "jarque_bera", "reset")


def judge(design: np.ndarray, growth: np.ndarray, *, variance: np.ndarray | None = None) -> JudgedWeeks:
    """The least-squares fit of a design whose first column is the intercept."""
    spread = np.ones(len(growth)) if variance is None else variance
    root = np.sqrt(spread)
    coefficients = np.linalg.lstsq(design / root[:, None], growth / root, rcond=None)[0]
    return JudgedWeeks(
        model="ols",
        weeks=np.arange(2900, 2900 + len(growth)),
        terms=("intercept", *(f"term {place}" for place in range(design.shape[1] - 1))),
        design=design,
        growth=growth,
        fitted=design @ coefficients,
        variance=spread,
        weights=np.ones(len(growth)),
        undetermined=(),
        residuals_are="residuals",
    )


def sample(seed: int = 1, weeks: int = 80, terms: int = 3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    counts = rng.poisson(5, (weeks, terms)).astype(float)
    design = np.column_stack([np.ones(weeks), counts])
    return design, 300 + counts @ np.arange(10, 10 + 7 * terms, 7) + rng.normal(0, 60, weeks)


@pytest.mark.parametrize("seed", range(4))
def test_every_statistic_is_statsmodels_own_on_the_same_design(seed: int) -> None:
    design, growth = sample(seed)
    fitted = sm.OLS(growth, design).fit()
    lagged = acorr_ljungbox(fitted.resid, lags=[lags_of(len(growth))])
    reset = linear_reset(fitted, power=3, use_f=True)
    expected = {
        "breusch_pagan": het_breuschpagan(fitted.resid, design)[:2],
        "white": het_white(fitted.resid, design)[:2],
        "ljung_box": (lagged["lb_stat"].iloc[0], lagged["lb_pvalue"].iloc[0]),
        "jarque_bera": jarque_bera(fitted.resid)[:2],
        "reset": (reset.fvalue, reset.pvalue),
    }
    found = residual_tests(judge(design, growth))
    for name, (statistic, p_value) in expected.items():
        assert found[name].statistic == pytest.approx(float(statistic), rel=1e-7), name
        assert found[name].p_value == pytest.approx(float(p_value), rel=1e-6), name
    assert found["durbin_watson"].statistic == pytest.approx(durbin_watson(fitted.resid), rel=1e-10)


def test_reset_in_uneven_weights_is_the_f_test_of_weighted_least_squares() -> None:
    design, growth = sample(7)
    variance = np.exp(np.random.default_rng(1).normal(0, 1, len(growth)))
    fitted = sm.WLS(growth, design, weights=1 / variance).fit()
    powers = np.column_stack([fitted.fittedvalues**2, fitted.fittedvalues**3])
    wider = sm.WLS(growth, np.column_stack([design, powers]), weights=1 / variance).fit()
    expected = wider.compare_f_test(fitted)
    found = residual_tests(judge(design, growth, variance=variance))["reset"]
    assert found.statistic == pytest.approx(expected[0], rel=1e-6)
    assert found.p_value == pytest.approx(expected[1], rel=1e-6)


def test_the_exact_law_of_durbin_and_watson_is_that_of_simulated_normal_errors() -> None:
    design, _ = sample(3, weeks=30)
    complement = np.linalg.qr(design, mode="complete")[0][:, 4:]
    errors = complement @ np.random.default_rng(5).normal(size=(26, 200_000))
    drawn = (np.diff(errors, axis=0) ** 2).sum(axis=0) / (errors**2).sum(axis=0)
    for statistic in (1.2, 1.6, 2.0, 2.7):
        below = (drawn < statistic).mean()
        assert durbin_watson_p_value(statistic, design) == pytest.approx(2 * min(below, 1 - below), abs=0.006)


def test_imhofs_integral_gives_published_and_closed_probabilities() -> None:
    # Bounds for n = 10, two terms, d = 0.9238 as NAG's g01epc prints them.
    values = 2 * (1 - np.cos(np.pi * np.arange(1, 10) / 10))
    assert _negative(values[:8] - 0.9238) == pytest.approx(0.0610, abs=6e-5)
    assert _negative(values[1:] - 0.9238) == pytest.approx(0.0060, abs=6e-5)
    # A ratio of two chi-squares is F.
    assert _negative(np.array([1.0] * 3 + [-2.0] * 5)) == pytest.approx(stats.f.cdf(2 * 5 / 3, 3, 5), abs=1e-6)


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("breusch_pagan", lambda rng, x: rng.normal(0, 1, len(x)) * (10 + 40 * x)),
        ("durbin_watson", lambda rng, x: np.convolve(rng.normal(0, 60, len(x) + 3), [1, 0.9, 0.8, 0.7])[3:-3]),
        ("jarque_bera", lambda rng, x: 60 * rng.standard_t(2, len(x))),
        ("reset", lambda rng, x: rng.normal(0, 60, len(x)) + 14 * (x - x.mean()) ** 2),
    ],
)
def test_each_test_speaks_up_where_its_assumption_fails(name: str, make: object) -> None:
    design, _ = sample(2, weeks=150, terms=1)
    growth = 300 + 10 * design[:, 1] + make(np.random.default_rng(9), design[:, 1])  # type: ignore[operator]  # a lambda of the table above
    found = holm(residual_tests(judge(design, growth)))
    assert found[name].verdict == "doubtful"


def test_holms_correction_is_that_of_statsmodels_and_leaves_tests_without_numbers_alone() -> None:
    raw = {"white": 0.011, "reset": 0.2, "cusum": 0.009, "ljung_box": 0.04}
    tests = {name: ResidualTest(1.0, value, None, "holds", "") for name, value in raw.items()}
    tests["jarque_bera"] = ResidualTest(None, None, None, "not_enough_weeks", "too short")
    found = holm(tests)
    rejected, adjusted, *_ = multipletests(list(raw.values()), alpha=0.05, method="holm")
    assert [found[name].adjusted_p_value for name in raw] == pytest.approx(list(adjusted))
    assert [found[name].verdict == "doubtful" for name in raw] == list(rejected)
    assert found["jarque_bera"] == tests["jarque_bera"]


def test_few_weeks_exact_fits_and_fits_without_terms_have_their_own_verdicts() -> None:
    design, growth = sample(1, weeks=11)
    assert {test.verdict for test in residual_tests(judge(design, growth)).values()} == {"not_enough_weeks"}
    design, _ = sample(1)
    exact = residual_tests(judge(design, design @ np.array([5.0, 1.0, 2.0, 3.0])))
    assert {test.verdict for test in exact.values()} == {"not_testable"}
    alone = residual_tests(judge(design[:, :1], sample(1)[1]))
    assert {name for name, test in alone.items() if test.verdict == "not_testable"} == {
        "breusch_pagan", "white", "reset",
    }  # fmt: skip
    assert "not enough weeks" in residual_tests(judge(*sample(1, weeks=11)))["white"].sentence


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    weeks=st.integers(6, 60),
    terms=st.integers(0, 5),
    size=st.sampled_from([1e-6, 1.0, 1e7]),
    tails=st.sampled_from([0.0, 1.0, 30.0]),
)
def test_any_finite_weeks_get_numbers_or_a_reason(seed: int, weeks: int, terms: int, size: float, tails: float) -> None:
    rng = np.random.default_rng(seed)
    design = np.column_stack([np.ones(weeks), rng.poisson(2, (weeks, terms)) + 0.01 * rng.normal(size=(weeks, terms))])
    growth = size * (design.sum(axis=1) + rng.normal(size=weeks) * np.exp(tails * rng.random(weeks)))
    if weeks <= design.shape[1]:
        return
    found = holm(residual_tests(judge(design, growth)))
    assert tuple(found) == NAMES
    for test in found.values():
        assert (test.p_value is None) == (test.statistic is None) == (test.adjusted_p_value is None)
        assert test.sentence
        if test.p_value is not None:
            assert test.adjusted_p_value is not None
            assert 0 <= test.p_value <= test.adjusted_p_value <= 1
            assert test.statistic is not None
            assert np.isfinite(test.statistic)
            assert test.verdict == ("doubtful" if test.adjusted_p_value <= 0.05 else "holds")
