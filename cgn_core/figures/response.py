"""What more of one lever brings: the Predictor's empty frame, and a fitted curve with today's point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cgn_core.figures.frame import axis, layout, zero_line
from cgn_core.figures.tokens import Figure, token
from cgn_core.figures.wording import count, interval, percent


def response_frame() -> Figure:
    """Axes and zero line of "what if only this lever changed", without data; the browser fills in the lines."""
    return {
        "data": [],
        "layout": layout(
            height=400,
            shapes=[zero_line()],
            xaxis=axis(showgrid=False),
            yaxis=axis(tickformat=",d", title="followers, next week"),
        ),
    }


@dataclass(frozen=True)
class CurvePoint:
    """Followers a week that so many pieces bring, with the interval."""

    pieces: float
    estimate: float
    low: float
    high: float


def response_curve_figure(
    points: Sequence[CurvePoint], *, content_type: str, today: CurvePoint, level: float
) -> Figure:
    """A response curve with its band over the weeks seen, and the last four weeks' mean marked.

    Args:
        points: ascending by pieces; at least two.
        content_type: posts | reels | stories | ads.
        today: where the last weeks stand on the curve.
        level: of the band.
    """
    pieces = [point.pieces for point in points]

    def sentence(point: CurvePoint) -> str:
        return (
            f"{count(point.pieces, decimals=1)} {content_type} a week bring {count(point.estimate)} followers "
            f"({percent(level)}: {interval(point.low, point.high)})."
        )

    hover = {"hovertemplate": "%{text}<extra></extra>"}
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines",
                "x": [*pieces, *pieces[::-1]],
                "y": [*(point.high for point in points), *(point.low for point in reversed(points))],
                "fill": "toself",
                "fillcolor": token("band"),
                "line": {"width": 0},
                "hoverinfo": "skip",
            },
            {
                "type": "scatter",
                "mode": "lines",
                "x": pieces,
                "y": [point.estimate for point in points],
                "line": {"color": token(content_type), "width": 2},
                "text": [sentence(point) for point in points],
                **hover,
            },
            {
                "type": "scatter",
                "mode": "markers",
                "x": [today.pieces],
                "y": [today.estimate],
                "marker": {"size": 11, "color": token("surface"), "line": {"color": token(content_type), "width": 2}},
                "text": [f"The last four weeks' mean. {sentence(today)}"],
                **hover,
            },
        ],
        "layout": layout(
            height=300,
            shapes=[zero_line()],
            xaxis=axis(showgrid=False, title=f"{content_type} a week", rangemode="tozero"),
            yaxis=axis(tickformat=",d", title="followers a week"),
        ),
    }
