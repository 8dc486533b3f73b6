"""The default engine: effects estimated on days, answers given by the week.

Daily growth is weekday, trend and season, plus planned counts through a geometric carry-over; noise grows with the
number of followers gained (weights 1 / fitted gain), viral days are taken out and modelled apart, and errors are
clustered by week (CR3, Student's t).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from cgn_core.errors import ConstantSeries, TooFewObservations
from cgn_core.stats.arrays import Flags, Floats, Matrix
from cgn_core.stats.design import (
    DailyHistory,
    Days,
    calendar_terms,
    carry_over,
    daily_history,
    iso_monday,
    next_week_rows,
)
from cgn_core.stats.fit import EFFECT_LEVEL, FEWEST_WEEKS, Caution, Effect, Fit
from cgn_core.stats.intervals import LEVELS
from cgn_core.stats.least_squares import Solution, clustered_covariance, huber_start, solve, undetermined
from cgn_core.stats.predictive import DAILY_MIXTURE, WeekPredictor
from cgn_core.stats.viral import viral_flags, viral_states
from cgn_core.tables import DAYS_PER_WEEK, Availability, Daily

DECAYS = (0.3, 0.45, 0.6, 0.7, 0.8)
"""Candidates for the share of an effect that is left a day later; 0 unless the likelihood ratio says otherwise."""
RATIO_NEEDED = float(special.chdtri(1, 0.05))
CLEAR = 0.999
"""Confidence that posting matters at all, below which no carry-over is looked for: it would be one of noise."""
ROUNDS = 5
FLOOR_SHARE = 0.1
"""The fitted mean counts as at least this share of a typical day's growth where noise is scaled by it."""
SMOOTH_FROM = 60
"""Degrees of freedom from which Student's t is taken as normal in the predictive distribution."""
RECENT_WEEKS = 4


@dataclass(frozen=True)
class _State:
    """The design and fit after a round."""

    decay: float
    design: Matrix
    solution: Solution
    mean: Floats
    weights: Floats
    viral: Flags


def fit_daily(daily: Daily, *, level: float = EFFECT_LEVEL) -> Fit:
    """Fit the daily model.

    Args:
        daily: at least eight complete weeks with observed growth.
        level: of the effects' intervals, two-sided.

    Raises:
        TooFewObservations: there are too few complete weeks; the sentence says how many are missing.
        ConstantSeries: growth never changes.
    """
    return fit_daily_history(daily_history(daily), level=level)


def fit_daily_history(history: DailyHistory, *, level: float = EFFECT_LEVEL) -> Fit:
    """:func:`fit_daily` on arrays, for validation's many refits."""
    weeks = complete_weeks(history)
    check_history(history, weeks)
    cautions = [_constant_caution(name) for name in history.constant]
    history, dropped = _identified(history, len(weeks))
    cautions += [_undetermined_caution(name) for name in dropped]
    state = _iterate(history, len(weeks))
    used = history.usable & ~state.viral
    residuals = history.growth - state.mean
    covariance = clustered_covariance(
        state.design[used], residuals[used], state.weights[used], state.solution.bread, history.weeks[used]
    )
    freedom = len(np.unique(history.weeks[used])) - 1
    predictor = _predictor(history, state, covariance, freedom=freedom, weeks=weeks)
    return Fit(
        model="daily",
        target="net_growth",
        weeks=len(weeks),
        first_week=iso_monday(int(weeks[0]) * DAYS_PER_WEEK + 4),
        last_week=iso_monday(int(weeks[-1]) * DAYS_PER_WEEK + 4),
        effects=_effects(history, state, covariance, freedom=freedom, level=level),
        predictor=predictor,
        viral_days=tuple(iso_monday(int(day)) for day in history.days[state.viral]),
        viral_rate=float(state.viral.sum() / history.usable.sum()),
        cautions=tuple(cautions),
        details={
            "carry_over_decay": state.decay,
            "dispersion": predictor.dispersion,
            "days": int(used.sum()),
            "degrees_of_freedom": freedom,
        },
    )


def complete_weeks(history: DailyHistory) -> Days:
    """Weeks whose growth is observed on all seven days, as weeks since 1970-01-05, ascending."""
    observed = np.isfinite(history.growth)
    numbers, counts = np.unique(history.weeks[observed], return_counts=True)
    complete: Days = numbers[counts == DAYS_PER_WEEK].astype(np.int64)
    return complete


