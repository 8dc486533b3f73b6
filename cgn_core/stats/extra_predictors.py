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
    parts = daily.frame[[name for name in (*SUMMED_PARTS, LEVEL_PART) if name in daily.frame]].iloc[: len(history.days)]
    parts = parts.reset_index(drop=True)
    start = len(history.days) % DAYS_PER_WEEK
    by_week = _weekly(parts, start)
    if LEVEL_PART in parts:
        by_week[LEVEL_PART] = parts[LEVEL_PART].to_numpy()[start + DAYS_PER_WEEK - 1 :: DAYS_PER_WEEK]
    # Weeks first: they are few, and most disguises are seen through there.
    check_predictors(
        _weekly(predictors, start),
        pd.Series(history.weekly_growth),
        declared_planned=declared_planned,
        parts=by_week,
        minutes=minutes,
    )
    check_predictors(
        predictors,
        pd.Series(history.growth),
        declared_planned=declared_planned,
        parts=parts,
        minutes=minutes,
        leads=DAILY_LEADS,
    )


def _weekly(frame: pd.DataFrame, start: int) -> pd.DataFrame:
    """Sums of whole weeks from a row on, NaN where a day is missing."""
    values = frame.to_numpy(dtype="float64")[start:]
    sums = values.reshape(len(values) // DAYS_PER_WEEK, DAYS_PER_WEEK, values.shape[1]).sum(axis=1)
    return pd.DataFrame(sums, columns=frame.columns)
