"""Options for forecasting by the week: carry-over, bent responses, calendar and lags, chosen on weeks not yet seen.

Each option is tried in turn by rolling origin inside the history that is handed in, and kept only where it forecasts
better than chance alone would have it (docs/decisions/0007-options-of-weekly-forecasts.md). What is left is a robust
linear fit, whose forecast stays linear in the counts of a plan: a bent response enters by its slope at the usual week.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from cgn_core.errors import InvalidInput, TooFewObservations
from cgn_core.stats.ahead import stored_shares
from cgn_core.stats.arrays import Floats, Integers, Matrix
from cgn_core.stats.calendar_terms import SEASON_FROM_WEEKS, TREND_FROM_WEEKS
from cgn_core.stats.fit import EFFECT_LEVEL, Caution, Fit, open_caution
from cgn_core.stats.history import FEWEST_WEEKS, History, iso_monday, read_history, require_weeks
from cgn_core.stats.least_squares import TO_NORMAL, median
from cgn_core.stats.next_week import week_predictor
from cgn_core.stats.predictive import WeekPredictor
from cgn_core.stats.weekly_estimators import Estimate, leave_one_out, tukey
from cgn_core.stats.weekly_models import determined_terms, effects_of
from cgn_core.stats.weekly_terms import (
    CUT,
    HILL,
    LAG_GROWTH,
    LAG_LOG_FOLLOWERS,
    LINEAR,
    LOG1P,
    SEASON,
    TREND,
    Response,
    WeeklyOptions,
    WeeklyRows,
    given_names,
)
from cgn_core.tables import Daily

WEEKLY_OPTIONS = "weekly_options"
DECAYS = (0.25, 0.5, 0.75)
FEWEST_TO_CHOOSE = 26
"""Complete weeks below which no option is tried: too few are left to judge one by."""
FIRST_SHARE = 0.4
"""Of the weeks, before the first that options are judged on."""
WEEKS_A_TERM = 5
"""Complete weeks that every term needs before it is tried."""
ERRORS_NEEDED = 1.5
"""Standard errors by which an option must forecast better: with one (Breiman et al., 1984, section 3.4.3) options that
nothing stood behind cost 2-5 % of accuracy, with two those that did were missed."""
STEADY = 1e-6
"""Added to the diagonal of scaled normal equations: early weeks need not determine every term."""
MOST_FORWARD = 3.0
"""Largest factor by which intervals are widened for that reason; more would be the luck of few weeks."""
BEND = 0.5
"""Residual standard deviations by which a curve may leave its straight line within the support."""
BENT = Caution(
    "bent_response",
    "Growth is fitted as a curve of the counts, because that forecast better; effects and forecasts follow its slope "
    "at the usual week, and plans far above it count as extrapolation.",
)


@dataclass(frozen=True)
class Tried:
    """An option that was tried, and how it forecast weeks from those before them."""

    option: str
    error: float
    """Mean absolute error, followers per week, exceptional weeks cut to size."""
    gain: float
    """By how much that is less than without it."""
    gain_error: float
    """Standard error of the gain."""
    kept: bool


def fit_weekly_options(daily: Daily, *, options: WeeklyOptions | None = None, level: float = EFFECT_LEVEL) -> Fit:
    """Fit a robust weekly model with options, those that forecast best unless they are given.

    Args:
        daily: at least eight complete weeks whose growth is observed.
        options: None chooses, by rolling origin within these weeks.
        level: of the effects' intervals, two-sided.
    Returns: effects per piece at the usual cadence, all weeks together. ``details["options"]`` are those used,
        ``details["tried"]`` those that were tried.

    Raises:
        TooFewObservations: too few complete weeks for this many terms.
        ConstantSeries: growth never changes.
        InvalidInput: a lag that this history doesn't have.
    """
    return fit_weekly_options_history(read_history(daily), options=options, level=level)


def fit_weekly_options_history(
    history: History, *, options: WeeklyOptions | None = None, level: float = EFFECT_LEVEL
) -> Fit:
    """:func:`fit_weekly_options` on arrays, for validation's many refits."""
    weeks = require_weeks(history)
    tried: list[Tried] = []
    if options is None:
        options, tried = choose_options(history)
    fitted = _fit(history, options)
    own = [name for name in fitted.own if name in history.levers]
    places = [fitted.place(name) for name in own]
    unknown = tuple(name for name in history.levers if name not in own)
    per_piece = fitted.per_piece()
    counts = fitted.rows.counts[fitted.rows.trained]
    cautions = [open_caution(name, counts[:, history.levers.index(name)]) for name in unknown]
    return Fit(
        model=WEEKLY_OPTIONS,
        target=history.target,
        weeks=len(weeks),
        first_week=iso_monday(int(weeks[0])),
        last_week=iso_monday(int(weeks[-1])),
        effects=effects_of(tuple(own), per_piece, places, freedom=fitted.freedom, level=level),
        predictor=_predictor(history, fitted, unknown),
        cautions=(*cautions, *([BENT] if options.shape != LINEAR else [])),
        details={
            "degrees_of_freedom": fitted.freedom,
            "effect_covariance": per_piece.covariance[np.ix_(places, places)].tolist(),
            "weekday_shares": stored_shares(history),
            "options": stored_options(options),
            "tried": [asdict(each) for each in tried],
            "weights": fitted.estimate.weights.tolist(),
            "judged": fitted.judged(),
        },
    )


