"""The weekly models: the readable reference, and the answer where only weeks are known.

``single_lever`` is ordinary least squares on the number of pieces, ``ols`` on each content type, both with HC3 errors
or, on request, Newey and West's; ``theil_sen`` is the median slope on the number of pieces; ``huber`` is Huber's
M-estimate with its H1 covariance, ``tukey`` the bisquare from a least-absolute start with HC3-type errors, ``quantile``
the median regression; ``ridge``, ``lasso`` and ``elastic_net`` shrink, and say so. Intervals are Student's t:
statsmodels' default normal ones cover 87-90 % instead of 95 % on short histories. Theil-Sen's is Sen's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pandas as pd
from scipy import special

from cgn_core.errors import InvalidInput, TooFewObservations
from cgn_core.stats.ahead import stored_shares
from cgn_core.stats.arrays import Flags, Floats, Integers, Matrix
from cgn_core.stats.extra_predictors import check_extra
from cgn_core.stats.fit import EFFECT_LEVEL, Caution, Effect, Fit, effect_of, open_caution
from cgn_core.stats.history import FEWEST_WEEKS, History, iso_monday, read_history, require_weeks
from cgn_core.stats.least_squares import undetermined
from cgn_core.stats.median_estimators import median_regression, theil_sen
from cgn_core.stats.next_week import week_predictor
from cgn_core.stats.penalised_estimators import elastic_net, lasso, ridge
from cgn_core.stats.weekly_estimators import (
    LARGEST_LEVERAGE,
    Estimate,
    huber,
    leave_one_out,
    leverages,
    ordinary,
    ordinary_hac,
    tukey,
)
from cgn_core.tables import Daily

ESTIMATORS: Mapping[str, Callable[[Matrix, Floats], Estimate]] = MappingProxyType(
    {
        "single_lever": ordinary,
        "ols": ordinary,
        "huber": huber,
        "tukey": tukey,
        "quantile": median_regression,
        "ridge": ridge,
        "lasso": lasso,
        "elastic_net": elastic_net,
    }
)
THEIL_SEN = "theil_sen"
WEEKLY_MODELS = (*ESTIMATORS, THEIL_SEN)
SINGLE_LEVER = ("single_lever", THEIL_SEN)
"""Models of the number of pieces alone."""
SHRINKING = ("ridge", "lasso", "elastic_net")
HC3, HAC = "hc3", "hac"
LEAST_SQUARES = ("single_lever", "ols")
"""Models whose errors can be asked for by name."""
POSTING_FREQUENCY = "posting_frequency"
PIECES = ("posts", "reels", "stories")
"""What counts as posting; ads are bought, not posted."""


def fit_weekly(
    daily: Daily,
    *,
    model: str,
    level: float = EFFECT_LEVEL,
    covariance: str = HC3,
    extra: pd.DataFrame | None = None,
    declared_planned: frozenset[str] = frozenset(),
) -> Fit:
    """Fit one of the weekly models to the weeks of a daily table.

    Args:
        daily: at least eight complete weeks whose growth is observed.
        model: a name of ``WEEKLY_MODELS``.
        level: of the effects' intervals, two-sided.
        covariance: hc3 | hac, of least squares: weeks differ in spread, or move together with their neighbours too.
        extra: further same-week predictors: ``date`` and one column each, summed over the week; not for the models of
            a single lever.
        declared_planned: those of them that a person set in advance.

    Raises:
        InvalidInput: no such model, or errors that it doesn't offer.
        TooFewObservations: too few complete weeks for this many levers.
        ConstantSeries: growth never changes.
        LeakageError: an extra predictor is only known afterwards.
    """
    if model not in WEEKLY_MODELS:
        raise InvalidInput(f"There is no weekly model {model!r}; there are {', '.join(WEEKLY_MODELS)}.")
    if covariance != HC3 and (covariance != HAC or model not in LEAST_SQUARES):
        raise InvalidInput(
            f"Errors are {HC3}, or {HAC} for {' and '.join(LEAST_SQUARES)}; {covariance!r} is none that {model} offers."
        )
    history = read_history(daily, extra=extra)
    if extra is not None:
        require_weeks(history)
        check_extra(daily, history, declared_planned=declared_planned)
    return fit_weekly_history(history, model=model, level=level, covariance=covariance)


def fit_weekly_history(history: History, *, model: str, level: float = EFFECT_LEVEL, covariance: str = HC3) -> Fit:
    """:func:`fit_weekly` on arrays, for validation's many refits."""
    weeks = require_weeks(history)
    trained = np.isin(history.week_numbers, weeks)
    counts, growth = history.weekly_counts[trained], history.weekly_growth[trained]
    names, links = _terms(history, model)
    own, fitted = determined_terms(np.ones((len(weeks), 1)), counts @ links)
    design = np.column_stack([np.ones(len(weeks)), counts @ links[:, fitted]])
    freedom = len(weeks) - design.shape[1]
    if freedom < 1:
        needed = max(design.shape[1] + 1, FEWEST_WEEKS)
        raise TooFewObservations(
            f"{len(weeks)} complete weeks can't tell {len(fitted)} effects apart; it takes {needed}."
        )
    estimate = _estimate(model, design, growth, weeks=weeks, level=level, covariance=covariance)
    rows = np.zeros((1 + len(history.levers), design.shape[1]))
    rows[0, 0] = 1.0
    rows[1:, 1:] = links[:, fitted]
    places = [1 + fitted.index(term) for term in own]
    known = tuple(names[term] for term in own)
    unknown = tuple(n for n in history.levers if n not in known) if model not in SINGLE_LEVER else ()
    cautions = [open_caution(name, counts[:, history.levers.index(name)]) for name in unknown]
    if model in SHRINKING:
        cautions.append(SHRUNK)
    return Fit(
        model=model,
        target=history.target,
        weeks=len(weeks),
        first_week=iso_monday(int(weeks[0])),
        last_week=iso_monday(int(weeks[-1])),
        effects=effects_of(known, estimate, places, freedom=freedom, level=level),
        predictor=week_predictor(
            history,
            mean=(rows @ estimate.coefficients).tolist(),
            covariance=rows @ estimate.covariance @ rows.T,
            freedom=float(freedom),
            n_residuals=len(weeks),
            undetermined=unknown,
            residuals=leave_one_out(design, growth, estimate).tolist(),
        ),
        cautions=tuple(cautions),
        details={
            "degrees_of_freedom": freedom,
            "effect_covariance": estimate.covariance[np.ix_(places, places)].tolist(),
            "covariance": covariance,
            "weekday_shares": stored_shares(history),
            "weights": estimate.weights.tolist(),
        },
    )


