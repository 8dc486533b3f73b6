"""What more of a content type brings: a curve over the weeks seen, where the last weeks stand, what one hour more pays.

The response is a straight line, the fit's own, until the saturation test claims a bend; then it is a parabola that
never falls within the weeks seen. The two differ in more than their shape: a straight line from days is the mean effect
of a piece, and a parabola from weeks tells the first piece's from the last one's.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from cgn_core.errors import ConstantSeries, InvalidInput
from cgn_core.stats.arrays import Floats, Matrix
from cgn_core.stats.fit import one_of
from cgn_core.stats.intervals import require_level
from cgn_core.stats.repeatable_weeks import RepeatableWeeks, repeatable_weeks
from cgn_core.stats.returns import Estimate
from cgn_core.stats.saturation import MINUTES_PER_HOUR, SIZE, bent_design, require_options, weekly_saturation
from cgn_core.tables import DEFAULT_MINUTES, Daily

POINTS = 41
STRAIGHT, BENT = "linear", "quadratic"
HALF = 0.5
"""Share of what the first hour pays, below which another one pays little, where nothing else is asked."""
FOUND, NO_BEND, ALWAYS_MORE, ALWAYS_LESS, NO_HOURS = "found", "no_bend", "always_more", "always_less", "no_hours"


@dataclass(frozen=True)
class CurvePoint:
    """So many pieces a week."""

    pieces: float
    estimate: float
    low: float
    high: float
    """Followers a week that they bring against none."""
    growth: float
    growth_low: float
    growth_high: float
    """Mean growth of such a week without viral days, everything else as in the last four weeks."""


@dataclass(frozen=True)
class Enough:
    """The cadence from which another hour pays less than a threshold."""

    per_hour: float | None
    """The threshold: followers per hour."""
    reason: str
    """found | no_bend | always_more | always_less | no_hours"""
    pieces: float | None
    low: float | None
    high: float | None
    """Pieces per week; an end that the weeks seen don't bound is None."""
    sentence: str


