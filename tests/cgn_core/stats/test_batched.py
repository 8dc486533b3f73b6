from __future__ import annotations

import json

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.sandwich_covariance import cov_hac

from cgn_core.errors import InvalidInput, TooFewObservations
from cgn_core.stats import batched
from cgn_core.stats.batched import huber_many, huber_rolling, ordinary_many
from cgn_core.stats.rolling import rolling_origin
from cgn_core.stats.weekly_estimators import huber, ordinary_hac

RANK_DEFICIENT = pytest.mark.filterwarnings("ignore:The design matrix is rank-deficient")


def problem(*, weeks: int = 60, terms: int = 4, creators: int = 5, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    design = np.ones((weeks, terms, creators))
    design[:, 1:] = rng.poisson(4.0, (weeks, terms - 1, creators))
    effects = rng.normal(scale=20.0, size=(terms, creators))
    noise = 9.0 * rng.standard_t(2, size=(weeks, creators))
    return design, (design * effects).sum(axis=1) + noise


def robust(target: np.ndarray, design: np.ndarray) -> object:
    """RLM until the coefficients stand: its own rule hangs on the target's unit."""
    model = sm.RLM(target, design, M=sm.robust.norms.HuberT())
    return model.fit(conv="coefs", tol=1e-10, maxiter=500)


@pytest.mark.parametrize(("lags", "small_sample"), [(None, True), (0, False), (6, True)])
def test_least_squares_and_its_errors_are_statsmodels(lags: int | None, small_sample: bool) -> None:  # noqa: FBT001 - parameter
    design, target = problem()
    fits = ordinary_many(design, target, lags=lags, small_sample=small_sample)
    for creator in range(5):
        result = sm.OLS(target[:, creator], design[:, :, creator]).fit()
        np.testing.assert_allclose(fits.coefficients[:, creator], result.params, rtol=1e-9)
        np.testing.assert_allclose(fits.covariances["hc3"][:, :, creator], result.cov_HC3, rtol=1e-8)
        hac = cov_hac(result, nlags=lags, use_correction=small_sample)
        np.testing.assert_allclose(fits.covariances["hac"][:, :, creator], hac, rtol=1e-8)
        np.testing.assert_allclose(fits.scales[creator] ** 2, result.scale, rtol=1e-10)
    assert (fits.weights == 1).all()
    assert not fits.undetermined.any()


def test_errors_are_those_of_the_fit_of_one_creator() -> None:
    design, target = problem()
    fits = ordinary_many(design, target)
    one = ordinary_hac(design[:, :, 2], target[:, 2], weeks=np.arange(60))
    np.testing.assert_allclose(fits.covariances["hac"][:, :, 2], one.covariance, rtol=1e-8)


def test_hubers_estimate_is_statsmodels_rlm() -> None:
    design, target = problem(creators=8)
    fits = huber_many(design, target)
    for creator in range(8):
        result = robust(target[:, creator], design[:, :, creator])
        np.testing.assert_allclose(fits.coefficients[:, creator], result.params, rtol=1e-6)
        np.testing.assert_allclose(fits.scales[creator], result.scale, rtol=1e-6)
        np.testing.assert_allclose(fits.weights[:, creator], result.weights, atol=1e-6)
        np.testing.assert_allclose(fits.covariances["h1"][:, :, creator], result.bcov_scaled, rtol=1e-6)
        own = huber(design[:, :, creator], target[:, creator])
        # The single fit takes 1.4826 for the normal quartile.
        np.testing.assert_allclose(fits.coefficients[:, creator], own.coefficients, rtol=1e-3)


@RANK_DEFICIENT
def test_a_rank_deficient_design_gets_statsmodels_minimum_norm_answer() -> None:
    design, target = problem()
    design[:, 3, 1] = 100 * design[:, 2, 1]
    design[:, 1, 3] = 0.0
    fits, shaken = ordinary_many(design, target), huber_many(design, target)
    np.testing.assert_array_equal(fits.undetermined, shaken.undetermined)
    assert np.argwhere(fits.undetermined).tolist() == [[1, 3], [2, 1], [3, 1]]
    for creator in (1, 3):
        result = sm.OLS(target[:, creator], design[:, :, creator]).fit()
        np.testing.assert_allclose(fits.coefficients[:, creator], result.params, rtol=1e-8, atol=1e-9)
        np.testing.assert_allclose(fits.covariances["hc3"][:, :, creator], result.cov_HC3, rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(fits.scales[creator] ** 2, result.scale, rtol=1e-8)
        other = robust(target[:, creator], design[:, :, creator])
        np.testing.assert_allclose(shaken.coefficients[:, creator], other.params, rtol=1e-6, atol=1e-7)
        np.testing.assert_allclose(shaken.covariances["h1"][:, :, creator], other.bcov_scaled, rtol=1e-5, atol=1e-9)


def test_near_collinear_coefficients_are_as_good_as_statsmodels() -> None:
    design, target = problem(creators=20)
    rng = np.random.default_rng(3)
    design[:, 3] = design[:, 1] + 1e-5 * rng.normal(size=(60, 20))
    effects = np.array([3.0, -2.0, 5.0, 7.0])
    target = np.einsum("nkm,k->nm", design, effects)
    missed = np.abs(ordinary_many(design, target).coefficients - effects[:, None])
    theirs = [sm.OLS(target[:, c], design[:, :, c]).fit().params for c in range(20)]
    assert missed.max() <= 3 * np.abs(np.array(theirs) - effects).max()


@pytest.mark.parametrize(("window", "step"), [(None, 1), (25, 3)])
def test_every_origin_is_rlms_refit_however_it_was_started(window: int | None, step: int) -> None:
    design, target = problem(creators=3)
    found = huber_rolling(design, target, initial=20, window=window, step=step)
    origins = rolling_origin(design, target, initial=20, window=window, step=step).origins
    assert found.shape == (len(origins), 4, 3)
    for number in range(0, len(origins), 6):
        known = slice(0 if window is None else max(0, origins[number] - window), origins[number])
        for creator in range(3):
            result = robust(target[known, creator], design[known, :, creator])
            np.testing.assert_allclose(found[number, :, creator], result.params, rtol=1e-6, atol=1e-6)


def test_a_content_type_not_used_yet_gets_no_effect_until_it_is() -> None:
    design, target = problem()
    design[:30, 2, 0] = 0.0
    found = huber_rolling(design, target, initial=20)
    assert np.abs(found[:11, 2, 0]).max() < 1e-9
    assert (np.abs(found[11:, 2, 0]) > 1e-3).all()


def test_no_answer_hangs_on_the_block_that_it_was_made_in(monkeypatch: pytest.MonkeyPatch) -> None:
    design, target = problem()
    whole, shaken = ordinary_many(design, target), huber_many(design, target)
    monkeypatch.setattr(batched, "BLOCK", 2)
    np.testing.assert_allclose(ordinary_many(design, target).coefficients, whole.coefficients, rtol=1e-11)
    np.testing.assert_allclose(huber_many(design, target).coefficients, shaken.coefficients, rtol=1e-8)


def test_a_single_enormous_week_hardly_moves_hubers_estimate() -> None:
    design, target = problem()
    before = huber_many(design, target)
    target[30] += 1e6
    after = huber_many(design, target)
    assert (after.weights[30] < 1e-3).all()
    spreads = np.sqrt(np.array([np.diag(before.covariances["h1"][:, :, creator]) for creator in range(5)]))
    moved = np.abs(after.coefficients - before.coefficients).T
    assert (moved < spreads).all()


def test_exact_growth_is_fitted_exactly() -> None:
    design, _ = problem()
    target = np.einsum("nkm,k->nm", design, [1.0, 2.0, 3.0, 4.0])
    for fits in (ordinary_many(design, target), huber_many(design, target)):
        np.testing.assert_allclose(fits.coefficients, [[1.0] * 5, [2.0] * 5, [3.0] * 5, [4.0] * 5], rtol=1e-9)
        assert fits.scales.max() < 1e-9


@pytest.mark.parametrize("solve", [ordinary_many, huber_many])
def test_what_makes_no_sense_is_refused(solve: object) -> None:
    design, target = problem()
    with pytest.raises(TooFewObservations, match="takes 5"):
        solve(design[:4], target[:4])  # type: ignore[operator]  # either function
    for bad_design, bad_target in ((design[0], target), (design, target.T), (design, np.full_like(target, np.nan))):
        with pytest.raises(InvalidInput):
            solve(bad_design, bad_target)  # type: ignore[operator]  # either function


def test_bad_counts_are_refused() -> None:
    design, target = problem()
    with pytest.raises(InvalidInput, match="Lags"):
        ordinary_many(design, target, lags=-1)
    for options, error in (
        ({"initial": 4}, TooFewObservations),
        ({"initial": 60}, TooFewObservations),
        ({"initial": 20, "window": 4}, TooFewObservations),
        ({"initial": 20, "step": 0}, InvalidInput),
    ):
        with pytest.raises(error):
            huber_rolling(design, target, **options)


def test_results_are_plain_values() -> None:
    design, target = problem()
    stored = json.loads(json.dumps(ordinary_many(design, target).to_json()))
    assert np.shape(stored["covariances"]["hc3"]) == (4, 4, 5)
    assert np.shape(stored["undetermined"]) == (4, 5)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    terms=st.integers(1, 4),
    creators=st.integers(1, 4),
    weeks=st.integers(6, 14),
    share=st.sampled_from([0.0, 0.5, 0.9]),
    scale=st.sampled_from([1e-60, 1.0, 1e60]),
    lags=st.none() | st.integers(0, 20),
)
def test_any_finite_history_gives_finite_numbers(
    seed: int, terms: int, creators: int, weeks: int, share: float, scale: float, lags: int | None
) -> None:
    rng = np.random.default_rng(seed)
    shape = (weeks, terms, creators)
    design = rng.integers(0, 4, shape) * (rng.random(shape) >= share)
    target = scale * rng.normal(size=(weeks, creators)).round(1)
    for fits in (ordinary_many(design, target, lags=lags), huber_many(design, target)):
        assert np.isfinite(fits.coefficients).all()
        assert fits.coefficients.shape == fits.undetermined.shape == (terms, creators)
        assert (fits.scales >= 0).all()
        assert ((fits.weights > 0) & (fits.weights <= 1)).all()
        for covariance in fits.covariances.values():
            assert np.isfinite(covariance).all()
            assert (np.einsum("kkm->km", covariance) >= 0).all()
    assert np.isfinite(huber_rolling(design, target, initial=weeks - 1)).all()
