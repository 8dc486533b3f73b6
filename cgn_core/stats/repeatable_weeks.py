"""Weekly growth as it would have been without viral days: what tests on weeks start from."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cgn_core.errors import ConstantSeries, InvalidInput
from cgn_core.stats.arrays import Flags, Floats, Integers, Matrix
from cgn_core.stats.calendar_terms import TREND_FROM_WEEKS, WEEKDAY_TERMS, YEAR_DAYS
from cgn_core.stats.carry_over import stock
from cgn_core.stats.daily_estimation import FLOOR_SHARE, parameter_covariance
from cgn_core.stats.daily_levers import FEWEST_USE_WEEKS, fit_levers
from cgn_core.stats.history import (
    GROSS_FOLLOWS,
    MONDAY_OFFSET,
    NET_GROWTH,
    NOTED_SHARE,
    QUARTER_DAYS,
    RECENT_WEEKS,
    History,
    read_history,
    require_enough,
    require_weeks,
)
from cgn_core.stats.least_squares import solve, undetermined
from cgn_core.stats.viral import robust_scale
from cgn_core.stats.weekly_estimators import LARGEST_LEVERAGE, Estimate, ordinary, tukey
from cgn_core.tables import CONTENT_TYPES, DAYS_PER_WEEK, Daily

BY_DAY, BY_WEEK = "days", "weeks"
SEASON_FROM = 52
"""Complete weeks from which a test allows for the season: before a year it is hardly told from a trend, and the two
coefficients cost a short history more power than the season costs it truth."""
EXCEPTIONAL_WEEK = 4.0
"""Robust standard deviations from the fit beyond which a week is left out where its days aren't known."""
WEEKLY_ROUNDS = 8
SMALLEST = 1e-9
LASTING_DECAY = 0.6
"""Share of an effect that is left a day later, where it is asked what effects that last for days would do."""
LEFT_BY_WEEKDAY = LASTING_DECAY ** np.arange(DAYS_PER_WEEK, 0, -1)
"""Of the effect of a piece posted on Monday to Sunday, the share that then comes after the week's end."""
LASTING_SHARE = float(LEFT_BY_WEEKDAY.mean())
"""The same for pieces that fall evenly on the days."""


