"""Rolling-origin validation: each forecast is made from the weeks before it alone, and scored beside naive ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from types import MappingProxyType
from typing import Any

from cgn_core.errors import ConstantSeries, InvalidInput, TooFewObservations
from cgn_core.stats.baselines import BASELINES, FEWEST_WEEKS_NAIVE, fit_baseline_history
from cgn_core.stats.daily_model import fit_daily_history
from cgn_core.stats.fit import EFFECT_LEVEL, Fit
from cgn_core.stats.history import FEWEST_WEEKS, History
from cgn_core.stats.intervals import require_level
from cgn_core.stats.judged_forecasts import Judged, TargetWeeks, judge
from cgn_core.stats.notebook import html_table, scores_rows
from cgn_core.stats.predictive import WeekPredictor
from cgn_core.stats.validation_scores import Scores, score
from cgn_core.stats.weekly_models import WEEKLY_MODELS, fit_weekly_history
from cgn_core.stats.weekly_options import WEEKLY_OPTIONS, fit_weekly_options_history
from cgn_core.tables import DAYS_PER_WEEK, DEFAULT_MINUTES, Daily

Progress = Callable[[float, str], None]
MODELS = ("daily", *WEEKLY_MODELS, WEEKLY_OPTIONS)
LAST, EACH = "last", "each"
"""Horizons that are scored: the farthest, or every one up to it."""


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
    refit: int | None = 1
    """Origins from one fit to the next: 1 fits at every one, None never again. In between the last fit is asked, as a
    model is that was trained some weeks ago."""

    def __post_init__(self) -> None:
        """Refuse what is no validation."""
        for name, least in (("initial", 1), ("horizon", 1), ("step", 1), ("gap", 0), ("window", 1), ("refit", 1)):
            value = getattr(self, name)
            if value is not None and value < least:
                unit = "origins" if name == "refit" else "weeks"
                raise InvalidInput(f"The {name} must be a number of {unit} of at least {least}, not {value}.")

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
    level: float | None = None
    """Of its interval: what was asked for, or the widest that so few weeks support. None in an older version's."""


@dataclass(frozen=True)
class Validation:
    """Forecasts of weeks a model had not seen, and their scores."""

    model: str
    grammar: Grammar
    level: float
    """That was asked for; early forecasts may have a narrower interval."""
    origins: int
    scores: dict[str, float | None]
    coverage: dict[str, float]
    """Share of weeks inside the interval, per level."""
    refused_levels: tuple[float, ...]
    baselines: dict[str, dict[str, float | None]]
    forecasts: tuple[WeekForecast, ...]
    widths: dict[str, float] = field(default_factory=dict)
    """Mean width of the interval per level, followers per week."""
    pinball: dict[str, float] = field(default_factory=dict)
    """Mean pinball loss per quantile, followers per week: both ends of every interval, and the median."""
    decisions: dict[str, float | None] = field(default_factory=dict)
    """What the forecasts are worth to who plans by them; see :class:`cgn_core.stats.validation_scores.Scores`."""
    by_horizon: dict[str, dict[str, float | None]] = field(default_factory=dict)
    """``scores`` of every horizon, on the same forecast weeks; only where each was asked for."""

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
            "widths": self.widths,
            "pinball": self.pinball,
            "decisions": self.decisions,
            "by_horizon": self.by_horizon,
        }

    def _repr_html_(self) -> str:
        rows = scores_rows({self.model: self.scores, **self.baselines})
        held = ", ".join(f"{float(level):.0%}: {share:.0%}" for level, share in self.coverage.items())
        title = f"Scores over {self.origins} unseen {'week' if self.origins == 1 else 'weeks'}"
        return html_table(title, ("", self.model, *self.baselines), rows, notes=[f"Intervals held: {held}."])

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Validation:
        """The inverse of :meth:`to_json`; what an older version didn't store is empty."""
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
            **{name: dict(stored.get(name, {})) for name in ("widths", "pinball", "decisions", "by_horizon")},
        )


def fit_model(history: History, *, model: str, level: float = EFFECT_LEVEL, ahead: int = 1) -> Fit:
    """Fit a model or a naive forecast by its name.

    Args:
        history: up to the Sunday before the forecast week.
        model: a name of ``MODELS`` or of ``BASELINES``.
        level: of the effects' intervals.
        ahead: weeks from the last known one to the forecast one; only naive forecasts depend on it.

    Raises:
        InvalidInput: no such model.
    """
    _require_model(model)
    if model == "daily":
        return fit_daily_history(history, level=level)
    if model in WEEKLY_MODELS:
        return fit_weekly_history(history, model=model, level=level)
    if model == WEEKLY_OPTIONS:
        return fit_weekly_options_history(history, level=level)
    return fit_baseline_history(history, model=model, ahead=ahead)


def _require_model(model: str) -> None:
    if model not in MODELS and model not in BASELINES:
        raise InvalidInput(f"There is no model {model!r}; there are {', '.join(MODELS)}.")


