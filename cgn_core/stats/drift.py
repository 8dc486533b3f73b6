"""Drift: has growth left the path that its past and the posting explain?

One-step-ahead robust residuals are added up on both sides (CUSUM). The bounds are set for each account by a block
bootstrap of its own season-adjusted residuals to a stated rate of false alarms: textbook bounds for normal noise raise
1.3 to 5.7 instead of one in two years on seasonal, autocorrelated accounts.

Source: Page (1954), doi:10.1093/biomet/41.1-2.100; blocks, Künsch (1989), doi:10.1214/aos/1176347265.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from cgn_core.errors import InvalidInput
from cgn_core.stats.arrays import Floats, Integers, Matrix
from cgn_core.stats.fit import Caution
from cgn_core.stats.history import FEWEST_WEEKS, RECENT_WEEKS, iso_monday, read_history, require_weeks
from cgn_core.stats.least_squares import TO_NORMAL, median
from cgn_core.stats.notebook import html_table
from cgn_core.stats.one_step import CLIP, OneStep, one_step_residuals
from cgn_core.tables import Daily

ALLOWANCE = 1.0
"""Standard deviations a week that are let pass (k)."""
FEWEST_JUDGED = 5
"""Residuals below which no alarm is raised: thirteen weeks with the eight before the first."""
YEAR_WEEKS = 52
BLOCK_WEEKS = 4
RESAMPLES = 600
ADJUSTED_OVER = 13
"""Weeks around each, of which the median is taken off before residuals are drawn: season and breaks go with it."""
LEAST_BOUND = 2.0 * (CLIP - ALLOWANCE) - 0.5
"""One viral or empty week alone raises no alarm."""
LASTS = 0.75
"""Standard deviations that the usual week after a break must still be off by for its alarm to stand."""
UP, DOWN = "up", "down"


@dataclass(frozen=True)
class DriftWeek:
    """One week of the chart."""

    week_start: str
    residual: float
    """Robust standard deviations, clipped at three."""
    up: float
    down: float
    """Both sides of the sum after the week, each >= 0."""


@dataclass(frozen=True)
class Drift:
    """Whether, when and where to growth left its path."""

    alarm: bool
    """The latest break that still stands in hindsight; several weeks later it still does."""
    direction: str | None
    """up | down"""
    start_week: str | None
    """ISO Monday of the new level's first week."""
    alarm_week: str | None
    """ISO Monday of the week after which it was noticed."""
    weeks_since_start: int
    """Complete weeks of the new level."""
    false_alarms_per_year: float
    """What the bounds are set to."""
    threshold_up: float
    threshold_down: float
    path: tuple[DriftWeek, ...]
    cadence_outside: tuple[str, ...]
    """Levers whose last four weeks lie beyond every four weeks before them."""
    sentence: str

    def to_json(self) -> dict[str, Any]:
        """What ``cgn diagnose --json`` prints under ``drift``."""
        return asdict(self)

    def _repr_html_(self) -> str:
        rows = [(each.week_start, each.residual, each.up, each.down) for each in self.path[-8:]]
        return html_table("Drift, the last weeks", ("week of", "residual", "up", "down"), rows, notes=[self.sentence])


@dataclass(frozen=True)
class _Break:
    start: int
    """Number of the new level's first week."""
    noticed: int
    """Number of the week after which the alarm was raised."""
    direction: str

    @property
    def start_week(self) -> str:
        return iso_monday(self.start)

    @property
    def alarm_week(self) -> str:
        return iso_monday(self.noticed)


