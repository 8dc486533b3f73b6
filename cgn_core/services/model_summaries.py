"""What lists and cards say of a trained model without loading all of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from cgn_core.db.models import ModelVersion
from cgn_core.services.remembered import Remembered
from cgn_core.stats.intervals import supported_level
from cgn_core.stats.predictive import predict
from cgn_core.stats.training import Training


@dataclass(frozen=True)
class ForecastSummary:
    """Next week at the usual plan (the mean of the last four weeks); followers."""

    week_start: str
    median: float
    expected: float
    low: float
    high: float
    level: float
    repeatable: float
    viral: float


@dataclass(frozen=True)
class EffectNote:
    """What one more piece brings, in followers, all days together."""

    name: str
    estimate: float
    low: float
    high: float
    level: float


@dataclass(frozen=True)
class Summary:
    """One model version in short."""

    number: int
    data_version: int
    trained_at: datetime
    chosen: str
    verdict: str
    weeks: int
    forecast: ForecastSummary
    mae: float
    """Mean absolute error of the forecast on unseen weeks, followers per week."""
    baseline: str
    """The naive forecast with the smallest error on the same weeks."""
    baseline_mae: float
    coverage: float | None
    """Share of unseen weeks inside the interval of ``forecast.level``."""
    origins: int
    """How many unseen weeks that is."""
    effects: tuple[EffectNote, ...]


def summarise(training: Training, *, level: float) -> dict[str, Any]:
    """The JSON kept beside a model version, from which :func:`summary_of` reads.

    A history too short for an interval of ``level`` gets the widest that it supports.
    """
    predictor = training.fit.predictor
    level = supported_level(predictor.n_residuals, wanted=level)
    usual = predict(predictor, {}, level=level)
    validation = training.validation
    baseline_mae = {name: _known(scores["mae"]) for name, scores in validation.baselines.items()}
    baseline = min(baseline_mae, key=lambda name: baseline_mae[name])
    forecast = ForecastSummary(
        week_start=predictor.week_start,
        median=_known(usual.median),
        expected=_known(usual.expected),
        low=_known(usual.low),
        high=_known(usual.high),
        level=usual.level,
        repeatable=_known(usual.repeatable),
        viral=_known(usual.viral),
    )
    effects = [
        EffectNote(name=effect.name, estimate=effect.estimate, low=effect.low, high=effect.high, level=effect.level)
        for effect in training.fit.effects
    ]
    return {
        "forecast": asdict(forecast),
        "weeks": training.weeks,
        "mae": _known(validation.scores["mae"]),
        "baseline": baseline,
        "baseline_mae": baseline_mae[baseline],
        "coverage": validation.coverage.get(f"{validation.level:g}"),
        "origins": validation.origins,
        "effects": [asdict(effect) for effect in effects],
    }


def summary_of(version: ModelVersion) -> Summary:
    """A model version's summary."""
    return _summaries.of(version.id, lambda: _summary(version))


_summaries = Remembered[Summary](1024)
"""By model version: a portfolio asks for all of its creators'."""


def _summary(version: ModelVersion) -> Summary:
    stored = version.summary
    return Summary(
        number=version.number,
        data_version=version.data_version,
        trained_at=version.created_at,
        chosen=version.chosen,
        verdict=version.verdict,
        weeks=stored["weeks"],
        forecast=ForecastSummary(**stored["forecast"]),
        mae=stored["mae"],
        baseline=stored["baseline"],
        baseline_mae=stored["baseline_mae"],
        coverage=stored["coverage"],
        origins=stored["origins"],
        effects=tuple(EffectNote(**effect) for effect in stored["effects"]),
    )


def _known(value: float | None) -> float:
    # Plans far outside what was seen have no numbers, but the usual plan is the mean of weeks that were seen; scores
    # that divide by a spread may be unknown, but a mean of errors isn't.
    assert value is not None
    return value
