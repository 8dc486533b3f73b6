"""What commands work on: a creator's file, or a model that ``cgn train --save`` kept."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cgn_core.cli.output import progress_bar

if TYPE_CHECKING:
    from cgn_core.stats.training import Training
    from cgn_core.tables import Daily

FilePath = Annotated[Path, typer.Argument(metavar="FILE", help="CSV, JSON or Excel with daily numbers.")]
FileOrModel = Annotated[
    Path, typer.Argument(metavar="FILE|MODEL.json", help="Data, or a model that `cgn train` saved.")
]
Creator = Annotated[str | None, typer.Option(help="Which creator, where the file holds several.")]
LOOKED_AT = 200_000
NAMED = 20
"""Creators that a sentence names before it leaves the rest out."""


class Model(StrEnum):
    """Models by name."""

    DAILY = "daily"
    SINGLE_LEVER = "single_lever"
    OLS = "ols"
    HUBER = "huber"
    TUKEY = "tukey"
    QUANTILE = "quantile"
    RIDGE = "ridge"
    LASSO = "lasso"
    ELASTIC_NET = "elastic_net"
    THEIL_SEN = "theil_sen"
    WEEKLY_OPTIONS = "weekly_options"


def read_daily(file: Path, creator: str | None) -> Daily:
    """The one creator of the file, or the chosen one."""
    from cgn_core import library
    from cgn_core.errors import InvalidInput

    if creator is not None:
        return library.read(file, creator=creator)
    found = library.read_many(file)
    if len(found) > 1:
        names = ", ".join([*list(found)[:NAMED], *(["…"] if len(found) > NAMED else [])])
        raise InvalidInput(f"{file} holds {len(found)} creators: {names}. Choose one with --creator NAME.")
    return next(iter(found.values()))


def train_on(daily: Daily, model: Model | None) -> Training:
    """Train with a progress bar."""
    from cgn_core import library

    with progress_bar() as progress:
        return library.train(daily, model=model.value if model else None, progress=progress)


def training_of(file: Path, *, model: Model | None, creator: str | None) -> Training:
    """The saved model, or one trained on the file now."""
    saved = saved_training(file)
    if saved is None:
        return train_on(read_daily(file, creator), model)
    if model is not None or creator is not None:
        raise typer.BadParameter(f"{file} is a model; --model and --creator are for data", param_hint="FILE")
    return saved


def saved_training(file: Path) -> Training | None:
    """The model in a file that ``cgn train --save`` wrote; None where the file is data."""
    from cgn_core.errors import InvalidInput
    from cgn_core.stats.training import Training

    if file.suffix != ".json" or not file.is_file():
        return None
    try:
        text = file.read_text(encoding="utf-8")
    except ValueError:
        return None
    try:
        document = json.loads(text)
    except ValueError:
        if '"validation"' in text[:LOOKED_AT] and '"ranking"' in text[:LOOKED_AT]:
            raise InvalidInput(f"{file} is a model that was cut short; train it again with --save.") from None
        return None
    if not isinstance(document, dict) or "validation" not in document:
        return None
    try:
        found = Training.from_json(document)
        _try_out(found)
    except (ArithmeticError, AttributeError, IndexError, KeyError, TypeError, ValueError):
        raise InvalidInput(f"{file} is no model of this version; train it again with --save.") from None
    return found


def _try_out(trained: Training) -> None:
    """Forecast and plan once: a number that was lost or changed in the file shows here, not as an error later."""
    import numpy as np

    from cgn_core import library
    from cgn_core.stats.intervals import supported_level

    level = supported_level(trained.fit.predictor.n_residuals, wanted=0.5)
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        plans = library.predict(trained, [{}, dict.fromkeys(trained.fit.predictor.levers, 0.0)], level=level)
        weeks = library.plan(trained, hours=1, weeks=1, level=level)
    json.dumps([[each.to_json() for each in plans], weeks.to_json()], allow_nan=False)


def write_model(path: Path, document: dict[str, Any]) -> None:
    """Keep a model for later.

    Raises:
        InvalidInput: the file can't be written.
    """
    from cgn_core.errors import InvalidInput

    try:
        path.write_text(json.dumps(document, allow_nan=False), encoding="utf-8")
    except OSError as error:
        raise InvalidInput(f"{path} can't be written: {error.strerror}.") from None