def check_history(history: DailyHistory, weeks: Days, *, fewest: int = FEWEST_WEEKS) -> None:
    """Raise TooFewObservations or ConstantSeries where nothing can be trained."""
    missing = fewest - len(weeks)
    if missing > 0:
        raise TooFewObservations(
            f"The history holds {len(weeks)} complete {'week' if len(weeks) == 1 else 'weeks'} (Monday to Sunday, "
            f"growth known on every day); training needs at least {fewest}, so {missing} more "
            f"{'is' if missing == 1 else 'are'} missing. Import more days."
        )
    growth = history.growth[history.usable]
    if len(growth) < fewest * DAYS_PER_WEEK or growth.min() == growth.max():
        raise ConstantSeries("Growth never changes in this history, so nothing can be learned from it.")


def _identified(history: DailyHistory, weeks: int) -> tuple[DailyHistory, tuple[str, ...]]:
    """The history without the levers whose effect the design leaves open."""
    calendar = calendar_terms(history.days, first=int(history.days[0]), weeks=weeks)
    open_columns = undetermined(np.column_stack([calendar, history.counts])[history.usable])[calendar.shape[1] :]
    if not open_columns.any():
        return history, ()
    dropped = tuple(name for name, is_open in zip(history.levers, open_columns, strict=True) if is_open)
    return history.without(dropped), dropped


def _iterate(history: DailyHistory, weeks: int) -> _State:
    """Find viral days, weights and carry-over in turn, from a robust start."""
    calendar = calendar_terms(history.days, first=int(history.days[0]), weeks=weeks)
    design = np.column_stack([calendar, history.counts])
    usable = history.usable
    growth = np.where(usable, history.growth, 0.0)
    floor = FLOOR_SHARE * max(float(np.median(np.abs(growth[usable]))), 1.0)
    mean = design @ huber_start(design[usable], growth[usable])
    decay, solution = 0.0, None
    viral = np.zeros(len(growth), dtype=bool)
    weights = np.ones(len(growth))
    for _ in range(ROUNDS):
        level = np.maximum(mean + history.lost, floor)
        flags = viral_flags(growth - mean, level, usable=usable)
        settled = solution is not None and bool((flags == viral).all())
        viral, weights = flags, 1 / level
        used = usable & ~viral
        decay = _choose_decay(history, calendar, growth, weights, used)
        design = np.column_stack([calendar, carry_over(history.counts, decay)])
        solution = solve(design[used], growth[used], weights[used])
        mean = design @ solution.coefficients
        if settled:
            break
    assert solution is not None
    return _State(decay, design, solution, mean, weights, viral)


def _choose_decay(history: DailyHistory, calendar: Matrix, growth: Floats, weights: Floats, used: Flags) -> float:
    """The decay of the highest likelihood, where it beats none by more than chance would; else 0."""
    if not history.levers:
        return 0.0
    errors = {
        decay: _weighted_error(
            np.column_stack([calendar, carry_over(history.counts, decay)])[used], growth[used], weights[used]
        )
        for decay in (0.0, *DECAYS)
    }
    best = min(errors, key=lambda decay: errors[decay])
    days, least = int(used.sum()), max(errors[best], 1e-12)
    without = _weighted_error(calendar[used], growth[used], weights[used])
    if days * np.log(without / least) < special.chdtri(len(history.levers), 1 - CLEAR):
        return 0.0
    return best if days * np.log(errors[0.0] / least) > RATIO_NEEDED else 0.0


def _weighted_error(design: Matrix, target: Floats, weights: Floats) -> float:
    residuals = target - design @ solve(design, target, weights).coefficients
    return float(weights @ residuals**2)


def _effects(
    history: DailyHistory, state: _State, covariance: Matrix, *, freedom: int, level: float
) -> tuple[Effect, ...]:
    first = state.design.shape[1] - len(history.levers)
    multiplier = float(special.stdtrit(freedom, (1 + level) / 2))
    effects = []
    for place, name in enumerate(history.levers, start=first):
        estimate = float(state.solution.coefficients[place])
        error = float(np.sqrt(covariance[place, place]))
        effects.append(
            Effect(
                name=name,
                estimate=estimate,
                low=estimate - multiplier * error,
                high=estimate + multiplier * error,
                level=level,
                std_error=error,
                unit=f"followers per {name.removesuffix('s') if name != 'stories' else 'story'}",
                availability=Availability.PLANNED.value,
            )
        )
    return tuple(effects)