def detect_drift(daily: Daily, *, rng: np.random.Generator, false_alarms_per_year: float = 0.5) -> Drift:
    """Look for breaks of the level that neither posting nor season explains.

    After an alarm the sums start anew on the new level. An alarm that later weeks don't bear out, because growth came
    back, is dropped: the latest that stands is reported.

    Args:
        daily: at least eight complete weeks; missing weeks are passed over.
        rng: draws the blocks.
        false_alarms_per_year: what the bounds are set to, above 0 and at most 12.

    Raises:
        TooFewObservations, ConstantSeries: the history can't be learned from.
        InvalidInput: a rate out of range.
    """
    if not 0 < false_alarms_per_year <= 12:  # noqa: PLR2004 - one a month; also refuses NaN
        raise InvalidInput(f"False alarms a year lie above 0 and at 12 at most; {false_alarms_per_year:g} does not.")
    history = read_history(daily)
    weeks = require_weeks(history)
    trained = np.isin(history.week_numbers, weeks)
    growth, counts = history.weekly_growth[trained], history.weekly_counts[trained]
    outside = _cadence_outside(history.levers, counts)
    found = one_step_residuals(weeks, growth, counts)
    if len(found.weeks) < FEWEST_JUDGED:
        return _quiet(len(weeks), false_alarms_per_year, outside)
    bounds = _bounds(found.residuals, rng, false_alarms_per_year)
    last, path = _watch(weeks, growth, counts, bounds, found)
    return Drift(
        alarm=last is not None,
        direction=last.direction if last else None,
        start_week=last.start_week if last else None,
        alarm_week=last.alarm_week if last else None,
        weeks_since_start=int((weeks >= last.start).sum()) if last else 0,
        false_alarms_per_year=false_alarms_per_year,
        threshold_up=bounds[0],
        threshold_down=bounds[1],
        path=path,
        cadence_outside=outside,
        sentence=_sentence(last, weeks=len(weeks), rate=false_alarms_per_year),
    )


def regime_caution(drift: Drift, weeks: int) -> Caution | None:
    """What training must say when growth is on another level now; None where it isn't.

    Args:
        drift: of the same history.
        weeks: complete weeks of the whole history.
    """
    if not drift.alarm:
        return None
    left = drift.weeks_since_start
    enough = (
        "enough to train on them alone"
        if left >= FEWEST_WEEKS
        else f"too few to train on them alone, which takes {FEWEST_WEEKS}"
    )
    return Caution(
        "another_regime",
        f"Growth has been on a {'higher' if drift.direction == UP else 'lower'} level since the week of "
        f"{drift.start_week}: the {weeks - left} older weeks belong to another regime. {left} "
        f"{'week is' if left == 1 else 'weeks are'} left since then, {enough}.",
    )


