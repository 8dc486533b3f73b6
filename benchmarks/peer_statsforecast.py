"""Rolling-origin regression with statsforecast, in an environment of its own: does it once per line on its input."""

from __future__ import annotations

import sys
import warnings

import numpy as np
import pandas as pd
from statsforecast import StatsForecast
from statsforecast.models import ARIMA

warnings.filterwarnings("ignore")
WEEKS, TERMS, INITIAL, LEVEL = 104, 11, 26, 90


def creator(seed: int) -> pd.DataFrame:
    """One creator's weeks, as in ``batches.history``."""
    rng = np.random.default_rng(seed)
    counts = rng.poisson(4.0, (WEEKS, TERMS - 1)).astype(float)
    growth = 50 + counts @ rng.normal(scale=10.0, size=TERMS - 1) + rng.normal(scale=20.0, size=WEEKS)
    named = {f"x{place}": counts[:, place] for place in range(TERMS - 1)}
    return pd.DataFrame({"unique_id": "one", "ds": np.arange(WEEKS), "y": growth, **named})


def validate_with_statsforecast(weeks: pd.DataFrame) -> pd.DataFrame:
    """Regression on the terms as an ARIMA without any lag, refit at each of 78 origins."""
    model = ARIMA(order=(0, 0, 0), include_mean=True, method="CSS")
    return StatsForecast(models=[model], freq=1, n_jobs=1).cross_validation(
        df=weeks, h=1, n_windows=WEEKS - INITIAL, step_size=1, refit=True, level=[LEVEL]
    )


def main() -> None:
    """Do the work for each line."""
    weeks = creator(1)
    for _ in sys.stdin:
        validate_with_statsforecast(weeks)
        sys.stdout.write("done\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
