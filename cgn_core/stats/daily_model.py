"""The default engine: effects estimated on days, answers given by the week.

Daily growth is weekday, trend and season, plus planned counts through a geometric carry-over. Noise grows with the
followers gained (weights 1 / fitted gain), viral days are taken out and modelled apart, errors are clustered by week
(CR2, Student's t with each effect's own degrees of freedom). Where followers lost are known and don't go with posting,
effects are those on the followers gained, and losses are modelled apart (:mod:`cgn_core.stats.losses`).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import special

from cgn_core.stats.ahead import stored_shares, stored_weeks
from cgn_core.stats.arrays import Floats, Matrix
from cgn_core.stats.calendar_terms import WEEKDAY_TERMS, Calendar
from cgn_core.stats.carry_over import next_week_stock
from cgn_core.stats.daily_estimation import STEP, parameter_covariance
from cgn_core.stats.daily_levers import LeverFit, fit_levers
from cgn_core.stats.extra_predictors import check_extra
from cgn_core.stats.fit import EFFECT_LEVEL, Caution, Fit, effect_of, open_caution
from cgn_core.stats.history import History, iso_day, iso_monday, read_history, require_weeks
from cgn_core.stats.next_week import Noise, week_predictor
from cgn_core.stats.predictive import WeekPredictor
from cgn_core.stats.viral import viral_week
from cgn_core.tables import DAYS_PER_WEEK, Daily

INDEPENDENT_WEEKS = 12
"""How many weeks' worth of evidence it counts as that the days of a week are independent."""


def fit_daily(
    daily: Daily,
    *,
    level: float = EFFECT_LEVEL,
    extra: pd.DataFrame | None = None,
    declared_planned: frozenset[str] = frozenset(),
) -> Fit:
    """Fit the daily model.

    Args:
        daily: at least eight complete weeks whose growth is observed.
        level: of the effects' intervals, two-sided.
        extra: further same-day predictors: ``date`` and one column each.
        declared_planned: those of them that a person set in advance.

    Raises:
        TooFewObservations: too few complete weeks; the sentence says how many there are, are needed and are missing.
        ConstantSeries: growth never changes.
        LeakageError: an extra predictor is only known afterwards.
    """
    history = read_history(daily, extra=extra)
    if extra is not None:
        require_weeks(history)
        check_extra(daily, history, declared_planned=declared_planned)
    return fit_daily_history(history, level=level)


def fit_daily_history(history: History, *, level: float = EFFECT_LEVEL) -> Fit:
    """:func:`fit_daily` on arrays, for validation's many refits."""
    weeks = require_weeks(history)
    found = fit_levers(history)
    fit, fitted = found.fit, list(found.fitted)
    covariance, freedom = parameter_covariance(fit, found.counts(history), history.weeks)
    place = {lever: found.terms.shape[1] + index for index, lever in enumerate(fitted)}
    own = [place[lever] for lever in found.determined]
    effects = tuple(
        effect_of(
            history.levers[lever],
            float(fit.coefficients[place[lever]]),
            float(np.sqrt(covariance[place[lever], place[lever]])),
            multiplier=float(special.stdtrit(freedom[place[lever]], (1 + level) / 2)),
            level=level,
        )
        for lever in found.determined
    )
    common = float(len(np.unique(history.weeks[fit.used])) - 1)
    widened = _widened(covariance, freedom, common, slice(found.terms.shape[1], fit.design.shape[1]))
    predictor = _predictor(history, found, widened, common)
    return Fit(
        model="daily",
        target=history.target,
        weeks=len(weeks),
        first_week=iso_monday(int(weeks[0])),
        last_week=iso_monday(int(weeks[-1])),
        effects=effects,
        predictor=predictor,
        viral_days=tuple(iso_day(int(day)) for day in history.days[fit.viral]),
        viral_rate=float(fit.viral.sum() / history.usable.sum()),
        cautions=_cautions(history, found),
        details={
            "carry_over_decay": fit.decay,
            "carry_over_likelihood_ratio": fit.ratio,
            "dispersion": predictor.dispersion,
            "days": int(fit.used.sum()),
            "exceptional_losses": _exceptional_losses(history, found),
            "losses_apart": found.losses is not None,
            "losses_follow_posting_p_value": found.losses_follow_posting,
            "degrees_of_freedom": int(common),
            "effect_degrees_of_freedom": {
                history.levers[lever]: float(freedom[place[lever]]) for lever in found.determined
            },
            "effect_covariance": covariance[np.ix_(own, own)].tolist(),
            "weeks_ahead": stored_weeks(history, found, widened),
            "weekday_shares": stored_shares(history),
        },
    )


