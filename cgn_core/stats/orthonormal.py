"""Orthonormal bases of many creators' designs: by QR, and where they are rank-deficient by singular values."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cgn_core.stats.arrays import Cube, FlagMatrix, Integers, Matrix

SUSPECT = 1e-10
"""Pivot over column norm below which a design may be rank-deficient; its singular values then decide."""
OPEN_PART = 1e-5
"""Part of a scaled coefficient in the null space from which its effect counts as open."""


class Basis(NamedTuple):
    """Orthonormal columns of m designs, creators first: ``columns = design @ inner``, with the inverse of R."""

    columns: Cube
    """Shape (m, n, k); a column of zeros for each that rounding can't tell from none."""
    inner: Cube
    """Shape (m, k, k); times its transpose it is (X'X)^-1, or the pseudo-inverse."""
    rank: Integers
    """Shape (m,)."""
    undetermined: FlagMatrix
    """Shape (m, k)."""

    def project(self, growth: Matrix) -> Matrix:
        """Least-squares coefficients of the columns; shape (m, n) in, (m, k) out.

        Once more on what is left, because the columns are only as orthonormal as R's inverse is exact.
        Source: Björck (1987), doi:10.1016/0024-3795(87)90101-7.
        """
        rotated = self.columns.transpose(0, 2, 1)
        solved = times(rotated, growth)
        return solved + times(rotated, growth - times(self.columns, solved))

    def solve(self, growth: Matrix) -> Matrix:
        """Least-squares coefficients of the terms; shape (m, n) in, (m, k) out."""
        return times(self.inner, self.project(growth))


def orthonormal(designs: Cube) -> Basis:
    """Orthonormal columns of each design, shape (m, n, k) with n > k; minimum norm where it is rank-deficient."""
    upper = np.asarray(np.linalg.qr(designs, mode="r"))
    pivots = np.abs(np.diagonal(upper, axis1=1, axis2=2))
    suspects = (pivots <= SUSPECT * np.sqrt((upper**2).sum(axis=1))).any(axis=1)
    upper[suspects] = np.eye(upper.shape[1])
    inner = np.linalg.inv(upper)
    columns = designs @ inner
    undetermined = np.zeros((len(designs), upper.shape[1]), dtype=np.bool_)
    rank = np.full(len(designs), upper.shape[1])
    if suspects.any():
        apart = decompose(designs[suspects])
        columns[suspects], inner[suspects], undetermined[suspects] = apart.columns, apart.inner, apart.undetermined
        rank[suspects] = apart.rank
    return Basis(columns, inner, rank, undetermined)


def times(matrices: Cube, vectors: Matrix) -> Matrix:
    """Each creator's matrix (r, k) times its vector (k,)."""
    product: Matrix = (matrices @ vectors[:, :, None])[:, :, 0]
    return product


def decompose(designs: Cube) -> Basis:
    """Singular value decompositions, those values that rounding can't tell from zero left out.

    Args:
        designs: shape (m, n, k).
    Returns: a basis whose least-squares answers are those of minimum norm, as statsmodels' pseudo-inverse gives them.
        A singular value counts as zero below the largest times the machine's precision times the longer side.
    Source: Golub & Van Loan (2013), Matrix Computations, section 5.5.
    """
    left, singular, right = np.linalg.svd(designs, full_matrices=False)
    precision = np.finfo(np.float64)
    kept = singular > singular[:, :1] * max(designs.shape[1:]) * precision.eps
    inverse = np.divide(1.0, singular, out=np.zeros_like(singular), where=kept)
    # In units of the columns' lengths, so that a lever counted in thousands can't hide its part.
    lengths = np.sqrt((designs**2).sum(axis=1))
    null = np.where(kept[:, :, None], 0.0, right * np.where(lengths > 0, lengths, 1.0)[:, None, :])
    null /= np.maximum(np.sqrt((null**2).sum(axis=2, keepdims=True)), precision.tiny)
    undetermined: FlagMatrix = np.abs(null).max(axis=1) > OPEN_PART
    return Basis(
        columns=left * kept[:, None, :],
        inner=right.transpose(0, 2, 1) * inverse[:, None, :],
        rank=kept.sum(axis=1),
        undetermined=undetermined,
    )
