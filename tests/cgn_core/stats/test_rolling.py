from __future__ import annotations

import json

import mpmath
import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from cgn_core.errors import InvalidInput, TooFewObservations, UnsupportedLevel
from cgn_core.stats import rolling
from cgn_core.stats.rolling import RollingFit, rolling_origin


def problem(
    *, weeks: int = 60, terms: int = 5, creators: int = 3, seed: int = 1, noise: float = 9.0
) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    counts = rng.poisson(4.0, (weeks, terms - 1, creators)).astype(float)
    design = np.concatenate([np.ones((weeks, 1, creators)), counts], axis=1)
    effects = rng.normal(scale=20.0, size=(terms, creators))
    return design, (design * effects).sum(axis=1) + rng.normal(scale=noise, size=(weeks, creators))


def assert_refits(
    fit: RollingFit, design: np.ndarray, target: np.ndarray, *, window: int | None = None, ahead: int = 1
) -> None:
    """Every number is statsmodels' refit at that origin."""
    for number, origin in enumerate(fit.origins.tolist()):
        known = slice(0 if window is None else max(0, origin - window), origin)
        for creator in range(design.shape[2]):
            result = sm.OLS(target[known, creator], design[known, :, creator]).fit()
            row = design[origin + ahead - 1, :, creator]
            said = result.get_prediction(row[None])
            low, high = said.conf_int(obs=True, alpha=1 - fit.level)[0]
            close = {"rtol": 1e-8, "atol": 1e-8}
            np.testing.assert_allclose(fit.coefficients[number, :, creator], result.params, **close)
            np.testing.assert_allclose(fit.predictions[number, creator], said.predicted_mean[0], **close)
            leverage = row @ result.normalized_cov_params @ row
            np.testing.assert_allclose(fit.leverages[number, creator], leverage, **close)
            np.testing.assert_allclose(fit.variances[number, creator], result.scale, **close)
            assert fit.freedom[number, creator] == result.df_resid
            np.testing.assert_allclose(fit.low[number, creator], low, **close)
            np.testing.assert_allclose(fit.high[number, creator], high, **close)


def test_every_origin_is_statsmodels_refit() -> None:
    design, target = problem()
    fit = rolling_origin(design, target, initial=12)
    assert fit.origins.tolist() == list(range(12, 60))
    assert not fit.undetermined.any()
    assert_refits(fit, design, target)


@pytest.mark.parametrize(("window", "step", "ahead"), [(9, 1, 1), (20, 3, 2), (20, 25, 1), (200, 1, 1), (13, 1, 4)])
def test_a_rolling_window_is_statsmodels_refit_on_it(window: int, step: int, ahead: int) -> None:
    design, target = problem(creators=2)
    fit = rolling_origin(design, target, initial=14, window=window, step=step, ahead=ahead)
    assert fit.origins.tolist() == list(range(14, 60 - ahead + 1, step))
    assert_refits(fit, design, target, window=window, ahead=ahead)


def test_a_level_sets_the_width() -> None:
    design, target = problem()
    assert_refits(rolling_origin(design, target, initial=50, level=0.5), design, target)


@pytest.mark.parametrize("window", [None, 15])
def test_ridge_is_least_squares_with_the_penalty_as_weeks(window: int | None) -> None:
    design, target = problem(creators=2)
    penalty = np.array([0.0, 3.0, 0.5, 40.0, 0.0])
    fit = rolling_origin(design, target, initial=12, window=window, penalty=penalty)
    extra = np.diag(np.sqrt(penalty))[penalty > 0]
    for number, origin in enumerate(fit.origins.tolist()):
        known = slice(0 if window is None else max(0, origin - window), origin)
        for creator in range(2):
            rows = np.vstack([extra, design[known, :, creator]])
            result = sm.OLS(np.concatenate([np.zeros(len(extra)), target[known, creator]]), rows).fit()
            said = result.get_prediction(design[origin, :, creator][None])
            np.testing.assert_allclose(fit.coefficients[number, :, creator], result.params, rtol=1e-8)
            np.testing.assert_allclose(
                [fit.low[number, creator], fit.high[number, creator]], said.conf_int(obs=True, alpha=0.1)[0], rtol=1e-8
            )
            assert fit.freedom[number, creator] == result.df_resid


