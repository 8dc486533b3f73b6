"""Which of several validated models is shown, and whether it beats the naive forecasts: ranking, tests, words.

See docs/decisions/0005-when-a-model-beats-naive.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import special

from cgn_core.errors import TooFewObservations
from cgn_core.stats.arrays import Floats
from cgn_core.stats.baselines import BASELINES
from cgn_core.stats.judged_forecasts import TargetWeeks
from cgn_core.stats.validation import Grammar, Validation

BEATS, NO_BETTER = "beats_naive", "no_better_than_naive"
DOUBT = 0.05
"""One-sided probability of a paired difference this large if the model were no better than the naive forecast."""
LEVEL = 0.95
"""Of the intervals of errors and of their differences."""
FEWEST_ORIGINS = 4
"""Unseen weeks below which no model is said to beat anything."""
PREFERRED = ("daily", "tukey", "huber")
"""Shown unless another forecasts better beyond chance, the first that could be validated: their intervals hold on
histories with viral weeks, where those of least squares are many times as wide."""


@dataclass(frozen=True)
class Ranked:
    """A model's or naive forecast's error on the unseen weeks that all were scored on; followers per week."""

    model: str
    mae: float
    mae_low: float
    mae_high: float
    """95 % interval of the mean absolute error."""
    rmse: float
    baseline: bool
    gain: float | None = None
    """By how much the error is less than the best naive forecast's on the same weeks; None where too few judge."""
    gain_low: float | None = None
    gain_high: float | None = None
    """95 % interval of that paired difference."""


@dataclass(frozen=True)
class UnseenWeeks:
    """Errors of models and naive forecasts on the w weeks that all were scored on, oldest first.

    Attributes:
        absolute: shape (w,) each, of the median.
        squared: shape (w,) each, of the mean.
        ahead: weeks from the last known one to the forecast one.
        initial: weeks before the first of them was forecast.
    """

    absolute: dict[str, Floats]
    squared: dict[str, Floats]
    ahead: int
    initial: int = 0

    @property
    def count(self) -> int:
        """How many weeks."""
        return len(next(iter(self.absolute.values())))

    @property
    def best_naive(self) -> str:
        """The naive forecast with the least error."""
        return min(BASELINES, key=lambda name: float(self.absolute[name].mean()))


def unseen_weeks(weeks: TargetWeeks, validations: Mapping[str, Validation], grammar: Grammar) -> UnseenWeeks:
    """The weeks that every model forecast; a naive forecast is its value, nothing else.

    Args:
        weeks: of the history.
        validations: of models on it; where there is none, all weeks that naive forecasts reach are taken.
        grammar: theirs.

    Raises:
        TooFewObservations: there is no such week.
    """
    places = {weeks.iso_monday(place): place for place in range(len(weeks))}
    said = {
        name: {places[each.week_start]: each for each in validation.forecasts}
        for name, validation in validations.items()
        if name not in BASELINES
    }
    shared = sorted(
        set.intersection(*(set(each) for each in said.values()))
        if said
        else range(grammar.initial - 1 + grammar.ahead, len(weeks), grammar.step)
    )
    if not shared:
        raise TooFewObservations("No week was forecast by all of them, so they can't be compared.")
    actual = weeks.growth[shared]
    absolute = {name: np.abs(actual - np.array([each[p].median for p in shared])) for name, each in said.items()}
    squared = {name: (actual - np.array([each[p].expected for p in shared])) ** 2 for name, each in said.items()}
    for name, rule in BASELINES.items():
        naive = np.array([rule(weeks.growth[: place - grammar.ahead + 1], grammar.ahead) for place in shared])
        absolute[name], squared[name] = np.abs(actual - naive), (actual - naive) ** 2
    initial = shared[0] + 1 - grammar.ahead
    return UnseenWeeks(absolute=absolute, squared=squared, ahead=grammar.ahead, initial=initial)


def rank(unseen: UnseenWeeks) -> tuple[Ranked, ...]:
    """Everything by its mean absolute error, the smallest first, each with its interval and its gain on naive."""
    naive = unseen.absolute[unseen.best_naive]
    judged = unseen.count >= FEWEST_ORIGINS
    ranked = []
    for name, errors in unseen.absolute.items():
        mean, margin = _mean_and_margin(errors, unseen.ahead)
        gain, reach = _mean_and_margin(naive - errors, unseen.ahead)
        ranked.append(
            Ranked(
                model=name,
                mae=mean,
                mae_low=mean - margin,
                mae_high=mean + margin,
                rmse=float(np.sqrt(unseen.squared[name].mean())),
                baseline=name in BASELINES,
                gain=gain if judged else None,
                gain_low=gain - reach if judged else None,
                gain_high=gain + reach if judged else None,
            )
        )
    return tuple(sorted(ranked, key=lambda each: each.mae))