def stored_options(options: WeeklyOptions) -> dict[str, Any]:
    """Plain values, as stored with a fit."""
    return {**asdict(options), "calendar": list(options.calendar), "lags": list(options.lags)}


def choose_options(history: History) -> tuple[WeeklyOptions, list[Tried]]:
    """The options that forecast later weeks better from those before them, found one after the other.

    Every week is forecast by least squares from the weeks known before it, exceptional weeks cut to what those make
    likely. An option is kept where it lowers the mean absolute error by more than the standard error of that gain.

    Args:
        history: at least eight complete weeks.
    """
    rows = WeeklyRows(history)
    options, tried = WeeklyOptions(), list[Tried]()
    weeks = int(rows.trained.sum())
    if weeks < FEWEST_TO_CHOOSE:
        return options, tried
    missed = _missed(rows, options)
    for stage in _stages(rows, weeks):
        best: tuple[float, WeeklyOptions, Floats, int] | None = None
        for name, change in stage:
            candidate = replace(options, **change)
            if WEEKS_A_TERM * (rows.given(candidate).shape[1] + rows.counts.shape[1]) > weeks:
                continue
            errors = _missed(rows, candidate)
            gain = missed - errors
            mean, doubt = float(gain.mean()), float(gain.std(ddof=1) / np.sqrt(len(gain)))
            if mean > ERRORS_NEEDED * doubt and (best is None or mean > best[0]):
                best = (mean, candidate, errors, len(tried))
            tried.append(Tried(name, float(errors.mean()), mean, doubt, kept=False))
        if best is not None:
            _, options, missed, place = best
            tried[place] = replace(tried[place], kept=True)
    return options, tried


def _stages(rows: WeeklyRows, weeks: int) -> Iterable[list[tuple[str, dict[str, Any]]]]:
    """Options that exclude one another, stage by stage; a name and what changes."""
    calendar: list[tuple[str, dict[str, Any]]] = []
    if weeks >= TREND_FROM_WEEKS:
        calendar.append((TREND, {"calendar": (TREND,)}))
    if weeks >= SEASON_FROM_WEEKS:
        calendar += [(SEASON, {"calendar": (SEASON,)}), (f"{TREND}, {SEASON}", {"calendar": (TREND, SEASON)})]
    yield calendar
    yield [(f"decay {decay:g}", {"decay": decay}) for decay in DECAYS]
    yield [(shape, {"shape": shape}) for shape in (LOG1P, HILL)]
    lags: list[tuple[str, ...]] = [(LAG_GROWTH,)]
    if rows.followers_known:
        lags += [(LAG_LOG_FOLLOWERS,), (LAG_GROWTH, LAG_LOG_FOLLOWERS)]
    yield [(", ".join(names), {"lags": names}) for names in lags]


