"""The weekly feature table: every feature of the registry that a daily history allows, by week."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from types import MappingProxyType

import numpy as np
import pandas as pd

from cgn_core.errors import InvalidInput, LeakageError
from cgn_core.stats.carry_over import stock
from cgn_core.stats.features import FEATURES, availability_of, is_lagged_by_name
from cgn_core.tables import (
    CONTENT_TYPES,
    DAYS_PER_WEEK,
    DEFAULT_MINUTES,
    Availability,
    Daily,
    daily_from_frame,
    to_weekly,
)

PIECES = ("posts", "reels", "stories")
ENGAGEMENT_WEIGHTS: Mapping[str, float] = MappingProxyType({"posts": 1.0, "reels": 1.5, "stories": 0.6})
"""What an interaction counts by the type of content; settable per workspace."""
INTERACTIONS = ("likes", "comments", "saves", "shares")
STOCK_DECAY = 0.6
"""Share of a piece's effect that is left a day later, where no fit has found another."""
MINUTES_PER_HOUR = 60.0
YEAR_DAYS = 365.25
THURSDAY = 3
"""A week belongs to the month of its Thursday (ISO 8601)."""
USUAL_WEEKS = 8
SATURATED_BELOW = 0.5
WEEK_START = "week_start"


def weekly_features(
    daily: Daily,
    *,
    weights: Mapping[str, float] = ENGAGEMENT_WEIGHTS,
    minutes: Mapping[str, float] = DEFAULT_MINUTES,
    decay: float = STOCK_DECAY,
    holidays: Collection[date] | None = None,
    coming_week: bool = False,
) -> pd.DataFrame:
    """Every feature that the history allows, one row per Monday-Sunday week.

    When each column is known, its unit and its meaning are in :data:`cgn_core.stats.features.FEATURES`. A cell is NaN
    where a day of its week is missing, where it would divide by nothing, or where nothing before it is known.

    Args:
        daily: at least one whole week.
        weights: what an interaction counts by type of content, >= 0.
        minutes: of work per piece, where ``minutes_spent`` isn't noted.
        decay: of the carry-over stock, share left a day later, in [0, 1).
        holidays: dates; None leaves the column out.
        coming_week: append the week after the last, of which only calendar and lagged features are known.
    Returns: ``week_start`` (datetime64[s]) and float64 columns, in the registry's order.

    Raises:
        InvalidInput: no whole week, an unknown type of content, a negative weight, or a decay outside of [0, 1).
    """
    _check(weights, minutes, decay)
    weekly = to_weekly(_with_coming_week(daily) if coming_week else daily)
    if len(weekly) == 0:
        raise InvalidInput("The history holds no whole week from Monday to Sunday, so it has no weekly features.")
    mondays = pd.DatetimeIndex(weekly[WEEK_START])
    weekly = weekly.set_index(mondays).drop(columns=WEEK_START)
    columns: dict[str, pd.Series[float]] = {name: weekly[name] for name in CONTENT_TYPES if name in weekly}
    columns |= _mix(weekly) | _timing(daily, weekly) | _hours(weekly, minutes)
    columns |= _calendar(mondays, holidays)
    columns |= _outcomes(weekly, columns, weights)
    columns |= _lagged(daily, weekly, columns) | _stocks(daily, mondays, decay)
    ordered = {name: columns[name].astype("float64") for name in FEATURES if name in columns}
    table = pd.DataFrame(ordered, index=mondays)
    return table.rename_axis(WEEK_START).reset_index()


def availability(features: pd.DataFrame) -> dict[str, Availability]:
    """When each column of a feature table is known, by name."""
    return {str(name): availability_of(str(name)) for name in features.columns if name != WEEK_START}


def as_extra(features: pd.DataFrame, names: Collection[str]) -> pd.DataFrame:
    """Weekly features as further predictors of a fit: by day, so that a week's days sum to the week's value.

    Args:
        features: as :func:`weekly_features` returns them, or any weekly table with ``week_start``.
        names: columns to take; content types are in every fit already.
    Returns: ``date`` and one column each, seven rows per week.

    Raises:
        InvalidInput: no such column.
        LeakageError: a column is only known once its week is over.
    """
    for name in names:
        if name not in features:
            raise InvalidInput(f"The table has no column {name}; it has {', '.join(map(str, features.columns))}.")
        if availability_of(name) is Availability.OUTCOME:
            raise LeakageError(f"{name} is only known once the week is over; use {_lagged_name(name)} instead.")
    rows = features.loc[features.index.repeat(DAYS_PER_WEEK), [WEEK_START, *names]].reset_index(drop=True)
    day = np.tile(np.arange(DAYS_PER_WEEK), len(features))
    dates = rows[WEEK_START] + pd.to_timedelta(day, unit="D")
    return pd.DataFrame({"date": dates, **{name: rows[name].astype("float64") / DAYS_PER_WEEK for name in names}})


