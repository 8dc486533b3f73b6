"""The Python API over files, for notebooks and scripts: read, fit, validate, predict. No server, no actor."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from cgn_core.errors import InvalidInput, NotImportable, UnreadableFile
from cgn_core.ingest.reading import Reading, read_bytes
from cgn_core.stats.benchmarks import Benchmark, growth_benchmark
from cgn_core.stats.daily_model import fit_daily
from cgn_core.stats.features import check_predictors
from cgn_core.stats.fit import EFFECT_LEVEL, Fit
from cgn_core.stats.history import read_history
from cgn_core.stats.intervals import require_level
from cgn_core.stats.predictive import Difference, Prediction, difference
from cgn_core.stats.predictive import predict as predict_week
from cgn_core.stats.returns import ContentReturn, content_returns
from cgn_core.stats.training import Training, train
from cgn_core.stats.validation import MODELS, Grammar, Validation, cross_validate, fit_model
from cgn_core.stats.weekly_models import fit_weekly
from cgn_core.tables import DEFAULT_MINUTES, Daily

__all__ = [
    "Benchmark",
    "Daily",
    "Fit",
    "Grammar",
    "Prediction",
    "Reading",
    "Training",
    "Validation",
    "benchmark",
    "check_predictors",
    "cross_validate",
    "fit",
    "predict",
    "read",
    "read_many",
    "roi",
    "train",
    "validate",
    "what_if",
]


def validate(path: str | Path) -> Reading:
    """What a file holds: format, columns, findings. Bad content becomes findings, not an exception.

    Raises:
        UnreadableFile: there is no such file, or it can't be opened.
    """
    source = Path(path)
    try:
        data = source.read_bytes()
    except OSError as error:
        raise UnreadableFile(f"{path} can't be read: {error.strerror or error}.") from None
    return read_bytes(data, file_name=source.name, today=datetime.now(UTC).date())


def read_many(*paths: str | Path) -> dict[str, Daily]:
    """Every creator of the files, by name; a file that names none goes by its own name.

    Raises:
        NotImportable: a file has errors; the first is the message.
        InvalidInput: two files hold the same creator.
    """
    found: dict[str, Daily] = {}
    for path in paths:
        reading = validate(path)
        errors = [finding.message for finding in reading.findings if finding.severity == "error"]
        if errors:
            raise NotImportable(errors[0])
        for daily in reading.creators:
            name = daily.creator or Path(path).stem
            if name in found:
                raise InvalidInput(f"{path} holds {name} a second time; give each creator once.")
            found[name] = daily
    return found


def read(*paths: str | Path, creator: str | None = None) -> Daily:
    """One creator's daily table.

    Args:
        paths: files of the creator, or of several of whom ``creator`` is one.
        creator: whose; needed where the files hold several.

    Raises:
        NotImportable, UnreadableFile: the file can't be used; the sentence says why.
        InvalidInput: several creators and none chosen, or no such creator.
    """
    found = read_many(*paths)
    if creator is not None:
        wanted = creator.removeprefix("@")
        if wanted not in found:
            raise InvalidInput(f"The files hold no creator {wanted}; they hold {', '.join(found)}.")
        return found[wanted]
    if len(found) != 1:
        raise InvalidInput(f"The files hold {len(found)} creators: {', '.join(found)}. Choose one with creator.")
    return next(iter(found.values()))


def fit(
    daily: Daily,
    model: str | None = None,
    *,
    level: float = EFFECT_LEVEL,
    extra: pd.DataFrame | None = None,
    declared_planned: Collection[str] = (),
) -> Fit:
    """Fit one model: daily (the default), single_lever, ols, huber, tukey, or a naive forecast.

    Args:
        daily: at least eight complete weeks.
        model: its name.
        level: of the effects' intervals, two-sided.
        extra: further same-day predictors: ``date`` and one column each; not for single_lever and naive forecasts.
        declared_planned: those of them that you set yourself in advance.

    Raises:
        InvalidInput: no such model, or one that takes no further predictors.
        TooFewObservations, ConstantSeries: the history can't be learned from.
        LeakageError: an extra predictor is only known afterwards, such as follows per hour of the same week.
        UnsupportedLevel: the level doesn't lie between 0 and 1.
    """
    require_level(level)
    name = model or "daily"
    if extra is None:
        return fit_model(read_history(daily), model=name, level=level)
    planned = frozenset(declared_planned)
    if name == "daily":
        return fit_daily(daily, level=level, extra=extra, declared_planned=planned)
    if name in MODELS and name != "single_lever":
        return fit_weekly(daily, model=name, level=level, extra=extra, declared_planned=planned)
    raise InvalidInput(f"The model {name} takes no further predictors; daily, ols, huber and tukey do.")


def predict(
    fitted: Fit | Training, plans: Sequence[Mapping[str, float]] | Mapping[str, float], *, level: float = 0.9
) -> list[Prediction]:
    """Next week under one or more plans; a lever left out is the mean of the last four weeks.

    Raises:
        InvalidInput: an unknown lever or a negative count.
        UnsupportedLevel: the history is too short for this level.
    """
    predictor = fitted.fit.predictor if isinstance(fitted, Training) else fitted.predictor
    wanted = [plans] if isinstance(plans, Mapping) else plans
    return [predict_week(predictor, plan, level=level) for plan in wanted]


def what_if(
    fitted: Fit | Training, plan: Mapping[str, float], against: Mapping[str, float] | None = None, *, level: float = 0.9
) -> Difference:
    """How much more a plan brings than another (by default the last four weeks' mean), with its interval."""
    predictor = fitted.fit.predictor if isinstance(fitted, Training) else fitted.predictor
    return difference(predictor, plan, against or {}, level=level)


def roi(
    fitted: Fit, daily: Daily, *, minutes: Mapping[str, float] = DEFAULT_MINUTES, level: float = 0.9
) -> tuple[ContentReturn, ...]:
    """Average and marginal followers per hour of work, by content type."""
    return content_returns(fitted, daily.weekly(), minutes=minutes, level=level)


def benchmark(own: Daily, peers: Mapping[str, Daily], *, seed: int = 1, level: float = 0.9) -> Benchmark:
    """Growth relative to size beside competitors; ``seed`` decides the bootstrap's draws.

    Raises:
        TooFewObservations: no competitor shares eight weeks.
    """
    return growth_benchmark(own, peers, rng=np.random.default_rng(seed), level=level)
