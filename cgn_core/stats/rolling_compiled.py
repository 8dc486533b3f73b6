"""The pass of ``rolling`` compiled by numba (the optional extra ``fast``): the same steps, so the same numbers.

The innermost loop always runs over a block of creators, so that it becomes vector instructions without any sum being
reordered; only a product and the sum after it are rounded once instead of twice. Loops stand where slices would read
better because numba takes seconds to compile each assignment of a slice. Nothing is cached on disk: compiling takes
some seconds, once a process.
"""

# ruff: noqa: C901, PLR0912 - loops over creators are what becomes vector code; a function for each would hide them

from __future__ import annotations

import numba
import numpy as np

from cgn_core.stats.arrays import Cube, FlagMatrix, Floats, Integers, Matrix
from cgn_core.stats.triangular_factor import CLOSE, NOTHING

WIDE = 64
"""Creators in a block: enough for the vector loops to pay, few enough for the cache."""
ROOM = NOTHING**0.5
compiled = numba.njit(fastmath={"contract"}, error_model="numpy")


@compiled
def fill(
    design: Cube,
    target: Matrix,
    penalties: Matrix,
    columns: Matrix,
    targets: Floats,
    origins: Integers,
    starts: Integers,
    ahead: int,
    coefficients: Cube,
    predictions: Matrix,
    leverages: Matrix,
    squares: Matrix,
    close: FlagMatrix,
) -> None:
    """Fill the last five arrays as ``rolling`` does; n weeks, k terms, m creators, o origins.

    Args:
        design: shape (n, k, m).
        target: shape (n, m).
        penalties: shape (k, m).
        columns: shape (k, m), powers of two that scale the terms.
        targets: shape (m,), powers of two that scale the target.
        origins: shape (o,), first weeks not known.
        starts: shape (o,), first weeks known.
        ahead: of the forecast week.
        coefficients: shape (o, k, m).
        predictions: shape (o, m).
        leverages: shape (o, m).
        squares: shape (o, m), residual sums of squares.
        close: shape (o, m), whether terms are close to collinear, or are.
    """
    weeks, terms, creators = design.shape
    longest = 0
    for number in range(len(origins)):
        if starts[number] > 0:
            longest = max(longest, origins[number] - starts[number])
    # A factor is a unit triangle with the target beside it; and per term the pivot and the norm, last the squares.
    later, joined = np.empty((terms, terms + 1, WIDE)), np.empty((terms, terms + 1, WIDE))
    later_sums, joined_sums = np.empty((2 * terms + 1, WIDE)), np.empty((2 * terms + 1, WIDE))
    earlier = np.empty((longest, terms, terms + 1, WIDE))
    earlier_sums = np.empty((longest, 2 * terms + 1, WIDE))
    rows, ones = np.zeros((weeks, terms + 1, WIDE)), np.ones((weeks, WIDE))
    units, weights = np.zeros((terms, terms + 1, WIDE)), np.zeros((terms, WIDE))
    row, turn = np.empty((terms + 1, WIDE)), np.empty((4, WIDE))
    for first in range(0, creators, WIDE):
        wide = min(WIDE, creators - first)
        for week in range(weeks):
            for term in range(terms):
                for c in range(wide):
                    rows[week, term, c] = design[week, term, first + c] * columns[term, first + c]
            for c in range(wide):
                rows[week, terms, c] = target[week, first + c] * targets[first + c]
        for term in range(terms):
            for c in range(wide):
                units[term, term, c], weights[term, c] = columns[term, first + c], penalties[term, first + c]
        border, done, base = 0, 0, -1
        for number in range(len(origins)):
            origin, start = origins[number], starts[number]
            if start > border or base < 0:
                base, border = start, origin if start > border else 0
                _clear(joined, joined_sums)
                for week in range(border - 1, start - 1, -1):
                    _append(joined, joined_sums, rows, ones, week, week + 1, row, turn, first_terms=False)
                    _copy(joined, joined_sums, earlier[week - start], earlier_sums[week - start])
                _clear(later, later_sums)
                _append(later, later_sums, units, weights, 0, terms, row, turn, first_terms=True)
                done = border
            _append(later, later_sums, rows, ones, done, origin, row, turn, first_terms=False)
            done = origin
            if start < border:
                _copy(earlier[start - base], earlier_sums[start - base], joined, joined_sums)
                _append(joined, joined_sums, later, later_sums, 0, terms, row, turn, first_terms=True)
                for c in range(WIDE):
                    joined_sums[2 * terms, c] += later_sums[2 * terms, c]
                factor, sums = joined, joined_sums
            else:
                factor, sums = later, later_sums
            _read(factor, sums, rows[origin + ahead - 1], row, turn)
            for term in range(terms):
                for c in range(wide):
                    unscaled = columns[term, first + c] / targets[first + c]
                    coefficients[number, term, first + c] = row[term, c] * unscaled
            for c in range(wide):
                predictions[number, first + c] = turn[0, c] / targets[first + c]
                leverages[number, first + c] = turn[1, c]
                squares[number, first + c] = sums[2 * terms, c] / (targets[first + c] * targets[first + c])
                close[number, first + c] = turn[2, c] > 0


