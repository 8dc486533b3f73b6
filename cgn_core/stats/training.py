"""Training: every model is validated on weeks it had not seen, and the naive forecast is shown where none beats it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from cgn_core.errors import ConstantSeries, TooFewObservations
from cgn_core.stats.arrays import Floats
from cgn_core.stats.baselines import BASELINES
from cgn_core.stats.daily_model import fit_daily
from cgn_core.stats.fit import EFFECT_LEVEL, Caution, Effect, Fit
from cgn_core.stats.history import read_history, require_weeks
from cgn_core.stats.intervals import require_level, supported_level
from cgn_core.stats.returns import ContentReturn, content_returns
from cgn_core.stats.validation import (
    Grammar,
    Progress,
    Validation,
    cross_validate,
    default_initial,
    fit_model,
    no_progress,
)
from cgn_core.tables import DEFAULT_MINUTES, Daily

TRAINED = ("daily", "single_lever", "ols", "huber", "tukey")
"""What a training ranks; :func:`compare` ranks whatever it is asked to."""
BEATS, NO_BETTER = "beats_naive", "no_better_than_naive"
DOUBT = 0.05
"""One-sided probability of a paired difference this large if the model were no better than the naive forecast."""
FEWEST_ORIGINS = 4
"""Unseen weeks below which no model is said to beat anything."""


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


@dataclass(frozen=True)
class Training:
    """What a training found, and what is shown of it."""

    fit: Fit
    """Of the chosen model, or of the naive forecast where nothing beats it; then the effects are the daily fit's."""
    validation: Validation
    """Of the same model as ``fit``."""
    ranking: tuple[Ranked, ...]
    chosen: str
    reason: str
    verdict: str
    """beats_naive | no_better_than_naive"""
    returns: tuple[ContentReturn, ...]
    weeks: int
    cautions: tuple[Caution, ...]
    regime_start: str | None = None

    def to_json(self) -> dict[str, Any]:
        """What ``cgn train --json`` prints, and everything a page shows."""
        return {
            "model": self.fit.model,
            "weeks": self.weeks,
            "target": self.fit.target,
            "effects": [asdict(effect) for effect in self.fit.effects],
            "scores": self.validation.scores,
            "regime_start": self.regime_start,
            "verdict": self.verdict,
            "warnings": [asdict(caution) for caution in self.cautions],
            "chosen": self.chosen,
            "reason": self.reason,
            "ranking": [asdict(ranked) for ranked in self.ranking],
            "validation": self.validation.to_json(),
            "returns": [each.to_json() for each in self.returns],
            "fit": self.fit.to_json(),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Training:
        """The inverse of :meth:`to_json`."""
        return cls(
            fit=Fit.from_json(stored["fit"]),
            validation=Validation.from_json(stored["validation"]),
            ranking=tuple(Ranked(**ranked) for ranked in stored["ranking"]),
            chosen=stored["chosen"],
            reason=stored["reason"],
            verdict=stored["verdict"],
            returns=tuple(ContentReturn.from_json(each) for each in stored["returns"]),
            weeks=stored["weeks"],
            cautions=tuple(Caution(**caution) for caution in stored["warnings"]),
            regime_start=stored["regime_start"],
        )


def train(
    daily: Daily,
    *,
    model: str | None = None,
    level: float = EFFECT_LEVEL,
    interval_level: float = 0.9,
    minutes: Mapping[str, float] = DEFAULT_MINUTES,
    progress: Progress = no_progress,
) -> Training:
    """Validate the models by rolling origin, rank them, and fit the best on everything.

    A model beats the naive forecast when its absolute errors are smaller than the best naive forecast's on the same
    unseen weeks beyond what a one-sided paired t test at 5 % leaves to chance. Otherwise the naive forecast is the one
    that is shown.

    Args:
        daily: at least eight complete weeks.
        model: only this one is validated and shown; None ranks all.
        level: of the effects' intervals.
        interval_level: of the forecast intervals; a short history gets the widest it supports.
        minutes: of work per piece, for the returns.
        progress: called with a fraction and a sentence; what it raises passes through.

    Raises:
        TooFewObservations: there are too few complete weeks; the sentence says how many are missing.
        ConstantSeries: growth never changes.
        InvalidInput: no such model.
        UnsupportedLevel: a level that doesn't lie between 0 and 1.
    """
    require_level(level)
    history = read_history(daily)
    weeks = require_weeks(history)
    wanted = (model,) if model is not None else TRAINED
    grammar = Grammar(initial=default_initial(len(weeks)))
    shown_level = supported_level(len(weeks), wanted=interval_level)
    validations = _validate(daily, wanted, grammar, shown_level, progress)
    progress(0.95, "Fitting the chosen model on all weeks")
    ranking = _ranked(validations)
    chosen, verdict, reason = _choose(ranking, validations, forced=model)
    fit = _with_effects(fit_model(history, model=chosen, level=level), daily, level=level)
    viral = {_monday(day) for day in fit.viral_days}
    validation = validations[chosen]
    marked = tuple(replace(each, is_viral_week=each.week_start in viral) for each in validation.forecasts)
    return Training(
        fit=fit,
        validation=replace(validation, forecasts=marked),
        ranking=ranking,
        chosen=chosen,
        reason=reason,
        verdict=verdict,
        returns=content_returns(fit, daily.weekly(), minutes=minutes, level=interval_level),
        weeks=len(weeks),
        cautions=_cautions(fit, verdict, reason, shown_level, interval_level),
    )


def _with_effects(fit: Fit, daily: Daily, *, level: float) -> Fit:
    """The fit with every lever's effect and the viral days, which only the daily fit knows where it wasn't chosen."""
    by_day = fit_daily(daily, level=level)
    if fit.model == "daily":
        return by_day
    known = {effect.name for effect in fit.effects}
    added = tuple(effect for effect in by_day.effects if effect.name not in known)
    freedom = by_day.details["effect_degrees_of_freedom"]
    own = dict.fromkeys(known, fit.details.get("degrees_of_freedom"))
    details = {
        **by_day.details,
        **fit.details,
        "effect_degrees_of_freedom": {**freedom, **own},
        "effect_covariance": _joined_covariance(fit, by_day, added),
    }
    return replace(
        fit, effects=fit.effects + added, details=details, viral_days=by_day.viral_days, viral_rate=by_day.viral_rate
    )


def _joined_covariance(fit: Fit, by_day: Fit, added: tuple[Effect, ...]) -> list[list[float]]:
    """Covariance of the fit's effects and of those that the daily fit adds; what two models share isn't known."""
    own, k = fit.details.get("effect_covariance", []), len(fit.effects)
    places = [by_day.effects.index(effect) for effect in added]
    joined = np.zeros((k + len(added), k + len(added)))
    joined[:k, :k] = np.reshape(own, (k, k))
    joined[k:, k:] = np.reshape(by_day.details["effect_covariance"], (len(by_day.effects),) * 2)[np.ix_(places, places)]
    found: list[list[float]] = joined.tolist()
    return found


def _validate(
    daily: Daily, wanted: tuple[str, ...], grammar: Grammar, level: float, progress: Progress
) -> dict[str, Validation]:
    """Each model and naive forecast, validated; a model that the history is too short for is left out."""
    found = {}
    names = (*wanted, *BASELINES)
    for place, name in enumerate(names):

        def part(fraction: float, sentence: str, place: int = place) -> None:
            progress(0.95 * (place + fraction) / len(names), sentence)

        try:
            found[name] = cross_validate(daily, model=name, grammar=grammar, level=level, progress=part)
        except (TooFewObservations, ConstantSeries):
            if name in BASELINES:
                raise
    return found


def _errors(validations: Mapping[str, Validation]) -> dict[str, Floats]:
    """Absolute errors on the weeks that all were scored on, in order; a naive forecast is its value, nothing else."""
    weeks = set.intersection(*({each.week_start for each in v.forecasts} for v in validations.values()))
    return {
        name: np.array(
            [
                abs(f.actual - (f.repeatable if name in BASELINES else f.median))
                for f in validation.forecasts
                if f.week_start in weeks
            ]
        )
        for name, validation in validations.items()
    }


def _ranked(validations: Mapping[str, Validation]) -> tuple[Ranked, ...]:
    ranked = []
    for name, errors in _errors(validations).items():
        mean, count = float(errors.mean()), len(errors)
        margin = 0.0
        if count > 1:
            margin = float(special.stdtrit(count - 1, 0.975) * errors.std(ddof=1) / np.sqrt(count))
        rmse = validations[name].scores["rmse"]
        assert rmse is not None
        ranked.append(Ranked(name, mean, max(mean - margin, 0.0), mean + margin, rmse, name in BASELINES))
    return tuple(sorted(ranked, key=lambda each: each.mae))


def _choose(
    ranking: tuple[Ranked, ...], validations: Mapping[str, Validation], *, forced: str | None
) -> tuple[str, str, str]:
    """The model to show, the verdict, and the reason in a sentence."""
    naive = next(each for each in ranking if each.baseline)
    best = next((each for each in ranking if not each.baseline), None)
    errors = _errors(validations)
    count = len(errors[naive.model])
    if best is None or count < FEWEST_ORIGINS:
        reason = (
            f"Only {count} unseen weeks are there to judge by; {FEWEST_ORIGINS} are needed to tell a model from chance."
        )
        return (best.model if forced and best else naive.model), NO_BETTER, reason
    doubt = _one_sided(errors[naive.model] - errors[best.model])
    against = f"{best.mae:,.0f} followers a week on average, the {_words(naive.model)} by {naive.mae:,.0f}"
    if doubt <= DOUBT:
        return best.model, BEATS, f"Over {count} unseen weeks the {_words(best.model)} is off by {against}."
    reason = f"Over {count} unseen weeks the {_words(best.model)} is off by {against}: chance alone could do that."
    return (best.model if forced else naive.model), NO_BETTER, reason


def _one_sided(gain: Floats) -> float:
    """Probability of so large a mean gain if there were none, by a paired t test."""
    spread = float(gain.std(ddof=1))
    if spread == 0:
        return 0.0 if gain.mean() > 0 else 1.0
    return float(1 - special.stdtr(len(gain) - 1, gain.mean() / (spread / np.sqrt(len(gain)))))


def _words(model: str) -> str:
    return model.replace("_", " ") + (" forecast" if model in BASELINES else " model")


def _monday(day: str) -> str:
    stamp = pd.Timestamp(day)
    return (stamp - pd.Timedelta(days=stamp.weekday())).date().isoformat()


def _cautions(fit: Fit, verdict: str, reason: str, shown: float, wanted: float) -> tuple[Caution, ...]:
    found = list(fit.cautions)
    if verdict == NO_BETTER:
        found.append(Caution(NO_BETTER, f"No model beats the naive forecast, so that is what is shown. {reason}"))
    if shown < wanted:
        found.append(
            Caution(
                "narrower_level",
                f"{fit.weeks} weeks don't support a {wanted * 100:.0f} % interval; a {shown * 100:.0f} % one is shown.",
            )
        )
    return tuple(found)