@dataclass(frozen=True)
class RepeatableWeeks:
    """n complete weeks of a history in which k content types vary.

    Attributes:
        basis: days | weeks: what viral excess was found on.
        target: net_growth | gross_follows.
        numbers: shape (n,), numbers of the Monday weeks, ascending; a week that isn't complete is missing.
        growth: shape (n,), followers per week, without what exceptional days brought beyond the fit.
        level: shape (n,), the noise's variance up to a factor.
        calendar: shape (n, 1 to 4), intercept, and trend and season where the history is long enough.
        levers: content types whose own effect the history determines.
        counts: shape (n, k), pieces per week.
        leaving: shape (n, k), of each week's pieces, the effect that would come after the week's end if
            ``LASTING_DECAY`` of it were left a day later, in pieces: the later in the week, the more.
        arriving: shape (n, k), ``leaving`` of the week before, NaN where its counts are unknown.
        working: shape (n, k), pieces at work per week: ``counts``, carried over by the day where the days show that.
        straight: shape (1 + k,), the straight fit: growth of a week as the last one but without these pieces, then
            followers per piece, all days together.
        covariance: shape (1 + k, 1 + k), of ``straight``.
        own_freedom: shape (k,), degrees of freedom of each effect.
        recent: shape (k,), mean pieces of the last four weeks.
        undetermined: content types of which the history doesn't tell an effect.
        exceptional: how many days had their excess taken out, or how many weeks were left out.
    """

    basis: str
    target: str
    numbers: Integers
    growth: Floats
    level: Floats
    calendar: Matrix
    levers: tuple[str, ...]
    counts: Matrix
    leaving: Matrix
    arriving: Matrix
    working: Matrix
    straight: Floats
    covariance: Matrix
    own_freedom: Floats
    recent: Floats
    undetermined: tuple[str, ...]
    exceptional: int

    @property
    def effects(self) -> Floats:
        """Shape (k,), followers per piece by the straight fit."""
        return self.straight[1:]

    @property
    def linear(self) -> Matrix:
        """Shape (n, q + k): calendar terms, then the pieces at work."""
        return np.hstack([self.calendar, self.working])

    def freedom(self, terms: int) -> int:
        """Weeks beyond so many coefficients."""
        return len(self.numbers) - terms

    def estimate(self, design: Matrix, *, weeks: Flags | None = None) -> Estimate:
        """Weighted least squares of growth with HC3 errors.

        Args:
            design: shape (n, p), full column rank on the weeks used.
            weeks: shape (n,), which to use; None takes all.
        """
        chosen = np.ones(len(self.growth), dtype=bool) if weeks is None else weeks
        root = 1 / np.sqrt(self.level[chosen])
        return ordinary(design[chosen] * root[:, None], self.growth[chosen] * root)

    def last_term(self, design: Matrix, *, weeks: Flags | None = None) -> tuple[float, float]:
        """The last column's coefficient by weighted least squares, and its standard error for a test.

        The error is the larger of the conventional one and HC2's. HC3, the usual choice, is driven by the one or two
        busiest weeks that a squared count leans on: too wide for 26 weeks, too narrow for 104 with heavy-tailed noise.

        Args:
            design: shape (n, p), full column rank on the weeks used.
            weeks: shape (n,), which to use; None takes all.
        Source: Angrist & Pischke (2009), Mostly Harmless Econometrics, section 8.1.
        """
        chosen = np.ones(len(self.growth), dtype=bool) if weeks is None else weeks
        root = 1 / np.sqrt(self.level[chosen])
        factor, upper = np.linalg.qr(design[chosen] * root[:, None])
        growth = self.growth[chosen] * root
        residuals = growth - factor @ (factor.T @ growth)
        leverage = np.minimum((factor**2).sum(axis=1), LARGEST_LEVERAGE)
        # The last column's part that no other column has is the factor's last column.
        size = abs(float(upper[-1, -1]))
        conventional = float(residuals @ residuals) / (len(growth) - design.shape[1])
        robust = float((factor[:, -1] ** 2 * residuals**2 / (1 - leverage)).sum())
        return float(factor[:, -1] @ growth / upper[-1, -1]), math.sqrt(max(conventional, robust)) / size

    def determines(self, design: Matrix, *, weeks: Flags | None = None) -> bool:
        """Whether the last column of a design has a coefficient of its own."""
        chosen = design if weeks is None else design[weeks]
        return not undetermined(chosen)[-1]


def repeatable_weeks(history: Daily | pd.DataFrame) -> RepeatableWeeks:
    """The complete weeks of a history, without viral excess.

    Args:
        history: a daily table, whose viral days the daily fit finds; or a weekly one with ``week_start`` (Mondays),
            ``net_growth`` or ``gross_follows``, and content types, whose exceptional weeks a robust fit leaves out.

    Raises:
        TooFewObservations: fewer than eight complete weeks.
        ConstantSeries: growth never changes.
        InvalidInput: a weekly table without weeks, growth, or Mondays.
    """
    return _from_weekly(history) if isinstance(history, pd.DataFrame) else _from_days(read_history(history))


def complete_weeks(history: Daily | pd.DataFrame) -> int:
    """How many weeks of a history could be tested on."""
    if not isinstance(history, pd.DataFrame):
        return len(read_history(history).complete_weeks)
    names = [name for name in CONTENT_TYPES if name in history]
    known = np.isfinite(_weekly_counts(history, names)).all(axis=1)
    return int((np.isfinite(_weekly_growth(history)[2]) & known).sum())


