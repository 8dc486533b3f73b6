"""Pictures for documents, as SVG by Matplotlib: they need no script and no browser to be drawn or printed."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cgn_core.figures.growth_history import GrowthWeek, ceiling
from cgn_core.figures.returns import ReturnBar, bar_name
from cgn_core.figures.tokens import LIGHT
from cgn_core.figures.wording import NAMES, count, signed

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 8.0
"""Inches, which are only a proportion: the page stretches the picture."""
PALE = 0.35
STYLE: dict[Any, Any] = {
    # The reader's own fonts, as the page around the picture.
    "svg.fonttype": "none",
    # The same picture is the same bytes.
    "svg.hashsalt": "cgn",
    "font.size": 9,
    "font.family": ["sans-serif"],
    "font.sans-serif": ["DejaVu Sans"],
    "text.parse_math": False,
}


def growth_drawing(weeks: Sequence[GrowthWeek]) -> str:
    """Weekly growth over the interval that was forecast before each week; viral weeks are cut off and labelled.

    Args:
        weeks: ascending; at least one.
    """
    import matplotlib as mpl
    from matplotlib.dates import ConciseDateFormatter
    from matplotlib.ticker import FuncFormatter

    with mpl.rc_context(STYLE):
        figure, axes = _empty(height=3.0)
        top = ceiling(weeks)
        known = [week for week in weeks if week.low is not None and week.high is not None and week.median is not None]
        if known:
            days = np.array([week.week_start for week in known], dtype="datetime64[D]")
            lows = [min(week.low or 0.0, top) for week in known]
            highs = [min(week.high or 0.0, top) for week in known]
            axes.fill_between(days, lows, highs, color=LIGHT["accent"], alpha=0.16, linewidth=0, label="interval")
            medians = [min(week.median or 0.0, top) for week in known]
            axes.plot(days, medians, color=LIGHT["accent"], linewidth=1, linestyle="--", label="forecast before")
        told = [week for week in weeks if week.actual is not None]
        days = np.array([week.week_start for week in told], dtype="datetime64[D]")
        reached = [min(week.actual or 0.0, top) for week in told]
        axes.plot(days, reached, color=LIGHT["text"], linewidth=1.4, label="growth")
        for week, day, height in zip(told, days, reached, strict=True):
            if week.viral or (week.actual or 0.0) > top:
                at = (day, height)
                axes.plot([day], [height], marker="o", markersize=4, color=LIGHT["viral"], linestyle="none")
                words = signed(week.actual)
                axes.annotate(words, at, xytext=(0, 6), textcoords="offset points", ha="center", color=LIGHT["viral"])
        axes.axhline(0, color=LIGHT["muted"], linewidth=0.8, zorder=0)
        axes.set_ylabel("followers a week")
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _place: count(value)))
        locator = axes.xaxis.get_major_locator()
        axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call] # Matplotlib's stub lacks it
        axes.margins(x=0.01)
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.1), ncols=3, frameon=False)
        return _svg(figure)


def returns_drawing(bars: Sequence[ReturnBar], *, unit: str) -> str:
    """Estimates with their intervals, the largest on top; one whose interval holds zero is pale.

    Args:
        bars: at least one.
        unit: of the estimates, for the axis.
    """
    import matplotlib as mpl

    with mpl.rc_context(STYLE):
        figure, axes = _empty(height=0.9 + 0.38 * len(bars))
        for place, bar in enumerate(sorted(bars, key=lambda bar: bar.estimate)):
            colour = LIGHT[bar.content_type if bar.content_type in NAMES else "accent"]
            axes.barh(place, bar.estimate, height=0.55, color=colour, alpha=PALE if bar.low <= 0 <= bar.high else 1.0)
            axes.plot([bar.low, bar.high], [place, place], color=LIGHT["text"], linewidth=1.2)
        ordered = sorted(bars, key=lambda bar: bar.estimate)
        axes.set_yticks(range(len(ordered)), [bar_name(bar) for bar in ordered])
        axes.axvline(0, color=LIGHT["muted"], linewidth=0.8)
        axes.grid(axis="y", visible=False)
        axes.grid(axis="x", color=LIGHT["border"], linewidth=0.8)
        axes.set_xlabel(unit)
        return _svg(figure)


def _empty(*, height: float) -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    figure.patch.set_alpha(0)
    axes = figure.add_subplot()
    axes.patch.set_alpha(0)
    axes.set_axisbelow(True)
    axes.grid(axis="y", color=LIGHT["border"], linewidth=0.8)
    for side in axes.spines.values():
        side.set_visible(False)
    axes.tick_params(length=0, colors=LIGHT["muted"])
    for axis in (axes.xaxis, axes.yaxis):
        axis.label.set_color(LIGHT["muted"])
    return figure, axes


def _svg(figure: Figure) -> str:
    """The drawing without the declaration that only a file of its own has."""
    written = io.StringIO()
    figure.savefig(written, format="svg", metadata={"Date": None, "Creator": None})
    text = written.getvalue()
    return text[text.index("<svg") :]