def test_one_penalty_leaves_the_intercept_free_and_may_differ_by_creator() -> None:
    design, target = problem()
    one = rolling_origin(design, target, initial=12, penalty=2.0)
    each = rolling_origin(design, target, initial=12, penalty=np.array([[0.0] * 3, *[[2.0, 0.0, 2.0]] * 4]))
    np.testing.assert_array_equal(one.low[:, [0, 2]], each.low[:, [0, 2]])
    plain = rolling_origin(design[:, :, 1:2], target[:, 1:2], initial=12)
    np.testing.assert_allclose(each.high[:, 1], plain.high[:, 0], rtol=1e-12)
    shifted = rolling_origin(design, target + 1e3, initial=12, penalty=2.0)
    np.testing.assert_allclose(shifted.coefficients[:, 1:], one.coefficients[:, 1:], rtol=1e-8)


def test_a_heavy_penalty_leaves_the_mean() -> None:
    design, target = problem()
    fit = rolling_origin(design, target, initial=12, penalty=1e14)
    means = np.array([target[:origin].mean(axis=0) for origin in fit.origins])
    np.testing.assert_allclose(fit.predictions, means, rtol=1e-9)


@pytest.mark.filterwarnings("ignore:The design matrix is rank-deficient")
def test_a_content_type_not_used_yet_gets_the_minimum_norm_answer_and_is_named() -> None:
    design, target = problem()
    design[:26, 2, 1] = 0.0
    fit = rolling_origin(design, target, initial=12)
    assert_refits(fit, design, target)
    assert fit.undetermined[:15, 2, 1].all()
    assert fit.undetermined.sum() == 15
    assert np.abs(fit.coefficients[:15, 2, 1]).max() < 1e-10
    assert fit.freedom[0].tolist() == [7, 8, 7]


@pytest.mark.filterwarnings("ignore:The design matrix is rank-deficient")
@pytest.mark.parametrize("window", [None, 11])
def test_two_content_types_that_move_together_share_their_effect_until_they_part(window: int | None) -> None:
    design, target = problem()
    # Counted in millions: in the null space its own part is tiny.
    design[:30, 3, 0] = 3e6 * design[:30, 1, 0]
    fit = rolling_origin(design, target, initial=12, window=window)
    assert_refits(fit, design, target, window=window)
    open_terms = fit.undetermined[:18, :, 0].any(axis=0).tolist()
    assert open_terms == [False, True, False, True, False]
    assert fit.undetermined[:19, 1, 0].all()
    assert not fit.undetermined[20:].any()
    assert not fit.undetermined[:, :, 1:].any()


def exact(design: np.ndarray, target: np.ndarray, row: np.ndarray) -> tuple[float, float]:
    """Forecast and leverage to 60 digits."""
    with mpmath.workdps(60):
        weeks = mpmath.matrix(design.tolist())
        normal = weeks.T * weeks
        coefficients = mpmath.lu_solve(normal, weeks.T * mpmath.matrix(target.tolist()))
        new = mpmath.matrix(row.tolist())
        return float((new.T * coefficients)[0]), float((new.T * mpmath.lu_solve(normal, new))[0])


@pytest.mark.parametrize("apart", [1e-4, 1e-6, 1e-8])
def test_near_collinear_forecasts_are_no_worse_than_statsmodels(apart: float) -> None:
    design, target = problem(weeks=40, terms=4, creators=12, seed=5)
    rng = np.random.default_rng(6)
    design[:, 3] = design[:, 1] + design[:, 2] + apart * rng.normal(size=(40, 12))
    fit = rolling_origin(design, target, initial=30, step=4)
    assert not fit.undetermined.any()
    ours, theirs = [], []
    for number, origin in enumerate(fit.origins.tolist()):
        for creator in range(12):
            weeks, growth = design[:origin, :, creator], target[:origin, creator]
            row = design[origin, :, creator]
            result = sm.OLS(growth, weeks).fit()
            true, leverage = exact(weeks, growth, row)
            ours.append(
                [abs(fit.predictions[number, creator] - true), abs(fit.leverages[number, creator] / leverage - 1)]
            )
            theirs.append(
                [abs(row @ result.params - true), abs(row @ result.normalized_cov_params @ row / leverage - 1)]
            )
    assert (np.median(ours, axis=0) <= 1.5 * np.median(theirs, axis=0) + 1e-14).all()
    assert (np.max(ours, axis=0) <= 3 * np.max(theirs, axis=0) + 1e-14).all()


