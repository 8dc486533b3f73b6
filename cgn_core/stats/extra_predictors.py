"""Further predictors of a fit: checked by the day and by the week before anything is estimated."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from cgn_core.errors import InvalidInput
from cgn_core.stats.features import check_predictors
from cgn_core.stats.history import History
from cgn_core.stats.leakage import DAILY_LEADS
from cgn_core.tables import CONTENT_TYPES, DAYS_PER_WEEK, DEFAULT_MINUTES, Daily

SUMMED_PARTS = ("follows", "unfollows", "minutes_spent")
LEVEL_PART = "followers"


def check_extra(
    daily: Daily,
    history: History,
    *,
    declared_planned: frozenset[str] = frozenset(),
    minutes: Mapping[str, float] = DEFAULT_MINUTES,
) -> None:
    """Refuse further predictors that are only known afterwards, by the day or by the week.

    Args:
        daily: with the parts of growth, as far as they are known.
        history: read from it, with the further predictors among its levers.
        declared_planned: those of them that a person set in advance.
        minutes: of work per piece, for growth per hour.

    Raises:
        InvalidInput: a further predictor has the name of a content type.
        LeakageError: one is a known outcome, unknown and not declared, or nearly determined by growth or its parts.
    """
    doubled = sorted({name for name in history.levers if history.levers.count(name) > 1})
    if doubled:
        raise InvalidInput(f"The history has {', '.join(doubled)} already; give further predictors another name.")
    content = np.array([name in CONTENT_TYPES for name in history.levers], dtype=bool)
    predictors = pd.DataFrame(
        np.where(content, history.counts, history.recorded), columns=pd.Index(history.levers, dtype="str")
    )
    present = [name for name in (*SUMMED_PARTS, LEVEL_PART) if name in daily.frame]
    parts = daily.frame[present].iloc[: len(history.days)].reset_index(drop=True)
    growth = pd.Series(history.growth)
    check_predictors(
        predictors, growth, declared_planned=declared_planned, parts=parts, minutes=minutes, leads=DAILY_LEADS
    )
    start = len(history.days) % DAYS_PER_WEEK
    week = np.arange(len(history.days) - start) // DAYS_PER_WEEK

    def by_week(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.iloc[start:].groupby(week).sum(min_count=DAYS_PER_WEEK)

    weekly_parts = by_week(parts)
    if LEVEL_PART in parts:
        weekly_parts[LEVEL_PART] = parts[LEVEL_PART].to_numpy()[start + DAYS_PER_WEEK - 1 :: DAYS_PER_WEEK]
    check_predictors(
        by_week(predictors),
        by_week(growth.to_frame("growth"))["growth"],
        declared_planned=declared_planned,
        parts=weekly_parts,
        minutes=minutes,
    )