def choose(unseen: UnseenWeeks, *, forced: str | None = None, usual: str | None = None) -> tuple[str, str, str]:
    """The model to show, the verdict, and the reason in a sentence or two.

    Args:
        unseen: errors of at least one naive forecast.
        forced: the model that a person asked for.
        usual: shown unless another is better beyond chance, such as the one in force; None or one that wasn't
            validated leaves it to ``PREFERRED``.
    """
    naive = unseen.best_naive
    models = [name for name in unseen.absolute if name not in BASELINES]
    if forced in BASELINES:
        return str(forced), NO_BETTER, f"The {words(str(forced))} was asked for, and it is a naive one itself."
    champion = forced if forced in models else _champion(unseen, models, usual)
    if champion is None or unseen.count < FEWEST_ORIGINS:
        reason = (
            f"Only {unseen.count} unseen {'week is' if unseen.count == 1 else 'weeks are'} there to judge by; "
            f"{FEWEST_ORIGINS} are needed to tell a model from chance."
        )
        return (champion if forced and champion else naive), NO_BETTER, reason
    gain = unseen.absolute[naive] - unseen.absolute[champion]
    off = {name: float(unseen.absolute[name].mean()) for name in (champion, naive)}
    reason = (
        f"Over {unseen.count} unseen weeks the {words(champion)} is off by {off[champion]:,.0f} followers a week on "
        f"average, the {words(naive)} by {off[naive]:,.0f}"
    )
    if doubt(gain, ahead=unseen.ahead) <= DOUBT:
        return champion, BEATS, f"{reason}.{_runner_up(unseen, champion, models)}"
    return (champion if forced else naive), NO_BETTER, f"{reason}: chance alone could do that."


def _champion(unseen: UnseenWeeks, models: list[str], wanted: str | None) -> str | None:
    """The usual model, unless the best of the others beats it beyond chance, counting how many were tried."""
    if not models:
        return None
    usual = next((name for name in (wanted, *PREFERRED) if name in models), None)
    best = min(models, key=lambda name: float(unseen.absolute[name].mean()))
    if usual is None or best == usual or unseen.count < FEWEST_ORIGINS:
        return best if usual is None else usual
    lead = unseen.absolute[usual] - unseen.absolute[best]
    return best if doubt(lead, ahead=unseen.ahead) <= DOUBT / (len(models) - 1) else usual


def _runner_up(unseen: UnseenWeeks, champion: str, models: list[str]) -> str:
    """Why a model with a smaller error isn't the one that is shown, where there is one."""
    errors = {name: float(unseen.absolute[name].mean()) for name in models}
    best = min(models, key=lambda name: errors[name])
    if errors[best] >= errors[champion]:
        return ""
    return (
        f" The {words(best)} is off by {errors[best]:,.0f}, a lead that chance alone could give the best of "
        f"{len(models)} models."
    )


def doubt(gain: Floats, *, ahead: int = 1) -> float:
    """Probability of so large a mean gain if there were none, one-sided.

    A paired t test for the next week; forecasts further ahead share weeks, so their gains move together and the
    variance of the mean counts their autocovariances (Bartlett's weights, which keep it positive).

    Args:
        gain: shape (w,), w > 1, error of the one less error of the other, week by week.
        ahead: weeks from the last known one to the forecast one.
    Source: Diebold & Mariano (1995), doi:10.1080/07350015.1995.10524599, with the correction and t law of Harvey,
        Leybourne & Newbold (1997), doi:10.1016/S0169-2070(96)00719-4.
    """
    error = mean_error(gain, ahead=ahead)
    if error == 0:
        return 0.0 if gain.mean() > 0 else 1.0
    return float(1 - special.stdtr(len(gain) - 1, gain.mean() / error))


def mean_error(values: Floats, *, ahead: int = 1) -> float:
    """Standard error of a mean of values that share weeks with the ``ahead - 1`` before them; n > 1."""
    n = len(values)
    away = values - values.mean()
    reach = min(ahead, n) - 1
    total = float(away @ away) + sum(
        2 * (1 - lag / (reach + 1)) * float(away[lag:] @ away[:-lag]) for lag in range(1, reach + 1)
    )
    # n - 1 instead of n for one week ahead, and Harvey's factor beyond.
    corrected = max(n + 1 - 2 * ahead + ahead * (ahead - 1) / n, 1.0)
    return float(np.sqrt(max(total, 0.0) / n / corrected))


def _mean_and_margin(values: Floats, ahead: int) -> tuple[float, float]:
    n = len(values)
    if n < 2:  # noqa: PLR2004 - one value has no spread
        return float(values.mean()), 0.0
    return float(values.mean()), float(special.stdtrit(n - 1, (1 + LEVEL) / 2)) * mean_error(values, ahead=ahead)


def words(model: str) -> str:
    """A model or naive forecast as a sentence names it."""
    return model.replace("_", " ") + (" forecast" if model in BASELINES else " model")