@compiled
def _clear(factor: Cube, sums: Matrix) -> None:
    terms = len(factor)
    for place in range(terms):
        for term in range(terms + 1):
            for c in range(WIDE):
                factor[place, term, c] = 1.0 if term == place else 0.0
        for c in range(WIDE):
            sums[place, c] = NOTHING
            sums[terms + place, c] = 0.0
    for c in range(WIDE):
        sums[2 * terms, c] = 0.0


@compiled
def _copy(factor: Cube, sums: Matrix, to: Cube, to_sums: Matrix) -> None:
    terms = len(factor)
    for place in range(terms):
        for term in range(place, terms + 1):
            for c in range(WIDE):
                to[place, term, c] = factor[place, term, c]
    for place in range(2 * terms + 1):
        for c in range(WIDE):
            to_sums[place, c] = sums[place, c]


@compiled
def _append(
    factor: Cube,
    sums: Matrix,
    rows: Cube,
    weights: Matrix,
    start: int,
    stop: int,
    row: Matrix,
    turn: Matrix,
    first_terms: bool,  # noqa: FBT001 - numba knows no keyword-only arguments
) -> None:
    """Append rows ``start`` to ``stop``, see ``TriangularFactor.append``.

    Args:
        factor: shape (k, k + 1, WIDE).
        sums: shape (2 k + 1, WIDE): pivots, squared norms, residual sum of squares.
        rows: shape (any, k + 1, WIDE).
        weights: shape (any, WIDE).
        start: first row.
        stop: row after the last.
        row: shape (k + 1, WIDE), room for one.
        turn: shape (4, WIDE), room for a rotation.
        first_terms: whether a row's terms before its number are zero: it comes from another triangle.
    """
    terms = len(factor)
    value, cosine, sine, weight = turn[0], turn[1], turn[2], turn[3]
    total = sums[2 * terms]
    for number in range(start, stop):
        first = number if first_terms else 0
        for c in range(WIDE):
            weight[c] = weights[number, c]
        for term in range(first, terms + 1):
            own, given = row[term], rows[number, term]
            for c in range(WIDE):
                own[c] = given[c]
        for place in range(first, terms):
            norm, own = sums[terms + place], row[place]
            for c in range(WIDE):
                norm[c] += weight[c] * (own[c] * own[c])
        for place in range(first, terms):
            pivot, own = sums[place], row[place]
            for c in range(WIDE):
                value[c] = own[c]
                part = weight[c] * own[c]
                grown = pivot[c] + part * own[c]
                # One division for both: it takes as long as ten other steps.
                share = 1.0 / grown
                cosine[c] = pivot[c] * share
                sine[c] = part * share
                pivot[c] = grown
                weight[c] *= cosine[c]
            for term in range(place + 1, terms + 1):
                upper, left = factor[place, term], row[term]
                for c in range(WIDE):
                    old, new = upper[c], left[c]
                    left[c] = new - old * value[c]
                    upper[c] = old * cosine[c] + new * sine[c]
        own = row[terms]
        for c in range(WIDE):
            total[c] += weight[c] * (own[c] * own[c])


@compiled
def _read(factor: Cube, sums: Matrix, ahead: Matrix, row: Matrix, found: Matrix) -> None:
    """Leave the coefficients in ``row``, and in ``found`` a week's forecast, its leverage and whether to doubt them."""
    terms = len(factor)
    forecast, leverage, doubt = found[0], found[1], found[2]
    for c in range(WIDE):
        forecast[c], leverage[c], doubt[c] = 0.0, 0.0, 0.0
    # Forward substitution first: it needs the same room.
    for place in range(terms):
        own, given = row[place], ahead[place]
        for c in range(WIDE):
            own[c] = given[c]
    for place in range(terms):
        pivot, norm, solved = sums[place], sums[terms + place], row[place]
        for c in range(WIDE):
            leverage[c] += solved[c] * solved[c] / pivot[c]
            doubt[c] += 1.0 if pivot[c] <= CLOSE * CLOSE * norm[c] + ROOM else 0.0
        for term in range(place + 1, terms):
            upper, left = factor[place, term], row[term]
            for c in range(WIDE):
                left[c] -= upper[c] * solved[c]
    for place in range(terms):
        own, moved = row[place], factor[place, terms]
        for c in range(WIDE):
            own[c] = moved[c]
    for place in range(terms - 1, -1, -1):
        solved, given = row[place], ahead[place]
        for c in range(WIDE):
            forecast[c] += solved[c] * given[c]
        for term in range(place):
            upper, left = factor[term, place], row[term]
            for c in range(WIDE):
                left[c] -= upper[c] * solved[c]
