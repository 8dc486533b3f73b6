"""Next week in a sentence, with what matters in it standing out."""

from __future__ import annotations

from dash.development.base_component import Component

from cgn_core.figures import headlines
from cgn_core.figures.wording import NAMES, Phrase
from cgn_core.services.models import ModelView
from webapp.components.markup import html
from webapp.components.numbers import day


def headline(model: ModelView) -> Component:
    """The sentence a strategist reads first."""
    phrases = headlines.headline(model.training, model.summary.forecast)
    return html.P([_shown(each) for each in phrases], className="headline")


def headline_note(model: ModelView) -> Component:
    """Which week that is, and why the expected number and the median differ."""
    forecast = model.summary.forecast
    return html.P(headlines.headline_note(forecast, week=day(forecast.week_start)), className="muted")


def _shown(phrase: Phrase) -> Component | str:
    if phrase.role in NAMES:
        return html.Strong(phrase.text, className=f"text-{phrase.role}")
    if phrase.role in {"interval", "aside"}:
        return html.Span(phrase.text, className="interval-mark" if phrase.role == "interval" else "muted")
    return html.Strong(phrase.text) if phrase.role else phrase.text
