"""Models: fit, validate, rank, forecast."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import pandas as pd

from cgn_core.errors import InvalidInput
from cgn_core.stats.comparison import Comparison
from cgn_core.stats.comparison import compare as compare_models
from cgn_core.stats.daily_model import fit_daily
from cgn_core.stats.fit import EFFECT_LEVEL, Fit
from cgn_core.stats.history import read_history
from cgn_core.stats.intervals import require_level
from cgn_core.stats.predictive import REFUSED, Difference, Prediction, difference
from cgn_core.stats.training import Training
from cgn_core.stats.validation import MODELS, Grammar, Progress, fit_model, no_progress
from cgn_core.stats.weekly_models import SINGLE_LEVER, WEEKLY_MODELS, fit_weekly
from cgn_core.tables import Daily


def fit(
    daily: Daily,
    model: str | None = None,
    *,
    level: float = EFFECT_LEVEL,
    extra: pd.DataFrame | None = None,
    declared_planned: Collection[str] = (),
) -> Fit:
    """Fit one model: daily (the default), a weekly one, or a naive forecast.

    Args:
        daily: at least eight complete weeks.
        model: daily, single_lever, ols, huber, tukey, quantile, ridge, lasso, elastic_net, theil_sen, weekly_options,
            or a naive forecast's name.
        level: of the effects' intervals, two-sided.
        extra: further same-day predictors: ``date`` and one column each; not for models of a single lever,
            weekly_options and naive forecasts.
        declared_planned: those of them that you set yourself in advance.

    Raises:
        InvalidInput: no such model, or one that takes no further predictors.
        TooFewObservations, ConstantSeries: the history can't be learned from.
        LeakageError: an extra predictor is only known afterwards, such as follows per hour of the same week.
        UnsupportedLevel: the level doesn't lie between 0 and 1.
    """
    require_level(level)
    name = model or "daily"
    if extra is None:
        return fit_model(read_history(daily), model=name, level=level)
    planned = frozenset(declared_planned)
    if name == "daily":
        return fit_daily(daily, level=level, extra=extra, declared_planned=planned)
    if name in WEEKLY_MODELS and name not in SINGLE_LEVER:
        return fit_weekly(daily, model=name, level=level, extra=extra, declared_planned=planned)
    raise InvalidInput(f"The model {name} takes no further predictors; daily, ols, huber and tukey, for example, do.")


def compare(
    daily: Daily,
    models: Sequence[str] | None = None,
    *,
    grammar: Grammar | None = None,
    level: float = 0.9,
    progress: Progress = no_progress,
) -> Comparison:
    """Rank models beside the naive forecasts on weeks that none of them had seen; all models where none is named.

    Raises:
        InvalidInput: no such model.
        TooFewObservations, ConstantSeries: the history can't be learned from.
    """
    wanted = MODELS if models is None else tuple(models)
    return compare_models(daily, models=wanted, grammar=grammar, level=level, progress=progress)


def predict(
    fitted: Fit | Training, plans: Sequence[Mapping[str, float]] | Mapping[str, float], *, level: float = 0.9
) -> list[Prediction]:
    """Next week under one or more plans, as :meth:`Fit.predict`; of a training its shown fit's."""
    return (fitted.fit if isinstance(fitted, Training) else fitted).predict(plans, level=level)


def what_if(
    fitted: Fit | Training, plan: Mapping[str, float], against: Mapping[str, float] | None = None, *, level: float = 0.9
) -> Difference:
    """How much more a plan brings than another (by default the last four weeks' mean), with its interval.

    Raises:
        InvalidInput: an unknown lever, a negative count, or a plan far beyond every week seen.
        UnsupportedLevel: the history is too short for this level.
    """
    predictor = fitted.fit.predictor if isinstance(fitted, Training) else fitted.predictor
    found = difference(predictor, plan, against or {}, level=level)
    if found.extrapolation == REFUSED:
        raise InvalidInput("The plan is far more than any week of the history, so nothing can be said of it.")
    return found
