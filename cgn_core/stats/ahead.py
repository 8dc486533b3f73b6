"""What coming weeks hold: their growth without another piece, and how much of a piece works before a horizon ends.

A piece posted on weekday ``d`` (0 is Monday) has done ``1 - decay ** (7 n - d)`` of its work when ``n`` weeks, its own
among them, are over. What a fit knows of that is stored with it, so that a plan needs no history.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from cgn_core.stats.arrays import Floats, Matrix
from cgn_core.stats.calendar_terms import Calendar
from cgn_core.stats.carry_over import stock, weekday_shares
from cgn_core.stats.daily_estimation import STEP
from cgn_core.stats.daily_levers import LeverFit
from cgn_core.stats.fit import Fit
from cgn_core.stats.history import History
from cgn_core.stats.predictive import LOO_RESIDUALS
from cgn_core.tables import DAYS_PER_WEEK

MOST_WEEKS = 12
"""How far ahead weeks are planned."""
DAILY = "daily"


def stored_shares(history: History) -> dict[str, list[float]]:
    """How each lever's pieces fell on Monday to Sunday, as stored with a fit."""
    return {name: shares.tolist() for name, shares in zip(history.levers, weekday_shares(history).T, strict=True)}


def stored_weeks(history: History, found: LeverFit, covariance: Matrix) -> dict[str, Any]:
    """The next twelve weeks by the daily fit, as stored with it.

    Args:
        history: that was fitted.
        found: the fit of its days.
        covariance: of the coefficients and, where there is carry-over, of the decay.
    Returns: ``levers`` fitted; ``base``, growth of each week if nothing more is posted; ``effects`` per piece, all days
        together; ``covariance`` of (base, effects, decay), the last left out without carry-over.
    """
    fit, calendar, fitted = found.fit, found.calendar, list(found.fitted)
    rows = _base_rows(history, calendar, fitted, fit.decay)
    base = rows @ fit.coefficients
    if found.losses is not None:
        base -= DAYS_PER_WEEK * found.lost
    terms = rows.shape[1]
    if fit.decay > 0:
        later, sooner = (_base_rows(history, calendar, fitted, fit.decay + step) for step in (STEP, -STEP))
        rows = np.hstack([rows, ((later - sooner) @ fit.coefficients / (2 * STEP))[:, None]])
    spread = np.vstack([rows, np.eye(len(covariance))[terms - len(fitted) :]])
    joint = spread @ covariance @ spread.T
    joint[:MOST_WEEKS, :MOST_WEEKS] += DAYS_PER_WEEK**2 * found.lost_doubt
    return {
        "levers": [history.levers[lever] for lever in fitted],
        "base": base.tolist(),
        "effects": fit.coefficients[terms - len(fitted) :].tolist(),
        "covariance": joint.tolist(),
    }


def _base_rows(history: History, calendar: Calendar, fitted: list[int], decay: float) -> Matrix:
    """Shape (12, terms): calendar and what is left of the history's pieces, summed over each coming week."""
    days = np.arange(history.next_monday, history.next_monday + MOST_WEEKS * DAYS_PER_WEEK)
    base = calendar.terms(days).reshape(MOST_WEEKS, DAYS_PER_WEEK, -1).sum(axis=1)
    left = (decay ** np.arange(1, len(days) + 1)).reshape(MOST_WEEKS, DAYS_PER_WEEK).sum(axis=1)
    return np.hstack([base, np.outer(left, stock(history.counts[:, fitted], decay)[-1])])


