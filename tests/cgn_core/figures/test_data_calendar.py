from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import plotly.graph_objects as go
from hypothesis import given
from hypothesis import strategies as st

from cgn_core.figures.data_calendar import COLOURS, MARKS, DayState, data_calendar_figure, spans
from cgn_core.figures.tokens import LIGHT, resolved

STATES = st.lists(st.sampled_from(list(DayState)), min_size=1, max_size=60)
DATES = st.dates(date(2020, 1, 1), date(2030, 1, 1))


@given(DATES, STATES)
def test_every_day_has_its_square_in_its_week_with_its_mark(first: date, states: list[DayState]) -> None:
    (drawn,) = data_calendar_figure(first, states)["data"]
    for number, state in enumerate(states):
        day = first + timedelta(days=number)
        week = ((day - timedelta(days=day.weekday())) - (first - timedelta(days=first.weekday()))).days // 7
        assert drawn["z"][day.weekday()][week] == list(DayState).index(state)
        assert drawn["text"][day.weekday()][week] == MARKS[state]
        assert f"{day.day} {day:%B %Y}: {state}" in drawn["customdata"][day.weekday()][week]
    assert sum(cell is not None for row in drawn["z"] for cell in row) == len(states)


@given(DATES, STATES)
def test_spans_tell_every_day_once_and_never_two_alike_in_a_row(first: date, states: list[DayState]) -> None:
    told = list(spans(first, states))
    assert [each.state for each in told for _ in range(each.days)] == states
    assert told[0].first_day == first
    assert all(one.state != other.state for one, other in pairwise(told))


def test_no_state_is_told_by_colour_alone_and_plotly_takes_the_figure() -> None:
    assert len({*MARKS.values()}) == len({*COLOURS.values()}) == len(DayState)
    assert set(COLOURS.values()) <= set(LIGHT)
    go.Figure(resolved(data_calendar_figure(date(2026, 1, 30), list(DayState) * 3)))
