"""Does more of a content type bring less and less? A claim needs a test of stated size, not a curve that merely fits.

Weekly growth without viral excess is regressed on the calendar, on every content type, and on the square of one; the
claim is that the square's coefficient is below zero. Choosing the curve with the lowest validation error instead picks
a bent one in 20 to 40 % of histories whose response is straight.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from cgn_core.errors import ConstantSeries, InvalidInput
from cgn_core.stats.arrays import Floats, Matrix
from cgn_core.stats.fit import one_of
from cgn_core.stats.notebook import html_table
from cgn_core.stats.repeatable_weeks import BY_DAY, BY_WEEK, RepeatableWeeks, complete_weeks, repeatable_weeks
from cgn_core.stats.returns import require_minutes
from cgn_core.tables import DEFAULT_MINUTES, Daily

SIZE = 0.05
FEWEST_FREE = 8
"""Weeks beyond the coefficients below which no bend is tested."""
LEFT = 1 / 3
"""Share of the first piece's effect that one more in the busiest week has left, in the alternative of ``power``."""
LEAST_SHARE = 0.05
EXACT = 1e-9
"""Share of a typical week's growth below which what a fit leaves over is rounding."""
MINUTES_PER_HOUR = 60.0


@dataclass(frozen=True)
class TypeSaturation:
    """One content type's test for a bend."""

    name: str
    identified: bool
    statistic: float | None
    """Student's t of the squared term; None where it wasn't tested."""
    p_value: float | None
    """One-sided, multiplied by the number of types tested (Bonferroni)."""
    curvature: float | None
    """Followers per piece and piece: by how much each further piece of a week changes what the next one brings."""
    std_error: float | None
    """Of the curvature."""
    power: float | None
    """Chance that this history would have shown the stated bend; None where the type wasn't seen to bring anything."""
    quietest: float | None
    busiest: float | None
    """Pieces in the week with the fewest, and in that with the most; None where the type's effect is undetermined."""
    marginal_quietest: float | None
    marginal_busiest: float | None
    """Followers that one more piece brings in such weeks, by the bent curve."""
    per_hour_quietest: float | None
    per_hour_busiest: float | None
    """The same per hour of work; None where the type takes none."""
    reason: str
    """claimed | not_significant | too_few_weeks | too_few_counts | undetermined | exact_fit | constant_growth"""
    sentence: str


@dataclass(frozen=True)
class Saturation:
    """Whether any content type's response bends."""

    identified: bool
    size: float
    """Chance of any claim at all where every response is straight."""
    weeks: int
    power: float | None
    """Chance of a claim if every type's response were bent as stated; None where no type was seen to bring anything."""
    stated: str
    """The bend that ``power`` is stated for, in words."""
    basis: str
    """days | weeks: what viral excess was found on."""
    types: tuple[TypeSaturation, ...]
    sentence: str

    def to_json(self) -> dict[str, Any]:
        """Plain values; :meth:`from_json` is the inverse."""
        return asdict(self)

    def _repr_html_(self) -> str:
        rows = [(each.name, each.p_value, each.power, each.sentence) for each in self.types]
        return html_table("Does more bring less and less?", ("", "p", "power", ""), rows, notes=[self.sentence])

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Saturation:
        """The inverse of :meth:`to_json`."""
        return cls(**{**stored, "types": tuple(TypeSaturation(**each) for each in stored["types"])})

    @property
    def bent(self) -> tuple[str, ...]:
        """Content types that the claim is made for."""
        return tuple(each.name for each in self.types if each.identified)


def saturation(
    history: Daily | pd.DataFrame,
    *,
    minutes: Mapping[str, float] = DEFAULT_MINUTES,
    size: float = SIZE,
    left: float = LEFT,
) -> Saturation:
    """Test each content type for diminishing returns.

    Args:
        history: a daily table; or a weekly one where only weeks are known.
        minutes: of work per piece; other types have no value per hour.
        size: chance of any false claim, shared by the types (Bonferroni).
        left: share of the first piece's effect that a piece more in the busiest week still has, in ``power``'s
            alternative; in [0, 1).

    Raises:
        TooFewObservations: fewer than eight complete weeks.
        InvalidInput: minutes that are not above zero; a size or share out of range; an unusable weekly table.
    Source: quadratic response, Box & Wilson (1951), Journal of the Royal Statistical Society B 13(1); its error, see
        :meth:`RepeatableWeeks.last_term`.
    """
    require_options(minutes=minutes, size=size)
    if not 0 <= left < 1:
        raise InvalidInput(f"The share left must lie between 0 and 1, not {left}.")
    try:
        weeks = repeatable_weeks(history)
    except ConstantSeries as error:
        basis = BY_WEEK if isinstance(history, pd.DataFrame) else BY_DAY
        return Saturation(
            identified=False,
            size=size,
            weeks=complete_weeks(history),
            power=None,
            stated=_stated(left),
            basis=basis,
            types=(),
            sentence=error.message,
        )
    return weekly_saturation(weeks, minutes=minutes, size=size, left=left)


