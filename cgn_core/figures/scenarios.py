"""Saved scenarios beside posting as usual: what each would bring next week, with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cgn_core.figures.frame import axis, layout, zero_line
from cgn_core.figures.tokens import Figure, token
from cgn_core.figures.wording import level_interval, signed

LONGEST = 28
"""Letters of a name that fit beside the chart on a phone."""


@dataclass(frozen=True)
class ScenarioLine:
    """One scenario; followers next week."""

    name: str
    expected: float
    low: float
    high: float
    is_usual: bool = False
    is_beyond: bool = False
    """Beyond what was ever tried."""


def scenarios_figure(lines: Sequence[ScenarioLine], *, level: float) -> Figure:
    """A dot and an interval per scenario, the first on top; a dotted line marks posting as usual.

    Args:
        lines: in order, at least one.
        level: of the intervals.
    """
    shown = list(reversed(lines))  # plotly draws the first at the bottom
    places = list(range(len(shown)))
    usual = next((line for line in lines if line.is_usual), None)
    shapes = [zero_line(vertical=True)]
    if usual is not None:
        at = {"x0": usual.expected, "x1": usual.expected, "yref": "paper", "y0": 0, "y1": 1}
        shapes.append({"type": "line", "layer": "below", "line": {"color": token("muted"), "dash": "dot"}, **at})
    beyond = [line.is_beyond for line in shown]
    figure: Figure = {
        "data": [
            {
                "type": "scatter",
                "mode": "markers",
                "x": [line.expected for line in shown],
                "y": places,
                "marker": {
                    "size": 11,
                    "color": [token("surface" if each else "accent") for each in beyond],
                    "line": {"color": [token("caution" if each else "accent") for each in beyond], "width": 2},
                },
                "error_x": {
                    "type": "data",
                    "symmetric": False,
                    "array": [line.high - line.expected for line in shown],
                    "arrayminus": [line.expected - line.low for line in shown],
                    "color": token("muted"),
                    "thickness": 1.5,
                    "width": 5,
                },
                "text": [_sentence(line, level) for line in shown],
                "hovertemplate": "%{text}<extra></extra>",
            }
        ],
        "layout": layout(
            height=72 + 36 * len(lines),
            shapes=shapes,
            xaxis=axis(title="followers, next week", tickformat=",d", showgrid=True),
            yaxis=axis(
                showgrid=False,
                tickvals=places,
                ticktext=[_short(line.name) for line in shown],
                tickfont={"size": 12, "color": token("text")},
                range=[-0.6, len(lines) - 0.4],
            ),
        ),
    }
    return figure


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}\N{HORIZONTAL ELLIPSIS}"


def _sentence(line: ScenarioLine, level: float) -> str:
    beyond = "<br>Beyond what was ever tried." if line.is_beyond else ""
    # A name is a person's text; plotly reads some of it as markup.
    name = line.name.replace("&", "&amp;").replace("<", "&lt;")
    return f"{name}: {signed(line.expected)} expected<br>({level_interval(level, line.low, line.high)}).{beyond}"
