"""What we measure against: how one would do it with the usual library. Printed beside the figures."""

from __future__ import annotations

import io
from typing import Any

import pandas as pd
import statsmodels.api as sm

LEVERS = ["posts", "reels", "stories"]


def import_with_pandas(data: bytes) -> pd.DataFrame:
    """Read our own CSV, check it, sum it to weeks."""
    frame = pd.read_csv(io.BytesIO(data), parse_dates=["date"])
    counts = frame.drop(columns=["creator", "date"]).apply(pd.to_numeric, errors="coerce")
    if frame["date"].duplicated().any() or (counts < 0).to_numpy().any():
        raise ValueError("duplicate dates or negative counts")
    weeks = frame["date"].dt.to_period("W-SUN")
    return counts.groupby(weeks).sum(min_count=7)


def weekly_design(weekly: pd.DataFrame) -> tuple[Any, Any]:
    """Outcome and design of a weekly regression on the number of pieces."""
    known = weekly.dropna(subset=["follows", "unfollows", *LEVERS])
    target = (known["follows"] - known["unfollows"]).to_numpy(float)
    return target, sm.add_constant(known[LEVERS].to_numpy(float))


def predict_with_statsmodels(results: Any, row: Any) -> Any:
    """One prediction with its interval."""
    return results.get_prediction(row).summary_frame(alpha=0.1)
