"""Rolling-origin validation: each forecast is made from the weeks before it alone, and scored beside naive ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from cgn_core.errors import ConstantSeries, InvalidInput, TooFewObservations
from cgn_core.stats import scores
from cgn_core.stats.arrays import Floats
from cgn_core.stats.baselines import BASELINES, FEWEST_WEEKS_NAIVE, fit_baseline_history
from cgn_core.stats.daily_model import fit_daily_history
from cgn_core.stats.fit import EFFECT_LEVEL, Fit
from cgn_core.stats.history import FEWEST_WEEKS, History, read_history
from cgn_core.stats.intervals import LEVELS, refused_levels, residuals_needed
from cgn_core.stats.predictive import Prediction, WeekPredictor, predict, quantiles
from cgn_core.stats.weekly_models import WEEKLY_MODELS, fit_weekly_history
from cgn_core.stats.weekly_options import WEEKLY_OPTIONS, fit_weekly_options_history
from cgn_core.tables import DAYS_PER_WEEK, Daily

Progress = Callable[[float, str], None]
EPOCH = pd.Timestamp(1970, 1, 1).toordinal()
MODELS = ("daily", *WEEKLY_MODELS, WEEKLY_OPTIONS)
MOST_PARTS = 20
"""Quantiles that stand for the whole distribution in the CRPS; a narrower level affords fewer."""


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
    """How many weeks ahead the forecast week lies; 1 is the next. What is posted until then is planned, so known."""
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


@dataclass(frozen=True)
class _Answer:
    """What one origin's forecast said, by level and by evenly spaced quantiles."""

    place: int
    shown: Prediction
    intervals: dict[float, tuple[float, float]]
    spread: tuple[float, ...]
    """Quantiles at :func:`_midpoints` of the asked level; none where the history doesn't support it."""


def fit_model(history: History, *, model: str, level: float = EFFECT_LEVEL, ahead: int = 1) -> Fit:
    """Fit a model or a naive forecast by its name.

    Args:
        history: up to the Sunday before the forecast week.
        model: daily | single_lever | ols | huber | tukey, or a name of ``BASELINES``.
        level: of the effects' intervals.
        ahead: weeks from the last known one to the forecast one; only naive forecasts depend on it.

    Raises:
        InvalidInput: no such model.
    """
    if model == "daily":
        return fit_daily_history(history, level=level)
    if model in WEEKLY_MODELS:
        return fit_weekly_history(history, model=model, level=level)
    if model == WEEKLY_OPTIONS:
        return fit_weekly_options_history(history, level=level)
    if model in BASELINES:
        return fit_baseline_history(history, model=model, ahead=ahead)
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

    Only weeks whose growth is observed on every day are forecast. The posted counts, of the forecast week and of those
    between it and the origin, are the plan: they are known beforehand, growth is not. An origin before which growth
    never changed, or too few weeks are known, is passed over.

    Args:
        daily: the whole history.
        model: daily | single_lever | ols | huber | tukey.
        grammar: None takes ``default_initial`` and the next week.
        level: of the interval; where an early history doesn't support it, the widest it does is used and scored apart.
        progress: called at every origin.

    Raises:
        TooFewObservations: no origin has eight complete weeks before it and a week after it.
        ConstantSeries: growth never changes before any origin.
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
    history = read_history(daily)
    rows = None if rules.window is None else rules.window * DAYS_PER_WEEK
    made: list[_Answer] = []
    refusal: TooFewObservations | ConstantSeries | None = None
    for done, place in enumerate(places):
        progress(done / len(places), f"Forecasting week {done + 1} of {len(places)} with the {model} model")
        past = history.until(
            _sunday(targets, place - rules.ahead),
            rows=rows,
            planned_until=_ordinal(targets["week_start"][place]) - 1,
        )
        try:
            predictor = fit_model(past, model=model, ahead=rules.ahead).predictor
        except (TooFewObservations, ConstantSeries) as error:
            refusal = error
            continue
        answer = _answer(predictor, targets.iloc[place], place, level)
        if answer is not None:
            made.append(answer)
    if not made:
        raise refusal or TooFewObservations(
            f"No origin has enough weeks before it to support an interval of {level:.0%} or less."
        )
    return _scored(model, rules, level, targets, made)


