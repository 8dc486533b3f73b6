"""``python benchmarks/forecaster_proof.py [WORLDS]``: our daily model beside other forecasters on the same weeks."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from forecaster_folds import JACKKNIFE, LEVEL, OURS, WEEKS, WITHOUT, Answers, Fold, ask, make_folds, missing
from proofs.rows import Row

from cgn_core.stats.arrays import Flags, Floats, Integers, Matrix
from cgn_core.stats.scores import winkler_error

LEAD_CLAIM, INTERVAL_CLAIM = "the lead over forecasters", "intervals hold"
FULL = 6
"""Worlds per kind, generator and length, so 24 of each kind: automatic ARIMA with regressors takes a second a fold."""
RESAMPLES = 1_000


@dataclass(frozen=True)
class Lead:
    """Our loss over the best other's."""

    best: str
    """The best other's name."""
    others: int
    """How many others there are."""
    ratio: float
    low: float
    high: float
    """90 % of ratios over resampled worlds: how far chance alone would move it."""

    @property
    def words(self) -> str:
        """Whose loss it is over, and its spread."""
        return (
            f"over that of {self.best}, the best of {self.others} (worlds resampled: {self.low:.2f} to {self.high:.2f})"
        )


@dataclass(frozen=True)
class Compared:
    """Every forecaster's losses on the same n folds; followers per week."""

    place: str
    """Which worlds they are, in words."""
    matters: bool
    """Whether what is posted decides how their weeks grow."""
    worlds: Integers
    """Shape (n,), which world each fold is of, counted from 0."""
    errors: dict[str, Floats]
    """Shape (n,) each: absolute error of the median, or of the point forecast where there is only that."""
    winkler: dict[str, Floats]
    """Shape (n,) each: Winkler score of the interval."""
    covered: dict[str, Flags]
    """Shape (n,) each."""

    def lead(self) -> Lead:
        """Our error beside that of the best other forecaster."""
        others = [name for name in self.errors if name not in (OURS, JACKKNIFE)]
        return self._over_best(self.errors, others)

    def interval_lead(self) -> Lead:
        """Our Winkler score beside that of the best other interval, the jackknife's among them."""
        return self._over_best(self.winkler, [name for name in self.winkler if name != OURS])

    def _over_best(self, losses: dict[str, Floats], others: Sequence[str]) -> Lead:
        """The best is the one that turned out best, so chance is on its side."""
        best = min(others, key=lambda name: float(losses[name].mean()))
        pair = np.column_stack([losses[OURS], losses[best]])
        per_world = np.array([pair[self.worlds == each].sum(axis=0) for each in range(int(self.worlds.max()) + 1)])
        drawn = np.random.default_rng(0).integers(len(per_world), size=(RESAMPLES, len(per_world)))
        ours, theirs = per_world[drawn].sum(axis=1).T
        low, high = np.quantile(ours / theirs, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        return Lead(best, len(others), float(pair[:, 0].sum() / pair[:, 1].sum()), float(low), float(high))


def compare(place: str, folds: Sequence[Fold], answers: Answers) -> Compared:
    """Score everybody on the folds that every forecaster answered.

    Args:
        place: what the folds have in common, in words.
        folds: of kinds in which what is posted matters, or of kinds in which it does not.
        answers: as :func:`ask` gives them, in the folds' order.

    Raises:
        RuntimeError: every fold has a forecaster that gave it up.
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
    keys = [f"{fold.kind} {fold.generator} {fold.weeks} {fold.seed}" for fold in folds]
    return Compared(
        place=place,
        matters=folds[0].kind != WITHOUT,
        worlds=np.unique(np.array(keys)[answered], return_inverse=True)[1],
        errors={name: np.abs(actual - rows[:, 0]) for name, rows in said.items()},
        winkler={name: _winkler(actual, rows) for name, rows in said.items()},
        covered={name: (actual >= rows[:, 1]) & (actual <= rows[:, 2]) for name, rows in said.items()},
    )


def _rows(said: Sequence[tuple[float, ...]]) -> Matrix:
    return np.array(said, dtype=np.float64)


def _winkler(actual: Floats, rows: Matrix) -> Floats:
    """Each fold's own score; shape (n,)."""
    each = [slice(at, at + 1) for at in range(len(actual))]
    return np.array([winkler_error(actual[at], rows[at, 1], rows[at, 2], level=LEVEL) for at in each])


def compare_groups(folds: Sequence[Fold], answers: Answers, *, name: Callable[[Fold], str]) -> list[Compared]:
    """:func:`compare` for the folds of each name, in the order in which the names first come."""
    groups: dict[str, list[int]] = {}
    for place, fold in enumerate(folds):
        groups.setdefault(name(fold), []).append(place)
    return [
        compare(
            group, [folds[at] for at in places], {who: [said[at] for at in places] for who, said in answers.items()}
        )
        for group, places in groups.items()
    ]


def by_kind(fold: Fold) -> str:
    """Kind and generator, all lengths together."""
    return f"{fold.kind}, {' and '.join(map(str, WEEKS))} weeks, {fold.generator} generator"


def by_length(fold: Fold) -> str:
    """Kind, length and generator."""
    return f"{fold.kind}, {fold.weeks} weeks, {fold.generator} generator"


def by_cadence(fold: Fold) -> str:
    """Whether cadence matters, all else together."""
    return "every kind in which cadence matters" if fold.kind != WITHOUT else "cadence does not matter"


def rows_of(folds: Sequence[Fold], answers: Answers) -> list[Row]:
    """Our error and our Winkler score over the best other's: by kind and generator, then all together."""
    found = []
    for each in [*compare_groups(folds, answers, name=by_kind), *compare_groups(folds, answers, name=by_cadence)]:
        worlds = int(each.worlds.max()) + 1
        lead, interval = each.lead(), each.interval_lead()
        most = 0.75 if each.matters else 1.05
        found += [
            Row(LEAD_CLAIM, each.place, worlds, f"error of the median {lead.words}", lead.ratio, -np.inf, most),
            Row(INTERVAL_CLAIM, each.place, worlds, f"Winkler score {interval.words}", interval.ratio, -np.inf, 0.9),
        ]
    return found


def measure(worlds: int) -> list[Row]:
    """Make the folds, ask, score; one row that says so where the other forecasters are missing."""
    sentence = missing()
    if sentence is not None:
        sys.stderr.write(f"The lead over forecasters is {sentence}.\n")
        return [Row(LEAD_CLAIM, "all", 0, sentence, math.nan, -np.inf, 0.75)]
    folds = make_folds(worlds)
    return rows_of(folds, ask(folds))


def table(compared: Sequence[Compared]) -> str:
    """Markdown: every forecaster's error and Winkler score, both also over ours, and its coverage."""
    lines = ["| worlds | folds | forecaster | error | over ours | Winkler | over ours | 90 % cover |", "|---" * 8 + "|"]
    for each in compared:
        for name, errors in each.errors.items():
            error, score = float(errors.mean()), float(each.winkler[name].mean())
            lines.append(
                f"| {each.place} | {len(errors)} | {name} | {error:.0f} | {error / each.errors[OURS].mean():.2f} "
                f"| {score:.0f} | {score / each.winkler[OURS].mean():.2f} | {100 * each.covered[name].mean():.0f} % |"
            )
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Measure, print everybody's scores and the rows of the claims."""
    sentence = missing()
    if sentence is not None:
        sys.stderr.write(f"The lead over forecasters is {sentence}.\n")
        return 1
    folds = make_folds(int(arguments[0]) if arguments else FULL)
    answers = ask(folds)
    print(table(compare_groups(folds, answers, name=by_length)))
    print()
    for row in rows_of(folds, answers):
        holds = "holds" if row.holds else "DOES NOT HOLD"
        print(f"{row.claim}; {row.world}: {row.measure} = {row.value:.3f}, at most {row.high:g}, {holds}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