@dataclass(frozen=True)
class ResponseCurve:
    """One content type's response."""

    name: str
    shape: str
    """linear | quadratic"""
    level: float
    """Of all intervals, two-sided."""
    quietest: float
    busiest: float
    """Pieces in the week with the fewest, and in that with the most: the support."""
    points: tuple[CurvePoint, ...]
    """Over the support, ascending."""
    today: CurvePoint
    """At the mean of the last four weeks."""
    per_piece: Estimate
    """Followers that one more piece brings at today's cadence."""
    per_hour: Estimate | None
    """The same per hour of work; None where the type takes none."""
    enough: Enough
    sentence: str

    def to_json(self) -> dict[str, Any]:
        """Plain values; :meth:`from_json` is the inverse."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> ResponseCurve:
        """The inverse of :meth:`to_json`."""
        return cls(
            **{
                **stored,
                "points": tuple(CurvePoint(**point) for point in stored["points"]),
                "today": CurvePoint(**stored["today"]),
                "per_piece": Estimate(**stored["per_piece"]),
                "per_hour": stored["per_hour"] and Estimate(**stored["per_hour"]),
                "enough": Enough(**stored["enough"]),
            }
        )


def response_curves(
    history: Daily | pd.DataFrame,
    *,
    minutes: Mapping[str, float] = DEFAULT_MINUTES,
    least_per_hour: float | None = None,
    level: float = 0.9,
    size: float = SIZE,
) -> tuple[ResponseCurve, ...]:
    """The response curve of every content type whose effect the history determines.

    Args:
        history: a daily table; or a weekly one where only weeks are known.
        minutes: of work per piece; other types have no value per hour.
        least_per_hour: followers that an hour should bring, for ``enough``; None asks for half of what an hour pays in
            the quietest week.
        level: of all intervals, two-sided.
        size: of the test that decides whether a curve bends.

    Raises:
        TooFewObservations: fewer than eight complete weeks.
        InvalidInput: minutes that are not above zero, a size out of range, an unusable weekly table.
        UnsupportedLevel: the level doesn't lie between 0 and 1.
    """
    require_options(minutes=minutes, size=size)
    require_level(level)
    if least_per_hour is not None and not math.isfinite(least_per_hour):
        raise InvalidInput(f"The followers that an hour should bring must be a number, not {least_per_hour}.")
    try:
        weeks = repeatable_weeks(history)
    except ConstantSeries:
        return ()
    bent = weekly_saturation(weeks, minutes=minutes, size=size).bent
    return tuple(
        _curve(_Line.of(weeks, place, bent=name in bent), minutes.get(name), least_per_hour, level)
        for place, name in enumerate(weeks.levers)
    )


def response_curve(history: Daily | pd.DataFrame, content_type: str, **options: Any) -> ResponseCurve:
    """One of :func:`response_curves`, which names the options.

    Raises:
        InvalidInput: the history doesn't tell what this content type brings; and as for all curves.
    """
    for curve in response_curves(history, **options):
        if curve.name == content_type:
            return curve
    raise InvalidInput(f"This history doesn't tell what {content_type} bring.")


@dataclass(frozen=True)
class _Line:
    """Growth of a week with x pieces of one type: ``coefficients · (1, x, x²)``, the square left out where straight."""

    weeks: RepeatableWeeks
    place: int
    coefficients: Floats
    covariance: Matrix
    freedom: float

    @classmethod
    def of(cls, weeks: RepeatableWeeks, place: int, *, bent: bool) -> _Line:
        """The straight fit's line, or the parabola of the saturation test; other types as in the last four weeks."""
        others = weeks.recent.copy()
        others[place] = 0.0
        if not bent:
            rows = np.zeros((2, 1 + len(weeks.levers)))
            rows[0] = [1.0, *others]
            rows[1, 1 + place] = 1.0
            return cls(
                weeks, place, rows @ weeks.straight, rows @ weeks.covariance @ rows.T, float(weeks.own_freedom[place])
            )
        design, centres, scales = bent_design(weeks, [place])
        found = weeks.estimate(design)
        terms = weeks.calendar.shape[1]
        centre, square = float(centres[0]), float(scales[0]) ** 2
        rows = np.zeros((3, design.shape[1]))
        rows[0, :terms], rows[0, terms:-1], rows[0, -1] = weeks.calendar[-1], others, centre**2 / square
        rows[1, terms + place], rows[1, -1] = 1.0, -2 * centre / square
        rows[2, -1] = 1 / square
        covariance = rows @ found.covariance @ rows.T
        return cls(weeks, place, rows @ found.coefficients, covariance, float(weeks.freedom(design.shape[1])))

    @property
    def bent(self) -> bool:
        return len(self.coefficients) > 2  # noqa: PLR2004 - intercept and slope

    def growth(self, pieces: Floats, multiplier: float) -> Matrix:
        """Estimate, low and high; shape (3, m)."""
        return self._band(np.vander(pieces, len(self.coefficients), increasing=True), multiplier)

    def brought(self, pieces: Floats, multiplier: float) -> Matrix:
        """The same against a week without any piece."""
        powers = np.vander(pieces, len(self.coefficients), increasing=True)
        powers[:, 0] = 0.0
        return self._band(powers, multiplier)

    def marginal(self, pieces: Floats, multiplier: float, *, share: float = 0.0) -> Matrix:
        """The same of one piece more, less a share of what that brings at the first of these numbers of pieces."""
        slopes = np.zeros((len(pieces), len(self.coefficients)))
        slopes[:, 1] = 1.0
        if self.bent:
            slopes[:, 2] = 2 * pieces
        return self._band(slopes - share * slopes[0], multiplier)

    def _band(self, rows: Matrix, multiplier: float) -> Matrix:
        middle = rows @ self.coefficients
        margin = multiplier * np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", rows, self.covariance, rows), 0.0))
        return np.vstack([middle, middle - margin, middle + margin])


def _curve(line: _Line, minutes: float | None, least_per_hour: float | None, level: float) -> ResponseCurve:
    weeks, place = line.weeks, line.place
    name, counts = weeks.levers[place], weeks.counts[:, place]
    quietest, busiest, today = float(counts.min()), float(counts.max()), float(weeks.recent[place])
    multiplier = float(special.stdtrit(line.freedom, (1 + level) / 2))
    pieces, back = np.unique(np.append(np.linspace(quietest, busiest, POINTS), today), return_inverse=True)
    brought, growth = line.brought(pieces, multiplier), line.growth(pieces, multiplier)
    marginal = line.marginal(np.array([today]), multiplier)[:, 0]
    if line.bent:
        # A response that grows less need not fall: where the parabola turns, the curve stays level.
        brought, growth = (np.maximum.accumulate(each, axis=1) for each in (brought, growth))
        marginal = np.maximum(marginal, 0.0)
    points = [CurvePoint(*(float(value) for value in (x, *brought[:, i], *growth[:, i]))) for i, x in enumerate(pieces)]
    hours = None if minutes is None else minutes / MINUTES_PER_HOUR
    more, less, most = (float(value) for value in marginal)
    per_piece = Estimate(more, less, most, level)
    per_hour = None if hours is None else Estimate(more / hours, less / hours, most / hours, level)
    enough = _enough(line, hours, least_per_hour, quietest, busiest, multiplier)
    return ResponseCurve(
        name=name,
        shape=BENT if line.bent else STRAIGHT,
        level=level,
        quietest=quietest,
        busiest=busiest,
        points=tuple(point for point in points if quietest <= point.pieces <= busiest),
        today=points[int(back[-1])],
        per_piece=per_piece,
        per_hour=per_hour,
        enough=enough,
        sentence=_sentence(name, today, per_piece, per_hour, enough),
    )


