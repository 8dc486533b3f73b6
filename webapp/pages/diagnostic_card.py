"""What every diagnostic of Model Health shares: what it is drawn from, and its card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dash.development.base_component import Component

from cgn_core.services.diagnoses import ModelDiagnosis
from cgn_core.services.forecasts import History
from webapp.components.cards import card
from webapp.components.charts import chart
from webapp.components.explain import Source, source_of
from webapp.components.markup import html
from webapp.components.numbers import count, retold
from webapp.components.tables import Column

TITLES = {
    "drift": "Drift",
    "weeks": "Coverage by week",
    "coefficients": "Coefficients",
    "inflation": "Variance inflation",
    "fitted": "Residuals against fitted",
    "time": "Residuals over time",
    "quantiles": "Normal quantiles",
    "memory": "Autocorrelation",
    "influence": "Influence",
    "leverage": "Leverage",
    "stability": "Stability",
}
"""By key, in the order in which they stand."""


@dataclass(frozen=True)
class Judged:
    """What all the diagnostics are drawn from."""

    found: ModelDiagnosis
    past: History
    workspace: Source
    """The current data, without a model: what drift is looked for in."""

    @property
    def source(self) -> Source:
        """The model and the data it was trained on."""
        return source_of(self.found.model, self.workspace.workspace_id)


def diagnostic_card(
    name: str,
    figure: Any,
    *,
    words: str,
    columns: Sequence[Column],
    rows: Sequence[Mapping[str, Any]],
    marks: Sequence[Component],
    aside: str = "",
    said: Sequence[str] = (),
) -> Component:
    """A diagnostic: its chart with the numbers as a table, what it says in words, and what it means.

    Args:
        name: its key in the titles.
        figure: a dict figure.
        words: the chart's text alternative.
        columns: of the table view.
        rows: of the table view.
        marks: what it means and where it comes from.
        aside: beside the title.
        said: sentences below.
    """
    return card(
        chart(f"diagnostic-{name}", figure, words=words, columns=columns, rows=rows),
        *(html.P(sentence, className="words muted above-space") for sentence in said if sentence),
        title=TITLES[name],
        aside=f"\N{MIDDLE DOT} {aside}" if aside else None,
        marks=marks,
    )


def tests_in_words(judged: Judged, *names: str) -> list[str]:
    """What tests of the residuals found, each with its p; nothing where the fit can't be judged."""
    tests = judged.found.fit.residuals if judged.found.fit is not None else {}
    told = []
    for name in names:
        if name in tests:
            test = tests[name]
            chance = test.adjusted_p_value
            p_value = "" if chance is None else f" (corrected p = {count(chance, decimals=3)})"
            told.append(f"{retold(test.sentence).rstrip('.')}{p_value}.")
    return told
