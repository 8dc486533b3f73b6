"""Which column is known when, and the refusal of predictors that are computed from the week they should predict."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from cgn_core.errors import LeakageError
from cgn_core.stats.arrays import Floats
from cgn_core.tables import DAILY_COLUMNS, Availability

PLANNED = frozenset(
    {
        "posting_frequency", "share_posts", "share_reels", "share_stories", "optimal_window_share", "hours",
        "posting_variance", "days_posted", "hashtags_per_post", "content_diversity",
    }
)  # fmt: skip
CALENDAR = frozenset({"month", "quarter", "weekday", "year_sine", "year_cosine", "holiday", "trend"})
OUTCOME = frozenset(
    {
        "net_growth", "gross_follows", "growth", "new_followers", "follower_growth", "follower_count",
        "follows_per_hour", "roi", "roi_follows_per_hour", "engagement", "engagement_rate", "went_viral", "viral",
        "saturation_flag", "reel_plays", "reel_engagement", "story_reach", "story_engagement", "ad_engagement",
        "post_likes", "impressions", "accounts_engaged", "total_interactions", "link_clicks", "visits",
    }
)  # fmt: skip
LAG = re.compile(r"(?:lag_\w+|\w+_lag_?\d*|last_week_\w+|previous_\w+)")
NEAR = 0.95
"""Absolute correlation with the target, given the planned features, from which a predictor is near-determined."""
FEWEST_ROWS = 8
"""Below this a correlation of 0.95 comes about by chance too easily to refuse anything by it."""


def plain(name: str) -> str:
    """A column's name in lower case with underscores."""
    return re.sub(r"[^a-z0-9]+", "_", name.casefold()).strip("_")


def availability_of(name: str) -> Availability:
    """When a weekly feature is known; a column that the registry doesn't know enters lagged only."""
    key = plain(name)
    if LAG.fullmatch(key):
        return Availability.LAGGED
    if key in PLANNED:
        return Availability.PLANNED
    if key in CALENDAR:
        return Availability.CALENDAR
    if key in OUTCOME:
        return Availability.OUTCOME
    if key in DAILY_COLUMNS:
        return DAILY_COLUMNS[key].availability
    return Availability.LAGGED


def check_predictors(
    predictors: pd.DataFrame, target: pd.Series[float], *, declared_planned: frozenset[str] = frozenset()
) -> None:
    """Refuse predictors that are only known once the week is over.

    Args:
        predictors: one row per week, one column per same-week predictor.
        target: the growth they should predict, same rows.
        declared_planned: unknown columns that a person has declared to be planned.

    Raises:
        LeakageError: a column is a known outcome; or unknown and not declared planned; or nearly determined by the
            target (scaled, logged, divided by hours, shifted by up to two weeks) given the planned ones.
    """
    names = [str(name) for name in predictors.columns]
    known = [name for name in names if availability_of(name) in {Availability.PLANNED, Availability.CALENDAR}]
    for name in names:
        availability = availability_of(name)
        if availability is Availability.OUTCOME:
            raise LeakageError(
                f"{name} is only known once the week is over, so it can't predict that week; use its value of the week "
                "before instead."
            )
        if availability is Availability.LAGGED and not LAG.fullmatch(plain(name)) and name not in declared_planned:
            raise LeakageError(
                f"{name} is not known to be planned before the week; use last week's value, or declare it planned if "
                "you set it yourself in advance."
            )
    for name in names:
        if name not in known and _is_near_determined(predictors, name, known, target):
            raise LeakageError(f"{name} follows from the growth it should predict almost exactly; leave it out.")


def _is_near_determined(predictors: pd.DataFrame, name: str, known: list[str], target: pd.Series[float]) -> bool:
    column = predictors[name].to_numpy(dtype="float64")
    growth = target.to_numpy(dtype="float64")
    planned = predictors[known].to_numpy(dtype="float64") if known else np.empty((len(growth), 0))
    hours = predictors["hours"].to_numpy(dtype="float64") if "hours" in predictors else None
    suspects = [growth, np.sign(growth) * np.log1p(np.abs(growth))]
    if hours is not None:
        suspects.append(growth / np.where(hours > 0, hours, np.nan))
    suspects += [np.roll(growth, -lead) for lead in (1, 2)]
    return any(_partial_correlation(column, suspect, planned) > NEAR for suspect in suspects)


def _partial_correlation(
    first: Floats, second: Floats, given: np.ndarray[tuple[int, int], np.dtype[np.float64]]
) -> float:
    """Absolute correlation of two columns after the given ones are regressed out; 0 where there is nothing left."""
    finite = np.isfinite(first) & np.isfinite(second) & np.isfinite(given).all(axis=1)
    if finite.sum() < FEWEST_ROWS + given.shape[1]:
        return 0.0
    design = np.column_stack([np.ones(int(finite.sum())), given[finite]])
    both = np.column_stack([first[finite], second[finite]])
    left = both - design @ np.linalg.lstsq(design, both, rcond=None)[0]
    norms = np.linalg.norm(left, axis=0)
    if (norms <= 1e-9 * np.linalg.norm(both, axis=0)).any():
        return 0.0
    return float(abs(left[:, 0] @ left[:, 1]) / (norms[0] * norms[1]))
