"""The fast path is exact: every origin's numbers are those of a refit, and near-collinear designs lose no digits."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence

import mpmath
import numpy as np
import statsmodels.api as sm

from cgn_core.stats.origins import window_start
from cgn_core.stats.rolling import RollingFit, rolling_origin
from datagen.worlds import KINDS, SECOND_KINDS, second_world, world
from proofs.rows import Row

CLAIM = "fast path is exact"
FULL = 60
"""Worlds of each kind, and near-collinear designs of each closeness times ten."""
WEEKS, INITIAL, WINDOW, PENALTY = 52, 20, 26, 5.0
NEAR = (1e-2, 1e-4, 1e-6)
"""How far a third term is from the sum of two others, over its own spread."""
DIGITS = 60
WAYS = {
    "a growing window": {},
    "a rolling window": {"window": WINDOW},
    "ridge": {"penalty": PENALTY},
    "a growing window, compiled": {"compiled": True},
    "a rolling window, compiled": {"window": WINDOW, "compiled": True},
}


def measure(worlds: int, *, origins: int = WEEKS - INITIAL) -> list[Row]:
    """Differences from statsmodels' refits in worlds, and from high-precision arithmetic on near-collinear designs.

    Args:
        worlds: of each kind.
        origins: of each world that are refitted, at most.
    """
    rows = []
    for generator, kinds, made in (("first", KINDS, world), ("second", SECOND_KINDS, second_world)):
        histories = [
            stacked([made(kind, seed=50_000 + seed, weeks=WEEKS).daily.weekly() for seed in range(worlds)])
            for kind in kinds
        ]
        for way, options in WAYS.items():
            largest = max(refitted(*history, origins=origins, **options) for history in histories)
            place = f"every kind, {generator} generator"
            rows.append(Row(CLAIM, place, worlds * len(kinds), f"largest difference, {way}", largest, 0, 1e-8))
    design, growth = stacked([world("plain", seed=60_000 + seed, weeks=WEEKS).daily.weekly() for seed in range(worlds)])
    # Never a reel for the first half: the refit's answer of minimum norm, with the open effect named.
    design[: WEEKS // 2, 2] = 0.0
    rows.append(
        Row(CLAIM, "no reel for half of the weeks", worlds, "largest difference, a growing window",
            refitted(design, growth, origins=origins), 0, 1e-8)
    )  # fmt: skip
    named = rolling_origin(design, growth, initial=INITIAL).undetermined[: WEEKS // 2 - INITIAL + 1].mean(axis=(0, 2))
    right = float(named[2] == 1.0 and named[[0, 1, 3]].max() == 0.0)
    rows.append(Row(CLAIM, "no reel for half of the weeks", worlds, "the open effect named, and no other", right, 1, 1))
    return [*rows, *(row for apart in NEAR for row in near_collinear(apart, designs=10 * worlds))]


def stacked(weekly: Sequence[object]) -> tuple[np.ndarray, np.ndarray]:
    """Designs (weeks, terms, creators) and growth (weeks, creators) of creators' weekly tables."""
    counts = np.stack([table[["posts", "reels", "stories"]].to_numpy(float) for table in weekly], axis=2)  # type: ignore[index]  # weekly tables
    growth = np.stack([table["net_growth"].to_numpy(float) for table in weekly], axis=1)  # type: ignore[index]  # weekly tables
    return np.concatenate([np.ones((len(counts), 1, counts.shape[2])), counts], axis=1), growth


def refitted(
    design: np.ndarray,
    growth: np.ndarray,
    *,
    origins: int,
    window: int | None = None,
    penalty: float = 0.0,
    compiled: bool = False,
) -> float:
    """The largest difference of any number from statsmodels' refit, over its size or one follower's."""
    step = math.ceil((WEEKS - INITIAL) / origins)
    fit = rolling_origin(design, growth, initial=INITIAL, step=step, window=window, penalty=penalty, compiled=compiled)
    extra = np.sqrt(penalty) * np.eye(design.shape[1])[1:] if penalty else np.empty((0, design.shape[1]))
    largest = 0.0
    for number, origin in enumerate(fit.origins.tolist()):
        known = slice(window_start(origin, window), origin)
        for creator in range(design.shape[2]):
            rows = np.vstack([extra, design[known, :, creator]])
            target = np.concatenate([np.zeros(len(extra)), growth[known, creator]])
            theirs = answers_of_statsmodels(target, rows, design[origin, :, creator])
            away = np.abs(answers(fit, number, creator) - theirs) / np.maximum(np.abs(theirs), 1.0)
            largest = max(largest, float(away.max()))
    return largest


