"""``python benchmarks/forecaster_proof.py [WORLDS]``: the same folds for our daily model and for other forecasters.

The others run in an environment of their own, ``.venv-bench`` (``make bench`` makes it), as :mod:`forecasters`.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from proofs.rows import Row

from cgn_core.stats.arrays import Flags, Matrix
from cgn_core.stats.judged_forecasts import TargetWeeks, judge
from cgn_core.stats.scores import coverage_share, mean_absolute_error, winkler_error
from cgn_core.stats.validation import fit_model
from cgn_core.tables import DAYS_PER_WEEK
from datagen.creators import Creator
from datagen.worlds import second_world, world

ENVIRONMENT = Path(__file__).parents[1] / ".venv-bench"
PYTHON = ENVIRONMENT / "bin" / "python"
INSTALLED = ENVIRONMENT / ".installed"
"""What `make bench` leaves when everything is in place."""
SCRIPT = Path(__file__).with_name("forecasters.py")
LONGEST_SECONDS = 3_600

LEAD_CLAIM, INTERVAL_CLAIM = "the lead over forecasters", "intervals hold"
LEVEL = 0.9
WEEKS = (52, 104)
"""Of history before the first origin."""
LAST_WEEKS, STEP = 26, 6
"""The origins: every sixth week of the half year after that."""
GENERATORS: dict[str, Callable[..., Creator]] = {"first": world, "second": second_world}
MATTERS = ("plain", "viral days favour reels", "effects spread over days")
"""Kinds in which what is posted decides how a week grows."""
WITHOUT = "no effect at all"
FIRST_SEED = 20_000
"""Apart from the worlds of the other proofs."""
OURS, JACKKNIFE = "ours", "jackknife"
FULL = 6
"""Worlds per kind, generator and length, so 24 of each kind: automatic ARIMA with regressors takes a second a fold."""


@dataclass(frozen=True)
class Fold:
    """One week to forecast, what was known before it, and what our models said."""

    kind: str
    generator: str
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


@dataclass(frozen=True)
class Compared:
    """Scores of every forecaster on the same folds; followers per week."""

    kind: str
    generator: str
    weeks: tuple[int, ...]
    folds: int
    errors: dict[str, float]
    """Mean absolute error."""
    winkler: dict[str, float]
    coverage: dict[str, float]

    def lead(self) -> tuple[str, float]:
        """The best other forecaster, and our error over its."""
        others = {name: error for name, error in self.errors.items() if name not in (OURS, JACKKNIFE)}
        best = min(others, key=others.__getitem__)
        return best, self.errors[OURS] / others[best]

    def interval_lead(self) -> tuple[str, float]:
        """The best other interval, the jackknife's among them, and our Winkler score over its."""
        others = {name: score for name, score in self.winkler.items() if name != OURS}
        best = min(others, key=others.__getitem__)
        return best, self.winkler[OURS] / others[best]


def folds_of(kind: str, generator: str, *, seed: int, weeks: int) -> list[Fold]:
    """The folds of one world, each with our answers."""
    daily = GENERATORS[generator](kind, seed=FIRST_SEED + seed, weeks=weeks + LAST_WEEKS).daily
    targets = TargetWeeks.of(daily)
    if not (np.diff(targets.mondays) == DAYS_PER_WEEK).all() or not np.isfinite(targets.counts).all():
        raise ValueError("The other forecasters need weeks without gaps; this world has some.")
    return [_fold(kind, generator, weeks, targets, place) for place in range(weeks, len(targets), STEP)]