def weekly_saturation(
    weeks: RepeatableWeeks, *, minutes: Mapping[str, float] = DEFAULT_MINUTES, size: float = SIZE, left: float = LEFT
) -> Saturation:
    """:func:`saturation` on weeks that were made ready before."""
    reasons = [_untested(weeks, place) for place in range(len(weeks.levers))]
    tested = reasons.count("")
    found = tuple(
        _tested(weeks, place, minutes=minutes, size=size / tested, tests=tested, left=left)
        if reason == ""
        else _unknown(name, reason, weeks)
        for place, (name, reason) in enumerate(zip(weeks.levers, reasons, strict=True))
    ) + tuple(_unknown(name, "undetermined", weeks) for name in weeks.undetermined)
    powers = [each.power for each in found if each.power is not None]
    # The tests' squares are of different content, so their chances multiply but for the calendar that they share.
    power = 1 - math.prod(1 - each for each in powers) if powers else None
    stated = _stated(left)
    return Saturation(
        identified=any(each.identified for each in found),
        size=size,
        weeks=len(weeks.numbers),
        power=power,
        stated=stated,
        basis=weeks.basis,
        types=found,
        sentence=_sentence(found, len(weeks.numbers), power, stated, size),
    )


def bent_design(weeks: RepeatableWeeks, places: list[int]) -> tuple[Matrix, Floats, Floats]:
    """The linear design with squares of some types, centred and scaled so that they hardly repeat the straight terms.

    Returns: shape (n, p + len(places)); and the centres and scales, shape (len(places),).
    """
    columns = weeks.working[:, places]
    centres, scales = columns.mean(axis=0), columns.std(axis=0)
    return np.hstack([weeks.linear, ((columns - centres) / scales) ** 2]), centres, scales


def _untested(weeks: RepeatableWeeks, place: int) -> str:
    """Why a type can't be tested; empty where it can."""
    design = weeks.linear
    if weeks.freedom(design.shape[1] + 1) < FEWEST_FREE:
        return "too_few_weeks"
    if len(np.unique(weeks.counts[:, place])) <= 2:  # noqa: PLR2004 - two points lie on a line
        return "too_few_counts"
    if not weeks.determines(bent_design(weeks, [place])[0]):
        return "too_few_counts"
    away = weeks.growth - design @ weeks.estimate(design).coefficients
    typical = float(np.abs(weeks.growth).mean())
    return "exact_fit" if float(np.abs(away).max()) <= EXACT * max(typical, EXACT) else ""


def _tested(
    weeks: RepeatableWeeks, place: int, *, minutes: Mapping[str, float], size: float, tests: int, left: float
) -> TypeSaturation:
    name = weeks.levers[place]
    design, centres, scales = bent_design(weeks, [place])
    freedom = weeks.freedom(design.shape[1])
    coefficient, error = weeks.last_term(design)
    statistic = coefficient / error
    p_value = min(float(special.stdtr(freedom, statistic)) * tests, 1.0)
    square = coefficient / float(scales[0]) ** 2
    straight = float(weeks.estimate(design).coefficients[weeks.calendar.shape[1] + place])
    slope = straight - 2 * square * float(centres[0])
    counts = weeks.counts[:, place]
    quietest, busiest = float(counts.min()), float(counts.max())
    at = [slope + 2 * square * pieces for pieces in (quietest, busiest)]
    hours = minutes[name] / MINUTES_PER_HOUR if name in minutes else None
    per_hour = [value / hours if hours else None for value in at]
    curvature = _stated_square(weeks, place, left)
    critical = -float(special.stdtrit(freedom, size))
    identified = statistic < -critical
    power = None if curvature is None else power_of(curvature * scales[0] ** 2 / error, freedom, critical)
    found = TypeSaturation(
        name=name,
        identified=identified,
        statistic=statistic,
        p_value=p_value,
        curvature=2 * square,
        std_error=2 * error / float(scales[0] ** 2),
        power=power,
        quietest=quietest,
        busiest=busiest,
        marginal_quietest=at[0],
        marginal_busiest=at[1],
        per_hour_quietest=per_hour[0],
        per_hour_busiest=per_hour[1],
        reason="claimed" if identified else "not_significant",
        sentence="",
    )
    return replace(found, sentence=_type_sentence(found, left))


