"""Results as Plotly figures, for notebooks and reports."""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING, Any

from cgn_core.errors import InvalidInput
from cgn_core.figures.drift import DriftWeek, drift_figure
from cgn_core.figures.growth_history import GrowthWeek, growth_history_figure
from cgn_core.figures.model_health import RankedError, ranking_figure
from cgn_core.figures.plan import PlannedWeek, plan_figure
from cgn_core.figures.response import CurvePoint, response_curve_figure
from cgn_core.figures.returns import ReturnBar, returns_figure
from cgn_core.figures.tokens import THEMES, Figure, resolved
from cgn_core.figures.wording import model_name
from cgn_core.stats.baselines import BASELINES
from cgn_core.stats.comparison import Comparison
from cgn_core.stats.diagnosis import Diagnosis
from cgn_core.stats.drift import Drift
from cgn_core.stats.fit import Fit
from cgn_core.stats.response import ResponseCurve
from cgn_core.stats.training import Training
from cgn_core.stats.validation import Validation
from cgn_core.stats.week_plan import WeekPlan

if TYPE_CHECKING:
    import plotly.graph_objects as go


def figure(result: Any, *, theme: str = "light") -> go.Figure:
    """A result as a Plotly figure.

    Args:
        result: a fit, training, validation, comparison, drift, diagnosis, response curve, plan, or returns.
        theme: light | dark.

    Raises:
        InvalidInput: no such theme, or a result that no picture says better.
    """
    import plotly.graph_objects as go

    if theme not in THEMES:
        raise InvalidInput(f"There is no theme {theme!r}; there are {', '.join(THEMES)}.")
    drawn = resolved(_draw(result), theme=theme)
    return go.Figure(drawn)


@singledispatch
def _draw(result: Any) -> Figure:
    raise InvalidInput(f"There is no picture of a {type(result).__name__}.")


@_draw.register
def _(result: Fit) -> Figure:
    bars = [ReturnBar(effect.name, effect.estimate, effect.low, effect.high) for effect in result.effects]
    level = result.effects[0].level if result.effects else 0.0
    return returns_figure(bars, level=level, unit="followers per piece")


@_draw.register
def _(result: Training) -> Figure:
    return _draw(result.validation)


@_draw.register
def _(result: Validation) -> Figure:
    weeks = [
        GrowthWeek(each.week_start, each.actual, each.median, each.low, each.high, each.is_viral_week)
        for each in result.forecasts
    ]
    return growth_history_figure(weeks, level=result.level, with_mix=False)


@_draw.register
def _(result: Comparison) -> Figure:
    return ranking_figure(
        [
            RankedError(
                model_name(each.model), each.mae, each.mae_low, each.mae_high, each.model == result.chosen,
                each.model in BASELINES,
            )
            for each in result.ranking
        ]
    )  # fmt: skip


@_draw.register
def _(result: Drift) -> Figure:
    weeks = [DriftWeek(each.week_start, each.up, each.down) for each in result.path]
    if not weeks:
        raise InvalidInput("There is no drift chart of so short a history.")
    return drift_figure(weeks, bounds=(result.threshold_up, result.threshold_down), start_week=result.start_week)


@_draw.register
def _(result: Diagnosis) -> Figure:
    return _draw(result.drift)


@_draw.register
def _(result: ResponseCurve) -> Figure:
    def point(of: Any) -> CurvePoint:
        return CurvePoint(of.pieces, of.estimate, of.low, of.high)

    return response_curve_figure(
        [point(each) for each in result.points],
        content_type=result.name,
        today=point(result.today),
        level=result.level,
    )


@_draw.register
def _(result: WeekPlan) -> Figure:
    return plan_figure([PlannedWeek(week.week, {**week.counts}) for week in result.weeks])


@_draw.register
def _(result: tuple) -> Figure:  # type: ignore[type-arg] # singledispatch takes bare classes
    if not result or not all(hasattr(each, "marginal") for each in result):
        raise InvalidInput("There is no picture of this tuple.")
    bars = [
        ReturnBar(each.content_type, each.marginal.estimate, each.marginal.low, each.marginal.high) for each in result
    ]
    return returns_figure(bars, level=result[0].marginal.level)
