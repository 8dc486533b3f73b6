"""Which weeks a fit leans on, which effects can't be told apart, and how each came to its estimate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cgn_core.figures.frame import axis, layout, zero_line
from cgn_core.figures.tokens import Figure, token
from cgn_core.figures.wording import NAMES, count, day_month_year, signed

DOT = 8


@dataclass(frozen=True)
class WeekInfluence:
    """How one week pulls at the fit."""

    week_start: str
    leverage: float
    """0 to 1."""
    studentised: float | None
    cooks_distance: float | None


@dataclass(frozen=True)
class Inflation:
    """How many times larger an effect's variance is than if it moved alone."""

    name: str
    """A lever or a calendar term."""
    factor: float


@dataclass(frozen=True)
class RecursivePath:
    """An effect as the weeks so far would have given it, week by week; followers per piece."""

    name: str
    week_starts: Sequence[str]
    estimates: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]
    """Two standard errors to each side."""


def influence_figure(weeks: Sequence[WeekInfluence], *, listed: float, moving: float) -> Figure:
    """Cook's distance week by week; the weeks beyond ``listed`` in the colour of caution.

    Args:
        weeks: ascending.
        listed: distance from which a week stands out.
        moving: distance from which it alone moves the fit by as much as all its uncertainty; drawn where it is near.
    """
    known = [week for week in weeks if week.cooks_distance is not None]
    highest = max([listed, *(week.cooks_distance or 0.0 for week in known)])
    lines = [(listed, "muted"), *([(moving, "down")] if moving <= highest else [])]
    return {
        "data": [
            {
                "type": "bar",
                "x": [week.week_start for week in known],
                "y": [week.cooks_distance for week in known],
                "marker": {
                    "color": [token("caution" if (week.cooks_distance or 0.0) > listed else "accent") for week in known]
                },
                "text": [f"{_said(week)}<br>Cook's distance {_small(week.cooks_distance)}." for week in known],
                "textposition": "none",
                "hovertemplate": "%{text}<extra></extra>",
            }
        ],
        "layout": layout(
            height=280,
            bargap=0.4,
            shapes=[zero_line(), *(_across(height, role) for height, role in lines)],
            xaxis=axis(showgrid=False, type="date"),
            yaxis=axis(title="Cook's distance", rangemode="tozero"),
        ),
    }


def leverage_figure(weeks: Sequence[WeekInfluence], *, typical: float) -> Figure:
    """Leverage against studentised misses: far right pulls the fit, far up or down is missed, both at once moves it.

    Args:
        weeks: of the fit.
        typical: mean leverage, terms over weeks; twice that is marked.
    """
    known = [week for week in weeks if week.studentised is not None]
    edge = 2 * typical
    beyond = [week.leverage > edge or abs(week.studentised or 0.0) > 3 for week in known]  # noqa: PLR2004 - drawn as far
    mark = {"type": "line", "yref": "paper", "y0": 0, "y1": 1, "x0": edge, "x1": edge, "layer": "below",
            "line": {"color": token("muted"), "width": 1, "dash": "dash"}}  # fmt: skip
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "markers",
                "x": [week.leverage for week in known],
                "y": [week.studentised for week in known],
                "marker": {
                    "size": DOT,
                    "color": [token("caution" if far else "accent") for far in beyond],
                    "symbol": ["diamond" if far else "circle" for far in beyond],
                },
                "text": [_said(week) for week in known],
                "hovertemplate": "%{text}<extra></extra>",
            }
        ],
        "layout": layout(
            height=280,
            shapes=[zero_line(), mark],
            xaxis=axis(title="leverage", showgrid=False, rangemode="tozero"),
            yaxis=axis(title="studentised miss"),
        ),
    }


def inflation_figure(rows: Sequence[Inflation], *, high: float) -> Figure:
    """Variance inflation by term, largest on top; 1 is apart, the dashed line is where an effect gets hard to tell."""
    ordered = sorted(rows, key=lambda row: row.factor)
    largest = max([1.0, *(row.factor for row in ordered)])
    line = {"type": "line", "yref": "paper", "y0": 0, "y1": 1, "x0": high, "x1": high,
            "line": {"color": token("caution"), "width": 1, "dash": "dash"}}  # fmt: skip
    return {
        "data": [
            {
                "type": "bar",
                "orientation": "h",
                "y": [term_name(row.name) for row in ordered],
                "x": [row.factor for row in ordered],
                "width": 0.5,
                "marker": {
                    "color": [
                        token("caution" if row.factor > high else row.name if row.name in NAMES else "muted")
                        for row in ordered
                    ]
                },
                "text": [
                    f"{term_name(row.name)}: variance {count(row.factor, decimals=1)} times that of an effect that "
                    "moves alone."
                    for row in ordered
                ],
                "textposition": "none",
                "hovertemplate": "%{text}<extra></extra>",
            }
        ],
        "layout": layout(
            height=64 + 34 * max(1, len(ordered)),
            shapes=[line] if largest * 2 > high else [],
            xaxis=axis(title="variance inflation, 1 is apart", rangemode="tozero", showgrid=True),
            yaxis=axis(showgrid=False, tickfont={"size": 13, "color": token("text")}),
        ),
    }


def recursive_figure(path: RecursivePath) -> Figure:
    """One effect from the first weeks to the last, with its band; a line that keeps wandering is no constant."""
    role = path.name if path.name in NAMES else "accent"
    dates = list(path.week_starts)
    settled = len(dates) // 4
    spread = [*path.low[settled:], *path.high[settled:]]
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines",
                "x": [*dates, *reversed(dates)],
                "y": [*path.low, *reversed(path.high)],
                "fill": "toself",
                "fillcolor": token("band"),
                "line": {"width": 0},
                "hoverinfo": "skip",
            },
            {
                "type": "scatter",
                "mode": "lines",
                "x": dates,
                "y": list(path.estimates),
                "line": {"color": token(role), "width": 2},
                "text": [
                    f"Weeks to that of {day_month_year(day)}: {signed(value, decimals=1)} "
                    f"(two standard errors: {signed(low, decimals=1)} to {signed(high, decimals=1)})."
                    for day, value, low, high in zip(dates, path.estimates, path.low, path.high, strict=True)
                ],
                "hovertemplate": "%{text}<extra></extra>",
            },
        ],
        "layout": layout(
            height=220,
            shapes=[zero_line()],
            xaxis=axis(showgrid=False, type="date"),
            # The first estimates rest on hardly more weeks than terms; they would squash all that follow.
            yaxis=axis(title="followers per piece", range=[min([0.0, *spread]), max([0.0, *spread])]),
        ),
    }


def term_name(name: str) -> str:
    """What a term of a fit is called."""
    return NAMES.get(name) or {"year_sine": "Season, sine", "year_cosine": "Season, cosine"}.get(
        name, name.replace("_", " ").capitalize()
    )


def _said(week: WeekInfluence) -> str:
    missed = "" if week.studentised is None else f", missed by {signed(week.studentised, decimals=1)} studentised"
    return f"Week of {day_month_year(week.week_start)}: leverage {_small(week.leverage)}{missed}."


def _small(value: float | None) -> str:
    return count(value, decimals=3 if value is not None and value < 0.1 else 2)  # noqa: PLR2004 - two digits that say something


def _across(height: float, role: str) -> Figure:
    return {
        "type": "line",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": height,
        "y1": height,
        "line": {"color": token(role), "width": 1, "dash": "dash"},
    }
