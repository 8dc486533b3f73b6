"""Model health: residual tests, influence, collinearity and stability of one fit, with a light per topic."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from cgn_core.stats.collinearity import Collinearity, collinearity
from cgn_core.stats.fit import Fit
from cgn_core.stats.influence import InfluentialWeek, influence, influential_weeks
from cgn_core.stats.judged_weeks import judged_weeks
from cgn_core.stats.lights import Light, health_lights
from cgn_core.stats.residual_tests import SIZE, ResidualTest, as_test, holm, residual_tests
from cgn_core.stats.stability import RecursiveEffect, stability
from cgn_core.tables import Daily


@dataclass(frozen=True)
class Diagnostics:
    """How well a fit's assumptions stand on the weeks it was made from."""

    model: str
    """Whose residuals were judged: the fit's own, or the daily fit's where a naive forecast is shown."""
    weeks: int
    judged: str
    """What the residuals are, in words."""
    residuals: dict[str, ResidualTest]
    """breusch_pagan, white, durbin_watson, ljung_box, jarque_bera, reset, cusum"""
    size: float
    """Chance of any false alarm among these tests together (Holm)."""
    influence: tuple[InfluentialWeek, ...]
    collinearity: Collinearity
    stability: tuple[RecursiveEffect, ...]
    """Each term as the first weeks alone would have given it; empty where there are too few weeks."""
    lights: tuple[Light, ...]

    @property
    def tests(self) -> int:
        """How many tests were made, so that the correction can be told."""
        return sum(test.p_value is not None for test in self.residuals.values())

    def to_json(self) -> dict[str, Any]:
        """What ``cgn diagnose --json`` prints of the fit."""
        return {**asdict(self), "tests": self.tests, "correction": "holm"}


def diagnose_fit(daily: Daily, fit: Fit, *, extra: pd.DataFrame | None = None) -> Diagnostics:
    """Judge a fit on the weeks it was made from.

    Weekly fits are judged by their own weekly residuals; the daily fit by weekly sums of its standardised residuals,
    viral days left out, on weekly sums of its terms. Seven tests are corrected together (Holm), so that a sound fit
    raises any alarm among them in at most 5 % of cases.

    Args:
        daily: the history that the fit was made from.
        fit: of any model; a naive forecast is judged by the daily fit that its effects come from.
        extra: the further predictors it was made with, as given to the fit.

    Raises:
        InvalidInput: the fit wasn't made from this history, or with other predictors.
    """
    judged = judged_weeks(daily, fit, extra=extra)
    recursive, break_test = stability(judged)
    tests = holm({**residual_tests(judged), "cusum": as_test("cusum", break_test)})
    influential = influential_weeks(judged, influence(judged))
    entangled = collinearity(judged)
    return Diagnostics(
        model=judged.model,
        weeks=len(judged.weeks),
        judged=judged.residuals_are,
        residuals=tests,
        size=SIZE,
        influence=influential,
        collinearity=entangled,
        stability=recursive,
        lights=health_lights(judged, tests, influential, entangled),
    )