def lagged(features: pd.DataFrame, names: Collection[str], *, weeks: int = 1) -> pd.DataFrame:
    """Columns as last known ``weeks`` or more before each week, named ``lag_…``: how unknown columns may enter.

    Args:
        features: one row per week, ascending, with ``week_start``.
        names: columns to lag; those that are lagged already are taken as they are.
        weeks: at least 1.

    Raises:
        InvalidInput: no such column, or fewer than one week.
    """
    if weeks < 1:
        raise InvalidInput(f"A lag is at least one week, not {weeks}.")
    missing = [name for name in names if name not in features]
    if missing:
        raise InvalidInput(f"The table has no column {', '.join(missing)}.")
    columns = {
        name if is_lagged_by_name(name) else _lagged_name(name): features[name]
        if is_lagged_by_name(name)
        else features[name].ffill().shift(weeks)
        for name in names
    }
    return pd.DataFrame({WEEK_START: features[WEEK_START], **columns})


def _lagged_name(name: str) -> str:
    return {"net_growth": "lag_growth"}.get(name, f"lag_{name}")


def _check(weights: Mapping[str, float], minutes: Mapping[str, float], decay: float) -> None:
    for what, values in (("weights", weights), ("minutes", minutes)):
        for name, value in values.items():
            if name not in CONTENT_TYPES:
                raise InvalidInput(f"The {what} name {name}, which is no content type.")
            if not (np.isfinite(value) and value >= 0):
                raise InvalidInput(f"The {what} of {name} must be a number of at least 0, not {value}.")
    if not 0 <= decay < 1:
        raise InvalidInput(f"The share that is left a day later lies between 0 and 1, not at {decay}.")


def _with_coming_week(daily: Daily) -> Daily:
    """The history up to its last Sunday, and seven empty days."""
    frame = daily.frame
    last = frame["date"].iloc[-1]
    sunday = last - pd.Timedelta(days=(last.day_of_week + 1) % DAYS_PER_WEEK)
    kept = frame[frame["date"] <= sunday]
    if len(kept) == 0:
        return daily
    ahead = pd.DataFrame({"date": pd.date_range(sunday + pd.Timedelta(days=1), periods=DAYS_PER_WEEK, unit="s")})
    return daily_from_frame(pd.concat([kept, ahead], ignore_index=True), creator=daily.creator)


def _ratio(above: pd.Series[float], below: pd.Series[float]) -> pd.Series[float]:
    """NaN where the divisor is 0 or unknown."""
    return above / below.where(below > 0)


def _mix(weekly: pd.DataFrame) -> dict[str, pd.Series[float]]:
    present = [name for name in PIECES if name in weekly]
    if not present:
        return {}
    pieces = weekly[present].sum(axis=1, min_count=len(present))
    shares = {name: _ratio(weekly[name], pieces) for name in present}
    known = pd.DataFrame(shares)
    logs = known.where(known > 0, 1.0).map(np.log)
    return {
        "posting_frequency": pieces,
        **{f"share_{name}": share for name, share in shares.items()},
        "shannon_diversity": -(known * logs).sum(axis=1, min_count=len(present)) + 0.0,
        "simpson_diversity": 1 - (known**2).sum(axis=1, min_count=len(present)),
    }


def _timing(daily: Daily, weekly: pd.DataFrame) -> dict[str, pd.Series[float]]:
    frame = daily.frame
    present = [name for name in PIECES if name in frame]
    columns: dict[str, pd.Series[float]] = {}
    if present:
        per_day = frame[present].sum(axis=1, min_count=len(present)).set_axis(_mondays(frame))
        groups = per_day.groupby(level=0)
        full = (groups.count() == DAYS_PER_WEEK).reindex(weekly.index, fill_value=False)
        columns["posting_variance"] = groups.var(ddof=0).reindex(weekly.index).where(full)
        posted = (per_day > 0).astype("float64").groupby(level=0).sum()
        columns["days_posted"] = posted.reindex(weekly.index).where(full)
        pieces = weekly[present].sum(axis=1, min_count=len(present))
        if "optimal_window_posts" in weekly:
            columns["optimal_window_share"] = _ratio(weekly["optimal_window_posts"], pieces)
    tagged = [name for name in ("posts", "reels") if name in weekly]
    if tagged and "hashtags" in weekly:
        columns["hashtags_per_post"] = _ratio(weekly["hashtags"], weekly[tagged].sum(axis=1, min_count=len(tagged)))
    return columns


def _mondays(frame: pd.DataFrame) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(frame["date"] - pd.to_timedelta(frame["date"].dt.day_of_week, unit="D"))


def _hours(weekly: pd.DataFrame, minutes: Mapping[str, float]) -> dict[str, pd.Series[float]]:
    present = [name for name in CONTENT_TYPES if name in weekly and minutes.get(name, 0.0) > 0]
    by_piece: pd.Series[float] = pd.Series(np.nan, index=weekly.index)
    if present:
        worked = pd.DataFrame({name: weekly[name] * minutes[name] for name in present})
        by_piece = worked.sum(axis=1, min_count=len(present)) / MINUTES_PER_HOUR
    if "minutes_spent" in weekly:
        noted = weekly["minutes_spent"] / MINUTES_PER_HOUR
        return {"hours": noted.where(noted.notna(), by_piece)}
    return {"hours": by_piece} if present else {}


