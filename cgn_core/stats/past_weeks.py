"""Every complete week beside the forecast that was made before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from cgn_core.stats.training import Training
from cgn_core.tables import CONTENT_TYPES

DEFAULT_LEVEL = 0.9
VALIDATION, LEDGER = "validation", "ledger"


@dataclass(frozen=True)
class PastWeek:
    """One week's growth beside the forecast made before it; followers per week, None where unknown."""

    week_start: str
    actual: float | None
    is_target: bool
    """Whether all seven days were observed."""
    followers_start: float | None
    counts: dict[str, float | None]
    """Pieces per content type."""
    median: float | None
    expected: float | None
    low: float | None
    high: float | None
    repeatable: float | None
    viral: float | None
    is_viral: bool
    inside: bool | None
    """Whether the growth fell into the interval; None where there was no forecast."""
    level: float | None = None
    """Of the interval."""
    source: str | None = None
    """validation | ledger: made anew from the weeks before it alone, or shown to people before it came."""
    forecast_by: int | None = None
    """Number of the model version."""


@dataclass(frozen=True)
class History:
    """Every complete week with what was forecast for it."""

    weeks: tuple[PastWeek, ...]
    level: float
    coverage: float | None
    """Share of forecast weeks inside the interval, of those whose interval is of this level."""
    mae: float | None
    """Mean absolute error of the median forecast, followers per week."""
    model_number: int | None
    is_current_data: bool
    promised: int = 0
    """Weeks that ``coverage`` is taken over; early weeks have narrower intervals."""


@dataclass(frozen=True)
class MadeBefore:
    """A forecast of a past week, wherever it is kept; all None where there was none."""

    median: float | None = None
    low: float | None = None
    high: float | None = None
    level: float | None = None
    source: str | None = None
    model_number: int | None = None
    expected: float | None = None
    repeatable: float | None = None
    viral: float | None = None


NOTHING_MADE = MadeBefore()


def past_weeks(
    weekly: pd.DataFrame,
    training: Training | None,
    *,
    shown: Mapping[str, MadeBefore] | None = None,
    model_number: int | None = None,
    is_current_data: bool = False,
) -> History:
    """Join each week with the forecast made before it: what was shown then, else from validation.

    Args:
        weekly: as :meth:`Daily.weekly` makes it.
        training: whose validation forecast past weeks; None where nothing was trained.
        shown: what people saw before a week, by its ISO Monday.
        model_number: of the training.
        is_current_data: whether it was trained on these weeks.
    """
    if training is None:
        return History(tuple(_weeks(weekly, {}, set())), DEFAULT_LEVEL, None, None, None, is_current_data=False)
    validation = training.validation
    made = {each.week_start: _validated(each, validation.level, model_number) for each in validation.forecasts}
    monday_of_viral = {
        (day - pd.Timedelta(days=day.weekday())).date().isoformat()
        for day in pd.to_datetime(list(training.fit.viral_days))
    }
    viral = monday_of_viral | {each.week_start for each in validation.forecasts if each.is_viral_week}
    weeks = tuple(_weeks(weekly, made | dict(shown or {}), viral))
    judged = [week for week in weeks if week.inside is not None]
    promised = [week for week in judged if week.level == validation.level]
    errors = [abs(week.actual - week.median) for week in judged if week.actual is not None and week.median is not None]
    return History(
        weeks=weeks,
        level=validation.level,
        coverage=sum(bool(week.inside) for week in promised) / len(promised) if promised else None,
        promised=len(promised),
        mae=sum(errors) / len(errors) if errors else None,
        model_number=model_number,
        is_current_data=is_current_data,
    )


def _validated(forecast: Any, level: float, model_number: int | None) -> MadeBefore:
    return MadeBefore(
        median=forecast.median,
        low=forecast.low,
        high=forecast.high,
        level=forecast.level or level,
        source=VALIDATION,
        model_number=model_number,
        expected=forecast.expected,
        repeatable=forecast.repeatable,
        viral=forecast.viral,
    )


def _weeks(weekly: pd.DataFrame, forecasts: Mapping[str, MadeBefore], viral: set[str]) -> list[PastWeek]:
    weeks = []
    for row in weekly.to_dict("records"):
        week_start = row["week_start"].date().isoformat()
        made = forecasts.get(week_start, NOTHING_MADE)
        actual = _number(row["net_growth"])
        inside = None
        if made.low is not None and made.high is not None and actual is not None:
            inside = made.low <= actual <= made.high
        weeks.append(
            PastWeek(
                week_start=week_start,
                actual=actual,
                is_target=bool(row["is_target"]),
                followers_start=_number(row.get("followers_start")),
                counts={name: _number(row[name]) for name in CONTENT_TYPES if name in row},
                median=made.median,
                expected=made.expected,
                low=made.low,
                high=made.high,
                repeatable=made.repeatable,
                viral=made.viral,
                is_viral=week_start in viral,
                inside=inside,
                level=made.level,
                source=made.source,
                forecast_by=made.model_number,
            )
        )
    return weeks


def _number(value: float | None) -> float | None:
    return None if value is None or pd.isna(value) else float(value)