@dataclass(frozen=True)
class Outlook:
    """A horizon of ``weeks`` weeks as a linear law: total = base + sum over weeks of ``counted · effects · counts``.

    Attributes:
        levers: shape (k,), in the predictor's order.
        effects: shape (k,), followers per piece, all days together.
        counted: shape (weeks, k), share of a piece's effect that counts: what works within the horizon, and what works
            after it at the end value.
        tilt: shape (weeks, k), derivative of ``counted`` with respect to the decay.
        base: followers over the horizon if nothing is posted.
        covariance: shape (k + 2, k + 2), of (base, effects, decay).
        dispersion: variance of the noise over the followers gained.
        lost: followers usually lost over the horizon, which the gain comes on top of.
        floor: gain below which the noise shrinks no further.
        noise: variance of the horizon's noise that doesn't depend on the gain.
    """

    levers: tuple[str, ...]
    effects: Floats
    counted: Matrix
    tilt: Matrix
    base: float
    covariance: Matrix
    dispersion: float
    lost: float
    floor: float
    noise: float

    def exposure(self, counts: Matrix) -> Floats:
        """How the total moves with (base, effects, decay) under counts of shape (weeks, k), per base of 1."""
        moved = float((counts * self.tilt).sum(axis=0) @ self.effects)
        return np.array([1.0, *(counts * self.counted).sum(axis=0), moved])


def outlook(fit: Fit, *, weeks: int, end_value: float) -> Outlook:
    """The coming weeks as a fit sees them.

    Models of weeks know no carry-over and expect every week's base alike; so is a daily fit answered that was stored
    before its coming weeks were stored with it.

    Args:
        fit: of any model.
        weeks: 1 to 12.
        end_value: what a follower gained after the horizon counts, in [0, 1].
    """
    predictor = fit.predictor
    k = len(predictor.levers)
    effects, covariance = np.zeros(k), np.zeros((k + 2, k + 2))
    counted, tilt = np.ones((weeks, k)), np.zeros((weeks, k))
    stored = fit.details.get("weeks_ahead") if fit.model == DAILY else None
    if stored is None:
        base = weeks * predictor.mean[0]
        effects[:] = predictor.mean[1:]
        scaled = np.array([float(weeks), *[1.0] * k])
        covariance[:-1, :-1] = scaled[:, None] * np.array(predictor.covariance).reshape(k + 1, k + 1) * scaled
    else:
        places = [predictor.levers.index(name) for name in stored["levers"]]
        effects[places] = stored["effects"]
        base = float(np.sum(stored["base"][:weeks]))
        joint = np.array(stored["covariance"])
        gather = np.zeros((k + 2, len(joint)))
        gather[0, :weeks] = 1.0
        gather[[1 + place for place in places], MOST_WEEKS : MOST_WEEKS + len(places)] = np.eye(len(places))
        if len(joint) > MOST_WEEKS + len(places):
            gather[-1, -1] = 1.0
        covariance = gather @ joint @ gather.T
        decay = float(fit.details["carry_over_decay"])
        shares = np.array([fit.details["weekday_shares"][name] for name in predictor.levers]).reshape(k, DAYS_PER_WEEK)
        within, change = _worked(decay, shares, weeks)
        counted = within + end_value * (1 - within)
        tilt = (1 - end_value) * change
    by_week = 0.0
    if predictor.method == LOO_RESIDUALS:
        by_week = float(np.var(predictor.residuals))
    return Outlook(
        levers=predictor.levers,
        effects=effects,
        counted=counted,
        tilt=tilt,
        base=base,
        covariance=covariance,
        dispersion=predictor.dispersion,
        lost=weeks * predictor.lost,
        floor=weeks * predictor.floor,
        noise=weeks * by_week,
    )


def _worked(decay: float, shares: Matrix, weeks: int) -> tuple[Matrix, Matrix]:
    """Share of a piece of each week that has worked when the horizon ends, and its derivative by the decay.

    Args:
        decay: in [0, 1).
        shares: shape (k, 7), of each lever's pieces by weekday.
        weeks: of the horizon.
    Returns: two of shape (weeks, k).
    """
    left = DAYS_PER_WEEK * np.arange(weeks, 0, -1)[:, None] - np.arange(DAYS_PER_WEEK)
    within = (1 - decay**left) @ shares.T
    change = -(left * decay ** (left - 1)) @ shares.T if decay > 0 else np.zeros_like(within)
    return within, change
