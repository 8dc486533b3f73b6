from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datagen import Response
from datagen.responses import LINEAR, SHAPES

curves = st.builds(
    Response, shape=st.sampled_from(SHAPES), scale=st.floats(0.01, 10_000), power=st.floats(0.2, 5.0)
)  # fmt: skip
cadences = st.floats(0.05, 500.0)


@given(curves, cadences)
def test_a_piece_of_a_usual_week_is_worth_one_and_one_of_no_week_too(curve: Response, usual: float) -> None:
    worth = curve.worth(np.array([usual, 0.0]), usual=usual)
    assert worth == pytest.approx([1.0, 1.0])


@given(curves, cadences)
def test_more_pieces_never_bring_fewer_followers_together(curve: Response, usual: float) -> None:
    pieces = np.linspace(0.0, 4 * usual, 60)
    brought = pieces * curve.worth(pieces, usual=usual)
    assert np.isfinite(brought).all()
    assert brought[0] == 0
    assert (np.diff(brought) >= -1e-9 * brought.max()).all()


@given(st.sampled_from(["log1p", "quadratic"]), st.floats(0.01, 10_000), cadences)
def test_a_bent_curve_makes_each_further_piece_worth_less(shape: str, scale: float, usual: float) -> None:
    worth = Response(shape, scale=scale).worth(np.linspace(usual / 10, 4 * usual, 40), usual=usual)
    assert (np.diff(worth) <= 1e-12 * worth.max()).all()


@given(curves, cadences)
def test_the_marginal_effect_is_the_slope_of_what_a_week_brings(curve: Response, usual: float) -> None:
    step = 1e-5 * usual
    around = np.array([usual - step, usual + step])
    brought = around * curve.worth(around, usual=usual)
    assert curve.marginal(usual=usual) == pytest.approx((brought[1] - brought[0]) / (2 * step), rel=1e-3, abs=1e-4)


def test_hills_curve_at_its_half_is_worth_half_at_the_margin() -> None:
    half = Response("hill", scale=4.0)
    assert half.marginal(usual=4.0) == pytest.approx(0.5)
    assert half.worth(np.array(12.0), usual=4.0) == pytest.approx(0.5)  # three quarters of the most, over three times


def test_the_logarithms_curve_is_the_one_that_it_is_called_after() -> None:
    brought = 6.0 * Response("log1p", scale=2.0).worth(np.array(6.0), usual=3.0)
    assert brought == pytest.approx(3.0 * np.log1p(3.0) / np.log1p(1.5))


def test_a_linear_curve_changes_nothing_and_an_unused_type_is_worth_the_same_all_along() -> None:
    assert LINEAR.marginal(usual=3.0) == 1.0
    assert LINEAR.worth(np.arange(5.0), usual=3.0).tolist() == [1.0] * 5
    assert Response("hill", scale=4.0).marginal(usual=0.0) == 1.0


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"shape": "cubic"}, "'cubic' is no response; there are linear, log1p, hill, quadratic"),
        ({"scale": 0.0}, "the scale of a response must be between 0.01 and 10000, not 0"),
        ({"scale": float("nan")}, "the scale of a response must be between 0.01 and 10000, not nan"),
        ({"power": 6.0}, "the power of a response must be between 0.2 and 5, not 6"),
    ],
)
def test_what_is_no_curve_is_refused_by_name(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Response(**change)
