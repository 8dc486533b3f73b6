"""The QR factor of many creators' weeks at once, grown by a week at a time with Givens rotations.

A design and its target, side by side, equal an orthogonal matrix times ``sqrt(pivots) * upper``, with ``upper`` unit
upper triangular. Square-root-free rotations append a row: they never form the normal equations, which lose half of the
digits. What is left of the appended target is the error of its one-step-ahead forecast, and what is left of its weight
is 1 / (1 + leverage). Creators lie on the last axis, so that every step is one pass over all of them.

Source: Gentleman (1973), doi:10.1093/imamat/12.3.329, in the three-multiplication form that he calls stable where a
    pivot was tiny; Golub & Van Loan (2013), Matrix Computations, section 5.1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cgn_core.stats.arrays import Cube, Flags, Floats, Matrix

NOTHING = 1e-200
"""A pivot before any week: no weight beside a week's, yet no division of zero by zero."""
CLOSE = 1e-2
"""Pivot over column norm below which terms are close to collinear; rounding then adds up over the weeks' rotations."""


@dataclass(frozen=True)
class TriangularFactor:
    """k terms, m creators. The arrays are updated in place."""

    upper: Cube
    """Shape (k, k + 1, m); unit diagonal implied, the rotated target last."""
    pivots: Matrix
    """Shape (k, m), squares of the diagonal."""
    norms: Matrix
    """Shape (k, m), squares of the columns' lengths."""
    squares: Floats
    """Shape (m,), residual sums of squares."""

    @classmethod
    def empty(cls, terms: int, creators: int) -> TriangularFactor:
        """No week yet."""
        return cls(
            upper=np.zeros((terms, terms + 1, creators)),
            pivots=np.full((terms, creators), NOTHING),
            norms=np.zeros((terms, creators)),
            squares=np.zeros(creators),
        )

    def copy(self) -> TriangularFactor:
        """The same factor, to grow apart."""
        return TriangularFactor(self.upper.copy(), self.pivots.copy(), self.norms.copy(), self.squares.copy())

    def append(self, row: Matrix, weight: Floats, *, first: int = 0) -> None:
        """Append a row per creator; ``row`` and ``weight`` are used up.

        Args:
            row: shape (k + 1, m), the terms and the target; of columns well within 1e-100 and 1e100.
            weight: shape (m,), >= 0.
            first: terms before it are zero.
        """
        terms = len(self.pivots)
        moved, turned = np.empty_like(row), np.empty_like(row)
        scaled, sine, cosine = np.empty_like(weight), np.empty_like(weight), np.empty_like(weight)
        block = moved[first:terms]
        np.multiply(row[first:terms], row[first:terms], out=block)
        block *= weight
        self.norms[first:] += block
        for place in range(first, terms):
            value, pivot = row[place], self.pivots[place]
            np.multiply(weight, value, out=scaled)
            np.multiply(scaled, value, out=sine)
            sine += pivot
            np.divide(pivot, sine, out=cosine)
            pivot[:] = sine
            np.divide(scaled, pivot, out=sine)
            weight *= cosine
            old, new = self.upper[place, place + 1 :], row[place + 1 :]
            left, turn = moved[place + 1 :], turned[place + 1 :]
            np.multiply(old, value, out=left)
            np.multiply(new, sine, out=turn)
            new -= left
            old *= cosine
            old += turn
        np.multiply(row[terms], row[terms], out=scaled)
        scaled *= weight
        self.squares[:] += scaled

    def append_factor(self, other: TriangularFactor) -> None:
        """Append all the weeks behind another factor of the same shape."""
        for place in range(len(self.pivots)):
            row = other.upper[place].copy()
            row[place] = 1.0
            self.append(row, other.pivots[place].copy(), first=place)
        self.squares[:] += other.squares

    def coefficients(self) -> Matrix:
        """Back substitution; shape (k, m)."""
        found = self.upper[:, -1].copy()
        for place in range(len(found) - 1, 0, -1):
            found[:place] -= self.upper[:place, place] * found[place]
        return found

    def leverages(self, row: Matrix) -> Floats:
        """``x' (X'X)^-1 x`` of a new week; ``row``, shape (k, m), is used up."""
        terms = len(self.pivots)
        for place in range(terms - 1):
            row[place + 1 :] -= self.upper[place, place + 1 : terms] * row[place]
        row *= row
        row /= self.pivots
        total: Floats = row.sum(axis=0)
        return total

    def close(self) -> Flags:
        """Creators whose terms are close to collinear, or are; shape (m,)."""
        flags: Flags = (self.pivots <= CLOSE**2 * self.norms + np.sqrt(NOTHING)).any(axis=0)
        return flags
