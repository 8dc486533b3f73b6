"""What is to be planned, in numbers: weeks, bounds, work, and how a plan is valued."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cgn_core.errors import InvalidInput
from cgn_core.stats.arrays import Cube, Floats, Integers, Matrix

Counts = np.ndarray[tuple[int, int], np.dtype[np.int64]]

MOST_PATTERNS = 300_000
ROOM = 1e-9
"""Relative room in the cap, for hours that are sums of decimals."""


@dataclass(frozen=True)
class Task:
    """What is to be planned: ``weeks`` weeks, k levers.

    Attributes:
        lows: shape (k,), fewest pieces a week.
        highs: shape (k,), most pieces a week.
        minutes: shape (k,), of work per piece, >= 0.
        cap: minutes of work a week.
        usual: shape (k,), the usual week; ties go to what is nearest to it.
        means: shape (weeks, k), followers per piece.
        loads: shape (weeks, k, d), what a piece adds to the exposure to each of d uncertain numbers.
        exposed: shape (d,), the exposure of a plan without any piece.
        covariance: shape (d, d), of the uncertain numbers.
        dispersion: variance of the noise over the followers gained.
        gained: followers gained without any piece.
        floor: gain below which the noise shrinks no further.
        noise: variance that no plan changes.
        caution: z, standard deviations taken off the mean, >= 0.
    """

    lows: Integers
    highs: Integers
    minutes: Floats
    cap: float
    usual: Floats
    means: Matrix
    loads: Cube
    exposed: Floats
    covariance: Matrix
    dispersion: float
    gained: float
    floor: float
    noise: float
    caution: float

    @cached_property
    def patterns(self) -> Counts:
        """Every week that keeps to the bounds and the cap; shape (patterns, k).

        Raises:
            InvalidInput: there are more than can be searched.
        """
        found = np.zeros((1, 0), dtype=np.int64)
        room = np.array([self.cap * (1 + ROOM) - float(self.lows @ self.minutes)])
        for low, high, each in zip(self.lows, self.highs, self.minutes, strict=True):
            most = np.full(len(found), int(high - low))
            if each > 0:
                most = np.minimum(most, np.floor(np.maximum(room, 0.0) / each).astype(np.int64))
            number = most + 1
            if number.sum() > MOST_PATTERNS:
                raise InvalidInput(
                    f"These bounds leave more than {MOST_PATTERNS:,} different weeks to choose from; narrow them."
                )
            parent = np.repeat(np.arange(len(found)), number)
            more = np.arange(len(parent)) - np.repeat(np.cumsum(number) - number, number)
            found = np.column_stack([found[parent], low + more])
            room = room[parent] - more * each
        return found

    @cached_property
    def effort(self) -> Floats:
        """Minutes of each pattern."""
        minutes: Floats = self.patterns @ self.minutes
        return minutes

    @cached_property
    def oddness(self) -> Floats:
        """How far each pattern lies from the usual week; for one total it is least over weeks that are alike."""
        away: Floats = (((self.patterns - self.usual) * np.maximum(self.minutes, 1.0)) ** 2).sum(axis=1)
        return away

    @cached_property
    def features(self) -> Cube:
        """Each week's patterns as (mean, exposures); shape (weeks, patterns, 1 + d)."""
        patterns = self.patterns.astype(np.float64)
        if self.alike:
            once: Cube = np.broadcast_to(
                patterns @ self.joint[0], (len(self.joint), len(patterns), self.joint.shape[2])
            )
            return once
        summed: Cube = np.einsum("pk,wkd->wpd", patterns, self.joint)
        return summed

    @cached_property
    def joint(self) -> Cube:
        """What a piece adds to (mean, exposures); shape (weeks, k, 1 + d)."""
        return np.concatenate([self.means[:, :, None], self.loads], axis=2)

    @cached_property
    def alike(self) -> bool:
        """Whether a piece does the same in every week."""
        return bool((self.joint == self.joint[0]).all())

    @property
    def start(self) -> Floats:
        """The features of a plan without any piece."""
        return np.concatenate([[0.0], self.exposed])

    def variance(self, totals: Matrix) -> Floats:
        """Of plans whose features add up to totals of shape (n, 1 + d)."""
        exposures = totals[:, 1:]
        gain = np.maximum(totals[:, 0] + self.gained, self.floor)
        found: Floats = ((exposures @ self.covariance) * exposures).sum(axis=1) + self.dispersion * gain + self.noise
        return np.maximum(found, 0.0)

    def value(self, totals: Matrix) -> Floats:
        """What is maximised."""
        found: Floats = totals[:, 0] - self.caution * np.sqrt(self.variance(totals))
        return found
