"""What every chart shares: fonts, margins, grid, and how hover looks."""

from __future__ import annotations

import re
from typing import Any

from cgn_core.figures.locales import HOUSE, in_use, marks, percentage
from cgn_core.figures.tokens import Figure, token

MILLISECONDS_A_DAY = 86_400_000
DAYS_OF_A_STEP = 27
"""The most days between ticks that Plotly counts in days; from there on it counts in months."""
_OF_CLDR = re.compile(r"d+|M+|y+")
_OF_D3 = {"dd": "%d", "d": "%-d", "MM": "%m", "M": "%-m", "yyyy": "%Y"}
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"


def axis(*, title: str = "", **options: Any) -> Figure:
    """An axis with the house's tick style and the reader's days; the options win."""
    return {
        **(_days() if options.get("type") == "date" else {}),
        "gridcolor": token("border"),
        "linecolor": token("border"),
        "tickfont": {"size": 12, "color": token("muted")},
        "title": {"text": title, "font": {"size": 12, "color": token("muted")}, "standoff": 8},
        "showline": False,
        "zeroline": False,
        "automargin": True,
        "fixedrange": True,
        **options,
    }


def layout(*, height: int, **options: Any) -> Figure:
    """A layout on a transparent ground: horizontal grid only, no legend, hover on the theme's surface."""
    return {
        "height": height,
        "autosize": True,
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": FONT, "size": 12, "color": token("text")},
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8, "pad": 4},
        "showlegend": False,
        **_separators(),
        "hoverlabel": {
            "bgcolor": token("surface"),
            "bordercolor": token("border"),
            "font": {"family": FONT, "size": 12, "color": token("text")},
            "align": "left",
        },
        **options,
    }


def share_ticks(*shares: float) -> Figure:
    """The ticks of an axis of shares as percentages are written here; Plotly knows one way alone."""
    return {"tickvals": [*shares], "ticktext": [percentage(share) for share in shares]}


def _separators() -> Figure:
    """The marks of the numbers that Plotly writes itself, as on the axes; its own are the house's."""
    return {} if in_use() == HOUSE else {"separators": marks().decimal + marks().group}


def _days() -> Figure:
    """How Plotly writes the days and months of an axis; its own way, with English names of months, is the house's."""
    if in_use() == HOUSE:
        return {}
    day, month = (_OF_CLDR.sub(lambda found: _OF_D3[found[0]], each) for each in (marks().day, marks().month))
    steps: list[tuple[list[int | str | None], str]] = [
        ([None, DAYS_OF_A_STEP * MILLISECONDS_A_DAY], day),
        (["M1", "M6"], month),
        (["M12", None], "%Y"),
    ]
    return {"tickformatstops": [{"dtickrange": between, "value": form} for between, form in steps]}


def zero_line(*, vertical: bool = False) -> Figure:
    """A line at zero across the plot."""
    line = {"type": "line", "line": {"color": token("muted"), "width": 1}, "layer": "below"}
    if vertical:
        return {**line, "x0": 0, "x1": 0, "yref": "paper", "y0": 0, "y1": 1}
    return {**line, "y0": 0, "y1": 0, "xref": "paper", "x0": 0, "x1": 1}
