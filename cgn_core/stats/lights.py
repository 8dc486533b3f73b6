"""A light per topic of model health: what is behind it, what shows it, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cgn_core.stats.arrays import Floats
from cgn_core.stats.collinearity import HIGH_CONDITION, Collinearity
from cgn_core.stats.influence import InfluentialWeek, typical_distance
from cgn_core.stats.judged_weeks import CALENDAR_NAMES, JudgedWeeks
from cgn_core.stats.residual_tests import DOUBTFUL, NOT_ENOUGH_WEEKS, ResidualTest

GREEN, AMBER, RED = "green", "amber", "red"
STRONG_MEMORY = 0.4
"""Correlation of one week's miss with the next from which intervals are far too narrow."""
STRONG_INFLATION = 30.0
SHOWN_WEEKS = 3
NOTHING = "Nothing."
TEST_NAMES = {
    "breusch_pagan": "Breusch-Pagan",
    "white": "White",
    "durbin_watson": "Durbin-Watson",
    "ljung_box": "Ljung-Box",
    "jarque_bera": "Jarque-Bera",
    "reset": "RESET",
    "cusum": "CUSUM",
}
WAIT = "Import more weeks; until then take the fit's intervals with caution."


@dataclass(frozen=True)
class Light:
    """One topic of health."""

    topic: str
    """spread | memory | shape | form | influence | collinearity | stability"""
    colour: str
    """green | amber | red"""
    cause: str
    evidence: str
    advice: str


def health_lights(
    judged: JudgedWeeks,
    tests: Mapping[str, ResidualTest],
    influential: tuple[InfluentialWeek, ...],
    entangled: Collinearity,
) -> tuple[Light, ...]:
    """One light per topic, in the order in which they matter to a reader."""
    return (
        _tested("stability", ("cusum",), tests, RED, _STABILITY),
        _memory(judged, tests),
        _tested("form", ("reset",), tests, AMBER, _FORM),
        _influence(judged, influential),
        _collinearity(entangled),
        _tested("spread", ("breusch_pagan", "white"), tests, AMBER, _spread_advice(judged.model)),
        _shape(judged, tests),
    )


_STABILITY = (
    "Look at the drift chart for the week in which it changed, and retrain on the weeks since then if the change lasts."
)
_MEMORY = "A season, a carry-over or a change of level may be missing: look at the drift chart and the carry-over test."
_FORM = "Look at the saturation test and the response curve before planning far above or below the usual week."
LEAST_SQUARES = ("single_lever", "ols", "ridge", "lasso", "elastic_net")
"""Weekly models that every week pulls by its full distance."""


def _spread_advice(model: str) -> str:
    if model == "daily":
        return "Effects' intervals allow for it; forecasts for unusually busy weeks may be too narrow."
    if model in {"single_lever", "ols"}:
        return "The intervals allow for it (HC3); the daily model uses quiet weeks better."
    return "The intervals allow for part of it; the daily model weighs quiet and busy weeks apart."


def _shape_advice(model: str) -> str:
    if model == "daily":
        return "Check the days around the largest misses; forecasts beyond the usual range may be too sure."
    if model in LEAST_SQUARES:
        return "Viral weeks pull this fit: use the daily or a robust model."
    return "A robust fit gives extreme weeks little weight, so this is what it is made for."


def _tested(topic: str, names: tuple[str, ...], tests: Mapping[str, ResidualTest], colour: str, advice: str) -> Light:
    asked = [tests[name] for name in names]
    doubtful = [test for test in asked if test.verdict == DOUBTFUL]
    if doubtful:
        return Light(topic, colour, doubtful[0].sentence, _evidence(names, tests), advice)
    if all(test.p_value is None for test in asked):
        waiting = any(test.verdict == NOT_ENOUGH_WEEKS for test in asked)
        return Light(topic, AMBER if waiting else GREEN, asked[0].sentence, "No test.", WAIT if waiting else NOTHING)
    told = next(test for test in asked if test.p_value is not None)
    return Light(topic, GREEN, told.sentence, _evidence(names, tests), NOTHING)


