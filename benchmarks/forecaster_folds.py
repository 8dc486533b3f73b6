"""The weeks that our daily model and other forecasters are asked for alike, and the asking.

The others run in an environment of their own, ``.venv-bench`` (``make bench`` makes it), as :mod:`forecasters`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from proofs.effects import GENERATORS, KINDS

from cgn_core.stats.judged_forecasts import TargetWeeks, judge
from cgn_core.stats.validation import fit_model
from cgn_core.tables import DAYS_PER_WEEK

ENVIRONMENT = Path(__file__).parents[1] / ".venv-bench"
PYTHON = ENVIRONMENT / "bin" / "python"
INSTALLED = ENVIRONMENT / ".installed"
"""What `make bench` leaves when everything is in place."""
SCRIPT = Path(__file__).with_name("forecasters.py")
LONGEST_SECONDS = 3_600

LEVEL = 0.9
WEEKS = (52, 104)
"""Of history before the first origin."""
LAST_WEEKS, STEP = 26, 6
"""The origins: every sixth week of the half year after that."""
WITHOUT = "no effect at all"
"""The kind in which nothing that is posted changes how a week grows."""
FIRST_SEED = 20_000
"""Apart from the worlds of the other proofs."""
OURS, JACKKNIFE = "ours", "jackknife"
Answers = dict[str, list[Any]]
"""By forecaster, one ``{point, low, high}`` or None per fold."""


@dataclass(frozen=True)
class Fold:
    """One week to forecast, what was known before it, and what our models said."""

    kind: str
    generator: str
    seed: int
    weeks: int
    """Of history before the world's first origin."""
    mondays: tuple[str, ...]
    """ISO dates of the n weeks known and of the one to forecast."""
    growth: tuple[float, ...]
    """Shape (n,), followers per week."""
    counts: tuple[tuple[float, ...], ...]
    """Shape (n + 1, levers), pieces per week; the last row is planned."""
    actual: float
    """What then came: never handed to a forecaster."""
    said: dict[str, tuple[float, float, float]]
    """Median, low and high by our daily model and by the weekly least squares with its leave-one-out residuals."""


def folds_of(kind: str, generator: str, *, seed: int, weeks: int) -> list[Fold]:
    """The folds of one world, each with our answers."""
    daily = GENERATORS[generator](kind, seed=FIRST_SEED + seed, weeks=weeks + LAST_WEEKS).daily
    targets = TargetWeeks.of(daily)
    if not (np.diff(targets.mondays) == DAYS_PER_WEEK).all() or not np.isfinite(targets.counts).all():
        raise ValueError("The other forecasters need weeks without gaps; this world has some.")
    return [
        _fold(targets, place, kind=kind, generator=generator, seed=seed, weeks=weeks)
        for place in range(weeks, len(targets), STEP)
    ]


def _fold(targets: TargetWeeks, place: int, *, kind: str, generator: str, seed: int, weeks: int) -> Fold:
    history = targets.history.until(targets.sunday(place - 1))
    said = {}
    for name, model in ((OURS, "daily"), (JACKKNIFE, "ols")):
        judged = judge(fit_model(history, model=model).predictor, targets, place, level=LEVEL)
        assert judged is not None, "a year supports every level"
        said[name] = (judged.median, judged.low, judged.high)
    return Fold(
        kind=kind,
        generator=generator,
        seed=seed,
        weeks=weeks,
        mondays=tuple(targets.iso_monday(week) for week in range(place + 1)),
        growth=tuple(targets.growth[:place].tolist()),
        counts=tuple(tuple(row) for row in targets.counts[: place + 1].tolist()),
        actual=float(targets.growth[place]),
        said=said,
    )


def make_folds(
    worlds: int,
    *,
    kinds: Sequence[str] = KINDS,
    generators: Sequence[str] = tuple(GENERATORS),
    weeks: Sequence[int] = WEEKS,
) -> list[Fold]:
    """The folds of so many worlds per kind, generator and length."""
    folds = []
    for generator in generators:
        for kind in kinds:
            for length in weeks:
                for seed in range(worlds):
                    folds += folds_of(kind, generator, seed=seed, weeks=length)
            sys.stderr.write(f"ours: {kind}, {generator} generator; {len(folds)} folds so far\n")
    return folds


def ask(folds: Sequence[Fold], *, python: Path = PYTHON, script: Path = SCRIPT) -> Answers:
    """What the other forecasters answer.

    Raises:
        RuntimeError: their process failed, or answered other than it was asked.
    """
    asked = {
        "level": LEVEL,
        "folds": [{"mondays": fold.mondays, "growth": fold.growth, "counts": fold.counts} for fold in folds],
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "folds.json"
        path.write_text(json.dumps(asked), encoding="utf-8")
        done = subprocess.run(
            [str(python), str(script), str(path)],
            stdout=subprocess.PIPE,
            text=True,
            check=False,
            timeout=LONGEST_SECONDS,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        )
    if done.returncode != 0:
        raise RuntimeError(f"The other forecasters' process ended with code {done.returncode}; it says why above.")
    answers: Answers = json.loads(done.stdout)["answers"]
    if not answers or any(len(said) != len(folds) for said in answers.values()):
        raise RuntimeError(f"The other forecasters did not answer each of {len(folds)} folds once.")
    return answers


def missing() -> str | None:
    """The sentence that says what is missing; None where the other forecasters can be asked."""
    if INSTALLED.exists():
        return None
    return f"not measured: the other forecasters aren't installed; `make bench` installs them into {ENVIRONMENT.name}"