SHRUNK = Caution(
    "shrunk_effects",
    "This model draws every effect toward zero on purpose, which steadies the forecast; the intervals are widened by "
    "as much, and an effect of exactly zero means too small to help the forecast, not none.",
)


def _estimate(
    model: str, design: Matrix, growth: Floats, *, weeks: Integers, level: float, covariance: str
) -> Estimate:
    if model == THEIL_SEN:
        # Nothing was posted, or always as much: a median is all there is to take.
        return theil_sen(design, growth, level=level) if design.shape[1] > 1 else median_regression(design, growth)
    if covariance == HAC:
        return ordinary_hac(design, growth, weeks=weeks)
    return ESTIMATORS[model](design, growth)


def determined_terms(given: Matrix, predictors: Matrix) -> tuple[list[int], list[int]]:
    """Terms whose own effect the weeks determine; and those to fit: these, and what carries others' joint effect.

    Fitted values, and forecasts of weeks like those seen, are then those of the minimum-norm solution. An effect that
    hangs on one single week is open too: it could not be told from that week's luck.

    Args:
        given: terms that are fitted in any case, shape (n, q), the intercept among them.
        predictors: shape (n, p).
    """
    design = np.hstack([given, predictors])
    always = given.shape[1]
    shared = leverages(design) < LARGEST_LEVERAGE
    open_terms = _open(design[shared])[always:]
    own = [term for term in range(predictors.shape[1]) if not open_terms[term]]
    fitted = list(own)
    for term in range(predictors.shape[1]):
        if open_terms[term] and not _open(np.hstack([given, predictors[:, [*fitted, term]]]))[-1]:
            fitted.append(term)
    return own, fitted


def _open(design: Matrix) -> Flags:
    """:func:`undetermined` for a design that may have fewer weeks than terms."""
    missing = max(design.shape[1] - len(design), 0)
    return undetermined(np.vstack([design, np.zeros((missing, design.shape[1]))]))


def effects_of(
    names: tuple[str, ...], estimate: Estimate, places: list[int], *, freedom: int, level: float
) -> tuple[Effect, ...]:
    """Effects with Student's t intervals, or with the estimate's own bounds.

    Args:
        names: of the effects.
        estimate: of a design.
        places: of the effects among its columns.
        freedom: degrees of freedom.
        level: two-sided, the one that the bounds were made for.
    """
    multiplier = float(special.stdtrit(freedom, (1 + level) / 2))
    errors = np.sqrt(np.maximum(np.diag(estimate.covariance), 0.0))
    found = []
    for name, place in zip(names, places, strict=True):
        value, error = float(estimate.coefficients[place]), float(errors[place])
        effect = effect_of(name, value, error, multiplier=multiplier, level=level)
        if estimate.bounds is not None:
            low, high = estimate.bounds[place]
            effect = replace(effect, low=float(low), high=float(high))
        found.append(effect)
    return tuple(found)


def _terms(history: History, model: str) -> tuple[tuple[str, ...], Matrix]:
    """The model's terms, and how many of each a piece of each lever is: shape (levers, terms)."""
    levers = len(history.levers)
    if model in SINGLE_LEVER:
        return (POSTING_FREQUENCY,), np.array([[float(name in PIECES)] for name in history.levers]).reshape(levers, 1)
    return history.levers, np.eye(levers)