def _evidence(names: tuple[str, ...], tests: Mapping[str, ResidualTest]) -> str:
    words = []
    for name in names:
        test = tests[name]
        if test.statistic is not None and test.adjusted_p_value is not None:
            words.append(f"{TEST_NAMES[name]}: {test.statistic:.2f}, corrected p {_p(test.adjusted_p_value)}")
    return "; ".join(words) + "."


def _p(value: float) -> str:
    return "below 0.001" if value < 0.001 else f"{value:.3f}"  # noqa: PLR2004 - three decimals are what is shown


def _memory(judged: JudgedWeeks, tests: Mapping[str, ResidualTest]) -> Light:
    light = _tested("memory", ("durbin_watson", "ljung_box"), tests, AMBER, _MEMORY)
    if light.advice in {NOTHING, WAIT}:
        return light
    shared = first_autocorrelation(judged.residuals)
    colour = RED if abs(shared) >= STRONG_MEMORY else AMBER
    return Light(
        light.topic, colour, light.cause, f"{light.evidence} Correlation with the week before: {shared:.2f}.", _MEMORY
    )


def first_autocorrelation(residuals: Floats) -> float:
    """Correlation of each week's residual with the next week's; 0 where all are alike."""
    away = residuals - residuals.mean()
    total = float(away @ away)
    return float(away[1:] @ away[:-1]) / total if total > 0 else 0.0


def _shape(judged: JudgedWeeks, tests: Mapping[str, ResidualTest]) -> Light:
    light = _tested("shape", ("jarque_bera",), tests, AMBER, _shape_advice(judged.model))
    if light.advice in {NOTHING, WAIT}:
        return light
    away = judged.residuals - judged.residuals.mean()
    spread = float(np.sqrt((away**2).mean()))
    skewness, kurtosis = float(((away / spread) ** 3).mean()), float(((away / spread) ** 4).mean())
    evidence = f"{light.evidence} Skewness {skewness:.1f} (normal 0), kurtosis {kurtosis:.1f} (normal 3)."
    return Light(light.topic, light.colour, light.cause, evidence, light.advice)


def _influence(judged: JudgedWeeks, weeks: tuple[InfluentialWeek, ...]) -> Light:
    moving = [week for week in weeks if week.cooks_distance is None or week.cooks_distance > typical_distance(judged)]
    outliers = [week for week in weeks if week.outlier]
    if not moving and not outliers:
        return Light(
            "influence", GREEN, "No single week moves the fit.", f"{len(judged.weeks)} weeks were looked at.", NOTHING
        )
    told = moving or outliers
    named = ", ".join(week.week_start for week in told[:SHOWN_WEEKS]) + (", …" if len(told) > SHOWN_WEEKS else "")
    if moving:
        largest = max((week.cooks_distance or 0.0) for week in moving)
        evidence = f"Week of {named}; largest Cook's distance {largest:.2f}."
        return Light(
            "influence",
            RED,
            "A single week moves the fit by as much as all its uncertainty.",
            evidence,
            "Check that week's numbers in the data; a robust or the daily model gives it less weight.",
        )
    return Light(
        "influence",
        AMBER,
        "Some weeks lie farther off than chance explains.",
        f"Week of {named}; up to {max(abs(week.studentised or 0.0) for week in outliers):.1f} standard deviations.",
        "Check those weeks for viral days, losses or wrong numbers.",
    )


def _collinearity(entangled: Collinearity) -> Light:
    inflation = max((value for name, value in entangled.vif.items() if name not in CALENDAR_NAMES), default=1.0)
    evidence = (
        f"Largest variance inflation of an effect {inflation:.1f}; condition number {entangled.condition_number:.0f} "
        f"(up to {HIGH_CONDITION:.0f} is fine)."
    )
    if entangled.verdict == "apart":
        return Light("collinearity", GREEN, entangled.sentence, evidence, NOTHING)
    advice = "Vary one type of content at a time for some weeks; until then judge their effects together."
    return Light("collinearity", RED if inflation > STRONG_INFLATION else AMBER, entangled.sentence, evidence, advice)
