from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from cgn_core.errors import TooFewObservations
from cgn_core.stats.history import read_history
from cgn_core.stats.mixture import mixture_quantiles
from cgn_core.stats.next_week import naive_predictor, student_scales
from cgn_core.stats.predictive import predict, quantiles
from datagen.worlds import world


@pytest.mark.parametrize("freedom", [7.0, 12.0, 25.0, 103.0])
@pytest.mark.parametrize("probability", [0.75, 0.9, 0.95, 0.975, 0.995])
def test_students_t_is_a_mixture_of_normals_to_one_percent(freedom: float, probability: float) -> None:
    factors, weights = np.array(student_scales(freedom)).T
    assert weights.sum() == pytest.approx(1.0, rel=1e-12)
    (found,) = mixture_quantiles(weights, np.zeros(len(weights)), np.sqrt(factors), [probability])
    assert found == pytest.approx(stats.t.ppf(probability, freedom), rel=0.01)


def test_many_degrees_of_freedom_are_one_normal() -> None:
    assert student_scales(np.inf) == ((1.0, 1.0),)


def test_a_naive_forecast_is_its_centre_with_the_spread_of_its_past_errors_whatever_the_plan() -> None:
    history = read_history(world("plain", seed=1, weeks=30).daily)
    errors = np.random.default_rng(1).normal(0, 50, 25).tolist()
    predictor = naive_predictor(history, centre=500.0, residuals=errors)
    usual, other = predict(predictor, {}), predict(predictor, {"posts": 0.0})
    assert (usual.low, usual.median, usual.high) == (other.low, other.median, other.high)
    assert usual.median == pytest.approx(500)
    assert usual.expected == pytest.approx(500 + np.mean(errors) - np.median(errors))
    assert usual.viral == pytest.approx(0, abs=1e-9)
    assert quantiles(predictor, {}, [0.05])[0] == pytest.approx(usual.low)


def test_a_naive_forecast_without_past_errors_is_refused() -> None:
    history = read_history(world("plain", seed=1, weeks=12).daily)
    with pytest.raises(TooFewObservations):
        naive_predictor(history, centre=500.0, residuals=[])
