"""Training: every model is validated on weeks it had not seen, and the naive forecast is shown where none beats it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from cgn_core.stats.baselines import BASELINES
from cgn_core.stats.challenge import Challenge, best_challenger, judge_challenger
from cgn_core.stats.comparison import validate_all
from cgn_core.stats.daily_model import fit_daily_history
from cgn_core.stats.drift import Drift, detect_drift, regime_caution
from cgn_core.stats.fit import EFFECT_LEVEL, Caution, Effect, Fit
from cgn_core.stats.history import History, require_weeks
from cgn_core.stats.intervals import require_level, supported_level
from cgn_core.stats.judged_forecasts import TargetWeeks
from cgn_core.stats.least_squares_story import why_not_least_squares
from cgn_core.stats.model_choice import NO_BETTER, Ranked, UnseenWeeks, choose, rank, unseen_weeks, words
from cgn_core.stats.notebook import html_table
from cgn_core.stats.returns import ContentReturn, content_returns
from cgn_core.stats.validation import (
    MODELS,
    Grammar,
    Progress,
    Validation,
    default_initial,
    fit_model,
    no_progress,
    validate_weeks,
)
from cgn_core.tables import DEFAULT_MINUTES, Daily

TRAINED = ("daily", "single_lever", "ols", "huber", "tukey")
"""What a training ranks; :func:`cgn_core.stats.comparison.compare` ranks whatever it is asked to."""
VALIDATED = 0.9
"""Share of the work that validation is."""
DRIFT_SEED = 0
"""Of the blocks that drift's bounds are drawn from: the same history gives the same training."""


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
    """ISO Monday since which growth is on another level than before; None where it isn't."""
    drift: dict[str, Any] = field(default_factory=dict)
    """What the search for such a break found, with the seed of its bounds; without its path."""
    challenge: Challenge | None = None
    """The champion beside a challenger on the same weeks; None where there was no champion or nothing to try."""

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
            "drift": self.drift,
            "challenge": self.challenge and self.challenge.to_json(),
            "fit": self.fit.to_json(),
        }

    def _repr_html_(self) -> str:
        rows = [(each.model, each.mae, each.mae_low, each.mae_high) for each in self.ranking]
        title = "Followers a week off by, on unseen weeks"
        ranking = html_table(title, ("", "mean", "low", "high"), rows)
        return self.fit._repr_html_() + ranking + html_table(self.reason, (), ())

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
            drift=dict(stored.get("drift", {})),
            challenge=Challenge.from_json(stored["challenge"]) if stored.get("challenge") else None,
        )


