"""Rolling-origin validation: each forecast is made from the weeks before it alone, and scored beside naive ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from cgn_core.errors import InvalidInput, TooFewObservations
from cgn_core.stats import scores
from cgn_core.stats.arrays import Floats
from cgn_core.stats.baselines import BASELINES, FEWEST_WEEKS_NAIVE, fit_baseline_history
from cgn_core.stats.daily_model import fit_daily_history
from cgn_core.stats.fit import Fit
from cgn_core.stats.history import FEWEST_WEEKS, History, read_history
from cgn_core.stats.intervals import LEVELS, refused_levels, residuals_needed
from cgn_core.stats.predictive import Prediction, WeekPredictor, predict
from cgn_core.stats.weekly_models import WEEKLY_MODELS, fit_weekly_history
from cgn_core.tables import DAYS_PER_WEEK, Daily

Progress = Callable[[float, str], None]
EPOCH = pd.Timestamp(1970, 1, 1).toordinal()
MODELS = ("daily", *WEEKLY_MODELS)
QUANTILE_LEVELS = (0.5, 0.8, 0.9)
"""Intervals from which the CRPS is computed, with the median."""


def no_progress(fraction: float, sentence: str) -> None:
    """Progress for nobody."""
    del fraction, sentence


@dataclass(frozen=True)
class Grammar:
    """Which weeks are forecast from which; all counts are weeks.

    Raises:
        InvalidInput: a count below its least; a horizon below 1 would train on the week it forecasts.
    """

    initial: int
    """Before the first forecast."""
    horizon: int = 1
    """How many weeks ahead the forecast week lies; 1 is the next."""
    step: int = 1
    """From one origin to the next."""
    gap: int = 0
    """Left out between the history and the forecast week."""
    window: int | None = None
    """A rolling window's length; None lets it grow."""

    def __post_init__(self) -> None:
        """Refuse what is no validation."""
        for name, least in (("initial", 1), ("horizon", 1), ("step", 1), ("gap", 0), ("window", 1)):
            value = getattr(self, name)
            if value is not None and value < least:
                raise InvalidInput(f"The {name} must be a number of weeks of at least {least}, not {value}.")

    @property
    def ahead(self) -> int:
        """Weeks from the last known one to the forecast one."""
        return self.horizon + self.gap


