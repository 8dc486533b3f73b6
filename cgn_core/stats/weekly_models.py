"""The weekly models: the readable reference, and the answer where only weeks are known.

``single_lever`` is ordinary least squares on the number of pieces, ``ols`` on each content type, both with HC3 errors;
``huber`` is Huber's M-estimate with its H1 covariance, ``tukey`` the bisquare from a least-absolute start with HC3-type
errors. Intervals are Student's t: statsmodels' default normal ones cover 87-90 % instead of 95 % on short histories.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import special

from cgn_core.errors import InvalidInput, TooFewObservations
from cgn_core.stats.arrays import Matrix
from cgn_core.stats.extra_predictors import check_extra
from cgn_core.stats.fit import EFFECT_LEVEL, Fit, effect_of, open_caution
from cgn_core.stats.history import FEWEST_WEEKS, History, iso_monday, read_history, require_weeks
from cgn_core.stats.least_squares import undetermined
from cgn_core.stats.next_week import week_predictor
from cgn_core.stats.weekly_estimators import huber, leave_one_out, ordinary, tukey
from cgn_core.tables import Daily

ESTIMATORS = {"single_lever": ordinary, "ols": ordinary, "huber": huber, "tukey": tukey}
WEEKLY_MODELS = ("single_lever", "ols", "huber", "tukey")
POSTING_FREQUENCY = "posting_frequency"
PIECES = ("posts", "reels", "stories")
"""What counts as posting; ads are bought, not posted."""


def fit_weekly(
    daily: Daily,
    *,
    model: str,
    level: float = EFFECT_LEVEL,
    extra: pd.DataFrame | None = None,
    declared_planned: frozenset[str] = frozenset(),
) -> Fit:
    """Fit one of the weekly models to the weeks of a daily table.

    Args:
        daily: at least eight complete weeks whose growth is observed.
        model: single_lever | ols | huber | tukey.
        level: of the effects' intervals, two-sided.
        extra: further same-week predictors: ``date`` and one column each, summed over the week; not for single_lever.
        declared_planned: those of them that a person set in advance.

    Raises:
        InvalidInput: no such model.
        TooFewObservations: too few complete weeks for this many levers.
        ConstantSeries: growth never changes.
        LeakageError: an extra predictor is only known afterwards.
    """
    if model not in WEEKLY_MODELS:
        raise InvalidInput(f"There is no weekly model {model!r}; there are {', '.join(WEEKLY_MODELS)}.")
    history = read_history(daily, extra=extra)
    if extra is not None:
        require_weeks(history)
        check_extra(daily, history, declared_planned=declared_planned)
    return fit_weekly_history(history, model=model, level=level)


def fit_weekly_history(history: History, *, model: str, level: float = EFFECT_LEVEL) -> Fit:
    """:func:`fit_weekly` on arrays, for validation's many refits."""
    weeks = require_weeks(history)
    trained = np.isin(history.week_numbers, weeks)
    counts, growth = history.weekly_counts[trained], history.weekly_growth[trained]
    names, links = _terms(history, model)
    predictors = counts @ links
    open_terms = undetermined(np.column_stack([np.ones(len(weeks)), predictors]))[1:]
    names = tuple(name for name, is_open in zip(names, open_terms, strict=True) if not is_open)
    links, predictors = links[:, ~open_terms], predictors[:, ~open_terms]
    design = np.column_stack([np.ones(len(weeks)), predictors])
    freedom = len(weeks) - design.shape[1]
    if freedom < 1:
        needed = max(design.shape[1] + 1, FEWEST_WEEKS)
        raise TooFewObservations(
            f"{len(weeks)} complete weeks can't tell {len(names)} effects apart; it takes {needed}."
        )
    estimate = ESTIMATORS[model](design, growth)
    rows = np.zeros((1 + len(history.levers), design.shape[1]))
    rows[0, 0] = 1.0
    rows[1:, 1:] = links
    multiplier = float(special.stdtrit(freedom, (1 + level) / 2))
    errors = np.sqrt(np.maximum(np.diag(estimate.covariance), 0.0))
    unknown = () if model == "single_lever" else tuple(n for n in history.levers if n not in names)
    return Fit(
        model=model,
        target=history.target,
        weeks=len(weeks),
        first_week=iso_monday(int(weeks[0])),
        last_week=iso_monday(int(weeks[-1])),
        effects=tuple(
            effect_of(name, float(value), float(error), multiplier=multiplier, level=level)
            for name, value, error in zip(names, estimate.coefficients[1:], errors[1:], strict=True)
        ),
        predictor=week_predictor(
            history,
            mean=(rows @ estimate.coefficients).tolist(),
            covariance=rows @ estimate.covariance @ rows.T,
            freedom=float(freedom),
            n_residuals=len(weeks),
            undetermined=unknown,
            residuals=leave_one_out(design, growth, estimate).tolist(),
        ),
        cautions=tuple(open_caution(name, counts[:, history.levers.index(name)]) for name in unknown),
        details={
            "degrees_of_freedom": freedom,
            "effect_covariance": estimate.covariance[1:, 1:].tolist(),
            "weights": estimate.weights.tolist(),
        },
    )


def _terms(history: History, model: str) -> tuple[tuple[str, ...], Matrix]:
    """The model's terms, and how many of each a piece of each lever is: shape (levers, terms)."""
    levers = len(history.levers)
    if model == "single_lever":
        return (POSTING_FREQUENCY,), np.array([[float(name in PIECES)] for name in history.levers]).reshape(levers, 1)
    return history.levers, np.eye(levers)