def _stated_square(weeks: RepeatableWeeks, place: int, left: float) -> float | None:
    """How far the curve of the alternative bends: minus its square's coefficient; None where the type brings nothing.

    It has ``left`` of its first slope at the busiest week, and a straight fit to it would find the slope found here.
    """
    design = weeks.linear
    straight = float(weeks.estimate(design).coefficients[weeks.calendar.shape[1] + place])
    if straight <= 0:
        return None
    pieces = weeks.working[:, place]
    busiest = float(pieces.max())
    root = 1 / np.sqrt(weeks.level)
    seen = np.linalg.lstsq(design * root[:, None], pieces**2 * root, rcond=None)[0]
    squares_slope = float(seen[weeks.calendar.shape[1] + place])
    bend = (1 - left) / (2 * busiest)
    first = straight / max(1 - bend * squares_slope, LEAST_SHARE)
    return bend * first


def power_of(distance: float, freedom: int, critical: float) -> float:
    """Chance that a noncentral t exceeds a critical value."""
    chance = 1.0 - float(special.nctdtr(freedom, distance, critical))
    # scipy's noncentral t gives NaN far out, where the chance is one, or none.
    return min(max(chance, 0.0), 1.0) if math.isfinite(chance) else float(distance > critical)


def _unknown(name: str, reason: str, weeks: RepeatableWeeks) -> TypeSaturation:
    counts = weeks.counts[:, weeks.levers.index(name)] if name in weeks.levers else None
    words = {
        "too_few_weeks": f"{len(weeks.numbers)} weeks are too few to see whether {name} bring less and less.",
        "too_few_counts": f"The weeks hold too few different counts of {name} to see whether they bring less and less.",
        "undetermined": f"What {name} bring isn't known from this history, so neither is whether it grows less.",
        "exact_fit": f"Growth follows {name} without any noise, so there is nothing to test.",
    }
    return TypeSaturation(
        name=name,
        identified=False,
        statistic=None,
        p_value=None,
        curvature=None,
        std_error=None,
        power=None,
        quietest=None if counts is None else float(counts.min()),
        busiest=None if counts is None else float(counts.max()),
        marginal_quietest=None,
        marginal_busiest=None,
        per_hour_quietest=None,
        per_hour_busiest=None,
        reason=reason,
        sentence=words[reason],
    )


def _pieces(number: float, name: str) -> str:
    return f"{number:.0f} {one_of(name) if number == 1 else name}"


def _stated(left: float) -> str:
    rest = "nothing more" if left == 0 else f"{left:.0%} of what the first one does"
    return f"one more piece in the busiest week brings {rest}"


def _type_sentence(found: TypeSaturation, left: float) -> str:
    name = found.name
    if found.identified:
        return (
            f"More {name} bring less and less: one more brings about {found.marginal_quietest:,.0f} followers in a "
            f"week of {_pieces(found.quietest or 0.0, name)}, and {found.marginal_busiest:,.0f} in a week of "
            f"{_pieces(found.busiest or 0.0, name)}."
        )
    if found.power is None:
        return (
            f"{name.capitalize()} were not seen to bring followers, so they could not be seen to bring less and less."
        )
    return (
        f"Whether {name} bring less and less is not identified; if {_stated(left)}, this history would show it with a "
        f"chance of {found.power:.0%}."
    )


def _sentence(found: tuple[TypeSaturation, ...], weeks: int, power: float | None, stated: str, size: float) -> str:
    claimed = [each.sentence for each in found if each.identified]
    if claimed:
        return " ".join(claimed) + f" Such a claim is made by chance in at most {size:.0%} of histories."
    if not any(each.statistic is not None for each in found):
        return f"Whether more content brings less and less can't be tested on these {weeks} weeks."
    if power is None:
        return f"No content type was seen to bring followers in these {weeks} weeks, so none could bring less and less."
    return (
        f"Not identified: these {weeks} weeks show no content type that brings less and less. If {stated}, whatever "
        f"its type, they would have shown it with a chance of {power:.0%}."
    )


def require_options(*, minutes: Mapping[str, float], size: float) -> None:
    """Refuse minutes and sizes that mean nothing.

    Raises:
        InvalidInput: minutes that are not above zero, a size that doesn't lie between 0 and 0.5.
    """
    require_minutes(minutes)
    require_size(size)


def require_size(size: float) -> None:
    """Refuse a chance of a false claim that no test should have.

    Raises:
        InvalidInput: the size doesn't lie between 0 and 0.5.
    """
    if not 0 < size < 0.5:  # noqa: PLR2004 - a coin's chance
        raise InvalidInput(f"The chance of a false claim must lie between 0 and 0.5, not {size}.")
