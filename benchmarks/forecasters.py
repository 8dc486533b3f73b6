"""``.venv-bench/bin/python benchmarks/forecasters.py FOLDS.json``: others' answers, as JSON on standard output.

Runs in the peers' environment (requirements-peers.lock), so it imports nothing of the product. It reads

``{"level": 0.9, "folds": [{"mondays": [n + 1 ISO dates], "growth": [n], "counts": [n + 1 rows of levers]}]}``

where the last date and row are the week to forecast, and prints

``{"versions": {package: version}, "answers": {forecaster: [{"point", "low", "high"} or null, one per fold]}}``.

Each forecaster runs as its own documentation would have it: defaults, one series at a time, nothing tuned.
"""

from __future__ import annotations

import contextlib
import json
import logging
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

# Prophet says at import that it draws no pictures here, and cmdstan reports every fit.
logging.getLogger("prophet.plot").disabled = True
logging.getLogger("cmdstanpy").disabled = True
logging.getLogger("prophet").setLevel(logging.ERROR)

from prophet import Prophet  # type: ignore[import-not-found]  # noqa: E402 - after its logs are silenced; peers' own
from statsforecast.models import AutoARIMA, AutoETS  # type: ignore[import-not-found]  # noqa: E402 - peers' own

EVERY = 20
"""Folds from one line of progress to the next."""
Answer = dict[str, float]


def auto_ets(fold: dict[str, Any], level: float) -> Answer:
    """Exponential smoothing, its form chosen by AICc; weeks have no season that two years could show."""
    return _interval(AutoETS(season_length=1).forecast(y=_growth(fold), h=1, level=[_percent(level)]), level)


def auto_arima(fold: dict[str, Any], level: float) -> Answer:
    """ARIMA, its orders chosen by AICc."""
    return _interval(AutoARIMA(season_length=1).forecast(y=_growth(fold), h=1, level=[_percent(level)]), level)


def auto_arima_with_counts(fold: dict[str, Any], level: float) -> Answer:
    """The same with what was posted as regressors, the forecast week's included."""
    counts = _moving_counts(fold)
    found = AutoARIMA(season_length=1).forecast(
        y=_growth(fold), h=1, X=counts[:-1], X_future=counts[-1:], level=[_percent(level)]
    )
    return _interval(found, level)


def prophet(fold: dict[str, Any], level: float) -> Answer:
    """Trend with changes, and a year's season from two years on."""
    return _prophet(fold, level, np.empty((len(fold["mondays"]), 0)))


def prophet_with_counts(fold: dict[str, Any], level: float) -> Answer:
    """The same with what was posted as regressors, the forecast week's included."""
    return _prophet(fold, level, _moving_counts(fold))


FORECASTERS: dict[str, Callable[[dict[str, Any], float], Answer]] = {
    "AutoETS": auto_ets,
    "AutoARIMA": auto_arima,
    "AutoARIMA with counts": auto_arima_with_counts,
    "Prophet": prophet,
    "Prophet with counts": prophet_with_counts,
}


def _growth(fold: dict[str, Any]) -> Any:
    return np.array(fold["growth"], dtype=float)


def _moving_counts(fold: dict[str, Any]) -> Any:
    """Levers that vary within the history; the others' effect can't be estimated. Shape (n + 1, levers)."""
    counts = np.array(fold["counts"], dtype=float)
    return counts[:, np.ptp(counts[:-1], axis=0) > 0]


def _percent(level: float) -> int:
    return round(100 * level)


def _interval(found: dict[str, Any], level: float) -> Answer:
    names = {"point": "mean", "low": f"lo-{_percent(level)}", "high": f"hi-{_percent(level)}"}
    return {name: float(np.asarray(found[key])[0]) for name, key in names.items()}


def _prophet(fold: dict[str, Any], level: float, counts: Any) -> Answer:
    frame = pd.DataFrame({"ds": pd.to_datetime(fold["mondays"])})
    model = Prophet(interval_width=level)
    for place in range(counts.shape[1]):
        model.add_regressor(f"lever{place}")
        frame[f"lever{place}"] = counts[:, place]
    model.fit(frame[:-1].assign(y=_growth(fold)))
    np.random.seed(0)  # noqa: NPY002 - Prophet draws its uncertainty from the global generator
    found = model.predict(frame[-1:]).iloc[0]
    return {"point": float(found["yhat"]), "low": float(found["yhat_lower"]), "high": float(found["yhat_upper"])}


def answer(fold: dict[str, Any], level: float, forecaster: str) -> Answer | None:
    """One forecaster's answer; None, and a line that says why, where it gives up."""
    try:
        return FORECASTERS[forecaster](fold, level)
    except Exception as error:  # noqa: BLE001 - whatever another package raises; the other folds still count
        sys.stderr.write(f"{forecaster} gave up on a fold of {len(fold['growth'])} weeks: {error}\n")
        return None


def main(arguments: list[str]) -> int:
    """Answer every fold; progress on standard error."""
    asked = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    answers: dict[str, list[Answer | None]] = {name: [] for name in FORECASTERS}
    with contextlib.redirect_stdout(sys.stderr):  # what the packages print is no part of the answer
        for done, fold in enumerate(asked["folds"], start=1):
            for name, said in answers.items():
                said.append(answer(fold, asked["level"], name))
            if done % EVERY == 0 or done == len(asked["folds"]):
                sys.stderr.write(f"other forecasters: {done} of {len(asked['folds'])} folds\n")
    versions = {package: version(package) for package in ("statsforecast", "prophet")}
    sys.stdout.write(json.dumps({"versions": versions, "answers": answers}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