def answers(fit: RollingFit, number: int, creator: int) -> np.ndarray:
    """Everything that an origin says of a creator."""
    each = (fit.predictions, fit.low, fit.high, fit.leverages, np.sqrt(fit.variances))
    return np.array([*fit.coefficients[number, :, creator], *(values[number, creator] for values in each)])


def answers_of_statsmodels(target: np.ndarray, rows: np.ndarray, row: np.ndarray) -> np.ndarray:
    """The same of a refit."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The design matrix is rank-deficient")
        results = sm.OLS(target, rows).fit()
    said = results.get_prediction(row[None])
    low, high = said.conf_int(obs=True, alpha=0.1)[0]
    leverage = row @ results.normalized_cov_params @ row
    return np.array([*results.params, said.predicted_mean[0], low, high, leverage, np.sqrt(results.scale)])


def near_collinear(apart: float, *, designs: int) -> list[Row]:
    """Errors against high-precision arithmetic beside statsmodels', where one term is nearly the sum of two others."""
    rng = np.random.default_rng(round(-math.log10(apart)))
    weeks = 40
    design = np.ones((weeks, 4, designs))
    design[:, 1:3] = rng.poisson(4.0, (weeks, 2, designs))
    design[:, 3] = design[:, 1] + design[:, 2] + apart * rng.normal(size=(weeks, designs))
    effects = rng.normal(scale=20.0, size=(4, designs))
    growth = np.einsum("nkm,km->nm", design, effects) + rng.normal(scale=9.0, size=(weeks, designs))
    fit = rolling_origin(design, growth, initial=weeks - 1)
    ours, theirs = [], []
    for creator in range(designs):
        known, row = design[:-1, :, creator], design[-1, :, creator]
        truth = exact(known, growth[:-1, creator], row)
        ours.append(
            missed(fit.coefficients[0, :, creator], fit.predictions[0, creator], fit.leverages[0, creator], truth)
        )
        results = sm.OLS(growth[:-1, creator], known).fit()
        theirs.append(missed(results.params, row @ results.params, row @ results.normalized_cov_params @ row, truth))
    fewer = np.log10(np.median(ours, axis=0) / np.median(theirs, axis=0))
    place = f"terms {apart:g} from collinear"
    return [
        Row(CLAIM, place, designs, f"digits fewer than statsmodels', {name}", float(value), -math.inf, 0)
        for name, value in zip(("forecast", "leverage", "coefficients"), fewer, strict=True)
    ]


def exact(design: np.ndarray, growth: np.ndarray, row: np.ndarray) -> tuple[np.ndarray, float, float]:
    """Coefficients, forecast and leverage by normal equations with sixty digits."""
    with mpmath.workdps(DIGITS):
        weeks, new = mpmath.matrix(design.tolist()), mpmath.matrix(row.tolist())
        normal = weeks.T * weeks
        found = mpmath.lu_solve(normal, weeks.T * mpmath.matrix(growth.tolist()))
        leverage = (new.T * mpmath.lu_solve(normal, new))[0]
        return np.array([float(each) for each in found]), float((new.T * found)[0]), float(leverage)


def missed(
    coefficients: np.ndarray, forecast: float, leverage: float, truth: tuple[np.ndarray, float, float]
) -> tuple[float, float, float]:
    """Relative errors of forecast, leverage and coefficients; never quite zero, so that a ratio has a meaning."""
    least = np.finfo(float).eps / 4
    return (
        abs(forecast / truth[1] - 1) + least,
        abs(leverage / truth[2] - 1) + least,
        float(np.abs(coefficients - truth[0]).max() / np.abs(truth[0]).max()) + least,
    )