def _calendar(mondays: pd.DatetimeIndex, holidays: Collection[date] | None) -> dict[str, pd.Series[float]]:
    middle = mondays + pd.Timedelta(days=THURSDAY)
    angle = 2 * np.pi * (middle.day_of_year.to_numpy() - 1) / YEAR_DAYS
    columns = {
        "year_sine": pd.Series(np.sin(angle), index=mondays),
        "year_cosine": pd.Series(np.cos(angle), index=mondays),
    }
    if holidays is not None:
        days = pd.DatetimeIndex(sorted({pd.Timestamp(day).normalize() for day in holidays}))
        found = (days - pd.to_timedelta(days.day_of_week, unit="D")).value_counts()
        columns["holidays"] = found.reindex(mondays, fill_value=0).astype("float64")
    return columns


def _outcomes(
    weekly: pd.DataFrame, columns: Mapping[str, pd.Series[float]], weights: Mapping[str, float]
) -> dict[str, pd.Series[float]]:
    found = {
        name: weekly[name] for name in ("net_growth", "gross_follows", "unfollows", "reach", "saves") if name in weekly
    }
    interactions = interactions_of(weekly)
    if interactions is not None:
        found["interactions"] = interactions
        audience = weekly.get("reach", weekly.get("followers_start"))
        if audience is not None:
            found["engagement_rate"] = _ratio(interactions, audience) * _mean_weight(weekly, weights)
    if "hours" in columns:
        hours = columns["hours"]
        found["follows_per_hour"] = _ratio(weekly["net_growth"], hours)
        found["saturation_flag"] = _saturation(found["follows_per_hour"], hours)
    return found


def interactions_of(weekly: pd.DataFrame) -> pd.Series[float] | None:
    """Interactions per week, as given, else the sum of likes, comments, saves and shares as far as they are columns."""
    parts = [name for name in INTERACTIONS if name in weekly]
    summed = weekly[parts].sum(axis=1, min_count=len(parts)) if parts else None
    if "interactions" not in weekly:
        return summed
    return (
        weekly["interactions"]
        if summed is None
        else weekly["interactions"].where(weekly["interactions"].notna(), summed)
    )


def _mean_weight(weekly: pd.DataFrame, weights: Mapping[str, float]) -> pd.Series[float]:
    """Mean weight of the week's pieces; 1 in a week without any, whose interactions older pieces drew."""
    present = [name for name in PIECES if name in weekly]
    if not present:
        return pd.Series(1.0, index=weekly.index)
    counts = weekly[present]
    pieces = counts.sum(axis=1, min_count=len(present))
    weighted = pd.DataFrame({name: counts[name] * weights.get(name, 1.0) for name in present}).sum(
        axis=1, min_count=len(present)
    )
    return _ratio(weighted, pieces).where(pieces != 0, 1.0)


def _saturation(per_hour: pd.Series[float], hours: pd.Series[float]) -> pd.Series[float]:
    """1 where an hour brought under half of its usual (median of eight weeks before) and no fewer were worked."""
    usual, worked = (
        values.rolling(USUAL_WEEKS, min_periods=USUAL_WEEKS).median().shift(1) for values in (per_hour, hours)
    )
    known = usual.notna() & per_hour.notna() & worked.notna()
    flagged = (per_hour < SATURATED_BELOW * usual) & (hours >= worked) & (usual > 0)
    return flagged.astype("float64").where(known)


def _lagged(daily: Daily, weekly: pd.DataFrame, columns: Mapping[str, pd.Series[float]]) -> dict[str, pd.Series[float]]:
    sources = {"lag_growth": "net_growth", "lag_engagement_rate": "engagement_rate", "lag_reach": "reach"}
    found = {name: columns[source].ffill().shift(1) for name, source in sources.items() if source in columns}
    if "followers" in daily.frame:
        followers = daily.frame["followers"].ffill().set_axis(pd.DatetimeIndex(daily.frame["date"]))
        mondays = pd.DatetimeIndex(weekly.index)
        # A coming week may start after the last row: what is known last holds.
        known = followers.reindex(mondays - pd.Timedelta(days=1)).set_axis(mondays)
        known = known.where(mondays <= daily.frame["date"].iloc[-1], float(followers.iloc[-1]))
        found["lag_log_followers"] = known.where(known > 0).map(np.log)
    return found


def _stocks(daily: Daily, mondays: pd.DatetimeIndex, decay: float) -> dict[str, pd.Series[float]]:
    """What works on the day before each week, times what is left of it afterwards."""
    frame = daily.frame
    found: dict[str, pd.Series[float]] = {}
    for name in (name for name in PIECES if name in frame):
        spread = stock(frame[[name]].fillna(0.0).to_numpy(dtype="float64"), decay)[:, 0]
        left = pd.Series(spread, index=pd.DatetimeIndex(frame["date"])) * decay / (1 - decay)
        before = mondays - pd.Timedelta(days=1)
        found[f"stock_{name}"] = left.reindex(before).set_axis(mondays)
    return found
