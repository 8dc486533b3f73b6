"""Where each day's number comes from: weeks as columns, days as rows, every state with a mark of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import groupby

from cgn_core.figures.frame import axis, layout
from cgn_core.figures.locales import HOUSE, in_use, month
from cgn_core.figures.tokens import Figure, token
from cgn_core.figures.wording import day_month_year

WEEK_WIDTH, LABELS_WIDTH = 18, 56
"""Pixels of a week, and of the days' names beside them."""
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


class DayState(StrEnum):
    """Where a day's number comes from."""

    OBSERVED = "observed"
    PROVISIONAL = "provisional"
    IMPUTED = "imputed"
    REPAIRED = "repaired"
    MISSING = "missing"


MARKS = {
    DayState.OBSERVED: "",
    DayState.PROVISIONAL: "?",
    DayState.IMPUTED: "~",
    DayState.REPAIRED: "R",
    DayState.MISSING: "\N{MULTIPLICATION SIGN}",
}
"""What stands in a day's square, so that no state is told by its colour alone."""
MEANINGS = {
    DayState.OBSERVED: "the platform's own number",
    DayState.PROVISIONAL: "the platform may still correct it",
    DayState.IMPUTED: "filled in by the file's maker",
    DayState.REPAIRED: "changed by a person's choice",
    DayState.MISSING: "no number",
}
COLOURS = {
    DayState.OBSERVED: "band",
    DayState.PROVISIONAL: "accent",
    DayState.IMPUTED: "viral",
    DayState.REPAIRED: "ads",
    DayState.MISSING: "border",
}


@dataclass(frozen=True)
class Span:
    """Days in a row in the same state."""

    first_day: date
    last_day: date
    state: DayState

    @property
    def days(self) -> int:
        """How many."""
        return (self.last_day - self.first_day).days + 1


def spans(first_day: date, states: Sequence[DayState]) -> Iterator[Span]:
    """The days of a calendar, those in a row with the same state taken together; oldest first."""
    begin = first_day
    for state, group in groupby(states):
        length = len(list(group))
        yield Span(begin, begin + timedelta(days=length - 1), state)
        begin += timedelta(days=length)


def calendar_width(first_day: date, days: int) -> int:
    """Pixels that the figure needs for its squares to be squares."""
    weeks = (first_day.weekday() + days + len(_DAYS) - 1) // len(_DAYS)
    return LABELS_WIDTH + WEEK_WIDTH * weeks


def data_calendar_figure(first_day: date, states: Sequence[DayState]) -> Figure:
    """A square a day, coloured and marked by its state.

    Args:
        first_day: of the table.
        states: one a day, in order; at least one.
    """
    order = list(DayState)
    places = {state: place for place, state in enumerate(order)}
    meant = {state: f": {state}, {MEANINGS[state]}." for state in order}
    monday = first_day - timedelta(days=first_day.weekday())
    weeks = (first_day.weekday() + len(states) + len(_DAYS) - 1) // len(_DAYS)
    months = _months(monday, weeks)
    squares: list[list[int | None]] = [[None] * weeks for _ in _DAYS]
    marks = [[""] * weeks for _ in _DAYS]
    hovers = [[""] * weeks for _ in _DAYS]
    for number, state in enumerate(states):
        week, weekday = divmod(first_day.weekday() + number, len(_DAYS))
        day = first_day + timedelta(days=number)
        squares[weekday][week] = places[state]
        marks[weekday][week] = MARKS[state]
        hovers[weekday][week] = f"{_DAYS[weekday]} {day_month_year(day)}{meant[state]}"
    scale = [[edge / len(order), token(COLOURS[state])] for at, state in enumerate(order) for edge in (at, at + 1)]
    return {
        "data": [
            {
                "type": "heatmap",
                "x": list(range(weeks)),
                "y": list(range(len(_DAYS))),
                "z": squares,
                "zmin": -0.5,
                "zmax": len(order) - 0.5,
                "colorscale": scale,
                "showscale": False,
                "xgap": 2,
                "ygap": 2,
                "text": marks,
                "texttemplate": "%{text}",
                "textfont": {"size": 11},
                "customdata": hovers,
                "hovertemplate": "%{customdata}<extra></extra>",
                "hoverongaps": False,
            }
        ],
        "layout": layout(
            height=200,
            margin={"l": 8, "r": 48, "t": 4, "b": 40, "pad": 4},
            xaxis=axis(
                showgrid=False,
                automargin=False,
                tickvals=list(months),
                ticktext=list(months.values()),
                range=[-0.5, weeks - 0.5],
                tickangle=0,
            ),
            yaxis=axis(
                showgrid=False,
                automargin=False,
                tickvals=[0, 2, 4, 6],
                ticktext=[_DAYS[place] for place in (0, 2, 4, 6)],
                range=[len(_DAYS) - 0.5, -0.5],
                # Beside the newest week, which is what a narrow screen shows first.
                side="right",
            ),
        ),
    }


def _months(monday: date, weeks: int) -> dict[int, str]:
    """The weeks in which a month begins, and its name; the year stands at the first and at each January."""
    names: dict[int, str] = {}
    for week in range(weeks):
        sunday = monday + timedelta(weeks=week, days=6)
        if sunday.day <= len(_DAYS):
            with_year = not names or sunday.month == 1
            names[week] = (
                month(sunday) if in_use() != HOUSE else f"{sunday:%b}" + (f"<br>{sunday.year}" if with_year else "")
            )
    return names
