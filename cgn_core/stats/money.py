"""Returns in money: whether a piece, or an hour, is worth its cost once a follower has a value.

The straight-line effect of a piece, times the value of a follower, less the cost of the hours at the minutes per piece.
Both prices are taken as given, so the intervals are the effect's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from cgn_core.errors import InvalidInput
from cgn_core.stats.fit import Fit, one_of
from cgn_core.stats.returns import MINUTES_PER_HOUR, Estimate, effect_estimates

PAYS, LOSES, UNCLEAR = "pays", "loses", "not_distinguishable"


@dataclass(frozen=True)
class BreakEven:
    """Where a piece neither pays nor loses; an end that the interval leaves open is None."""

    estimate: float | None
    low: float | None
    high: float | None
    level: float


@dataclass(frozen=True)
class MoneyReturn:
    """What pieces of one content type return in money, in the currency of the prices."""

    content_type: str
    minutes: float
    """Of work per piece."""
    cost_per_piece: float
    net_per_piece: Estimate
    """Value of the followers it brings less the cost of its hours."""
    net_per_hour: Estimate
    """The same per hour of work."""
    break_even_value: BreakEven
    """Value of a follower from which a piece pays; None means that no value is high enough."""
    break_even_hours: BreakEven
    """Hours a piece may take before it no longer pays; None where an hour costs nothing."""
    verdict: str
    """pays | loses | not_distinguishable"""
    sentence: str

    def to_json(self) -> dict[str, Any]:
        """Plain values; :meth:`from_json` is the inverse."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> MoneyReturn:
        """The inverse of :meth:`to_json`."""
        estimates = {name: Estimate(**stored[name]) for name in ("net_per_piece", "net_per_hour")}
        points = {name: BreakEven(**stored[name]) for name in ("break_even_value", "break_even_hours")}
        return cls(**{**stored, **estimates, **points})


def money_returns(
    fit: Fit,
    *,
    minutes: Mapping[str, float],
    value_of_follower: float,
    cost_of_hour: float,
    level: float = 0.9,
) -> tuple[MoneyReturn, ...]:
    """Net return and break-even of every content type that takes time.

    Args:
        fit: with effects per piece.
        minutes: of work per piece and content type, > 0.
        value_of_follower: in any currency, >= 0.
        cost_of_hour: in the same currency, >= 0.
        level: of the intervals, two-sided.

    Raises:
        InvalidInput: a price below zero or no number; minutes that are not above zero.
        UnsupportedLevel: the level doesn't lie between 0 and 1.
    Source: the break-even value is a ratio with a known numerator, so inverting the effect's interval is exact
        (Fieller, 1954, Journal of the Royal Statistical Society B 16(2)).
    """
    for what, price in (("A follower's value", value_of_follower), ("An hour's cost", cost_of_hour)):
        if not np.isfinite(price) or price < 0:
            raise InvalidInput(f"{what} must be a number of 0 or more, not {price}.")
    return tuple(
        _money(name, effect, minutes[name], value_of_follower, cost_of_hour)
        for name, effect in effect_estimates(fit, minutes=minutes, level=level)
    )


def _money(name: str, effect: Estimate, minutes: float, value: float, hourly: float) -> MoneyReturn:
    hours = minutes / MINUTES_PER_HOUR
    cost = hourly * hours
    ends = effect.estimate, effect.low, effect.high
    middle, low, high = (value * end - cost for end in ends)
    net = Estimate(middle, low, high, effect.level)
    per_hour = Estimate(net.estimate / hours, net.low / hours, net.high / hours, effect.level)
    verdict = PAYS if net.low > 0 else LOSES if net.high < 0 else UNCLEAR
    return MoneyReturn(
        content_type=name,
        minutes=minutes,
        cost_per_piece=cost,
        net_per_piece=net,
        net_per_hour=per_hour,
        # The more a piece brings, the less a follower has to be worth.
        break_even_value=BreakEven(*_values_for(cost, effect.estimate, effect.high, effect.low), effect.level),
        break_even_hours=BreakEven(*_hours_for(value, hourly, *ends), effect.level),
        verdict=verdict,
        sentence=_sentence(name, net, verdict),
    )


def _values_for(cost: float, *effects: float) -> tuple[float | None, float | None, float | None]:
    middle, low, high = (cost / effect if effect > 0 else None for effect in effects)
    return middle, low, high


def _hours_for(value: float, hourly: float, *effects: float) -> tuple[float | None, float | None, float | None]:
    middle, low, high = (max(value * effect, 0.0) / hourly if hourly > 0 else None for effect in effects)
    return middle, low, high


def _sentence(name: str, net: Estimate, verdict: str) -> str:
    interval = f"({net.level:.0%}: {net.low:,.2f} to {net.high:,.2f})"
    if verdict == UNCLEAR:
        return f"Whether a {one_of(name)} pays is not distinguishable: net {net.estimate:,.2f} {interval}."
    word = "pays" if verdict == PAYS else "doesn't pay"
    return f"A {one_of(name)} {word}: net {net.estimate:,.2f} {interval}."