def _missed(rows: WeeklyRows, options: WeeklyOptions) -> Floats:
    """Absolute error of every judged week, forecast by least squares from the targets known before it.

    One pass: the normal equations of all origins are running sums. They only choose; what is shown is fitted by QR.
    """
    design = _design(rows, options)[rows.targets]
    scale = np.sqrt((design**2).mean(axis=0))
    design = design / np.where(scale > 0, scale, 1.0)
    growth = rows.cut[rows.targets]
    judged = np.arange(max(int(FIRST_SHARE * len(growth)), 1), len(growth))
    # Weeks before which none was known have no lag and teach nothing; the first judged week comes after them.
    known = rows.lagged[rows.targets].astype(float)
    products = np.cumsum(known[:, None, None] * design[:, :, None] * design[:, None, :], axis=0)
    moments = np.cumsum((known * growth)[:, None] * design, axis=0)
    last = rows.before[rows.targets[judged]] - 1
    judged, last = judged[last >= 0], last[last >= 0]
    counted = last + 1
    steady = STEADY * np.eye(design.shape[1])
    coefficients = np.linalg.solve(
        products[last] / counted[:, None, None] + steady, (moments[last] / counted[:, None])[..., None]
    )
    missed: Floats = np.abs(growth[judged] - (design[judged] * coefficients[..., 0]).sum(axis=1))
    return missed


def _design(rows: WeeklyRows, options: WeeklyOptions) -> Matrix:
    response = Response.of(options.shape, rows.counts[rows.trained])
    return np.hstack([rows.given(options)[:-1], rows.stocks(options, response)])


@dataclass(frozen=True)
class _Fitted:
    """A robust fit of the terms, and the weeks that it comes from."""

    rows: WeeklyRows
    options: WeeklyOptions
    response: Response
    levers: list[int]
    """Those with a column, after the given terms."""
    own: tuple[str, ...]
    """Those whose own effect is determined."""
    names: tuple[str, ...]
    always: int
    """Terms that are no lever."""
    estimate: Estimate
    residuals: Floats
    """Leave-one-out, of the weeks that were fitted."""
    freedom: int
    design: Matrix
    used: Integers
    """Places of the weeks that were fitted, among the rows."""

    def place(self, name: str) -> int:
        """A lever's column."""
        return self.always + self.levers.index(self.names.index(name))

    def per_piece(self) -> Estimate:
        """The estimate with the levers' coefficients per piece at the usual week, all weeks together."""
        slopes = self.response.slopes(self.rows.usual)[self.levers]
        factors = np.concatenate([np.ones(self.always), slopes])
        covariance = factors[:, None] * self.estimate.covariance * factors
        return Estimate(factors * self.estimate.coefficients, covariance, self.estimate.weights)

    def judged(self) -> dict[str, Any]:
        """The weeks as they were fitted, for who judges the residuals; plain values."""
        return {
            "weeks": self.rows.numbers[self.used].tolist(),
            "terms": [*given_names(self.options), *(self.names[lever] for lever in self.levers)],
            "design": self.design.tolist(),
            "fitted": (self.design @ self.estimate.coefficients).tolist(),
        }