def default_initial(weeks: int) -> int:
    """A quarter of the history, at least 6 and at most 26 weeks."""
    return max(6, min(26, weeks // 4))


@dataclass(frozen=True)
class WeekForecast:
    """One week's forecast, made at ``origin`` (the Sunday up to which was known), beside what happened."""

    origin: str
    week_start: str
    actual: float
    expected: float
    median: float
    low: float
    high: float
    repeatable: float
    viral: float
    is_viral_week: bool


@dataclass(frozen=True)
class Validation:
    """Forecasts of weeks a model had not seen, and their scores."""

    model: str
    grammar: Grammar
    level: float
    """Of the intervals in ``forecasts``."""
    origins: int
    scores: dict[str, float | None]
    coverage: dict[str, float]
    """Share of weeks inside the interval, per level."""
    refused_levels: tuple[float, ...]
    baselines: dict[str, dict[str, float | None]]
    forecasts: tuple[WeekForecast, ...]

    def to_json(self) -> dict[str, Any]:
        """What ``cgn cv --json`` prints, and the forecasts."""
        return {
            "model": self.model,
            "origins": self.origins,
            "horizon": self.grammar.horizon,
            "scores": self.scores,
            "coverage": self.coverage,
            "refused_levels": list(self.refused_levels),
            "baselines": self.baselines,
            "level": self.level,
            "grammar": asdict(self.grammar),
            "forecasts": [asdict(forecast) for forecast in self.forecasts],
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Validation:
        """The inverse of :meth:`to_json`."""
        return cls(
            model=stored["model"],
            grammar=Grammar(**stored["grammar"]),
            level=stored["level"],
            origins=stored["origins"],
            scores=dict(stored["scores"]),
            coverage=dict(stored["coverage"]),
            refused_levels=tuple(stored["refused_levels"]),
            baselines={name: dict(values) for name, values in stored["baselines"].items()},
            forecasts=tuple(WeekForecast(**forecast) for forecast in stored["forecasts"]),
        )


def fit_model(history: History, *, model: str) -> Fit:
    """Fit a model or a naive forecast by its name.

    Raises:
        InvalidInput: no such model.
    """
    if model == "daily":
        return fit_daily_history(history)
    if model in WEEKLY_MODELS:
        return fit_weekly_history(history, model=model)
    if model in BASELINES:
        return fit_baseline_history(history, model=model)
    raise InvalidInput(f"There is no model {model!r}; there are {', '.join(MODELS)}.")


def cross_validate(
    daily: Daily,
    *,
    model: str,
    grammar: Grammar | None = None,
    level: float = 0.9,
    progress: Progress = no_progress,
) -> Validation:
    """Refit at every origin and forecast the week ahead, given what was then posted in it.

    Only weeks whose growth is observed on every day are forecast. The posted counts are the plan: they are known
    beforehand, growth is not.

    Args:
        daily: the whole history.
        model: daily | single_lever | ols | huber | tukey.
        grammar: None takes ``default_initial`` and the next week.
        level: of the interval; where an early history doesn't support it, the widest it does is used and scored apart.
        progress: called at every origin.

    Raises:
        TooFewObservations: no origin has eight complete weeks before it and a week after it.
        InvalidInput: no such model.
    """
    weekly = daily.weekly()
    targets = weekly[weekly["is_target"]].reset_index(drop=True)
    rules = grammar or Grammar(initial=default_initial(len(targets)))
    first = max(rules.initial, FEWEST_WEEKS_NAIVE if model in BASELINES else FEWEST_WEEKS)
    places = range(first - 1 + rules.ahead, len(targets), rules.step)
    if len(places) == 0:
        needed = first + rules.ahead
        raise TooFewObservations(
            f"The history holds {len(targets)} complete weeks; a validation that starts after {first} needs at least "
            f"{needed}, so {needed - len(targets)} more are missing."
        )
    growth = targets["net_growth"].to_numpy(dtype="float64")
    history = read_history(daily)
    rows = None if rules.window is None else rules.window * DAYS_PER_WEEK
    made: list[tuple[int, Prediction, dict[str, tuple[float, float]]]] = []
    forecasts = []
    for done, place in enumerate(places):
        progress(done / len(places), f"Forecasting week {done + 1} of {len(places)} with the {model} model")
        known = targets["week_start"][place - rules.ahead] + pd.Timedelta(days=DAYS_PER_WEEK - 1)
        past = history.until(_ordinal(known), rows=rows)
        predictor = fit_model(past, model=model).predictor
        plan = _posted(predictor, targets.iloc[place])
        intervals = {}
        for each in sorted({*QUANTILE_LEVELS, level}):
            if residuals_needed(each) <= predictor.n_residuals:
                answer = predict(predictor, plan, level=each, answer_refused=True)
                intervals[f"{each:g}"] = (_known(answer.low), _known(answer.high))
        widest = max((float(key) for key in intervals if float(key) <= level), default=None)
        if widest is None:
            continue
        answer = predict(predictor, plan, level=widest, answer_refused=True)
        made.append((place, answer, intervals))
        forecasts.append(_week_forecast(answer, known, targets, place, growth))
    if not made:
        raise TooFewObservations(f"No origin has enough weeks before it to support an interval of {level:.0%} or less.")
    return _scored(model, rules, level, growth, made, forecasts)


def _ordinal(day: pd.Timestamp) -> int:
    return day.toordinal() - EPOCH


def _known(value: float | None) -> float:
    assert value is not None
    return value


def _posted(predictor: WeekPredictor, week: pd.Series[Any]) -> dict[str, float]:
    """What was posted in the week."""
    return {name: float(week[name]) for name in predictor.levers if np.isfinite(float(week[name]))}


def _week_forecast(
    answer: Prediction, known: pd.Timestamp, targets: pd.DataFrame, place: int, growth: Floats
) -> WeekForecast:
    return WeekForecast(
        origin=known.date().isoformat(),
        week_start=targets["week_start"][place].date().isoformat(),
        actual=float(growth[place]),
        expected=_known(answer.expected),
        median=_known(answer.median),
        low=_known(answer.low),
        high=_known(answer.high),
        repeatable=_known(answer.repeatable),
        viral=_known(answer.viral),
        is_viral_week=False,
    )


def _scored(
    model: str,
    rules: Grammar,
    level: float,
    growth: Floats,
    made: list[tuple[int, Prediction, dict[str, tuple[float, float]]]],
    forecasts: list[WeekForecast],
) -> Validation:
    places = np.array([place for place, _, _ in made])
    actual = growth[places]
    before = [growth[: place - rules.ahead + 1] for place in places]
    median = np.array([forecast.median for forecast in forecasts])
    expected = np.array([forecast.expected for forecast in forecasts])
    coverage = {}
    for each in sorted({*LEVELS, level}):
        held = [(growth[p], *intervals[f"{each:g}"]) for p, _, intervals in made if f"{each:g}" in intervals]
        if held:
            coverage[f"{each:g}"] = scores.coverage_share(*np.array(held).T)
    found = _point_scores(actual, median, expected, before)
    found |= _interval_scores(growth, made, level)
    naive = {
        name: _point_scores(actual, said, said, before)
        for name, said in ((n, np.array([rule(past) for past in before])) for n, rule in BASELINES.items())
    }
    return Validation(
        model=model,
        grammar=rules,
        level=level,
        origins=len(made),
        scores=found,
        coverage=coverage,
        refused_levels=refused_levels(len(growth)),
        baselines=naive,
        forecasts=tuple(forecasts),
    )


def _point_scores(actual: Floats, median: Floats, expected: Floats, before: list[Floats]) -> dict[str, float | None]:
    last = np.array([past[-1] for past in before])
    scale = np.abs(np.diff(before[-1])).mean() if len(before[-1]) > 1 else 0.0
    mean = np.array([past.mean() for past in before])
    spread = float(((actual - mean) ** 2).sum())
    return {
        "mae": scores.mean_absolute_error(actual, median),
        "rmse": scores.root_mean_squared_error(actual, expected),
        "r2_out_of_sample": scores.out_of_sample_r2_score(actual, expected, reference=mean) if spread > 0 else None,
        "mase": scores.mean_absolute_error(actual, median) / float(scale) if scale > 0 else None,
        "smape": scores.symmetric_percentage_error(actual, median),
        "directional_accuracy": scores.directional_accuracy_score(actual, median, before=last),
    }


def _interval_scores(
    growth: Floats, made: list[tuple[int, Prediction, dict[str, tuple[float, float]]]], level: float
) -> dict[str, float | None]:
    """CRPS and Winkler score over the origins whose history supports the level; None where there is none."""
    key = f"{level:g}"
    whole = [(p, answer, intervals) for p, answer, intervals in made if key in intervals]
    if not whole:
        return {"crps": None, "winkler": None}
    actual = growth[[place for place, _, _ in whole]]
    low, high = np.array([intervals[key] for _, _, intervals in whole]).T
    columns, probabilities = [np.array([_known(answer.median) for _, answer, _ in whole])], [0.5]
    for each in QUANTILE_LEVELS:
        if all(f"{each:g}" in intervals for _, _, intervals in whole):
            sides = np.array([intervals[f"{each:g}"] for _, _, intervals in whole]).T
            columns += list(sides)
            probabilities += [(1 - each) / 2, (1 + each) / 2]
    crps = scores.crps_error(actual, np.column_stack(columns), probabilities=np.array(probabilities))
    return {"crps": crps, "winkler": scores.winkler_error(actual, low, high, level=level)}
