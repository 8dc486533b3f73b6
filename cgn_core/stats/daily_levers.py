"""Which levers the days can judge, and the daily fit to those."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cgn_core.stats.arrays import Flags, Floats, Matrix
from cgn_core.stats.calendar_terms import Calendar
from cgn_core.stats.daily_estimation import DayFit, fit_days
from cgn_core.stats.history import History
from cgn_core.stats.least_squares import undetermined
from cgn_core.stats.losses import UNRELATED, Losses, follow_posting, usual_losses

FEWEST_DAYS, FEWEST_USE_WEEKS = 3, 2
"""A content type used on fewer days, or in fewer weeks, has no effect that could be told from those days' luck."""


@dataclass(frozen=True)
class LeverFit:
    """The days' fit to the levers that they can judge; levers by their place in the history."""

    fit: DayFit
    calendar: Calendar
    terms: Matrix
    """Shape (n, q), the calendar's."""
    determined: tuple[int, ...]
    """Levers whose own effect the days determine."""
    fitted: tuple[int, ...]
    """Those of the design: the determined, and what carries others' joint effect."""
    undetermined: tuple[str, ...]
    """Names of the levers whose effect is open."""
    losses: Losses | None
    """Where followers lost are modelled apart; ``fit`` then is of those gained."""
    losses_follow_posting: float | None
    """Probability of such losses if posting cost none; None where they aren't known."""
    mean: Floats
    """Shape (n,), net growth without viral days."""
    residuals: Floats
    """Shape (n,), net growth less ``mean`` on counted days, else 0."""
    counted: Flags
    """Shape (n,), days that are neither viral nor an exceptional loss."""
    dispersion: float
    """Variance of a used day's noise in net growth over the fit's ``level``."""
    lost: float
    """Followers lost on a day of the coming weeks; 0 where unknown."""
    lost_doubt: float
    """Variance of ``lost``, where that is no part of the fit."""

    def counts(self, history: History) -> Matrix:
        """Shape (n, fitted levers), pieces per day."""
        return history.counts[:, list(self.fitted)]


def fit_levers(history: History) -> LeverFit:
    """Fit the days of a history to the levers they can judge.

    Where followers lost are known and don't go with posting, effects are estimated on those gained, whose noise is
    less, and the losses are a share of the followers there are; else on net growth.

    Args:
        history: at least eight complete weeks whose growth varies, see :func:`cgn_core.stats.history.require_weeks`.
    """
    calendar = Calendar(first=int(history.days[0]), last=int(history.days[-1]), weeks=len(history.complete_weeks))
    terms = calendar.terms(history.days)
    losses, follow = usual_losses(history), None
    if losses is not None:
        fit, determined, fitted = _fit(history, terms, calendar.sizes, history.growth + losses.lost, lost=0.0)
        follow = follow_posting(losses, terms, fit.design[:, terms.shape[1] :], fit.used)
        if follow < UNRELATED:
            losses = None
    if losses is None:
        fit, determined, fitted = _fit(history, terms, calendar.sizes, history.growth, lost=history.lost)
    away = fit.residuals if losses is None else fit.residuals - losses.residuals()
    counted = fit.used if losses is None else fit.used & ~losses.exceptional
    residuals = np.where(counted, away, 0.0)
    freedom = max(int(counted.sum()) - fit.design.shape[1], 1)
    return LeverFit(
        fit=fit,
        calendar=calendar,
        terms=terms,
        determined=tuple(determined),
        fitted=tuple(fitted),
        undetermined=tuple(name for lever, name in enumerate(history.levers) if lever not in determined),
        losses=losses,
        losses_follow_posting=follow,
        mean=fit.mean if losses is None else fit.mean - losses.usual,
        residuals=residuals,
        counted=counted,
        dispersion=float((residuals**2 / fit.level).sum()) / freedom,
        lost=history.lost if losses is None else losses.ahead,
        lost_doubt=0.0 if losses is None else losses.doubt,
    )


def _fit(
    history: History, terms: Matrix, sizes: Floats, growth: Floats, *, lost: float
) -> tuple[DayFit, list[int], list[int]]:
    """The fit, the levers it determines and those it has.

    What is decided on all days is decided again on those that are left when viral days are out: a type whose days went
    viral may have no effect of its own left.
    """
    determined, fitted = _judged(history, terms, history.usable, list(range(len(history.levers))))
    while True:
        fit = fit_days(terms, history.counts[:, fitted], growth, history.usable, lost=lost, sizes=sizes)
        determined, left = _judged(history, terms, fit.used, fitted, among=determined)
        if left == fitted:
            return fit, determined, fitted
        fitted = left


def _judged(
    history: History, terms: Matrix, days: Flags, levers: list[int], *, among: list[int] | None = None
) -> tuple[list[int], list[int]]:
    """Levers, of those given, whose own effect these days determine; and those to fit, which never are more."""
    counts, weeks = history.counts, history.weeks
    tried = [
        lever
        for lever in levers
        if (counts[days, lever] != 0).sum() >= FEWEST_DAYS
        and len(np.unique(weeks[days & (counts[:, lever] != 0)])) >= FEWEST_USE_WEEKS
    ]
    open_terms = undetermined(np.hstack([terms, counts[:, tried]])[days])[terms.shape[1] :]
    clear = [lever for lever, is_open in zip(tried, open_terms, strict=True) if not is_open]
    fitted = list(clear)
    for lever, is_open in zip(tried, open_terms, strict=True):
        candidate = [*fitted, lever]
        if is_open and not undetermined(np.hstack([terms, counts[:, candidate]])[days])[-1]:
            fitted = candidate
    return [lever for lever in clear if among is None or lever in among], fitted
