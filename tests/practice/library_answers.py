"""What the Python API answers for the files that a story imports: read, trained, judged and decided anew."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
from forty_weeks import LAST_DAY, forty_weeks

from cgn_core import library as cgn
from cgn_core.reporting.document import to_html
from cgn_core.services.data_versions import hash_daily, overview_of
from cgn_core.stats.benchmarks import growth_benchmark
from cgn_core.stats.diagnostics import diagnose_fit
from cgn_core.stats.drift import detect_drift
from cgn_core.stats.judged_series import judged_series
from cgn_core.stats.judged_weeks import judged_weeks
from cgn_core.stats.returns import overall_return
from cgn_core.stats.seasonality import seasonality
from cgn_core.stats.training import DRIFT_SEED
from cgn_core.tables import DEFAULT_MINUTES

LEVEL = 0.9


@dataclass
class Answers:
    """Of one creator and the accounts that it is compared with."""

    folder: Path
    """Where the files are written that are read."""
    handle: str
    peers: int
    settings: Mapping[str, Any]
    """Of Decision Support: the prices, the hours and the weeks of the plan."""
    scenario: Mapping[str, float]
    validated: Mapping[str, Any]
    """The model that is validated besides, and its first weeks."""
    age: int = field(init=False)
    """Days since the newest."""

    def __post_init__(self) -> None:
        """Read the files and ask the library everything that pages tell."""
        own, others = self.folder / "weeks.csv", self.folder / "peers.csv"
        own.write_bytes(forty_weeks(self.handle))
        others.write_bytes(forty_weeks(*(f"peer.{number}" for number in range(self.peers)), seed=12))
        self.age = (datetime.now(UTC).date() - LAST_DAY).days
        self.daily, self.others = cgn.read(own), cgn.read_many(others)
        self.weekly = self.daily.weekly()
        self.overview = overview_of(self.daily)
        self.hash = hash_daily(self.daily)
        self.training = cgn.train(self.daily)
        self.fit, self.validation = self.training.fit, self.training.validation
        (self.next_week,) = cgn.predict(self.training, {}, level=LEVEL)
        self._judge()
        self._decide()
        document = cgn.report(self.daily, self.training, today=date(2026, 1, 1), files=[own])
        self.report = re.sub(r"<(style|script)\b.*?</\1>|<[^>]*>", " ", to_html(document), flags=re.DOTALL)

    def _judge(self) -> None:
        self.judged = diagnose_fit(self.daily, self.fit)
        self.series = judged_series(judged_weeks(self.daily, self.fit))
        self.drift = detect_drift(self.daily, rng=np.random.default_rng(DRIFT_SEED))
        rng = np.random.default_rng(int(self.hash[:16], 16))
        self.bench = growth_benchmark(self.daily, self.others, rng=rng, level=LEVEL)
        self.season = seasonality(self.daily, level=LEVEL)
        grammar = cgn.Grammar(initial=self.validated["initial"])
        self.further = cgn.cross_validate(self.daily, model=self.validated["model"], grammar=grammar, level=LEVEL)

    def _decide(self) -> None:
        prices = {name: self.settings[name] for name in ("value_of_follower", "cost_of_hour")}
        self.hourly = overall_return(self.weekly, minutes=DEFAULT_MINUTES, level=LEVEL)
        self.returns = cgn.roi(self.training, self.daily, level=LEVEL)
        self.money = cgn.roi_in_money(self.training, level=LEVEL, **prices)
        self.plan = cgn.plan(self.training, hours=self.settings["hours"], weeks=self.settings["weeks"], level=LEVEL)
        self.curves = cgn.response_curves(self.daily, minutes=DEFAULT_MINUTES, level=LEVEL)
        self.saturation = cgn.saturation(self.daily, minutes=DEFAULT_MINUTES)
        self.carry_over = cgn.weekly_carry_over(self.daily)
        found = {"plan": self.plan, "saturation": self.saturation, "carry_over": self.carry_over}
        self.insights = cgn.insights(self.training, minutes=DEFAULT_MINUTES, level=LEVEL, **found)
        self.last_weeks = [f"{week:%Y-%m-%d}" for week in self.weekly["week_start"].tail(4)]
        self.past = cgn.counterfactual(self.training, self.daily, self.last_weeks, {"reels": 1}, level=LEVEL)
        (self.tried,) = cgn.predict(self.training, self.scenario, level=LEVEL)
        self.gain = cgn.what_if(self.training, self.scenario, level=LEVEL)