def _fold(kind: str, generator: str, weeks: int, targets: TargetWeeks, place: int) -> Fold:
    history = targets.history.until(targets.sunday(place - 1))
    said = {}
    for name, model in ((OURS, "daily"), (JACKKNIFE, "ols")):
        judged = judge(fit_model(history, model=model).predictor, targets, place, level=LEVEL)
        assert judged is not None, "a year supports every level"
        said[name] = (judged.median, judged.low, judged.high)
    return Fold(
        kind=kind,
        generator=generator,
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
    kinds: Sequence[str] = (*MATTERS, WITHOUT),
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


def ask(folds: Sequence[Fold], *, python: Path = PYTHON, script: Path = SCRIPT) -> dict[str, list[Any]]:
    """What the other forecasters answer: by name, one ``{point, low, high}`` or None per fold.

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
    answers: dict[str, list[Any]] = json.loads(done.stdout)["answers"]
    if not answers or any(len(said) != len(folds) for said in answers.values()):
        raise RuntimeError(f"The other forecasters did not answer each of {len(folds)} folds once.")
    return answers


def compare(folds: Sequence[Fold], answers: dict[str, list[Any]]) -> Compared:
    """Score everybody on the folds of one kind and generator that every forecaster answered.

    Args:
        folds: at least one that all of them answered.
        answers: as :func:`ask` gives them, in the folds' order.
    """
    said = {name: _rows([fold.said[name] for fold in folds]) for name in (OURS, JACKKNIFE)}
    said |= {
        name: _rows([(each["point"], each["low"], each["high"]) if each else (math.nan,) * 3 for each in given])
        for name, given in answers.items()
    }
    answered: Flags = np.all([np.isfinite(rows).all(axis=1) for rows in said.values()], axis=0)
    if not answered.any():
        raise RuntimeError("There is no fold that every forecaster answered.")
    actual = np.array([fold.actual for fold in folds])[answered]
    said = {name: rows[answered] for name, rows in said.items()}
    return Compared(
        kind=folds[0].kind,
        generator=folds[0].generator,
        weeks=tuple(sorted({fold.weeks for fold in folds})),
        folds=len(actual),
        errors={name: mean_absolute_error(actual, rows[:, 0]) for name, rows in said.items()},
        winkler={name: winkler_error(actual, rows[:, 1], rows[:, 2], level=LEVEL) for name, rows in said.items()},
        coverage={name: coverage_share(actual, rows[:, 1], rows[:, 2]) for name, rows in said.items()},
    )


def _rows(said: Sequence[tuple[float, ...]]) -> Matrix:
    return np.array(said, dtype=np.float64)


def compare_all(folds: Sequence[Fold], answers: dict[str, list[Any]], *, by_length: bool = False) -> list[Compared]:
    """:func:`compare` per kind and generator, on request also by the length of the history; in the folds' order."""
    groups: dict[tuple[str, str, int | None], list[int]] = {}
    for place, fold in enumerate(folds):
        groups.setdefault((fold.kind, fold.generator, fold.weeks if by_length else None), []).append(place)
    return [
        compare([folds[at] for at in places], {name: [said[at] for at in places] for name, said in answers.items()})
        for places in groups.values()
    ]


def rows(compared: Sequence[Compared], *, worlds: int) -> list[Row]:
    """Two figures each: our error and our Winkler score over the best other's."""
    found = []
    for each in compared:
        place = f"{each.kind}, {' and '.join(map(str, each.weeks))} weeks, {each.generator} generator"
        best, ratio = each.lead()
        most = 1.05 if each.kind == WITHOUT else 0.75
        measure = f"error of the median over that of {best}, the best of {len(each.errors) - 2}"
        found.append(Row(LEAD_CLAIM, place, worlds, measure, ratio, -np.inf, most))
        best, ratio = each.interval_lead()
        measure = f"Winkler score over that of {best}, the best of {len(each.winkler) - 1}"
        found.append(Row(INTERVAL_CLAIM, place, worlds, measure, ratio, -np.inf, 0.9))
    return found


def missing() -> str | None:
    """The sentence that says what is missing; None where the other forecasters can be asked."""
    if INSTALLED.exists():
        return None
    return f"not measured: the other forecasters aren't installed; `make bench` installs them into {ENVIRONMENT.name}"


def measure(worlds: int) -> list[Row]:
    """Make the folds, ask, score; one row that says so where the other forecasters are missing."""
    sentence = missing()
    if sentence is not None:
        sys.stderr.write(f"The lead over forecasters is {sentence}.\n")
        return [Row(LEAD_CLAIM, "all", 0, sentence, math.nan, -np.inf, 0.75)]
    folds = make_folds(worlds)
    return rows(compare_all(folds, ask(folds)), worlds=worlds * len(WEEKS))


def table(compared: Sequence[Compared]) -> str:
    """Markdown: every forecaster's error and Winkler score over ours, and its coverage."""
    lines = ["| worlds | folds | forecaster | error | over ours | Winkler | over ours | 90 % cover |", "|---" * 8 + "|"]
    for each in compared:
        place = f"{each.kind}, {' and '.join(map(str, each.weeks))} weeks, {each.generator}"
        lines += [
            f"| {place} | {each.folds} | {name} | {error:.0f} | {error / each.errors[OURS]:.2f} "
            f"| {each.winkler[name]:.0f} | {each.winkler[name] / each.winkler[OURS]:.2f} "
            f"| {100 * each.coverage[name]:.0f} % |"
            for name, error in each.errors.items()
        ]
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Measure, print everybody's scores and the rows of the claims."""
    sentence = missing()
    if sentence is not None:
        sys.stderr.write(f"The lead over forecasters is {sentence}.\n")
        return 1
    worlds = int(arguments[0]) if arguments else FULL
    folds = make_folds(worlds)
    answers = ask(folds)
    print(table(compare_all(folds, answers, by_length=True)))
    print()
    for row in rows(compare_all(folds, answers), worlds=worlds * len(WEEKS)):
        holds = "holds" if row.holds else "DOES NOT HOLD"
        print(f"{row.claim}; {row.world}: {row.measure} = {row.value:.3f}, at most {row.high:g}, {holds}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
