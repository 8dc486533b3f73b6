"""Effects are recovered: 95 % intervals cover them, without bias, and far narrower than weekly least squares."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy import special

from cgn_core.stats.calendar_terms import Calendar
from cgn_core.stats.carry_over import stock
from cgn_core.stats.daily_model import fit_daily
from cgn_core.stats.fit import Fit
from cgn_core.stats.history import iso_day, read_history
from cgn_core.stats.least_squares import bread
from cgn_core.stats.weekly_models import fit_weekly
from datagen.profiles import PROFILES
from datagen.truths import Creator
from datagen.worlds import STEADY_KINDS, second_world, world
from proofs.rows import Row

CLAIM = "effects are recovered"
FULL = 1_000
FIRST = "first"
GENERATORS = {FIRST: world, "second": second_world}
KINDS = STEADY_KINDS
WEEKS = (13, 26, 52, 104)
SHORT = 13
WIDTHS_EVERY = 4
"""The weekly fits are made for every fourth world: their widths vary little."""
LEVEL = 0.95
DAILY, ROBUST, BEST, REFERENCE = "daily", "robust", "best", "least squares"


def measure(
    worlds: int,
    *,
    weeks: Sequence[int] = WEEKS,
    kinds: Sequence[str] = KINDS,
    generators: Sequence[str] = tuple(GENERATORS),
) -> list[Row]:
    """Coverage, bias and widths in each kind of world, at each length, by each generator."""
    return [
        row for name in generators for kind in kinds for length in weeks for row in _cell(name, kind, length, worlds)
    ]


def _cell(generator: str, kind: str, weeks: int, worlds: int) -> list[Row]:
    held: list[bool] = []
    errors: dict[str, list[float]] = {}
    widths: dict[str, dict[str, list[float]]] = {}
    for seed in range(worlds):
        creator = GENERATORS[generator](kind, seed=seed, weeks=weeks)
        fit = fit_daily(creator.daily)
        held += [effect.low <= creator.truth.effects[effect.name] <= effect.high for effect in fit.effects]
        for effect in fit.effects:
            truth = creator.truth.effects[effect.name]
            if truth:
                errors.setdefault(effect.name, []).append(effect.estimate / truth - 1)
        if seed % WIDTHS_EVERY == 0:
            _add_widths(widths, creator, fit, best=generator == FIRST)
    place = f"{kind}, {weeks} weeks, {generator} generator"
    rows = [Row(CLAIM, place, worlds, "coverage of 95 % intervals", float(np.mean(held)), 0.92, 0.98)]
    if errors:
        worst = max(abs(float(np.median(missed))) for missed in errors.values())
        rows.append(
            Row(CLAIM, place, worlds, "largest median bias of a type", worst, 0.0, 0.1 if weeks <= SHORT else 0.05)
        )
    rows += [
        Row(CLAIM, place, worlds, f"mean width {what} over least squares'", _relative(widths, model), 0.0, most)
        for model, what, most in (
            (DAILY, "of the daily fit", 1 / 8),
            (ROBUST, "of the bisquare", 1 / 3),
            (BEST, "of the best linear estimate that knows decay, noise and viral days", math.inf),
        )
        if model in next(iter(widths.values()))
    ]
    return rows


def _add_widths(widths: dict[str, dict[str, list[float]]], creator: Creator, fit: Fit, *, best: bool) -> None:
    """By type and model, for the types that both the daily fit and weekly least squares determine."""
    found = {
        DAILY: _widths(fit),
        ROBUST: _widths(fit_weekly(creator.daily, model="tukey")),
        REFERENCE: _widths(fit_weekly(creator.daily, model="ols")),
    }
    if best:
        found[BEST] = _least_widths(creator)
    for name in found[DAILY]:
        if found[REFERENCE].get(name, 0.0) > 0:
            for model, by_type in found.items():
                widths.setdefault(name, {}).setdefault(model, []).append(by_type[name])


def _widths(fit: Fit) -> dict[str, float]:
    return {effect.name: effect.high - effect.low for effect in fit.effects}


def _least_widths(creator: Creator) -> dict[str, float]:
    """Widths that no linear unbiased estimate can go below, whatever it finds out: normal quantiles, all else known."""
    history, truth = read_history(creator.daily), creator.truth
    terms = Calendar(first=int(history.days[0]), last=int(history.days[-1]), weeks=0).terms(history.days)
    design = np.hstack([terms, stock(history.counts, truth.carry_over)])
    kept = np.array([iso_day(int(day)) not in truth.viral_days for day in history.days])
    variance = PROFILES["mid"].spread * np.array(truth.expected)[-len(kept) :]
    used = (design[:, terms.shape[1] :] > 0).sum(axis=0) > 0
    columns = np.append(np.ones(terms.shape[1], dtype=bool), used)
    covariance = bread(design[kept][:, columns], 1 / variance[kept])
    margins = 2 * special.ndtri((1 + LEVEL) / 2) * np.sqrt(np.diag(covariance)[terms.shape[1] :])
    names = [name for name, is_used in zip(history.levers, used, strict=True) if is_used]
    return dict(zip(names, margins.tolist(), strict=True))


def _relative(widths: dict[str, dict[str, list[float]]], model: str) -> float:
    """Mean width over least squares' mean width, on average over the types."""
    return float(np.mean([np.mean(by_model[model]) / np.mean(by_model[REFERENCE]) for by_model in widths.values()]))