def _predictor(
    history: History,
    found: LeverFit,
    covariance: Matrix,
    freedom: float,
) -> WeekPredictor:
    fit, calendar, fitted = found.fit, found.calendar, list(found.fitted)
    rows = _next_week(history, calendar, fitted, fit.decay)
    mean = rows @ fit.coefficients
    if found.losses is not None:
        mean[0] -= DAYS_PER_WEEK * found.lost
    if fit.decay > 0:
        later, sooner = (_next_week(history, calendar, fitted, fit.decay + step) for step in (STEP, -STEP))
        rows = np.hstack([rows, ((later - sooner) @ fit.coefficients / (2 * STEP))[:, None]])
    spread = rows @ covariance @ rows.T
    spread[0, 0] += DAYS_PER_WEEK**2 * found.lost_doubt
    return week_predictor(
        history,
        mean=mean.tolist(),
        covariance=spread,
        freedom=freedom,
        n_residuals=len(history.complete_weeks),
        undetermined=found.undetermined,
        noise=Noise(_weekly_dispersion(history, found), DAYS_PER_WEEK * fit.floor, DAYS_PER_WEEK * found.lost),
        jumps=viral_week((fit.residuals / fit.level)[fit.viral], days=int(history.usable.sum())),
    )


def _widened(covariance: Matrix, freedom: Floats, common: float, levers: slice) -> Matrix:
    """The covariance for one t law that serves every plan: a lever that fewer weeks inform has its error widened."""
    factors = np.ones(len(freedom))
    factors[levers] = np.maximum(special.stdtrit(freedom[levers], 0.975) / special.stdtrit(common, 0.975), 1.0)
    widened: Matrix = factors[:, None] * covariance * factors
    return widened


def _next_week(history: History, calendar: Calendar, fitted: list[int], decay: float) -> Matrix:
    """Shape (1 + levers, terms): a week without any piece, then what one piece of each lever adds within the week."""
    ahead = np.arange(history.next_monday, history.next_monday + DAYS_PER_WEEK)
    base = calendar.terms(ahead).sum(axis=0)
    carried, within = next_week_stock(history, decay)
    rows = np.zeros((1 + len(history.levers), len(base) + len(fitted)))
    rows[0] = np.concatenate([base, carried[fitted]])
    for index, lever in enumerate(fitted):
        rows[1 + lever, len(base) + index] = within[lever]
    return rows


def _weekly_dispersion(history: History, found: LeverFit) -> float:
    """Variance of a week's noise over its mean: the days', more where the days of a week move together.

    How far weeks vary beyond independent days is shrunk towards not at all, the more so the fewer weeks there are.
    """
    by_day = found.dispersion
    level = np.where(found.counted, found.fit.level, 0.0)
    _, groups = np.unique(history.weeks, return_inverse=True)
    sums, expected = np.bincount(groups, found.residuals), by_day * np.bincount(groups, level)
    seen = expected > 0
    if not seen.any():
        return by_day
    weeks = int(seen.sum())
    # Weekday contrasts cancel within a week; every other term takes a degree of freedom from the weeks' sums.
    left = max(weeks - (found.fit.design.shape[1] - WEEKDAY_TERMS), 1)
    excess = float((sums[seen] ** 2 / expected[seen]).sum()) * weeks / left
    together = (excess + INDEPENDENT_WEEKS) / (weeks + INDEPENDENT_WEEKS)
    return by_day * max(together, 1.0)


def _exceptional_losses(history: History, found: LeverFit) -> list[str]:
    """ISO dates."""
    flags = found.fit.losses if found.losses is None else found.fit.losses | found.losses.exceptional
    return [iso_day(int(day)) for day in history.days[flags]]


def _cautions(history: History, found: LeverFit) -> tuple[Caution, ...]:
    unknown, losses = found.undetermined, _exceptional_losses(history, found)
    cautions = [open_caution(name, history.counts[:, history.levers.index(name)]) for name in unknown]
    if losses:
        days = ", ".join(losses)
        cautions.append(
            Caution("exceptional_losses", f"Left out as exceptional losses, such as a purge of accounts: {days}.")
        )
    if history.target == "gross_follows":
        cautions.append(
            Caution("gross_follows", "Only follows gained are known, so growth is counted before anybody who left.")
        )
    return tuple(cautions)
