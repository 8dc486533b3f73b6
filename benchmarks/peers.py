"""What we measure against: how one would do it with the usual library. Printed beside the figures."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import statsmodels.api as sm
from statsmodels.stats.sandwich_covariance import cov_hac

LEVERS = ["posts", "reels", "stories"]


def import_with_pandas(data: bytes) -> pd.DataFrame:
    """Read one creator's own CSV, check it, sum it to weeks."""
    frame = pd.read_csv(io.BytesIO(data), parse_dates=["date"])
    counts = frame.drop(columns=["creator", "date"]).apply(pd.to_numeric, errors="coerce")
    if frame["date"].duplicated().any() or (counts < 0).to_numpy().any():
        raise ValueError("duplicate dates or negative counts")
    weeks = frame["date"].dt.to_period("W-SUN")
    return counts.groupby(weeks).sum(min_count=7)


def import_many_with_pandas(data: bytes) -> pd.DataFrame:
    """Read many creators' CSV, check it, sum it to each one's weeks."""
    frame = pd.read_csv(io.BytesIO(data), parse_dates=["date"])
    counts = frame.drop(columns=["creator", "date"]).apply(pd.to_numeric, errors="coerce")
    if frame.duplicated(["creator", "date"]).any() or (counts < 0).to_numpy().any():
        raise ValueError("duplicate dates or negative counts")
    weeks = frame["date"].dt.to_period("W-SUN")
    return counts.groupby([frame["creator"], weeks]).sum(min_count=7)


def count_lines(path: Path) -> int:
    """Read a file's bytes and count its lines."""
    with path.open("rb") as file:
        return sum(1 for _ in file)


def weekly_design(weekly: pd.DataFrame) -> tuple[Any, Any]:
    """Outcome and design of a weekly regression on the number of pieces."""
    known = weekly.dropna(subset=["follows", "unfollows", *LEVERS])
    target = (known["follows"] - known["unfollows"]).to_numpy(float)
    return target, sm.add_constant(known[LEVERS].to_numpy(float))


def predict_with_statsmodels(results: Any, row: Any) -> Any:
    """One prediction with its interval."""
    return results.get_prediction(row).summary_frame(alpha=0.1)


def predict_arrays_with_statsmodels(results: Any, row: Any) -> Any:
    """One prediction with its interval, without a frame."""
    said = results.get_prediction(row)
    return said.predicted_mean, said.conf_int(obs=True, alpha=0.1)


def each(creators: list[tuple[Any, Any]], action: Callable[[Any, Any], Any]) -> list[Any]:
    """One creator after the other."""
    return [action(design, growth) for design, growth in creators]


def validate_with_statsmodels(design: Any, growth: Any, *, initial: int) -> list[Any]:
    """Refit at every origin; the next week's forecast with its interval."""
    found = []
    for origin in range(initial, len(design)):
        results = sm.OLS(growth[:origin], design[:origin]).fit()
        found.append((results.params, *predict_arrays_with_statsmodels(results, design[origin : origin + 1])))
    return found


def errors_with_statsmodels(design: Any, growth: Any) -> Any:
    """Least squares with both kinds of errors."""
    results = sm.OLS(growth, design).fit()
    return results.params, results.cov_HC3, cov_hac(results)


def huber_with_statsmodels(design: Any, growth: Any) -> Any:
    """Huber's estimate with its covariance."""
    results = sm.RLM(growth, design, M=sm.robust.norms.HuberT()).fit()
    return results.params, results.bcov_scaled


def huber_rolling_with_statsmodels(design: Any, growth: Any, *, initial: int) -> list[Any]:
    """Huber's estimate at every origin."""
    return [huber_with_statsmodels(design[:origin], growth[:origin]) for origin in range(initial, len(design))]
