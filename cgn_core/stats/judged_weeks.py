"""What a fit is judged on: its weeks, their design, and what the fit left unexplained in each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from cgn_core.errors import InvalidInput
from cgn_core.stats.arrays import Floats, Integers, Matrix
from cgn_core.stats.baselines import BASELINES
from cgn_core.stats.calendar_terms import WEEKDAY_TERMS
from cgn_core.stats.daily_levers import fit_levers
from cgn_core.stats.fit import Fit
from cgn_core.stats.history import MONDAY_OFFSET, History, iso_monday, read_history
from cgn_core.stats.least_squares import undetermined
from cgn_core.stats.weekly_models import PIECES, POSTING_FREQUENCY
from cgn_core.tables import DAYS_PER_WEEK, Daily

INTERCEPT = "intercept"
CALENDAR_NAMES = ("trend", "year_sine", "year_cosine")
EXACT = 1e-9
"""Share of the largest week's growth below which residuals are rounding."""
FEWEST_USED_DAYS = 4
"""A week with fewer days that are neither viral nor an exceptional loss has no residual worth judging."""
DAY_RESIDUALS = (
    "weekly sums of the daily fit's residuals, viral days and exceptional losses left out, each divided by the "
    "standard deviation that the fit gives that week"
)
WEEK_RESIDUALS = "each week's growth less what the fit gives it, in followers"


@dataclass(frozen=True)
class JudgedWeeks:
    """n weeks of a fit with k terms, the first the intercept.

    Attributes:
        model: the fit whose residuals these are; the daily one where a naive forecast is shown.
        weeks: shape (n,), numbers of the weeks, ascending.
        terms: names of the design's columns.
        design: shape (n, k), full column rank.
        growth: shape (n,), followers per week; without viral days for the daily fit.
        fitted: shape (n,), what the fit gives each week.
        variance: shape (n,), the noise's variance, up to a factor for weekly fits (1 each).
        weights: shape (n,), 0 to 1, how much a robust fit let each week count.
        undetermined: levers that the weeks leave open; they have no column.
        residuals_are: what ``residuals`` are, in words.
    """

    model: str
    weeks: Integers
    terms: tuple[str, ...]
    design: Matrix
    growth: Floats
    fitted: Floats
    variance: Floats
    weights: Floats
    undetermined: tuple[str, ...]
    residuals_are: str

    @cached_property
    def residuals(self) -> Floats:
        """Shape (n,), standardised by ``variance``."""
        scaled: Floats = (self.growth - self.fitted) / np.sqrt(self.variance)
        return scaled

    @cached_property
    def scaled_design(self) -> Matrix:
        """Shape (n, k), the design of a least-squares fit whose noise is even."""
        scaled: Matrix = self.design / np.sqrt(self.variance)[:, None]
        return scaled

    @property
    def freedom(self) -> int:
        """Weeks beyond the terms."""
        return len(self.weeks) - len(self.terms)

    @property
    def exact(self) -> bool:
        """Whether every week is fitted to rounding, so that there is nothing to judge."""
        largest = max(float(np.abs(self.growth).max()), 1e-300)
        return bool(np.abs(self.growth - self.fitted).max() <= EXACT * largest)

    @property
    def mondays(self) -> list[str]:
        """ISO dates of the weeks."""
        return [iso_monday(int(week)) for week in self.weeks]


def judged_weeks(daily: Daily, fit: Fit, *, extra: pd.DataFrame | None = None) -> JudgedWeeks:
    """The weeks of a fit and its residuals.

    Args:
        daily: what the fit was made from; older and newer weeks than the fit's are left out.
        fit: of any model; a naive forecast is judged by the daily fit that its effects come from.
        extra: the further predictors it was made with.

    Raises:
        InvalidInput: the fit wasn't made from this history, or with predictors that aren't given.
    """
    history = read_history(_weeks_of(daily, fit), extra=extra)
    if set(history.levers) != set(fit.predictor.levers):
        raise InvalidInput(
            "The fit was made with other predictors than are given: "
            f"{', '.join(sorted(set(history.levers) ^ set(fit.predictor.levers)))}."
        )
    weeks = history.complete_weeks
    if len(weeks) == 0 or (len(weeks) != fit.weeks and fit.model not in BASELINES):
        raise InvalidInput(
            f"The fit was made from {fit.weeks} complete weeks up to {fit.last_week}, of which this history holds "
            f"{len(weeks)}; judge it on the data that it was made from."
        )
    return _by_day(history) if fit.model == "daily" or fit.model in BASELINES else _by_week(history, fit)


