"""Who changed what: accounts whose recent cadence differs from before by more than their usual unevenness."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cgn_core.stats.feature_table import PIECES
from cgn_core.stats.peer_metrics import change_p_value

RECENT_WEEKS = 4
MOST_WEEKS_BEFORE = 26
FEWEST_WEEKS_BEFORE = 8
SIZE = 0.05
"""Chance of naming any change where nobody changed anything (Holm, over all accounts and types)."""


@dataclass(frozen=True)
class Change:
    """An account that posts more or less of a type than before; pieces per week."""

    name: str
    """"" is the creator."""
    content_type: str
    before: float
    recent: float
    weeks_before: int
    recent_from: str
    recent_to: str
    """ISO Mondays of the first and the last recent week."""
    p_value: float
    """Corrected for all accounts and types that were looked at (Holm)."""
    sentence: str


def changes(accounts: Mapping[str, pd.DataFrame]) -> tuple[Change, ...]:
    """Changes of cadence in each account's last four weeks against up to 26 before, the surest first.

    Args:
        accounts: by name ("" is the creator), as ``weekly_quantities`` returns them.
    """
    found = []
    for name, quantities in accounts.items():
        for kind in (kind for kind in PIECES if kind in quantities):
            counts = quantities[kind].dropna()
            earlier = counts.iloc[-RECENT_WEEKS - MOST_WEEKS_BEFORE : -RECENT_WEEKS]
            recent = counts.iloc[-RECENT_WEEKS:]
            if len(earlier) >= FEWEST_WEEKS_BEFORE:
                found.append((change_p_value(_floats(earlier), _floats(recent)), name, kind, earlier, recent))
    found.sort(key=lambda each: each[0])
    told, corrected = [], 0.0
    for rank, (p_value, name, kind, earlier, recent) in enumerate(found):
        corrected = max(corrected, min(1.0, (len(found) - rank) * p_value))
        if corrected > SIZE:
            break
        told.append(_change(name, kind, earlier, recent, corrected))
    return tuple(told)


def _floats(counts: pd.Series[float]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array(counts, dtype=np.float64).reshape(-1)


def _change(name: str, kind: str, earlier: pd.Series[float], recent: pd.Series[float], p_value: float) -> Change:
    before, now = float(earlier.mean()), float(recent.mean())
    start, stop = (pd.Timestamp(str(day)).date().isoformat() for day in (recent.index[0], recent.index[-1]))
    who = name or "The creator"
    way = "more" if now > before else "fewer"
    return Change(
        name=name,
        content_type=kind,
        before=before,
        recent=now,
        weeks_before=len(earlier),
        recent_from=start,
        recent_to=stop,
        p_value=p_value,
        sentence=f"{who} posts {way} {kind}: {now:.1f} a week in the last {len(recent)} weeks, {before:.1f} before.",
    )
