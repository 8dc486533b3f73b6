"""Generated creators as files: our own table, or the widely used 39-column layout."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from cgn_core.tables import Provenance
from datagen.truths import Creator

FORMATS = ("csv", "json", "xlsx")
LAYOUTS = ("own", "public39")


def own_table(creators: Sequence[Creator]) -> pd.DataFrame:
    """Our own layout, a row per creator and day that has numbers: creator, date, canonical columns, provisional."""
    parts = []
    for creator in creators:
        daily = creator.daily
        provisional = (daily.provenance == Provenance.PROVISIONAL).any(axis=1).astype(int)
        part = daily.frame.assign(provisional=provisional)
        part.insert(0, "creator", daily.creator)
        parts.append(part[daily.frame[list(daily.columns)].notna().any(axis=1)])
    table = pd.concat(parts, ignore_index=True)
    table["date"] = table["date"].dt.strftime("%Y-%m-%d")
    whole = [name for name in table.columns if table[name].dtype == "float64" and name != "minutes_spent"]
    return table.astype(dict.fromkeys(whole, "Int64"))


def public_table(creator: Creator, rng: np.random.Generator) -> pd.DataFrame:
    """The 39-column layout with its dd-mm-yyyy dates and its columns computed from the outcome; a row per known day."""
    frame = creator.daily.frame
    frame = frame[frame["followers"].notna()].reset_index(drop=True)
    pieces = frame[["posts", "reels", "stories"]].sum(axis=1)
    share = frame[["posts", "reels", "stories"]].div(pieces.replace(0, np.nan), axis=0).fillna(0.0)
    viral = set(creator.truth.viral_days)
    rows = len(frame)
    post_time = pd.Timestamp(2000, 1, 1) + pd.to_timedelta(rng.integers(0, 24 * 60, rows), unit="m")
    growth = frame["follows"] - frame["unfollows"]
    return pd.DataFrame(
        {
            "username": creator.daily.creator,
            "date": frame["date"].dt.strftime("%d-%m-%Y"),
            "followers": frame["followers"].astype("Int64"),
            "growth": growth.astype("Int64"),
            "follows": frame["follows"].astype("Int64"),
            "unfollows": frame["unfollows"].astype("Int64"),
            "posts": frame["posts"].astype("Int64"),
            "stories": frame["stories"].astype("Int64"),
            "reels": frame["reels"].astype("Int64"),
            "ads_posted": frame["ads"].astype("Int64"),
            "post_time": post_time.strftime("%H:%M"),
            "posted_in_optimal_window": (frame["optimal_window_posts"] > 0).astype("Int64"),
            "hashtags_used": frame["hashtags"].astype("Int64"),
            "avg_hashtag_count": (frame["hashtags"] / pieces.replace(0, np.nan)).fillna(0.0).round(2),
            "reach": frame["reach"].astype("Int64"),
            "profile_visits": frame["profile_visits"].astype("Int64"),
            "post_likes": frame["likes"].astype("Int64"),
            "reel_plays": (frame["views"] * share["reels"]).round().astype("Int64"),
            "reel_engagement": (frame["interactions"] * share["reels"]).round().astype("Int64"),
            "story_reach": (frame["reach"] * share["stories"]).round().astype("Int64"),
            "story_engagement": (frame["interactions"] * share["stories"]).round().astype("Int64"),
            "comments": frame["comments"].astype("Int64"),
            "saves": frame["saves"].astype("Int64"),
            "shares": frame["shares"].astype("Int64"),
            "engagement_rate": (frame["interactions"] / frame["reach"].replace(0, np.nan)).fillna(0.0).round(4),
            "ad_engagement": (frame["ads"] * rng.poisson(40, rows)).astype("Int64"),
            "share_posts": share["posts"].round(3),
            "share_reels": share["reels"].round(3),
            "share_stories": share["stories"].round(3),
            "post_consistency_variance_7d": pieces.rolling(7, min_periods=1).var(ddof=0).round(3),
            "saturation_flag": (pieces.rolling(7, min_periods=1).sum() > pieces.mean() * 10).astype(int),
            "comp_posts": rng.poisson(0.6, rows),
            "comp_reels": rng.poisson(0.4, rows),
            "comp_stories": rng.poisson(2.0, rows),
            "minutes_spent": frame["minutes_spent"],
            "roi_follows_per_hour": (growth / (frame["minutes_spent"] / 60).replace(0, np.nan)).fillna(0.0).round(2),
            "month": frame["date"].dt.month,
            "quarter": frame["date"].dt.quarter,
            "went_viral": frame["date"].dt.strftime("%Y-%m-%d").isin(viral).astype(int),
        }
    )


def write_table(table: pd.DataFrame, path: Path, *, kind: str) -> None:
    """Write a table as csv, json (records) or xlsx.

    Raises:
        OSError: the file can't be written; ``strerror`` says why.
    """
    with path.open("wb") as file:
        if kind == "csv":
            table.to_csv(file, index=False, lineterminator="\n")
        elif kind == "json":
            file.write(table.to_json(orient="records").encode())
        else:
            table.to_excel(file, index=False)


def write_truth(creators: Sequence[Creator], path: Path) -> None:
    """Write what is true of each creator, a list in the table's order, without the long daily means.

    Raises:
        OSError: the file can't be written; ``strerror`` says why.
    """
    truths = [creator.truth.to_json() for creator in creators]
    for truth in truths:
        del truth["expected"]
    path.write_text(json.dumps(truths, indent=2) + "\n", encoding="utf-8")