def test_no_forecast_hangs_on_the_block_that_it_was_made_in(monkeypatch: pytest.MonkeyPatch) -> None:
    design, target = problem(creators=7)
    whole = rolling_origin(design, target, initial=12, window=20)
    monkeypatch.setattr(rolling, "BLOCK", 3)
    parts = rolling_origin(design, target, initial=12, window=20)
    np.testing.assert_allclose(whole.low, parts.low, rtol=1e-12)


def test_nothing_of_the_forecast_week_or_later_enters() -> None:
    design, target = problem()
    changed = target.copy()
    changed[30:] += 500.0
    before, after = (rolling_origin(design, each, initial=12) for each in (target, changed))
    np.testing.assert_allclose(before.predictions[:19], after.predictions[:19], rtol=1e-12)
    assert (before.predictions[19:] != after.predictions[19:]).all()


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"initial": 5}, TooFewObservations),
        ({"initial": 20, "window": 5}, TooFewObservations),
        ({"initial": 60}, TooFewObservations),
        ({"initial": 55, "ahead": 6}, TooFewObservations),
        ({"initial": 0}, InvalidInput),
        ({"step": 0}, InvalidInput),
        ({"ahead": 0}, InvalidInput),
        ({"window": 0}, InvalidInput),
        ({"penalty": -1.0}, InvalidInput),
        ({"penalty": np.ones(4)}, InvalidInput),
        ({"penalty": np.ones((5, 2))}, InvalidInput),
        ({"penalty": np.ones((5, 3, 1))}, InvalidInput),
        ({"penalty": np.nan}, InvalidInput),
        ({"level": 1.0}, UnsupportedLevel),
    ],
)
def test_what_makes_no_sense_is_refused(changes: dict[str, object], error: type[Exception]) -> None:
    design, target = problem()
    with pytest.raises(error) as refused:
        rolling_origin(design, target, **{"initial": 12, **changes})  # type: ignore[arg-type]  # built from a table
    assert str(refused.value).endswith(".")


def test_arrays_that_do_not_belong_together_are_refused() -> None:
    design, target = problem()
    for bad_design, bad_target in (
        (design[:, :, 0], target),
        (design, target[:-1]),
        (design, target[:, :1]),
        (design[:, :0], target),
        (np.where(design == design.max(), np.inf, design), target),
        (design, np.where(target == target.max(), np.nan, target)),
    ):
        with pytest.raises(InvalidInput):
            rolling_origin(bad_design, bad_target, initial=12)


def test_results_are_plain_values() -> None:
    design, target = problem(weeks=16)
    stored = json.loads(json.dumps(rolling_origin(design, target, initial=12).to_json()))
    assert np.shape(stored["coefficients"]) == (4, 5, 3)
    assert stored["level"] == 0.9


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    terms=st.integers(1, 5),
    creators=st.integers(1, 4),
    extra=st.integers(1, 12),
    window=st.none() | st.integers(6, 12),
    share=st.sampled_from([0.0, 0.5, 0.9]),
    scale=st.sampled_from([1e-90, 1e-6, 1.0, 1e6, 1e90]),
    penalty=st.sampled_from([0.0, 1.0]),
)
def test_any_finite_history_gives_ordered_finite_numbers(
    seed: int, terms: int, creators: int, extra: int, window: int | None, share: float, scale: float, penalty: float
) -> None:
    rng = np.random.default_rng(seed)
    weeks = 6 + extra
    design = rng.integers(0, 4, (weeks, terms, creators)) * (rng.random((weeks, terms, creators)) >= share)
    target = scale * rng.normal(size=(weeks, creators)).round(1)
    fit = rolling_origin(design, target, initial=6, window=window, penalty=penalty)
    for name, value in vars(fit).items():
        assert np.isfinite(value).all(), name
    assert fit.coefficients.shape == fit.undetermined.shape == (extra, terms, creators)
    assert (fit.low <= fit.predictions).all()
    assert (fit.predictions <= fit.high).all()
    assert (fit.leverages >= 0).all()
    assert (fit.freedom >= 1).all()
    wider = rolling_origin(design, target, initial=6, window=window, penalty=penalty, level=0.99)
    assert (wider.high - wider.low >= fit.high - fit.low).all()
