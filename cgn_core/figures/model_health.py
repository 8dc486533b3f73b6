"""How the models did on weeks they had not seen, and whether the intervals held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cgn_core.figures.frame import axis, layout
from cgn_core.figures.tokens import Figure, token
from cgn_core.figures.wording import count, percent


@dataclass(frozen=True)
class RankedError:
    """A model's or baseline's error on held-out weeks; followers a week."""

    label: str
    mae: float
    low: float | None
    high: float | None
    chosen: bool
    baseline: bool


def ranking_figure(rows: Sequence[RankedError]) -> Figure:
    """Mean absolute error per model, best on top; baselines hollow, the chosen one in the accent colour."""
    ordered = sorted(rows, key=lambda row: -row.mae)
    colours = [token("accent") if row.chosen else token("muted") for row in ordered]
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "markers",
                "y": [row.label for row in ordered],
                "x": [row.mae for row in ordered],
                "marker": {
                    "size": 11,
                    "color": colours,
                    "symbol": ["circle-open" if row.baseline else "circle" for row in ordered],
                },
                "error_x": {
                    "type": "data",
                    "symmetric": False,
                    "array": [0 if row.high is None else row.high - row.mae for row in ordered],
                    "arrayminus": [0 if row.low is None else row.mae - row.low for row in ordered],
                    "color": token("muted"),
                    "thickness": 1.5,
                    "width": 4,
                },
                "text": [
                    f"{row.label} is off by {count(row.mae)} followers a week on average{_range(row)}."
                    for row in ordered
                ],
                "hovertemplate": "%{text}<extra></extra>",
            }
        ],
        "layout": layout(
            height=70 + 34 * max(1, len(ordered)),
            xaxis=axis(title="mean absolute error, followers a week", rangemode="tozero", showgrid=True),
            yaxis=axis(showgrid=False, tickfont={"size": 13, "color": token("text")}),
        ),
    }


def _range(row: RankedError) -> str:
    return "" if row.low is None or row.high is None else f" ({count(row.low)} to {count(row.high)})"


@dataclass(frozen=True)
class MeasuredCoverage:
    """How often an interval of a level held, over ``weeks`` held-out weeks."""

    level: float
    coverage: float
    low: float
    high: float
    weeks: int


def coverage_figure(rows: Sequence[MeasuredCoverage]) -> Figure:
    """Promised against measured coverage; on the diagonal an interval keeps its promise."""
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines",
                "x": [0, 1],
                "y": [0, 1],
                "line": {"color": token("muted"), "width": 1, "dash": "dot"},
                "hoverinfo": "skip",
            },
            {
                "type": "scatter",
                "mode": "markers",
                "x": [row.level for row in rows],
                "y": [row.coverage for row in rows],
                "marker": {"size": 10, "color": token("accent")},
                "error_y": {
                    "type": "data",
                    "symmetric": False,
                    "array": [row.high - row.coverage for row in rows],
                    "arrayminus": [row.coverage - row.low for row in rows],
                    "color": token("muted"),
                    "thickness": 1.5,
                    "width": 4,
                },
                "text": [
                    f"The {percent(row.level)} interval held in {percent(row.coverage)} of {row.weeks} weeks "
                    f"({percent(row.low)} to {percent(row.high)})."
                    for row in rows
                ],
                "hovertemplate": "%{text}<extra></extra>",
            },
        ],
        "layout": layout(
            height=280,
            xaxis=axis(title="promised", tickformat=".0%", range=[0.4, 1.02], showgrid=False),
            yaxis=axis(title="held", tickformat=".0%", range=[0.3, 1.05]),
        ),
    }
