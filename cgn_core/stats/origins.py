"""What the batched fits are given: designs of many creators, and the origins that forecasts start from."""

from __future__ import annotations

import numpy as np

from cgn_core.errors import InvalidInput, TooFewObservations
from cgn_core.stats.arrays import Cube, Floats, Integers, Matrix

AXES = 3


def check_designs(design: Cube, target: Matrix) -> tuple[Matrix, Floats]:
    """The largest size in each column, shapes (terms, creators) and (creators,), of what belongs together.

    Raises:
        InvalidInput: no design (weeks, terms, creators) with a target (weeks, creators), or not finite.
    """
    if design.ndim != AXES or target.shape != (len(design), design.shape[2]) or 0 in design.shape:
        raise InvalidInput(
            f"A design of shape (weeks, terms, creators) needs a target of shape (weeks, creators); these have "
            f"{design.shape} and {target.shape}."
        )
    # Extremes are cheaper to find than every number's finiteness, and a NaN is one.
    columns = np.maximum(design.max(axis=0), -design.min(axis=0))
    targets = np.maximum(target.max(axis=0), -target.min(axis=0))
    if not (np.isfinite(columns).all() and np.isfinite(targets).all()):
        raise InvalidInput("The design and the target must be finite numbers.")
    return columns, targets


def forecast_origins(weeks: int, *, initial: int, window: int | None, step: int, ahead: int) -> Integers:
    """How many weeks are known at each origin; shape (o,).

    Raises:
        InvalidInput: a count below 1.
        TooFewObservations: no week is left to forecast.
    """
    counts = {"initial": initial, "step": step, "ahead": ahead, "window": 1 if window is None else window}
    for name, count in counts.items():
        if count < 1:
            raise InvalidInput(f"The {name} must be a number of weeks of at least 1, not {count}.")
    origins: Integers = np.arange(initial, weeks - ahead + 1, step)
    if len(origins) == 0:
        raise TooFewObservations(f"A forecast needs {initial + ahead} weeks at least; there are {weeks}.")
    return origins


def window_start(origin: int, window: int | None) -> int:
    """First week that an origin knows."""
    return 0 if window is None else max(0, origin - window)
