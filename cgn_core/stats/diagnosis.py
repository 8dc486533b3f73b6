"""Everything to know before trusting a creator's numbers, in one answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from cgn_core.stats.carry_over_test import CarryOver, weekly_carry_over
from cgn_core.stats.diagnostics import Diagnostics, diagnose_fit
from cgn_core.stats.drift import Drift, detect_drift, regime_caution
from cgn_core.stats.fit import Caution
from cgn_core.stats.history import read_history
from cgn_core.stats.notebook import html_table
from cgn_core.stats.saturation import Saturation, saturation
from cgn_core.stats.validation import fit_model
from cgn_core.tables import DEFAULT_MINUTES, Daily


@dataclass(frozen=True)
class Diagnosis:
    """Drift, saturation, carry-over, viral days and the health of one fit."""

    drift: Drift
    saturation: Saturation
    carry_over: CarryOver
    viral_days: tuple[str, ...]
    """ISO dates."""
    fit: Diagnostics
    cautions: tuple[Caution, ...]

    def to_json(self) -> dict[str, Any]:
        """What ``cgn diagnose --json`` prints."""
        judged = self.fit.to_json()
        return {
            "drift": self.drift.to_json(),
            "saturation": self.saturation.to_json(),
            "carry_over": self.carry_over.to_json(),
            "viral_days": list(self.viral_days),
            "residuals": judged.pop("residuals"),
            "influence": judged.pop("influence"),
            "collinearity": judged.pop("collinearity"),
            "warnings": [asdict(caution) for caution in self.cautions],
            "health": judged,
        }

    def _repr_html_(self) -> str:
        rows = [(light.topic, light.colour, light.evidence, light.advice) for light in self.fit.lights]
        notes = [*self.sentences, *(caution.message for caution in self.cautions)]
        return html_table("Health", ("", "light", "evidence", "what to do"), rows, notes=notes)

    @property
    def sentences(self) -> tuple[str, ...]:
        """What matters, in words."""
        viral = f"{len(self.viral_days)} viral {'day' if len(self.viral_days) == 1 else 'days'} found"
        days = f": {', '.join(self.viral_days)}." if self.viral_days else "."
        return (self.drift.sentence, self.saturation.sentence, self.carry_over.sentence, viral + days)


def diagnose(
    daily: Daily,
    *,
    rng: np.random.Generator,
    model: str = "daily",
    false_alarms_per_year: float = 0.5,
    minutes: Mapping[str, float] = DEFAULT_MINUTES,
) -> Diagnosis:
    """Drift, saturation, carry-over, viral days, and the residuals, influence and collinearity of one fit.

    Args:
        daily: at least eight complete weeks.
        rng: draws the blocks that the drift alarm's threshold is set by.
        model: whose residuals are judged.
        false_alarms_per_year: what the drift alarm is set to.
        minutes: of work per piece, for the marginal returns.

    Raises:
        TooFewObservations, ConstantSeries: the history can't be learned from.
        InvalidInput: no such model.
    """
    fit = fit_model(read_history(daily), model=model)
    by_day = fit if model == "daily" else fit_model(read_history(daily), model="daily")
    drift = detect_drift(daily, rng=rng, false_alarms_per_year=false_alarms_per_year)
    regime = regime_caution(drift, fit.weeks)
    return Diagnosis(
        drift=drift,
        saturation=saturation(daily, minutes=minutes),
        carry_over=weekly_carry_over(daily),
        viral_days=by_day.viral_days,
        fit=diagnose_fit(daily, fit),
        cautions=(*fit.cautions, *((regime,) if regime else ())),
    )