def _weeks_of(daily: Daily, fit: Fit) -> Daily:
    """The rows up to the fit's last week, from its first week on where whole weeks come before that."""
    dates = daily.frame["date"]
    last = pd.Timestamp(fit.last_week) + pd.Timedelta(days=DAYS_PER_WEEK - 1)
    earlier = read_history(daily).complete_weeks
    first = (pd.Timestamp(fit.first_week) - pd.Timestamp(1970, 1, 1)).days
    keep = dates <= last
    if (earlier < (first + MONDAY_OFFSET) // DAYS_PER_WEEK).any():
        keep &= dates >= pd.Timestamp(fit.first_week) - pd.Timedelta(days=1)
    if not keep.any():
        raise InvalidInput(f"The history holds none of the fit's weeks, {fit.first_week} to {fit.last_week}.")
    flags = keep.to_numpy()
    return Daily(frame=daily.frame[flags], provenance=daily.provenance[flags], creator=daily.creator)


def _by_day(history: History) -> JudgedWeeks:
    weeks = history.complete_weeks
    found = fit_levers(history)
    fit, fitted = found.fit, found.fitted
    start = len(history.days) % DAYS_PER_WEEK

    def by_week(values: Matrix) -> Matrix:
        sums: Matrix = values[start:].reshape(-1, DAYS_PER_WEEK, values.shape[1]).sum(axis=1)
        return sums

    used = fit.used.astype(float)
    columns = by_week(np.column_stack([used, found.residuals, used * fit.level, found.mean, fit.design]))
    kept = np.isin(history.week_numbers, weeks) & (columns[:, 0] >= FEWEST_USED_DAYS)
    count, residuals, level, mean, design = (
        columns[kept, 0], columns[kept, 1], columns[kept, 2], columns[kept, 3], columns[kept, 4:],
    )  # fmt: skip
    # Weekday contrasts sum to nothing over a week.
    design = np.delete(design, np.arange(1, 1 + WEEKDAY_TERMS), axis=1)
    design[:, 0] = 1.0
    calendar_terms = CALENDAR_NAMES[: found.terms.shape[1] - 1 - WEEKDAY_TERMS]
    names = (INTERCEPT, *calendar_terms, *(history.levers[lever] for lever in fitted))
    # Days left out are taken to be as their week's others, so that the week stands as it would have been without them.
    whole = DAYS_PER_WEEK / count
    return _determined(
        JudgedWeeks(
            model="daily",
            weeks=history.week_numbers[kept],
            terms=names,
            design=design,
            growth=mean + residuals * whole,
            fitted=mean,
            variance=max(found.dispersion, 1e-300) * level * whole**2,
            weights=np.ones(int(kept.sum())),
            undetermined=found.undetermined,
            residuals_are=DAY_RESIDUALS,
        )
    )


def _by_week(history: History, fit: Fit) -> JudgedWeeks:
    if "judged" in fit.details:
        return _as_fitted(history, fit)
    trained = np.isin(history.week_numbers, history.complete_weeks)
    counts, growth = history.weekly_counts[trained], history.weekly_growth[trained]
    order = [history.levers.index(name) for name in fit.predictor.levers]
    names = [effect.name for effect in fit.effects if effect.name in (POSTING_FREQUENCY, *history.levers)]
    columns = [np.ones(len(growth))]
    for name in names:
        lever = [history.levers.index(piece) for piece in PIECES if piece in history.levers]
        columns.append(
            counts[:, lever].sum(axis=1) if name == POSTING_FREQUENCY else counts[:, history.levers.index(name)]
        )
    rows = np.column_stack([np.ones(len(growth)), counts[:, order]])
    weights = np.array(fit.details.get("weights", []), dtype=np.float64)
    return _determined(
        JudgedWeeks(
            model=fit.model,
            weeks=history.week_numbers[trained],
            terms=(INTERCEPT, *names),
            design=np.column_stack(columns),
            growth=growth,
            fitted=rows @ np.array(fit.predictor.mean),
            variance=np.ones(len(growth)),
            weights=weights if len(weights) == len(growth) else np.ones(len(growth)),
            undetermined=fit.predictor.undetermined,
            residuals_are=WEEK_RESIDUALS,
        )
    )


def _as_fitted(history: History, fit: Fit) -> JudgedWeeks:
    """The weeks of a fit whose forecast formula holds for the next week alone, as they were stored with it."""
    stored = fit.details["judged"]
    kept = np.isin(history.week_numbers, stored["weeks"])
    return JudgedWeeks(
        model=fit.model,
        weeks=history.week_numbers[kept],
        terms=tuple(stored["terms"]),
        design=np.array(stored["design"]),
        growth=history.weekly_growth[kept],
        fitted=np.array(stored["fitted"]),
        variance=np.ones(int(kept.sum())),
        weights=np.array(fit.details["weights"]),
        undetermined=fit.predictor.undetermined,
        residuals_are=WEEK_RESIDUALS,
    )


def _determined(judged: JudgedWeeks) -> JudgedWeeks:
    """Without the columns that these weeks alone leave open, the last of each set first."""
    kept = list(range(len(judged.terms)))
    for place in reversed(range(1, len(judged.terms))):
        flags = undetermined(judged.scaled_design[:, kept])
        if not flags.any():
            break
        if flags[kept.index(place)]:
            kept.remove(place)
    if len(kept) == len(judged.terms):
        return judged
    gone = tuple(name for place, name in enumerate(judged.terms) if place not in kept)
    return JudgedWeeks(
        model=judged.model,
        weeks=judged.weeks,
        terms=tuple(judged.terms[place] for place in kept),
        design=judged.design[:, kept],
        growth=judged.growth,
        fitted=judged.fitted,
        variance=judged.variance,
        weights=judged.weights,
        undetermined=(*judged.undetermined, *(name for name in gone if name not in judged.undetermined)),
        residuals_are=judged.residuals_are,
    )