def _fit(history: History, options: WeeklyOptions) -> _Fitted:
    rows = WeeklyRows(history)
    if LAG_LOG_FOLLOWERS in options.lags and not rows.followers_known:
        raise InvalidInput("The number of followers isn't known before every week, so it can't be a predictor.")
    response = Response.of(options.shape, rows.counts[rows.trained])
    used = rows.targets[rows.lagged[rows.targets]] if options.lags else rows.targets
    given, stocks = rows.given(options)[used], rows.stocks(options, response)[used]
    own, levers = determined_terms(given, stocks)
    design = np.hstack([given, stocks[:, levers]])
    freedom = len(used) - design.shape[1]
    if freedom < 1:
        raise TooFewObservations(
            f"{len(used)} complete weeks can't tell {design.shape[1]} terms apart; it takes "
            f"{max(design.shape[1] + 1, FEWEST_WEEKS)}."
        )
    growth = rows.growth[used]
    estimate = tukey(design, growth)
    residuals = leave_one_out(design, growth, estimate)
    return _Fitted(
        rows=rows,
        options=options,
        response=response,
        levers=levers,
        own=tuple(history.levers[lever] for lever in own),
        names=history.levers,
        always=given.shape[1],
        estimate=estimate,
        residuals=_forward(rows, options, residuals),
        freedom=freedom,
        design=design,
        used=used,
    )


def _forward(rows: WeeklyRows, options: WeeklyOptions, residuals: Floats) -> Floats:
    """The residuals as large as errors are when weeks are forecast from earlier ones alone, instead of from all others.

    A trend or a season is known between weeks, and guessed beyond the last. Viral weeks stay as they are.
    """
    if options == WeeklyOptions() or len(residuals) < FEWEST_TO_CHOOSE:
        return residuals
    missed = _missed(rows, options)
    late = (len(missed) + 1) // 2
    usual = median(np.abs(residuals[-late:]))
    factor = float(np.clip(median(missed[-late:]) / max(usual, 1e-300), 1.0, MOST_FORWARD))
    ordinary = np.abs(residuals) <= CUT * TO_NORMAL * median(np.abs(residuals))
    widened: Floats = np.where(ordinary, factor * residuals, residuals)
    return widened


def _predictor(history: History, fitted: _Fitted, unknown: tuple[str, ...]) -> WeekPredictor:
    """The forecast week: what is carried in and the calendar in its base, a piece's first week in its slope."""
    rows, options, levers = fitted.rows, fitted.options, fitted.levers
    within = 1 - options.decay
    slopes = fitted.response.slopes(rows.usual)
    carried = options.decay * rows.stocks(options, fitted.response)[-1]
    at_usual = fitted.response(rows.usual[None])[0]
    terms = np.zeros((1 + len(history.levers), fitted.always + len(levers)))
    terms[0] = np.concatenate([rows.given(options)[-1], (carried + within * (at_usual - slopes * rows.usual))[levers]])
    for column, lever in enumerate(levers):
        terms[1 + lever, fitted.always + column] = within * slopes[lever]
    predictor = week_predictor(
        history,
        mean=(terms @ fitted.estimate.coefficients).tolist(),
        covariance=terms @ fitted.estimate.covariance @ terms.T,
        freedom=float(fitted.freedom),
        n_residuals=len(fitted.residuals),
        undetermined=unknown,
        residuals=fitted.residuals.tolist(),
    )
    if options.shape == LINEAR:
        return predictor
    return replace(predictor, support=_straight_support(predictor, fitted))


def _straight_support(predictor: WeekPredictor, fitted: _Fitted) -> dict[str, float]:
    """The largest week per lever up to which the straight line stands for the curve."""
    usual = fitted.rows.usual
    allowed = BEND * TO_NORMAL * median(np.abs(fitted.residuals - median(fitted.residuals)))
    support = dict(predictor.support)
    for column, lever in enumerate(fitted.levers):
        name = predictor.levers[lever]
        tried = np.arange(np.floor(usual[lever]) + 1, np.floor(support[name]) + 1)
        plans = np.repeat(usual[None], len(tried), axis=0)
        plans[:, lever] = tried
        effect = abs(float(fitted.estimate.coefficients[fitted.always + column])) * (1 - fitted.options.decay)
        beyond = effect * fitted.response.off_line(plans, usual)[:, lever] > allowed
        if beyond.any():
            support[name] = max(float(tried[int(np.argmax(beyond))]) - 1, float(usual[lever]))
    return support
