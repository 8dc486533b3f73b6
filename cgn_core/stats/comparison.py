"""Several models on the same unseen weeks, beside the naive forecasts: who leads, and whether that could be chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from cgn_core.errors import ConstantSeries, TooFewObservations
from cgn_core.stats.baselines import BASELINES
from cgn_core.stats.history import require_weeks
from cgn_core.stats.intervals import require_level, supported_level
from cgn_core.stats.judged_forecasts import TargetWeeks
from cgn_core.stats.model_choice import Ranked, choose, rank, unseen_weeks
from cgn_core.stats.notebook import html_table
from cgn_core.stats.validation import (
    MODELS,
    Grammar,
    Progress,
    Validation,
    default_initial,
    no_progress,
    validate_weeks,
)
from cgn_core.tables import Daily


@dataclass(frozen=True)
class Comparison:
    """Models and naive forecasts ranked by their errors on the same unseen weeks."""

    ranking: tuple[Ranked, ...]
    chosen: str
    """The model to show, or the naive forecast that nothing beats."""
    reason: str
    verdict: str
    """beats_naive | no_better_than_naive"""
    weeks: int
    """Unseen weeks that all were scored on."""
    left_out: dict[str, str]
    """Models that this history can't validate, and why."""
    validations: tuple[Validation, ...]
    """Of the models, in the order they were asked for."""

    def to_json(self) -> dict[str, Any]:
        """What ``cgn compare --json`` prints."""
        scores = {each.model: each.scores for each in self.validations}
        return {
            "ranking": [{**asdict(each), "scores": scores.get(each.model)} for each in self.ranking],
            "chosen": self.chosen,
            "reason": self.reason,
            "verdict": self.verdict,
            "weeks": self.weeks,
            "left_out": self.left_out,
        }

    def _repr_html_(self) -> str:
        rows = [(each.model, each.mae, each.mae_low, each.mae_high) for each in self.ranking]
        title = f"Followers a week off by, over {self.weeks} unseen {'week' if self.weeks == 1 else 'weeks'}"
        return html_table(title, ("", "mean", "low", "high"), rows, notes=[f"Chosen: {self.chosen}. {self.reason}"])


def compare(
    daily: Daily,
    *,
    models: Sequence[str] = MODELS,
    grammar: Grammar | None = None,
    level: float = 0.9,
    progress: Progress = no_progress,
) -> Comparison:
    """Validate models by rolling origin on the same weeks and rank them, naive forecasts among them.

    The daily model is chosen unless another's errors are smaller beyond what a paired test leaves to chance, and
    nothing is chosen that doesn't beat the best naive forecast by the same test.

    Args:
        daily: at least eight complete weeks.
        models: names of ``MODELS``; a naive forecast is always there.
        grammar: None takes ``default_initial`` and the next week.
        level: of the forecast intervals; a short history gets the widest it supports.
        progress: called with a fraction and a sentence.

    Raises:
        InvalidInput: no such model.
        TooFewObservations: too few complete weeks to forecast any of them from earlier ones.
        ConstantSeries: growth never changes.
        UnsupportedLevel: a level that doesn't lie between 0 and 1.
    """
    require_level(level)
    weeks = TargetWeeks.of(daily)
    known = len(require_weeks(weeks.history))
    rules = grammar or Grammar(initial=default_initial(known))
    wanted = [name for name in dict.fromkeys(models) if name not in BASELINES]
    shown = supported_level(known, wanted=level)
    validations, left_out = validate_all(weeks, wanted, grammar=rules, level=shown, progress=progress)
    unseen = unseen_weeks(weeks, validations, rules)
    chosen, verdict, reason = choose(unseen)
    return Comparison(
        ranking=rank(unseen),
        chosen=chosen,
        reason=reason,
        verdict=verdict,
        weeks=unseen.count,
        left_out=left_out,
        validations=tuple(validations.values()),
    )


def validate_all(
    weeks: TargetWeeks,
    models: Sequence[str],
    *,
    grammar: Grammar,
    level: float,
    progress: Progress = no_progress,
) -> tuple[dict[str, Validation], dict[str, str]]:
    """Each model's validation, and why a model that this history is too short for has none."""
    found: dict[str, Validation] = {}
    left_out: dict[str, str] = {}
    for place, name in enumerate(models):

        def part(fraction: float, sentence: str, place: int = place) -> None:
            progress((place + fraction) / len(models), sentence)

        try:
            found[name] = validate_weeks(weeks, model=name, grammar=grammar, level=level, progress=part)
        except (TooFewObservations, ConstantSeries) as error:
            left_out[name] = str(error)
    return found, left_out
