"""Which levers the days can judge, and the daily fit to those."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cgn_core.stats.arrays import Flags, Matrix
from cgn_core.stats.calendar_terms import Calendar
from cgn_core.stats.daily_estimation import DayFit, fit_days
from cgn_core.stats.history import History
from cgn_core.stats.least_squares import undetermined

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

    def counts(self, history: History) -> Matrix:
        """Shape (n, fitted levers), pieces per day."""
        return history.counts[:, list(self.fitted)]


def fit_levers(history: History) -> LeverFit:
    """Fit the days of a history to the levers they can judge.

    What is decided on all days is decided again on those that are left when viral days are out: a type whose every day
    went viral has no effect of its own.

    Args:
        history: at least eight complete weeks whose growth varies, see :func:`cgn_core.stats.history.require_weeks`.
    """
    calendar = Calendar(first=int(history.days[0]), last=int(history.days[-1]), weeks=len(history.complete_weeks))
    terms = calendar.terms(history.days)
    levers = list(range(len(history.levers)))
    determined, fitted = _judged(history, terms, history.usable, levers)
    while True:
        fit = fit_days(
            terms, history.counts[:, fitted], history.growth, history.usable, lost=history.lost, sizes=calendar.sizes
        )
        determined, left = _judged(history, terms, fit.used, fitted, among=determined)
        if left == fitted:
            break
        fitted = left
    return LeverFit(
        fit=fit,
        calendar=calendar,
        terms=terms,
        determined=tuple(determined),
        fitted=tuple(fitted),
        undetermined=tuple(name for lever, name in enumerate(history.levers) if lever not in determined),
    )


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