def _enough(
    line: _Line, hours: float | None, least_per_hour: float | None, quietest: float, busiest: float, multiplier: float
) -> Enough:
    name = line.weeks.levers[line.place]
    if hours is None:
        return Enough(None, NO_HOURS, None, None, None, f"{name.capitalize()} take no hours of work.")
    pieces = np.linspace(quietest, busiest, 10 * POINTS)
    estimate, low, high = line.marginal(pieces, multiplier) / hours
    if least_per_hour is None and (not line.bent or estimate[0] <= 0):
        return _not_identified(name, None)
    if least_per_hour is None:
        # The threshold is an estimate itself, so what lies between it and the curve has a band of its own.
        least, gap = HALF * float(estimate[0]), line.marginal(pieces, multiplier, share=HALF) / hours
    else:
        least, gap = least_per_hour, np.vstack([estimate, low, high]) - least_per_hour
    # A line is above or below for good, so it takes its whole interval; a claimed bend decides by its estimate.
    above, below = (gap[0, -1] >= 0, gap[0, 0] < 0) if line.bent else (gap[1, 0] > 0, gap[2, 0] < 0)
    if above:
        return _always_more(name, least, busiest)
    if below:
        return _always_less(name, least, quietest)
    return _found(name, pieces, gap, least) if line.bent else _not_identified(name, least)


def _found(name: str, pieces: Floats, gap: Matrix, least: float) -> Enough:
    """The cadence of a bent curve; its interval holds the cadences whose marginal return isn't told from the threshold.

    Args:
        name: of the content type.
        pieces: shape (m,), ascending.
        gap: shape (3, m), estimate, low and high of the marginal return above the threshold.
        least: the threshold.
    Source: Fieller (1954), Journal of the Royal Statistical Society B 16(2).
    """
    _, low, high = gap
    found = float(np.interp(0.0, gap[0, ::-1], pieces[::-1]))
    first = float(pieces[np.argmax(low < 0)]) if low[0] >= 0 else None
    last = float(pieces[np.argmax(high < 0)]) if high[-1] < 0 else None
    begin = f"fewer than {pieces[0]:.0f}" if first is None else f"{first:.1f}"
    end = f"more than {pieces[-1]:.0f}" if last is None else f"{last:.1f}"
    sentence = (
        f"From about {found:.1f} {name} a week another hour pays less than {least:,.1f} followers "
        f"(it could be {begin} to {end})."
    )
    return Enough(least, FOUND, found, first, last, sentence)


def _not_identified(name: str, least: float | None) -> Enough:
    below = "much less" if least is None else f"less than {least:,.1f} followers"
    sentence = f"The number of {name} from which another hour pays {below} is not identified."
    return Enough(least, NO_BEND, None, None, None, sentence)


def _always_more(name: str, least: float, busiest: float) -> Enough:
    sentence = (
        f"Up to the busiest week seen ({busiest:.0f} {name}) another hour still pays more than {least:,.1f} followers."
    )
    return Enough(least, ALWAYS_MORE, None, None, None, sentence)


def _always_less(name: str, least: float, quietest: float) -> Enough:
    sentence = (
        f"From the quietest week seen ({quietest:.0f} {name}) on, another hour pays less than {least:,.1f} followers."
    )
    return Enough(least, ALWAYS_LESS, None, None, None, sentence)


def _sentence(name: str, today: float, per_piece: Estimate, per_hour: Estimate | None, enough: Enough) -> str:
    at = f"At {today:.1f} {name} a week one {one_of(name)} more brings {_words(per_piece)}"
    hour = "" if per_hour is None else f", which is {_words(per_hour)} per hour of work"
    return f"{at}{hour}. {enough.sentence}"


def _words(value: Estimate) -> str:
    return f"{value.estimate:,.1f} followers ({value.level:.0%}: {value.low:,.1f} to {value.high:,.1f})"
