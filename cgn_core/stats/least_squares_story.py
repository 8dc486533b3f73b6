"""Why least squares on weeks is not what is shown, in the words and numbers of the history at hand."""

from __future__ import annotations

import pandas as pd

from cgn_core.errors import ConstantSeries, TooFewObservations
from cgn_core.stats.baselines import BASELINES
from cgn_core.stats.fit import Effect, Fit, one_of
from cgn_core.stats.history import History
from cgn_core.stats.model_choice import UnseenWeeks, words
from cgn_core.stats.weekly_models import LEAST_SQUARES, fit_weekly_history

OLS = "ols"
WIDER = 1.5
"""Factor from which one interval is said to be wider than another."""


def why_not_least_squares(history: History, fit: Fit, unseen: UnseenWeeks, *, level: float) -> str:
    """A sentence that starts with a space; none where least squares is shown, wasn't tried, or met no viral day.

    Args:
        history: all of it.
        fit: what is shown, with the viral days and every lever's effect.
        unseen: errors on unseen weeks.
        level: of the effects' intervals.
    """
    if fit.model in LEAST_SQUARES or OLS not in unseen.absolute or not fit.viral_days:
        return ""
    try:
        ordinary = fit_weekly_history(history, model=OLS, level=level)
    except (TooFewObservations, ConstantSeries):
        return ""
    pulled = _most_widened(ordinary, fit)
    if pulled is None:
        return ""
    plain, shown, ratio = pulled
    days = len(fit.viral_days)
    weeks = len({pd.Timestamp(day).to_period("W") for day in fit.viral_days})
    source = "daily model" if fit.model in BASELINES else words(fit.model)
    return (
        f" Least squares on weeks (ols) is not shown: it gives every week its full pull, and "
        f"{days} viral {'day falls' if days == 1 else 'days fall'} into {weeks} of {fit.weeks}. It is off by "
        f"{float(unseen.absolute[OLS].mean()):,.0f}, and can say of one more {one_of(plain.name)} only that it brings "
        f"{plain.low:,.0f} to {plain.high:,.0f} followers, where the {source} says {shown.low:,.0f} to "
        f"{shown.high:,.0f}, an interval {ratio:,.0f} times as narrow."
    )


def _most_widened(ordinary: Fit, fit: Fit) -> tuple[Effect, Effect, float] | None:
    """The effect whose interval least squares widens most, beside the one that is shown; None where it widens none."""
    shown = {effect.name: effect for effect in fit.effects}
    found = [
        (effect, shown[effect.name], (effect.high - effect.low) / (shown[effect.name].high - shown[effect.name].low))
        for effect in ordinary.effects
        if effect.name in shown and shown[effect.name].high > shown[effect.name].low
    ]
    widest = max(found, key=lambda each: each[2], default=None)
    return widest if widest is not None and widest[2] >= WIDER else None
