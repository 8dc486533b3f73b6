"""What every chart shares: fonts, margins, grid, and how hover looks."""

from __future__ import annotations

from typing import Any

from cgn_core.figures.locales import HOUSE, in_use, marks
from cgn_core.figures.tokens import Figure, token

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"


def axis(*, title: str = "", **options: Any) -> Figure:
    """An axis with the house's tick style; the options win."""
    return {
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


def _separators() -> Figure:
    """The marks of the numbers that Plotly writes itself, as on the axes; its own are the house's."""
    return {} if in_use() == HOUSE else {"separators": marks().decimal + marks().group}


def zero_line(*, vertical: bool = False) -> Figure:
    """A line at zero across the plot."""
    line = {"type": "line", "line": {"color": token("muted"), "width": 1}, "layer": "below"}
    if vertical:
        return {**line, "x0": 0, "x1": 0, "yref": "paper", "y0": 0, "y1": 1}
    return {**line, "y0": 0, "y1": 0, "xref": "paper", "x0": 0, "x1": 1}
