"""Diagnostics of the forecasts on Model Health: drift, coverage by week, and the coefficients behind them."""

from __future__ import annotations

from typing import Any

from dash.development.base_component import Component

from cgn_core.figures.drift import DriftWeek, drift_figure
from cgn_core.figures.model_health import HeldWeek, held_weeks_figure
from cgn_core.figures.returns import ReturnBar, bar_name, returns_figure
from webapp.components.explain import trail, what
from webapp.components.numbers import count, interval, percent, plain, plural, retold, short_day, signed
from webapp.components.tables import Column
from webapp.pages.diagnostic_card import Judged, diagnostic_card


def drift_card(judged: Judged) -> Component | None:
    """Surprises added up, with the bounds of the alarm and how often it is wrong."""
    drift = judged.found.drift
    if drift is None or not drift.path:
        return None
    weeks = [DriftWeek(each.week_start, each.up, each.down) for each in drift.path]
    figure = drift_figure(weeks, bounds=(drift.threshold_up, drift.threshold_down), start_week=drift.start_week)
    columns = [
        Column("week", "Week of", primary=True),
        Column("surprise", "Surprise", numeric=True),
        Column("up", "Faster, added up", numeric=True),
        Column("down", "Slower, added up", numeric=True),
    ]
    rows = [
        {
            "week": short_day(each.week_start),
            "surprise": signed(each.residual, decimals=1),
            "up": count(each.up, decimals=1),
            "down": count(each.down, decimals=1),
        }
        for each in reversed(drift.path)
    ]
    bounds = (
        f"Alarm from {count(drift.threshold_up, decimals=1)} upwards and {count(drift.threshold_down, decimals=1)} "
        f"downwards, set to {plain(drift.false_alarms_per_year)} false alarms a year for this account."
    )
    return diagnostic_card(
        "drift",
        figure,
        words="Evidence that growth left its path, added up week by week, with the bounds of the alarm",
        columns=columns,
        rows=rows,
        marks=[what("drift"), trail(judged.workspace, "drift", of="Drift")],
        aside="surprises added up, both ways",
        said=[retold(drift.sentence), bounds],
    )


def held_weeks_card(judged: Judged) -> Component | None:
    """Where each week fell in the interval given before it."""
    past = judged.past
    weeks: list[HeldWeek] = []
    held = 0
    for week in past.weeks:
        known = week.actual, week.median, week.low, week.high
        if week.inside is None or week.level != past.level or None in known:
            continue
        held += week.inside
        actual, median, low, high = (float(each or 0.0) for each in known)
        weeks.append(HeldWeek(week.week_start, actual, median, low, high, held / (len(weeks) + 1)))
    if not weeks:
        return None
    columns = [
        Column("week", "Week of", primary=True),
        Column("actual", "Gained", numeric=True),
        Column("interval", f"Interval, {percent(past.level)}", numeric=True),
        Column("held", "Held"),
        Column("share", "Held so far", numeric=True),
    ]
    rows = [
        {
            "week": short_day(each.week_start),
            "actual": signed(each.actual),
            "interval": interval(each.low, each.high),
            "held": "yes" if each.held else "no",
            "share": percent(each.share),
        }
        for each in reversed(weeks)
    ]
    return diagnostic_card(
        "weeks",
        held_weeks_figure(weeks, level=past.level),
        words="Where each week's growth fell in the interval given before it, and the share that was held so far",
        columns=columns,
        rows=rows,
        marks=[what("coverage"), trail(judged.source, "coverage", of="Coverage by week")],
        aside=f"{percent(past.level)} intervals",
        said=[f"Held: {percent(past.coverage)} of {plural(past.promised, 'week')}, promised {percent(past.level)}."],
    )


def coefficients_card(judged: Judged) -> Component | None:
    """What one more piece brings, in words too."""
    effects = judged.found.model.training.fit.effects
    if not effects:
        return None
    level = effects[0].level
    bars = [ReturnBar(each.name, each.estimate, each.low, each.high) for each in effects]
    columns = [
        Column("name", "Effect of one more", primary=True),
        Column("estimate", "Followers", numeric=True),
        Column("range", f"Interval, {percent(level)}", numeric=True),
        Column("says", "In words"),
    ]
    rows = [
        {
            "name": bar_name(bar),
            "estimate": signed(each.estimate, decimals=1),
            "range": interval(each.low, each.high, decimals=1),
            "says": _meaning(each),
        }
        for bar, each in zip(bars, effects, strict=True)
    ]
    return diagnostic_card(
        "coefficients",
        returns_figure(bars, level=level, unit="followers per piece"),
        words="What one more piece brings by content type, with its interval",
        columns=columns,
        rows=rows,
        marks=[what("coefficient"), trail(judged.source, "per_piece", of="Coefficients")],
        aside=f"{percent(level)} intervals",
        said=[f"{bar_name(bar)}: {_meaning(each)}" for bar, each in zip(bars, effects, strict=True)],
    )


def _meaning(effect: Any) -> str:
    if effect.low > 0:
        return f"one more brings {count(effect.low, decimals=1)} to {count(effect.high, decimals=1)} followers."
    if effect.high < 0:
        return f"one more costs {count(-effect.high, decimals=1)} to {count(-effect.low, decimals=1)} followers."
    return "not distinguishable from nothing."
