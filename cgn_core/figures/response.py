"""The frame of the Predictor's chart; the browser fills in the lines as the levers move."""

from __future__ import annotations

from cgn_core.figures.frame import axis, layout, zero_line
from cgn_core.figures.tokens import Figure


def response_frame() -> Figure:
    """Axes and zero line of "what if only this lever changed", without data."""
    return {
        "data": [],
        "layout": layout(
            height=320,
            shapes=[zero_line()],
            xaxis=axis(showgrid=False),
            yaxis=axis(tickformat=",d", title="followers, next week"),
        ),
    }