def _from_days(history: History) -> RepeatableWeeks:
    weeks = require_weeks(history)
    found = fit_levers(history)
    fit, terms, determined, fitted = found.fit, found.terms, list(found.determined), found.fitted
    start = len(history.days) % DAYS_PER_WEEK
    trained = np.isin(history.week_numbers, weeks)

    def weekly(values: Matrix) -> Matrix:
        # The number of weeks in full: a history without any lever has no size to infer it from.
        by_day = values[start:].reshape(len(history.week_numbers), DAYS_PER_WEEK, values.shape[1])
        sums: Matrix = by_day.sum(axis=1)
        return sums

    seen = np.isfinite(history.recorded[:, determined])
    known = weekly((seen | (seen.sum(axis=0) < NOTED_SHARE * len(seen))).astype(float)) == DAYS_PER_WEEK
    per_week = history.weekly_counts[:, determined]
    left = LEFT_BY_WEEKDAY[(history.days + MONDAY_OFFSET) % DAYS_PER_WEEK]
    leaving = weekly(history.counts[:, determined] * left[:, None])
    arriving = np.vstack([np.full((1, len(determined)), np.nan), np.where(known, leaving, np.nan)[:-1]])
    # Weekday contrasts sum to nothing over a week.
    shown = terms[:, [0, *range(1 + WEEKDAY_TERMS, terms.shape[1])]] / DAYS_PER_WEEK
    if len(weeks) < SEASON_FROM:
        shown = shown[:, :2]
    growth = found.mean + found.residuals
    sums = weekly(np.column_stack([growth, fit.level, shown, stock(history.counts[:, determined], fit.decay)]))[trained]
    end = 2 + shown.shape[1]
    recent = history.weekly_counts[-RECENT_WEEKS:].mean(axis=0)
    covariance, own = parameter_covariance(fit, found.counts(history), history.weeks)
    rows = np.zeros((1 + len(determined), len(covariance)))
    rows[0, : terms.shape[1]] = terms[-DAYS_PER_WEEK:].sum(axis=0)
    for column, lever in enumerate(fitted, terms.shape[1]):
        if lever in determined:
            rows[1 + determined.index(lever), column] = 1.0
        else:
            rows[0, column] = recent[lever]
    straight: Floats = rows[:, : len(fit.coefficients)] @ fit.coefficients
    if found.losses is not None:
        straight[0] -= DAYS_PER_WEEK * found.lost
    return RepeatableWeeks(
        basis=BY_DAY,
        target=history.target,
        numbers=weeks,
        growth=sums[:, 0],
        level=sums[:, 1],
        calendar=sums[:, 2:end],
        levers=tuple(history.levers[lever] for lever in determined),
        counts=per_week[trained],
        leaving=leaving[trained],
        arriving=arriving[trained],
        working=sums[:, end:],
        straight=straight,
        covariance=rows @ covariance @ rows.T,
        own_freedom=own[[terms.shape[1] + fitted.index(lever) for lever in determined]],
        recent=recent[determined],
        undetermined=found.undetermined,
        exceptional=int((fit.viral | fit.losses).sum()),
    )