def _bounds(residuals: Floats, rng: np.random.Generator, rate: float) -> tuple[float, float]:
    """Bounds on both sides that sums of the account's own noise pass at half the stated rate each."""
    adjusted = residuals - _moving_median(residuals)
    # The newest weeks have no median around them: a fall that has just begun would raise the bound it should pass.
    settled = max(len(adjusted) - ADJUSTED_OVER // 2, FEWEST_JUDGED)
    adjusted = adjusted[:settled]
    spread = TO_NORMAL * median(np.abs(adjusted))
    # Taking the median of few weeks off takes some of the noise with it.
    adjusted = np.clip(adjusted / spread if spread > 0 else adjusted, -CLIP, CLIP)
    length = min(BLOCK_WEEKS, len(adjusted))
    starts = rng.integers(0, len(adjusted) - length + 1, (RESAMPLES, -(-YEAR_WEEKS // length)))
    drawn = adjusted[(starts[:, :, None] + np.arange(length)).reshape(RESAMPLES, -1)[:, :YEAR_WEEKS]]
    quiet = float(np.exp(-rate / 2))
    up, down = (max(float(np.quantile(_highest(side * drawn), quiet)), LEAST_BOUND) for side in (1, -1))
    return up, down


def _highest(drawn: Matrix) -> Floats:
    """The highest that each row's one-sided sum gets; shape (resamples,)."""
    total = np.zeros(len(drawn))
    highest = np.zeros(len(drawn))
    for week in range(drawn.shape[1]):
        total = np.maximum(total + drawn[:, week] - ALLOWANCE, 0.0)
        highest = np.maximum(highest, total)
    return highest


def _moving_median(values: Floats) -> Floats:
    half = ADJUSTED_OVER // 2
    return np.array([median(values[max(0, place - half) : place + half + 1]) for place in range(len(values))])


def _watch(
    weeks: Integers, growth: Floats, counts: Matrix, bounds: tuple[float, float], run: OneStep
) -> tuple[_Break | None, tuple[DriftWeek, ...]]:
    """The latest break that stands, and the path; after one that stands forecasts are made from the new level alone.

    ``run`` is of all weeks.
    """
    latest: _Break | None = None
    path: list[DriftWeek] = []
    while True:
        found, walked = _walk(run, bounds)
        path += walked
        if found is None:
            return latest, tuple(path)
        latest = found
        first = int(np.searchsorted(weeks, found.start))
        run = one_step_residuals(weeks[first:], growth[first:], counts[first:])


def _walk(run: OneStep, bounds: tuple[float, float]) -> tuple[_Break | None, list[DriftWeek]]:
    """Both sums along the weeks, up to the first break that stands."""
    path = []
    up = down = 0.0
    began_up = began_down = 0
    for place, residual in enumerate(run.residuals.tolist()):
        up, down = max(up + residual - ALLOWANCE, 0.0), max(down - residual - ALLOWANCE, 0.0)
        path.append(DriftWeek(iso_monday(int(run.weeks[place])), residual, up, down))
        if up >= bounds[0] or down >= bounds[1]:
            direction, began = (UP, began_up) if up >= bounds[0] else (DOWN, began_down)
            if _stands(run.residuals, began, place, direction):
                start = _dated(run.residuals, began, place, direction)
                return _Break(int(run.weeks[start]), int(run.weeks[place]), direction), path
            up = down = 0.0
        began_up = place + 1 if up == 0 else began_up
        began_down = place + 1 if down == 0 else began_down
    return None, path


def _stands(residuals: Floats, began: int, noticed: int, direction: str) -> bool:
    """Whether the weeks after a break, as far as they are known, still lie on the new level.

    Looked at are as many as there were before it, so that most of what the forecasts rest on is still the old level.
    """
    until = max(noticed + 1, min(len(residuals), 2 * began + RECENT_WEEKS))
    after = median(residuals[began:until])
    return (after if direction == UP else -after) > LASTS


def _dated(residuals: Floats, began: int, noticed: int, direction: str) -> int:
    """The first week that fits the new level better than the old: since the sum was last zero, or later.

    The sum may have left zero by chance some weeks before; each week is asked whether it is nearer to the new level.
    """
    away = residuals[began : noticed + 1] * (1 if direction == UP else -1)
    nearer = away - median(away[-2:]) / 2
    return began + int(np.argmax(np.cumsum(nearer[::-1])[::-1]))


def _cadence_outside(levers: tuple[str, ...], counts: Matrix) -> tuple[str, ...]:
    if len(counts) < 2 * RECENT_WEEKS:
        return ()
    windows = np.lib.stride_tricks.sliding_window_view(counts, RECENT_WEEKS, axis=0).mean(axis=2)
    now, before = windows[-1], windows[:-RECENT_WEEKS]
    beyond = (now > before.max(axis=0)) | (now < before.min(axis=0))
    return tuple(name for name, is_beyond in zip(levers, beyond.tolist(), strict=True) if is_beyond)


def _quiet(weeks: int, rate: float, outside: tuple[str, ...]) -> Drift:
    return Drift(
        alarm=False,
        direction=None,
        start_week=None,
        alarm_week=None,
        weeks_since_start=0,
        false_alarms_per_year=rate,
        threshold_up=LEAST_BOUND,
        threshold_down=LEAST_BOUND,
        path=(),
        cadence_outside=outside,
        sentence=f"{weeks} complete weeks are too few to tell a change of level from chance; 13 are needed.",
    )


def _sentence(last: _Break | None, *, weeks: int, rate: float) -> str:
    every = 1 / rate
    stated = f"one false alarm in {every:,.0f} years" if every >= 1.5 else f"{rate:,.1f} false alarms a year"  # noqa: PLR2004 - rounds to two
    if last is None:
        return f"Growth is on the path that its past and the posting explain, over {weeks} weeks ({stated} expected)."
    way = "faster" if last.direction == UP else "slower"
    return (
        f"Since the week of {last.start_week} growth has been {way} than its past and the posting explain; it showed "
        f"after the week of {last.alarm_week} ({stated} expected)."
    )
