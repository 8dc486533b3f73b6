"""Whether growth has left its path since the last training: what a schedule asks, once of each version of the data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cgn_core.db.models import ModelVersion
from cgn_core.services.model_summaries import summary_of
from cgn_core.stats.drift import Drift, detect_drift
from cgn_core.stats.training import DRIFT_SEED, Training
from cgn_core.tables import Daily


@dataclass(frozen=True)
class LastLook:
    """What the last training knew of changes of level."""

    alarmed: bool
    next_week: str
    """ISO Monday of the first week it hadn't seen."""

    def is_news(self, drift: Drift) -> bool:
        """Whether an alarm was raised by weeks that this training hadn't seen; the same alarm is no news twice."""
        if not drift.alarm or drift.alarm_week is None:
            return False
        return not self.alarmed or drift.alarm_week >= self.next_week


def last_look(version: ModelVersion | None) -> LastLook:
    """What a version's training knew; without a version nothing."""
    if version is None:
        return LastLook(alarmed=False, next_week="")
    known = Training.from_json(version.training).drift
    return LastLook(alarmed=bool(known.get("alarm")), next_week=summary_of(version).forecast.week_start)


def look(daily: Daily) -> Drift:
    """Search a daily table as a training does: the same table gives the same answer.

    Raises:
        TooFewObservations, ConstantSeries: the history can't be learned from.
    """
    return detect_drift(daily, rng=np.random.default_rng(DRIFT_SEED))