def _from_weekly(weekly: pd.DataFrame) -> RepeatableWeeks:
    target, numbers, growth = _weekly_growth(weekly)
    names = [name for name in CONTENT_TYPES if name in weekly]
    counts = _weekly_counts(weekly, names)
    complete = np.isfinite(growth) & np.isfinite(counts).all(axis=1)
    require_enough(int(complete.sum()))
    if growth[complete].min() == growth[complete].max():
        raise ConstantSeries("Growth never changes in this history, so nothing can be learned from it.")
    terms = _weekly_calendar(numbers, weeks=int(complete.sum()))
    tried = [place for place in range(len(names)) if (counts[complete, place] != 0).sum() >= FEWEST_USE_WEEKS]
    open_terms = undetermined(np.hstack([terms, counts[:, tried]])[complete])[terms.shape[1] :]
    determined = [place for place, is_open in zip(tried, open_terms, strict=True) if not is_open]
    lost = 0.0
    if target == NET_GROWTH and "unfollows" in weekly:
        recent = weekly["unfollows"].dropna().tail(QUARTER_DAYS // DAYS_PER_WEEK)
        lost = float(recent.mean()) if len(recent) else 0.0
    design = np.hstack([terms, counts[:, determined]])[complete]
    level, kept = _robust(design, growth[complete], lost)
    previous = {int(number): row for number, row in zip(numbers, counts, strict=True)}
    nothing = np.full(len(names), np.nan)
    before = np.array([previous.get(int(number) - 1, nothing) for number in numbers]).reshape(len(numbers), len(names))
    used = np.flatnonzero(complete)[kept]
    root = 1 / np.sqrt(level[kept])
    estimate = ordinary(design[kept] * root[:, None], growth[used] * root)
    rows = np.zeros((1 + len(determined), design.shape[1]))
    rows[0, : terms.shape[1]] = terms[-1]
    rows[1:, terms.shape[1] :] = np.eye(len(determined))
    return RepeatableWeeks(
        basis=BY_WEEK,
        target=target,
        numbers=numbers[used],
        growth=growth[used],
        level=level[kept],
        calendar=terms[used],
        levers=tuple(names[place] for place in determined),
        counts=counts[used][:, determined],
        leaving=LASTING_SHARE * counts[used][:, determined],
        arriving=LASTING_SHARE * before[used][:, determined],
        working=counts[used][:, determined],
        straight=rows @ estimate.coefficients,
        covariance=rows @ estimate.covariance @ rows.T,
        own_freedom=np.full(len(determined), max(float(len(used) - design.shape[1]), 1.0)),
        recent=np.nan_to_num(counts[-RECENT_WEEKS:, determined]).mean(axis=0),
        undetermined=tuple(name for place, name in enumerate(names) if place not in determined),
        exceptional=int((~kept).sum()),
    )


def _weekly_growth(weekly: pd.DataFrame) -> tuple[str, Integers, Floats]:
    """The target's name, the weeks' numbers and their growth, NaN where a week is no target."""
    if "week_start" not in weekly or not {NET_GROWTH, GROSS_FOLLOWS} & set(weekly.columns):
        raise InvalidInput("A weekly table needs the columns week_start and net_growth or gross_follows.")
    days = weekly["week_start"].to_numpy().astype("datetime64[D]").astype(np.int64) + MONDAY_OFFSET
    numbers: Integers = days // DAYS_PER_WEEK
    if (days % DAYS_PER_WEEK).any() or (np.diff(numbers) <= 0).any():
        raise InvalidInput("A weekly table's week_start must be Mondays, ascending, each once.")
    target = NET_GROWTH if NET_GROWTH in weekly else GROSS_FOLLOWS
    growth = weekly[target].to_numpy(dtype="float64").copy()
    if "is_target" in weekly:
        growth[~weekly["is_target"].to_numpy(dtype=bool)] = np.nan
    return target, numbers, growth


def _weekly_counts(weekly: pd.DataFrame, names: list[str]) -> Matrix:
    """Pieces per week, NaN where unknown; blanks in a column that is mostly blank are zeros."""
    counts: Matrix = weekly[names].to_numpy(dtype="float64")
    noted = np.isfinite(counts).sum(axis=0) >= NOTED_SHARE * len(counts)
    return np.where(np.isnan(counts) & ~noted, 0.0, counts)


def _weekly_calendar(numbers: Integers, *, weeks: int) -> Matrix:
    """Intercept, and trend and season where so many weeks carry them; as of each week's Thursday."""
    columns = [np.ones(len(numbers))]
    if weeks >= TREND_FROM_WEEKS:
        columns.append((numbers - (numbers[0] + numbers[-1]) / 2) / (numbers[-1] - numbers[0]))
    if weeks >= SEASON_FROM:
        angle = 2 * np.pi * numbers * DAYS_PER_WEEK / YEAR_DAYS
        columns += [np.sin(angle), np.cos(angle)]
    return np.column_stack(columns)


def _robust(design: Matrix, growth: Floats, lost: float) -> tuple[Floats, Flags]:
    """Noise level, and the weeks that are not exceptional, found in turn from a bisquare fit."""
    floor = FLOOR_SHARE * max(float(np.abs(growth).mean()) + lost, SMALLEST)
    coefficients = tukey(design, growth).coefficients
    kept = np.ones(len(growth), dtype=bool)
    for _ in range(WEEKLY_ROUNDS):
        mean = design @ coefficients
        level = np.maximum(mean + lost, floor)
        scaled = (growth - mean) / np.sqrt(level)
        found = np.abs(scaled) <= EXCEPTIONAL_WEEK * robust_scale(scaled[kept], terms=design.shape[1])
        if found.sum() <= design.shape[1] or undetermined(design[found]).any():
            break
        settled = bool((found == kept).all())
        kept = found
        coefficients = solve(design[kept], growth[kept], 1 / level[kept])
        if settled:
            break
    return np.maximum(design @ coefficients + lost, floor), kept
