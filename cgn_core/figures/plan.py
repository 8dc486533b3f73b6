"""The planner's weeks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cgn_core.figures.frame import axis, layout
from cgn_core.figures.tokens import Figure, token
from cgn_core.figures.wording import NAMES, count, day_month_year
from cgn_core.tables import CONTENT_TYPES


@dataclass(frozen=True)
class PlannedWeek:
    """What one week holds, in pieces."""

    week_start: str
    counts: Mapping[str, float]


def plan_figure(weeks: Sequence[PlannedWeek]) -> Figure:
    """Stacked pieces per week by content type; at least one week."""
    dates = [week.week_start for week in weeks]
    present = [name for name in CONTENT_TYPES if any(week.counts.get(name) for week in weeks)]
    return {
        "data": [
            {
                "type": "bar",
                "name": NAMES[name],
                "x": dates,
                "y": [week.counts.get(name, 0.0) for week in weeks],
                "marker": {"color": token(name)},
                "text": [
                    f"Week of {day_month_year(week.week_start)}: {count(week.counts.get(name, 0.0))} {name}."
                    for week in weeks
                ],
                "textposition": "none",
                "hovertemplate": "%{text}<extra></extra>",
            }
            for name in present
        ],
        "layout": layout(
            height=260,
            barmode="stack",
            bargap=0.4,
            showlegend=True,
            legend={"orientation": "h", "y": 1.12, "x": 0, "traceorder": "normal"},
            xaxis=axis(showgrid=False, type="category"),
            yaxis=axis(title="pieces"),
        ),
    }
