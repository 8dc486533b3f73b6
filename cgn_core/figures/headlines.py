"""Next week in a sentence, from a model: what is expected, what brings it, what one more piece is worth."""

from __future__ import annotations

from typing import Protocol

from cgn_core.figures.wording import ONE, Phrase, level_interval, model_name, signed
from cgn_core.stats.training import Training

MOSTLY = 0.5
"""A content type that brings at least this share of the forecast is said to be what it is mostly from."""


class NextWeek(Protocol):
    """Next week, posting as in the last four weeks; followers."""

    @property
    def expected(self) -> float:
        """The mean."""

    @property
    def median(self) -> float:
        """Half of such weeks bring more."""

    @property
    def low(self) -> float:
        """Of the interval."""

    @property
    def high(self) -> float:
        """Of the interval."""

    @property
    def level(self) -> float:
        """Of the interval."""


def headline(training: Training, forecast: NextWeek) -> tuple[Phrase, ...]:
    """The sentence a strategist reads first."""
    return (
        Phrase("Next week we expect "),
        Phrase(signed(forecast.expected), "strong"),
        Phrase(" followers "),
        Phrase(level_interval(forecast.level, forecast.low, forecast.high), "interval"),
        *_source(training, forecast),
        Phrase(". "),
        *_worth(training),
    )


def headline_note(forecast: NextWeek, *, week: str) -> str:
    """Which week that is, and why the expected number and the median differ.

    Args:
        forecast: of the model in force.
        week: its first day, as the reader writes days.
    """
    words = f"Week of {week}, posting as in the last four weeks."
    if round(forecast.expected) > round(forecast.median):
        words += (
            f" Half of such weeks bring more than {signed(forecast.median)}; "
            "the expected number is higher because now and then a viral week lifts it."
        )
    return words


def _source(training: Training, forecast: NextWeek) -> list[Phrase]:
    """Which content type brings the forecast, where the data show one."""
    usual = training.fit.predictor.usual
    brings = {e.name: e.estimate * usual.get(e.name, 0.0) for e in training.fit.effects if e.low > 0}
    if not brings or training.verdict != "beats_naive":
        return []
    best = max(brings, key=lambda name: brings[name])
    named = Phrase(best, best)
    if brings[best] >= MOSTLY * max(forecast.expected, sum(brings.values())):
        return [Phrase(", mostly from "), named]
    return [Phrase(", more from "), named, Phrase(" than from anything else you post")]


def _worth(training: Training) -> list[Phrase]:
    """What one more piece is worth: the clearest effect, and those that can't be told from nothing."""
    if training.verdict != "beats_naive":
        return [Phrase(f"That is the naive forecast: {model_name(training.fit.model).lower()}.")]
    effects = [e for e in training.fit.effects if e.name in ONE]
    # Ads are bought, not made: they lead the sentence only where nothing made is clear.
    clear = sorted((e for e in effects if e.low > 0 or e.high < 0), key=lambda e: (e.name == "ads", -abs(e.estimate)))
    unclear = " or ".join(f"{_article(ONE[e.name])} {ONE[e.name]}" for e in effects if e.low <= 0 <= e.high)
    words: list[Phrase] = []
    if clear:
        best = clear[0]
        words += [
            Phrase(f"One {ONE[best.name]} more is worth "),
            Phrase(signed(best.estimate), "strong"),
            Phrase(f" ({level_interval(best.level, best.low, best.high)})", "aside"),
        ]
    if unclear:
        words += [
            Phrase(f"; {unclear} more is " if clear else f"{unclear[0].upper()}{unclear[1:]} more is "),
            Phrase("not distinguishable", "strong"),
            Phrase(" from nothing"),
        ]
    return [*words, Phrase(".")] if words else []


def _article(noun: str) -> str:
    return "an" if noun[0] in "aeiou" else "a"