def cross_validate(
    daily: Daily,
    *,
    model: str = "daily",
    grammar: Grammar | None = None,
    level: float = 0.9,
    horizons: str = LAST,
    minutes: Mapping[str, float] = DEFAULT_MINUTES,
    progress: Progress = no_progress,
) -> Validation:
    """Refit at every origin and forecast the week ahead, given what was then posted in it.

    Only weeks whose growth is observed on every day are forecast. The posted counts, of the forecast week and of those
    between it and the origin, are the plan: they are known beforehand, growth is not. An origin before which growth
    never changed, or too few weeks are known, is passed over.

    Args:
        daily: the whole history.
        model: a name of ``MODELS`` or of ``BASELINES``; daily where none is named, as for a fit.
        grammar: None takes ``default_initial`` and the next week.
        level: of the interval; where an early history doesn't support it, the widest it does is used and scored apart.
        horizons: last | each; each scores every horizon up to the grammar's on the same weeks.
        minutes: of work per piece, for errors per hour where hours aren't noted.
        progress: called at every origin.

    Raises:
        TooFewObservations: no origin has eight complete weeks before it and a week after it.
        ConstantSeries: growth never changes before any origin.
        InvalidInput: no such model, or no such choice of horizons.
        UnsupportedLevel: a level that doesn't lie between 0 and 1.
    """
    if horizons not in (LAST, EACH):
        raise InvalidInput(f"Horizons are {LAST} or {EACH}, not {horizons!r}.")
    require_level(level)
    weeks = TargetWeeks.of(daily, minutes=minutes)
    rules = grammar or Grammar(initial=default_initial(len(weeks)))
    if horizons == LAST:
        return validate_weeks(weeks, model=model, grammar=rules, level=level, progress=progress)
    found = {}
    first = _first(model, rules)
    for horizon in range(1, rules.horizon + 1):
        # The same weeks are forecast from nearer, so that the horizons' scores can be compared.
        nearer = replace(rules, horizon=horizon, initial=first + rules.horizon - horizon)

        def part(fraction: float, sentence: str, done: int = horizon - 1) -> None:
            progress((done + fraction) / rules.horizon, sentence)

        found[horizon] = validate_weeks(weeks, model=model, grammar=nearer, level=level, progress=part)
    scores = {str(horizon): each.scores for horizon, each in found.items()}
    return replace(found[rules.horizon], grammar=rules, by_horizon=scores)


def validate_weeks(
    weeks: TargetWeeks,
    *,
    model: str,
    grammar: Grammar,
    level: float,
    progress: Progress = no_progress,
    ready: Mapping[int, Judged] = MappingProxyType({}),
) -> Validation:
    """:func:`cross_validate` on weeks that are prepared, for several models on one history.

    Forecasts that were made before, for many creators at once, are ``ready`` by the place of their week.
    """
    _require_model(model)
    first = _first(model, grammar)
    places = range(first - 1 + grammar.ahead, len(weeks), grammar.step)
    if len(places) == 0:
        needed = first + grammar.ahead
        raise TooFewObservations(
            f"The history holds {len(weeks)} complete weeks; a validation that starts after {first} needs at least "
            f"{needed}, so {needed - len(weeks)} more {'is' if needed - len(weeks) == 1 else 'are'} missing."
        )
    judged: list[Judged] = []
    predictor: WeekPredictor | None = None
    refusal: TooFewObservations | ConstantSeries | None = None
    for done, place in enumerate(places):
        progress(done / len(places), f"Forecasting week {done + 1} of {len(places)} with the {model} model")
        if place in ready:
            judged.append(ready[place])
            continue
        if predictor is None or (grammar.refit is not None and done % grammar.refit == 0):
            try:
                predictor = fit_model(_known(weeks, place, grammar), model=model, ahead=grammar.ahead).predictor
            except (TooFewObservations, ConstantSeries) as error:
                predictor, refusal = None, error
                continue
        said = judge(predictor, weeks, place, level=level)
        if said is not None:
            judged.append(said)
    if not judged:
        raise refusal or TooFewObservations(
            f"No origin has enough weeks before it to support an interval of {level:.0%} or less."
        )
    return _validation(model, grammar, score(weeks, judged, level=level, ahead=grammar.ahead), weeks, judged)


def _first(model: str, grammar: Grammar) -> int:
    """Weeks before the first origin."""
    return max(grammar.initial, FEWEST_WEEKS_NAIVE if model in BASELINES else FEWEST_WEEKS)


def _known(weeks: TargetWeeks, place: int, grammar: Grammar) -> History:
    """What was known when a week was forecast, and what was planned until it."""
    return weeks.history.until(
        weeks.sunday(place - grammar.ahead),
        rows=None if grammar.window is None else grammar.window * DAYS_PER_WEEK,
        planned_until=weeks.monday(place) - 1,
    )


def _validation(model: str, grammar: Grammar, found: Scores, weeks: TargetWeeks, judged: list[Judged]) -> Validation:
    return Validation(
        model=model,
        grammar=grammar,
        level=found.level,
        origins=len(judged),
        scores=found.scores,
        coverage=found.coverage,
        refused_levels=found.refused_levels,
        baselines=found.baselines,
        forecasts=tuple(
            WeekForecast(
                origin=weeks.iso_sunday(each.place - grammar.ahead),
                week_start=weeks.iso_monday(each.place),
                actual=each.actual,
                expected=each.expected,
                median=each.median,
                low=each.low,
                high=each.high,
                repeatable=each.repeatable,
                viral=each.viral,
                is_viral_week=False,
                level=max(
                    shown
                    for shown, ends in each.intervals.items()
                    if shown <= found.level and ends == (each.low, each.high)
                ),
            )
            for each in judged
        ),
        widths=found.widths,
        pinball=found.pinball,
        decisions=found.decisions,
    )
