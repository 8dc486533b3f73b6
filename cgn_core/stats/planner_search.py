"""The best integer plan under a cap of hours: exact, also where the weeks share their doubt.

The value of a plan is ``mean - z · sqrt(variance)``. Its mean is a sum over weeks; its variance, because all weeks lean
on the same estimates, is not: a convex quadratic in what the weeks add up to, plus noise in proportion to the gain.

Why the answer is the best one. On any stretch ``a <= sqrt(variance) <= b`` the square root lies above its chord
``(ab + variance) / (a + b)``, and a convex variance above its tangent, so ``mean - z · tangent of the chord`` bounds
the value from above. That bound is a sum over weeks: its maximum takes each week's best pattern by itself, and a plan
falls short of it by what its patterns fall short, week by week, and by the variance's curvature between the plan and
the point of touch. A plan that beats the best one known can therefore hold only patterns whose shortfalls, with that
curvature, add up to less than bound minus best known. The search halves stretches until those plans are few, builds all
of them week by week, and values each exactly; partial plans that add up to the same are the same for all weeks to come
and are merged. Stretches whose bound is below the best known value hold nothing better. Nothing else is left out.

Source: branch and bound, Land & Doig (1960), doi:10.2307/1910129; points of touch by simplicial decomposition, von
Hohenbalken (1977), Mathematical Programming 13.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np

from cgn_core.stats.arrays import Floats, Integers, Matrix
from cgn_core.stats.planner_task import Counts, Task

FEW, MANY = 2_000, 30_000
"""Partial plans that are followed at most: to find a good plan, then to rule out better ones."""
MOST_WORK = 3_000_000
"""Partial plans that are looked at altogether; after that the gap that is still open is told."""
EXPANDED = 10
"""How many times as many may be looked at on the way."""
WORTH_HALVING = 0.1
"""Share of the gap that a halved stretch must be able to close."""
SAME = 1e-9
"""Relative difference below which two values are a tie."""
STEPS = 200
UNFELT = 1e-12
"""Share of the largest variance below which a direction of doubt counts as none, when plans are compared."""


def best_plan(task: Task) -> tuple[Counts, float]:
    """The plan of the highest value; ties go to fewer hours, then to weeks that are alike and as usual.

    Args:
        task: with at least one pattern.
    Returns: shape (weeks, k); and by how much the value of another plan could be higher at most, 0 where none is.
    """
    if task.caution == 0 or len(task.patterns) == 1:
        return _each_week_by_itself(task, task.means @ task.patterns.T), 0.0
    return _Search(task).run()


def _each_week_by_itself(task: Task, values: Matrix) -> Counts:
    """The best pattern of every week, by values of shape (weeks, patterns)."""
    chosen = []
    for row in values:
        tied = np.flatnonzero(row >= row.max() - SAME * (1 + np.abs(row).max()))
        chosen.append(tied[np.lexsort((task.oddness[tied], _rounded(task.effort[tied])))[0]])
    return task.patterns[chosen]


def _rounded(minutes: Floats) -> Floats:
    rounded: Floats = np.round(minutes, 6)
    return rounded


@dataclass(frozen=True)
class _Known:
    """A plan, as the pattern of each week, with what decides between plans."""

    value: float
    effort: float
    oddness: float
    patterns: tuple[int, ...]

    def beats(self, other: _Known, same: float) -> bool:
        if self.value > other.value + same:
            return True
        own, others = (self.effort, self.oddness, self.patterns), (other.effort, other.oddness, other.patterns)
        return self.value >= other.value - same and own < others


@dataclass(frozen=True, eq=False)
class _Bound:
    """An upper bound on a stretch: a plan's value is at most ``top`` less its patterns' shortfalls and its curvature.

    Attributes:
        low: of the standard deviation.
        high: of the standard deviation.
        top: the bound of the best plan.
        slack: how much of that halving the stretch could take away at most.
        slope: shape (1 + d,), what the features are worth where the tangent touches.
        axes: shape (d, d), exposures to coordinates where squared distance is curvature.
        touched: shape (1 + weeks, d), coordinates of the mixture that touches, from its start to its last week.
    """

    low: float
    high: float
    top: float
    slack: float
    slope: Floats
    axes: Matrix
    touched: Matrix

    def __lt__(self, other: _Bound) -> bool:
        return self.top > other.top


class _Search:
    """Holds the best plan known while stretches of the standard deviation are ruled out."""

    def __init__(self, task: Task) -> None:
        self.task = task
        # In units of what plans can reach, so that only what no plan could ever feel is cut.
        reach = np.abs(task.features[:, :, 1:]).max(axis=1).sum(axis=0) + np.abs(task.exposed)
        reach[reach == 0] = 1.0
        values, vectors = np.linalg.eigh(reach[:, None] * task.covariance * reach)
        values[values < UNFELT * max(float(values[-1]), 0.0)] = 0.0
        self.axes = vectors / reach[:, None] * np.sqrt(np.maximum(values, 0.0))
        self.patterns = np.arange(len(task.patterns))
        if task.alike:
            first = task.features[0]
            felt = np.column_stack([first[:, 0], first[:, 1:] @ self.axes])
            self.patterns = _first_of_equals(felt, task.effort, task.oddness)
        self.features = task.features[:, self.patterns]
        self.effort, self.oddness = task.effort[self.patterns], task.oddness[self.patterns]
        self.weeks = len(self.features)
        self.same = SAME * (1 + float(np.abs(self.features[:, :, 0]).max(axis=1).sum()))
        self.best = self.known(tuple(self.features[:, :, 0].argmax(axis=1).tolist()))
        self.open_gap, self.work = 0.0, 0

    def run(self) -> tuple[Counts, float]:
        """The best plan, and by how much another could be better at most."""
        task = self.task
        reach = np.abs(self.features).max(axis=1).sum(axis=0) + np.abs(task.start)
        most = float(np.abs(task.covariance).dot(reach[1:]) @ reach[1:]) + task.noise
        most += task.dispersion * max(reach[0] + task.gained, task.floor, 0.0)
        self.improve()
        stretches = [self.bound(0.0, float(np.sqrt(most)))]
        # The most promising stretch first: a good plan found early rules out the others.
        while stretches:
            bound = heapq.heappop(stretches)
            if not self.settled(bound):
                middle = 0.5 * (bound.low + bound.high)
                for half in (self.bound(bound.low, middle), self.bound(middle, bound.high)):
                    heapq.heappush(stretches, half)
        return task.patterns[self.patterns[list(self.best.patterns)]], self.open_gap

    def bound(self, low: float, high: float) -> _Bound:
        """Of the plans whose standard deviation lies in the stretch."""
        task = self.task
        chord = task.caution / max(low + high, 1e-150)
        point, shares = self.touching_point(chord)
        slope = self.slope(point, chord)
        scores = self.features @ slope
        bests = scores.max(axis=1)
        # Noise below its floor would only take more away.
        variance = point[1:] @ task.covariance @ point[1:] + task.dispersion * (point[0] + task.gained) + task.noise
        at_point = float(point[0] - chord * (variance + low * high))
        axes = np.sqrt(chord) * self.axes
        return _Bound(
            low=low,
            high=high,
            top=at_point + float(bests.sum() - slope @ (point - task.start)),
            slack=chord * (high - low) ** 2 / 4,
            slope=slope,
            axes=axes,
            touched=np.cumsum(np.vstack([task.exposed, shares[:, 1:]]) @ axes, axis=0),
        )

    def settled(self, bound: _Bound) -> bool:
        """Whether no plan of the stretch can beat the best known any more; False where halving it would tell more."""
        for most in (FEW, MANY):
            gap = bound.top - self.best.value + self.same
            if gap < 0:
                return True
            if bound.slack > WORTH_HALVING * gap and self.work < MOST_WORK:
                return False
            if self.work < MOST_WORK and self.searched(bound, gap, most):
                return True
        self.open_gap = max(self.open_gap, bound.top - self.best.value)
        return True

    def touching_point(self, chord: float) -> tuple[Floats, Matrix]:
        """Where ``mean - chord · variance`` is highest over mixtures of plans, and each week's share in it.

        Returns: features, shape (1 + d,); and the mixture's features by week, shape (weeks, 1 + d).
        """
        worth = 1 - chord * self.task.dispersion
        plans = [self.best.patterns]
        corners = (self.task.start + self.sum_of(plans[0]))[None]
        shares = np.ones(1)
        for _ in range(STEPS):
            point = shares @ corners
            slope = self.slope(point, chord)
            plan = tuple((self.features @ slope).argmax(axis=1).tolist())
            corner = self.task.start + self.sum_of(plan)
            if plan in plans or slope @ (corner - point) <= self.same:
                break
            plans.append(plan)
            corners = np.vstack([corners, corner])
            used, shares = _best_mixture(
                worth * corners[:, 0], np.sqrt(chord) * corners[:, 1:] @ self.axes, np.append(shares, 0.0)
            )
            plans, corners = [plans[place] for place in used], corners[used]
        by_plan = np.array([self.features[np.arange(self.weeks), list(plan)] for plan in plans])
        return shares @ corners, np.tensordot(shares, by_plan, axes=1)

    def slope(self, point: Floats, chord: float) -> Floats:
        """Derivative of ``mean - chord · variance`` by the features, the noise's floor aside."""
        task = self.task
        return np.concatenate([[1 - chord * task.dispersion], -2 * chord * (task.covariance @ point[1:])])

    def searched(self, bound: _Bound, gap: float, most: int) -> bool:
        """Build and value every plan that falls short of the bound by at most the gap.

        Returns: False where there were too many partial plans, and only the most promising ones were followed.
        """
        task = self.task
        scores = self.features @ bound.slope
        short = scores.max(axis=1)[:, None] - scores
        inside = [np.argsort(row, kind="stable")[: int((row <= gap).sum())] for row in short]
        moves = [self.features[week, fitting, 1:] @ bound.axes for week, fitting in enumerate(inside)]
        # What the weeks after this one can move a partial plan by, at least and at most.
        nothing = np.zeros((1, len(task.exposed)))
        least, most_moved = (
            np.cumsum([*nothing, *[way(week, axis=0) for week in moves[:0:-1]]], axis=0)[::-1]
            for way in (np.min, np.max)
        )
        totals, places, lost = task.start[None], bound.touched[:1], np.zeros(1)
        effort, oddness = np.zeros(1), np.zeros(1)
        history: list[tuple[Integers, Integers]] = []
        complete = True
        for week, fitting in enumerate(inside):
            number = np.searchsorted(short[week, fitting], gap - lost, side="right")
            if number.sum() > EXPANDED * most:
                complete = False
                number = np.minimum(number, max(EXPANDED * most // len(number), 1))
            self.work += int(number.sum())
            parent = np.repeat(np.arange(len(lost)), number)
            chosen = np.arange(len(parent)) - np.repeat(np.cumsum(number) - number, number)
            places = places[parent] + moves[week][chosen]
            chosen = fitting[chosen]
            lost = lost[parent] + short[week, chosen]
            missing = bound.touched[-1] - places
            beyond = np.maximum(least[week] - missing, 0.0) + np.maximum(missing - most_moved[week], 0.0)
            kept = np.flatnonzero(lost + (beyond**2).sum(axis=1) <= gap)
            parent, chosen, lost, places = parent[kept], chosen[kept], lost[kept], places[kept]
            totals = totals[parent] + self.features[week, chosen]
            effort, oddness = effort[parent] + self.effort[chosen], oddness[parent] + self.oddness[chosen]
            # Partial plans of one mean and one place are the same to all that follows.
            kept = _first_of_equals(np.column_stack([totals[:, 0], places]), effort, oddness)
            if len(kept) > most:
                complete = False
                astray = lost[kept] + ((places[kept] - bound.touched[1 + week]) ** 2).sum(axis=1)
                kept = kept[np.argsort(astray, kind="stable")[:most]]
            totals, places, lost = totals[kept], places[kept], lost[kept]
            effort, oddness = effort[kept], oddness[kept]
            history.append((parent[kept], chosen[kept]))
        values = task.value(totals)
        for place in np.flatnonzero(values >= values.max(initial=-np.inf) - self.same):
            self.offer(_traced(history, int(place)))
        if not complete:
            self.improve()
        return complete

    def sum_of(self, patterns: tuple[int, ...]) -> Floats:
        """Added features of a plan."""
        total: Floats = self.features[np.arange(self.weeks), list(patterns)].sum(axis=0)
        return total

    def improve(self) -> None:
        """Change one week of the best plan known for as long as that makes it better."""
        improving = True
        while improving:
            improving = False
            for week in range(self.weeks):
                chosen = self.best.patterns
                others = self.task.start + self.sum_of(chosen) + self.features[week] - self.features[week, chosen[week]]
                better = int(self.task.value(others).argmax())
                improving |= self.offer((*chosen[:week], better, *chosen[week + 1 :]))

    def known(self, plan: tuple[int, ...]) -> _Known:
        """A plan with its value and what decides ties."""
        where = list(plan)
        value = float(self.task.value(self.task.start[None] + self.sum_of(plan)[None])[0])
        effort = float(_rounded(self.effort[where].sum()))
        return _Known(value, effort, float(self.oddness[where].sum()), plan)

    def offer(self, plan: tuple[int, ...]) -> bool:
        """Keep a plan if it beats the best known; True where its value is higher."""
        known = self.known(plan)
        if not known.beats(self.best, self.same):
            return False
        rising = known.value > self.best.value + self.same
        self.best = known
        return rising


def _best_mixture(worths: Floats, places: Matrix, shares: Floats) -> tuple[Integers, Floats]:
    """Shares of corners, adding up to one, of the highest ``worth - squared distance``.

    Args:
        worths: shape (m,).
        places: shape (m, d).
        shares: shape (m,), where to start: best among all corners but the last, whose share is 0.
    Returns: which corners have a share; and their shares.
    Source: the minor cycles of Wolfe (1976), doi:10.1007/BF01580381.
    """
    # The shares' sum weighs 1 in the system below: beside curvatures of 1e16 it would count as rounding.
    size = float((places**2).sum(axis=1).max()) or 1.0
    worths, places = worths / size, places / np.sqrt(size)
    used = np.arange(len(worths))
    while True:
        m = len(used)
        system = np.ones((m + 1, m + 1))
        system[:m, :m] = 2 * places[used] @ places[used].T
        # Corners that lie on a line differ in worth alone: the ridge sends the shares to the better end.
        system[np.arange(m), np.arange(m)] *= 1 + 1e-12
        system[m, m] = 0.0
        target = np.linalg.lstsq(system, np.append(worths[used], 1.0), rcond=1e-15)[0][:m]
        if (target >= 0).all():
            return used[target > 0], target[target > 0] / target.sum()
        falling = target < shares
        steps = np.where(falling & (target < 0), shares / np.where(falling, shares - target, 1.0), np.inf)
        step = float(steps.min())
        shares = np.maximum(shares + step * (target - shares), 0.0)
        kept = shares > 0
        kept[int(steps.argmin())] = False
        used, shares = used[kept], shares[kept] / shares[kept].sum()


def _first_of_equals(felt: Matrix, effort: Floats, oddness: Floats) -> Integers:
    """Places of one row per distinct row, rounding aside: the one of the least effort, then oddness."""
    unit = SAME * np.abs(felt).max(axis=0, initial=0.0)
    unit[unit == 0] = 1.0
    keys = np.round(felt / unit).astype(np.int64)
    order = np.lexsort((oddness, _rounded(effort), *keys.T))
    ordered = keys[order]
    new = np.ones(len(order), dtype=bool)
    new[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    return order[new]


def _traced(history: list[tuple[Integers, Integers]], place: int) -> tuple[int, ...]:
    """The patterns of a complete plan, by what each week remembered of the one before."""
    patterns = []
    for parent, chosen in reversed(history):
        patterns.append(int(chosen[place]))
        place = int(parent[place])
    return tuple(reversed(patterns))