def _answer(predictor: WeekPredictor, week: pd.Series[Any], place: int, level: float) -> _Answer | None:
    """The forecast of a week for what was posted in it; None where the history supports no level."""
    plan = {name: float(week[name]) for name in predictor.levers if np.isfinite(float(week[name]))}
    wanted = {each for each in (*LEVELS, level) if residuals_needed(each) <= predictor.n_residuals}
    if not any(each <= level for each in wanted):
        return None
    answers = {each: predict(predictor, plan, level=each, answer_refused=True) for each in sorted(wanted)}
    spread = quantiles(predictor, plan, _midpoints(level).tolist()) if level in wanted else ()
    return _Answer(
        place=place,
        shown=answers[max(each for each in wanted if each <= level)],
        intervals={each: (_known(answer.low), _known(answer.high)) for each, answer in answers.items()},
        spread=spread,
    )


def _midpoints(level: float) -> Floats:
    """Midpoints of as many equal parts of (0, 1) as a history that supports the level affords; shape (q,)."""
    parts = min((residuals_needed(level) + 1) // 2, MOST_PARTS)
    return (np.arange(parts) + 0.5) / parts


def _sunday(targets: pd.DataFrame, place: int) -> int:
    return _ordinal(targets["week_start"][place]) + DAYS_PER_WEEK - 1


def _ordinal(day: pd.Timestamp) -> int:
    return day.toordinal() - EPOCH


def _known(value: float | None) -> float:
    assert value is not None
    return value


def _week_forecast(answer: _Answer, rules: Grammar, targets: pd.DataFrame) -> WeekForecast:
    origin = targets["week_start"][answer.place - rules.ahead] + pd.Timedelta(days=DAYS_PER_WEEK - 1)
    return WeekForecast(
        origin=origin.date().isoformat(),
        week_start=targets["week_start"][answer.place].date().isoformat(),
        actual=float(targets["net_growth"][answer.place]),
        expected=_known(answer.shown.expected),
        median=_known(answer.shown.median),
        low=_known(answer.shown.low),
        high=_known(answer.shown.high),
        repeatable=_known(answer.shown.repeatable),
        viral=_known(answer.shown.viral),
        is_viral_week=False,
    )


def _scored(model: str, rules: Grammar, level: float, targets: pd.DataFrame, made: list[_Answer]) -> Validation:
    growth = targets["net_growth"].to_numpy(dtype="float64")
    forecasts = tuple(_week_forecast(answer, rules, targets) for answer in made)
    actual = np.array([forecast.actual for forecast in forecasts])
    before = [growth[: answer.place - rules.ahead + 1] for answer in made]
    coverage = {}
    for each in sorted({*LEVELS, level}):
        held = [(growth[answer.place], *answer.intervals[each]) for answer in made if each in answer.intervals]
        if held:
            coverage[f"{each:g}"] = scores.coverage_share(*np.array(held).T)
    median = np.array([forecast.median for forecast in forecasts])
    expected = np.array([forecast.expected for forecast in forecasts])
    naive = {name: np.array([rule(past, rules.ahead) for past in before]) for name, rule in BASELINES.items()}
    return Validation(
        model=model,
        grammar=rules,
        level=level,
        origins=len(made),
        scores=_point_scores(actual, median, expected, before) | _interval_scores(growth, made, level),
        coverage=coverage,
        refused_levels=refused_levels(len(growth)),
        baselines={name: _point_scores(actual, said, said, before) for name, said in naive.items()},
        forecasts=forecasts,
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


def _interval_scores(growth: Floats, made: list[_Answer], level: float) -> dict[str, float | None]:
    """CRPS and Winkler score over the origins whose history supports the level; None where there is none."""
    whole = [answer for answer in made if level in answer.intervals]
    if not whole:
        return {"crps": None, "winkler": None}
    actual = growth[[answer.place for answer in whole]]
    low, high = np.array([answer.intervals[level] for answer in whole]).T
    said = np.array([answer.spread for answer in whole])
    return {
        "crps": scores.crps_error(actual, said, probabilities=_midpoints(level)),
        "winkler": scores.winkler_error(actual, low, high, level=level),
    }
