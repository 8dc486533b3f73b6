"""Rank-deficient designs: the minimum-norm answer, and which effects it leaves open."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cgn_core.stats.arrays import Cube, FlagMatrix, Integers

SUSPECT = 1e-10
"""Pivot over column norm below which a design may be rank-deficient; its singular values then decide."""
OPEN_PART = 1e-5
"""Part of a scaled coefficient in the null space from which its effect counts as open."""


class Decomposed(NamedTuple):
    """m designs of n weeks and k terms by their singular values."""

    columns: Cube
    """Shape (m, n, k), orthonormal: ``design @ inner``, zeros in place of what counts as none."""
    inner: Cube
    """Shape (m, k, k): times its transpose it is the pseudo-inverse of X'X."""
    rank: Integers
    """Shape (m,)."""
    undetermined: FlagMatrix
    """Shape (m, k), coefficients with a part in the null space."""


def decompose(designs: Cube) -> Decomposed:
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
    return Decomposed(
        columns=left * kept[:, None, :],
        inner=right.transpose(0, 2, 1) * inverse[:, None, :],
        rank=kept.sum(axis=1),
        undetermined=undetermined,
    )
