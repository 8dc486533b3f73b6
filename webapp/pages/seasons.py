"""Seasonality on Growth History: what weekday and time of year bring by themselves."""

from __future__ import annotations

from typing import Any

from dash.development.base_component import Component

from cgn_core.figures.seasonality import SeasonPoint, season_figure
from webapp.components.alerts import chip
from webapp.components.cards import card, columns
from webapp.components.charts import chart
from webapp.components.explain import Source, trail, what
from webapp.components.markup import html
from webapp.components.numbers import interval, percent, retold, signed
from webapp.components.tables import Column

NO_YEAR = "The time of year shows from a full year of complete weeks on; before, it can't be told from a trend."


def season_cards(found: Any, source: Source) -> list[Component]:
    """Weekdays and months side by side, or why they can't be told.

    Args:
        found: what :func:`cgn_core.services.seasons.seasonality_view` answers.
        source: the data that it was told from.
    """
    if isinstance(found, str):
        return [card(html.P(found, className="muted"), title="Seasonality")]
    weekday = _pattern(found.weekday, "By weekday", "weekday", "followers a day", found.level, source)
    year = (
        card(html.P(NO_YEAR, className="muted"), title="By time of year")
        if found.year is None
        else _pattern(found.year, "By time of year", "season", "followers a week", found.level, source)
    )
    return [columns(weekday, year)]


def _pattern(pattern: Any, title: str, formula: str, unit: str, level: float, source: Source) -> Component:
    points = [SeasonPoint(each.name, each.estimate, each.low, each.high) for each in pattern.points]
    rows = [
        {"name": each.name, "brings": signed(each.estimate), "range": interval(each.low, each.high)} for each in points
    ]
    listed = [
        Column("name", "When", primary=True),
        Column("brings", f"{unit.capitalize()} against the mean", numeric=True),
        Column("range", f"Interval, {percent(level)}", numeric=True),
    ]
    said = retold(pattern.sentence)
    words = f"{unit.capitalize()} against the mean, {title.lower()}. {said}"
    return card(
        chart(f"season-{formula}", season_figure(points, level=level, unit=unit), words=words, columns=listed,
              rows=rows),
        html.P(said, className="words above-space"),
        title=title,
        marks=[what("seasonality"), what("p_value"), trail(source, formula, of=title)],
        action=None if pattern.identified else chip("not distinguishable"),
    )  # fmt: skip