def train(
    daily: Daily,
    *,
    model: str | None = None,
    champion: str | None = None,
    level: float = EFFECT_LEVEL,
    interval_level: float = 0.9,
    minutes: Mapping[str, float] = DEFAULT_MINUTES,
    progress: Progress = no_progress,
) -> Training:
    """Validate the models by rolling origin, rank them, and fit the one to show on everything.

    Shown is the daily model, unless another forecasts better beyond chance. It beats the naive forecast when its
    absolute errors are smaller than the best naive forecast's on the same unseen weeks beyond what a one-sided paired t
    test at 5 % leaves to chance. Otherwise the naive forecast is the one that is shown.

    Args:
        daily: at least eight complete weeks.
        model: only this one is validated and shown; None ranks all.
        champion: the model in force. It is validated on the same weeks, and shown unless another is better beyond
            chance or a ``model`` is asked for.
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
    weeks = TargetWeeks.of(daily, minutes=minutes)
    known = len(require_weeks(weeks.history))
    wanted = (model,) if model is not None else TRAINED
    if champion in MODELS and champion not in wanted:
        wanted = (*wanted, champion)
    grammar = Grammar(initial=default_initial(known))
    shown_level = supported_level(known, wanted=interval_level)

    def validating(fraction: float, sentence: str) -> None:
        progress(VALIDATED * fraction, sentence)

    validations, left_out = validate_all(weeks, wanted, grammar=grammar, level=shown_level, progress=validating)
    return conclude_training(
        daily,
        weeks,
        validations,
        grammar,
        model=model,
        champion=champion,
        refusal=left_out.get(str(model), ""),
        level=level,
        interval_level=interval_level,
        minutes=minutes,
        progress=progress,
    )


def conclude_training(
    daily: Daily,
    weeks: TargetWeeks,
    validations: Mapping[str, Validation],
    grammar: Grammar,
    *,
    model: str | None = None,
    champion: str | None = None,
    refusal: str = "",
    level: float = EFFECT_LEVEL,
    interval_level: float = 0.9,
    minutes: Mapping[str, float] = DEFAULT_MINUTES,
    progress: Progress = no_progress,
) -> Training:
    """The second half of :func:`train`: choose among models that were validated, and fit what is shown.

    Args:
        daily: as in ``train``, and so are those not named here.
        weeks: of it.
        validations: by model, on these weeks at one level.
        grammar: theirs.
        model: see ``train``.
        champion: see ``train``.
        refusal: why the model that was asked for has no validation.
        level: see ``train``.
        interval_level: see ``train``.
        minutes: see ``train``.
        progress: see ``train``.
    """
    known = len(require_weeks(weeks.history))
    shown_level = supported_level(known, wanted=interval_level)
    progress(VALIDATED, "Fitting the chosen model on all weeks")
    unseen = unseen_weeks(weeks, validations, grammar)
    chosen, verdict, reason = choose(unseen, forced=model, usual=champion)
    if refusal:
        reason = f"The {words(str(model))} that was asked for can't be judged, so it isn't shown. {refusal}"
    by_day = fit_daily_history(weeks.history, level=level)
    fit = _with_effects(_fit(weeks.history, chosen, by_day, level=level), by_day)
    reason += why_not_least_squares(weeks.history, fit, unseen, level=level)
    # A naive forecast could be judged sooner than the models; its scores are of the weeks that it was ranked on.
    same = replace(grammar, initial=unseen.initial)
    validation = validations.get(chosen) or validate_weeks(weeks, model=chosen, grammar=same, level=shown_level)
    progress((1 + VALIDATED) / 2, "Looking for a change of level")
    drift = detect_drift(daily, rng=np.random.default_rng(DRIFT_SEED))
    regime = regime_caution(drift, known)
    cautions = _cautions(fit, verdict, reason, shown_level, interval_level)
    return Training(
        fit=fit,
        validation=_marked(validation, fit),
        ranking=rank(unseen),
        chosen=chosen,
        reason=reason,
        verdict=verdict,
        returns=content_returns(fit, daily.weekly(), minutes=minutes, level=interval_level),
        weeks=known,
        cautions=cautions if regime is None else (*cautions, regime),
        regime_start=drift.start_week if drift.alarm else None,
        drift=_stored_drift(drift),
        challenge=None if champion is None else _challenge(unseen, champion, chosen),
    )


def _challenge(unseen: UnseenWeeks, champion: str, chosen: str) -> Challenge | None:
    if champion == chosen or champion not in unseen.absolute:
        return best_challenger(unseen, champion=champion)
    return judge_challenger(unseen, champion=champion, challenger=chosen)


def _stored_drift(drift: Drift) -> dict[str, Any]:
    found = {**drift.to_json(), "cadence_outside": list(drift.cadence_outside), "seed": DRIFT_SEED}
    del found["path"]
    return found


def _fit(history: History, model: str, by_day: Fit, *, level: float) -> Fit:
    return by_day if model == by_day.model else fit_model(history, model=model, level=level)


def _marked(validation: Validation, fit: Fit) -> Validation:
    """The validation with the weeks marked that hold a viral day."""
    viral = {_monday(day) for day in fit.viral_days}
    marked = tuple(replace(each, is_viral_week=each.week_start in viral) for each in validation.forecasts)
    return replace(validation, forecasts=marked)


def _with_effects(fit: Fit, by_day: Fit) -> Fit:
    """The fit with every lever's effect and the viral days, which only the daily fit knows where it wasn't chosen."""
    if fit.model == by_day.model:
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
    # A naive forecast has no effects of its own: why one of the daily fit's is open or missing goes with them.
    borrowed = by_day.cautions if fit.model in BASELINES else ()
    return replace(
        fit,
        effects=fit.effects + added,
        details=details,
        cautions=tuple(dict.fromkeys((*fit.cautions, *borrowed))),
        viral_days=by_day.viral_days,
        viral_rate=by_day.viral_rate,
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


def _monday(day: str) -> str:
    stamp = pd.Timestamp(day)
    return (stamp - pd.Timedelta(days=stamp.weekday())).date().isoformat()


def _cautions(fit: Fit, verdict: str, reason: str, shown: float, wanted: float) -> tuple[Caution, ...]:
    found = list(fit.cautions)
    if verdict == NO_BETTER and fit.model not in BASELINES:
        found.append(Caution(NO_BETTER, f"The naive forecast would do as well. {reason}"))
    elif verdict == NO_BETTER:
        found.append(Caution(NO_BETTER, f"No model beats the naive forecast, so that is what is shown. {reason}"))
    if shown < wanted:
        found.append(
            Caution(
                "narrower_level",
                f"{fit.weeks} weeks don't support an interval of {wanted * 100:.0f} %; "
                f"one of {shown * 100:.0f} % is shown.",
            )
        )
    return tuple(found)
