"""All scores of a validation, of the model and of the naive forecasts on the very same weeks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cgn_core.stats import scores
from cgn_core.stats.arrays import Floats
from cgn_core.stats.baselines import BASELINES
from cgn_core.stats.intervals import LEVELS, refused_levels
from cgn_core.stats.judged_forecasts import Judged, TargetWeeks, midpoints

MIDDLE = 0.5


@dataclass(frozen=True)
class Scores:
    """What :class:`cgn_core.stats.validation.Validation` holds of them."""

    level: float
    scores: dict[str, float | None]
    """mae (of the median), rmse (of the mean), r2_out_of_sample, mase, smape, directional_accuracy, crps, winkler; None
    where a score has no meaning: nothing varies, or no history supports the level."""
    coverage: dict[str, float]
    widths: dict[str, float]
    pinball: dict[str, float]
    refused_levels: tuple[float, ...]
    baselines: dict[str, dict[str, float | None]]
    decisions: dict[str, float | None]
    """``follows_per_hour_error``: mean absolute error of the median over the week's hours of work. ``regret``:
    followers lost per choice by taking the plan that the forecast called better of two that were really posted, in a
    week and in the one after it. ``regret_of_chance``: the same for who tosses a coin. ``right_choices``: share of
    choices that brought more. Luck is in all of them: the best forecast there could be regrets too."""


def score(weeks: TargetWeeks, judged: list[Judged], *, level: float, ahead: int) -> Scores:
    """Score forecasts.

    Args:
        weeks: that were forecast.
        judged: at least one forecast, oldest first.
        level: that was asked for.
        ahead: weeks from the last known one to the forecast one.
    """
    actual = np.array([each.actual for each in judged])
    median = np.array([each.median for each in judged])
    expected = np.array([each.expected for each in judged])
    before = [weeks.growth[: each.place - ahead + 1] for each in judged]
    naive = {name: np.array([rule(past, ahead) for past in before]) for name, rule in BASELINES.items()}
    coverage, widths, pinball = _intervals(judged, actual, median, level)
    return Scores(
        level=level,
        scores=_point_scores(actual, median, expected, before) | _distribution_scores(judged, level),
        coverage=coverage,
        widths=widths,
        pinball=pinball,
        refused_levels=refused_levels(len(weeks)),
        baselines={name: _point_scores(actual, said, said, before) for name, said in naive.items()},
        decisions=_decisions(weeks, judged, actual, median),
    )


def _point_scores(actual: Floats, median: Floats, expected: Floats, before: list[Floats]) -> dict[str, float | None]:
    last = np.array([past[-1] for past in before])
    varies = bool(np.diff(before[-1]).any())
    mean = np.array([past.mean() for past in before])
    spread = float(((actual - mean) ** 2).sum())
    return {
        "mae": scores.mean_absolute_error(actual, median),
        "rmse": scores.root_mean_squared_error(actual, expected),
        "r2_out_of_sample": scores.out_of_sample_r2_score(actual, expected, reference=mean) if spread > 0 else None,
        "mase": scores.mean_absolute_scaled_error(actual, median, history=before[-1]) if varies else None,
        "smape": scores.symmetric_percentage_error(actual, median),
        "directional_accuracy": scores.directional_accuracy_score(actual, median, before=last),
    }


def _intervals(
    judged: list[Judged], actual: Floats, median: Floats, level: float
) -> tuple[dict[str, float], dict[str, float], dict[str, float]]:
    """Coverage and mean width per level, pinball loss per quantile, each over the origins that support it."""
    coverage, widths = {}, {}
    pinball = {MIDDLE: scores.pinball_error(actual, median, probability=MIDDLE)}
    for each in sorted({*LEVELS, level}):
        held = [(one.actual, *one.intervals[each]) for one in judged if each in one.intervals]
        if held:
            came, low, high = np.array(held).T
            coverage[f"{each:g}"] = scores.coverage_share(came, low, high)
            widths[f"{each:g}"] = float((high - low).mean())
            for end, probability in ((low, (1 - each) / 2), (high, (1 + each) / 2)):
                pinball[probability] = scores.pinball_error(came, end, probability=probability)
    return coverage, widths, {f"{probability:g}": pinball[probability] for probability in sorted(pinball)}


def _distribution_scores(judged: list[Judged], level: float) -> dict[str, float | None]:
    """CRPS and Winkler score over the origins whose history supports the level; None where there is none."""
    whole = [each for each in judged if level in each.intervals]
    if not whole:
        return {"crps": None, "winkler": None}
    actual = np.array([each.actual for each in whole])
    low, high = np.array([each.intervals[level] for each in whole]).T
    said = np.array([each.spread for each in whole])
    return {
        "crps": scores.crps_error(actual, said, probabilities=midpoints(level)),
        "winkler": scores.winkler_error(actual, low, high, level=level),
    }


def _decisions(weeks: TargetWeeks, judged: list[Judged], actual: Floats, median: Floats) -> dict[str, float | None]:
    hours = weeks.hours[[each.place for each in judged]]
    worked = hours > 0
    choices = [each for each in judged if each.next_better is not None]
    found: dict[str, float | None] = dict.fromkeys(
        ("follows_per_hour_error", "regret", "regret_of_chance", "right_choices")
    )
    if worked.any():
        found["follows_per_hour_error"] = scores.follows_per_hour_error(
            actual[worked], median[worked], hours=hours[worked]
        )
    if choices:
        this = np.array([each.actual for each in choices])
        after = weeks.growth[[each.place + 1 for each in choices]]
        better = np.array([each.next_better for each in choices], dtype=np.float64)
        found["regret"] = scores.decision_regret_error(this, after, said=better)
        found["regret_of_chance"] = scores.decision_regret_error(this, after, said=np.zeros(len(choices)))
        found["right_choices"] = scores.right_choice_score(this, after, said=better)
    return found