def _predictor(
    history: DailyHistory,
    state: _State,
    covariance: Matrix,
    *,
    freedom: int,
    weeks: Days,
) -> WeekPredictor:
    rows = next_week_rows(history, state.decay, weeks=len(weeks))
    weekly = weekly_counts(history)
    used = history.usable & ~state.viral
    growth = np.where(history.usable, history.growth, 0.0)
    level = 1 / state.weights
    sizes = ((growth - state.mean) / level)[state.viral]
    return WeekPredictor(
        method=DAILY_MIXTURE,
        week_start=iso_monday(int(history.days[-1]) + 1),
        levers=history.levers,
        mean=tuple((rows @ state.solution.coefficients).tolist()),
        covariance=tuple(tuple(row) for row in (rows @ covariance @ rows.T).tolist()),
        multipliers=t_multipliers(freedom),
        n_residuals=len(weeks),
        dispersion=_dispersion(history, state, used),
        floor=float(DAYS_PER_WEEK * level.min()),
        lost=DAYS_PER_WEEK * history.lost,
        scales=_scales(freedom),
        viral=viral_states(sizes, days=int(history.usable.sum())),
        usual={name: float(np.mean(counts[-RECENT_WEEKS:])) for name, counts in weekly.items()},
        last_weeks={name: tuple(counts[-RECENT_WEEKS:].tolist()) for name, counts in weekly.items()},
        support={name: float(counts.max()) for name, counts in weekly.items()},
    )


def weekly_counts(history: DailyHistory) -> dict[str, Floats]:
    """Pieces per week and lever, whole weeks only, ascending."""
    whole = history.counts[len(history.counts) % DAYS_PER_WEEK :]
    weekly = whole.reshape(-1, DAYS_PER_WEEK, len(history.levers)).sum(axis=1)
    return {name: weekly[:, place] for place, name in enumerate(history.levers)}


def weekly_growth(history: DailyHistory) -> Floats:
    """Growth of each complete week, followers per week, ascending."""
    week = history.weeks - history.weeks[0]
    counts = np.bincount(week, np.isfinite(history.growth))
    sums: Floats = np.bincount(week, np.nan_to_num(history.growth))[counts == DAYS_PER_WEEK]
    return sums


def t_multipliers(freedom: int) -> dict[str, float]:
    """Student's t quantile per offered two-sided level."""
    return {f"{level:g}": float(special.stdtrit(freedom, (1 + level) / 2)) for level in LEVELS}


def _dispersion(history: DailyHistory, state: _State, used: Flags) -> float:
    """Variance of a week's noise over its mean: the days', unless weeks vary more than independent days would."""
    residuals = np.where(used, history.growth - state.mean, 0.0)
    level = np.where(used, 1 / state.weights, 0.0)
    terms = state.design.shape[1]
    freedom = int(used.sum()) - terms
    by_day = float((state.weights[used] @ residuals[used] ** 2) / freedom)
    _, groups = np.unique(history.weeks, return_inverse=True)
    sums, sizes = np.bincount(groups, residuals), np.bincount(groups, level)
    whole = sizes > 0
    weekly_freedom = max(int(whole.sum()) - terms + 6, 4)
    by_week = float((sums[whole] ** 2 / sizes[whole]).sum() / weekly_freedom)
    beyond_chance = by_week / by_day > special.chdtri(weekly_freedom, 0.05) / weekly_freedom
    return by_week if beyond_chance else by_day


def _scales(freedom: int) -> tuple[tuple[float, float], ...]:
    if freedom >= SMOOTH_FROM:
        return ((1.0, 1.0),)
    nodes = np.sqrt(freedom / special.chdtri(freedom, np.array([5 / 6, 1 / 2, 1 / 6])))
    return tuple((float(node), 1 / 3) for node in nodes)


def _constant_caution(name: str) -> Caution:
    return Caution("constant_lever", f"{name.capitalize()} never vary in this history, so their effect can't be known.")


def _undetermined_caution(name: str) -> Caution:
    return Caution(
        "undetermined_effect",
        f"{name.capitalize()} always move with other content or the calendar: their own effect is undetermined.",
    )
