"""Next week in a sentence, from a model: what is expected, what brings it, what one more piece is worth."""

from __future__ import annotations

from typing import Any

from dash import html
from dash.development.base_component import Component

from cgn_core.figures.wording import ONE, model_name
from cgn_core.services.models import ModelView
from webapp.components.numbers import day, interval, level_interval, signed

MOSTLY = 0.5
"""A content type that brings at least this share of the forecast is said to be what it is mostly from."""


def headline(model: ModelView) -> Component:
    """The sentence a strategist reads first."""
    forecast = model.summary.forecast
    words: list[Any] = [
        "Next week we expect ",
        html.Strong(signed(forecast.expected)),
        " followers ",
        html.Span(level_interval(forecast.level, forecast.low, forecast.high), className="interval-mark"),
        *_source(model),
        ". ",
        *_worth(model),
    ]
    return html.P(words, className="headline")


def headline_note(model: ModelView) -> Component:
    """Which week that is, and why the expected number and the median differ."""
    forecast = model.summary.forecast
    words = f"Week of {day(forecast.week_start)}, posting as in the last four weeks."
    if round(forecast.expected) > round(forecast.median):
        words += (
            f" Half of such weeks bring more than {signed(forecast.median)}; "
            "the expected number is higher because now and then a viral week lifts it."
        )
    return html.P(words, className="muted")


def _source(model: ModelView) -> list[Any]:
    """Which content type brings the forecast, where the data show one."""
    usual = model.training.fit.predictor.usual
    brings = {e.name: e.estimate * usual.get(e.name, 0.0) for e in model.training.fit.effects if e.low > 0}
    if not brings or model.summary.verdict != "beats_naive":
        return []
    best = max(brings, key=lambda name: brings[name])
    named = html.Strong(best, className=f"text-{best}")
    if brings[best] >= MOSTLY * max(model.summary.forecast.expected, sum(brings.values())):
        return [", mostly from ", named]
    return [", more from ", named, " than from anything else you post"]


def _worth(model: ModelView) -> list[Any]:
    """What one more piece is worth: the clearest effect, and those that can't be told from nothing."""
    if model.summary.verdict != "beats_naive":
        return [f"That is the naive forecast: {model_name(model.training.fit.model).lower()}."]
    effects = [e for e in model.training.fit.effects if e.name in ONE]
    # Ads are bought, not made: they lead the sentence only where nothing made is clear.
    clear = sorted((e for e in effects if e.low > 0 or e.high < 0), key=lambda e: (e.name == "ads", -abs(e.estimate)))
    unclear = " or ".join(f"{_article(ONE[e.name])} {ONE[e.name]}" for e in effects if e.low <= 0 <= e.high)
    words: list[Any] = []
    if clear:
        best = clear[0]
        words += [
            f"One {ONE[best.name]} more is worth ",
            html.Strong(signed(best.estimate)),
            html.Span(f" ({interval(best.low, best.high)})", className="muted"),
        ]
    if unclear:
        words += [
            f"; {unclear} more is " if clear else f"{unclear[0].upper()}{unclear[1:]} more is ",
            html.Strong("not distinguishable"),
            " from nothing",
        ]
    return [*words, "."] if words else []


def _article(noun: str) -> str:
    return "an" if noun[0] in "aeiou" else "a"
