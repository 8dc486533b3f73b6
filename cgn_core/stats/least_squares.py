"""Weighted least squares, and its covariance when days of a week belong together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cgn_core.stats.arrays import Flags, Floats, Matrix

RANK_TOLERANCE = 1e-9
HUBER = 1.345
HUBER_STEPS = 25
LARGEST_LEVERAGE = 1 - 1e-8


@dataclass(frozen=True)
class Solution:
    """A weighted fit: coefficients (p,), bread (X'WX)^-1 (p, p)."""

    coefficients: Floats
    bread: Matrix


def solve(design: Matrix, target: Floats, weights: Floats) -> Solution:
    """Least squares with weights >= 0; the design has full column rank."""
    root = np.sqrt(weights)
    orthogonal, upper = np.linalg.qr(design * root[:, None])
    inverse = np.linalg.inv(upper)
    return Solution(inverse @ (orthogonal.T @ (target * root)), inverse @ inverse.T)


def undetermined(design: Matrix) -> Flags:
    """Columns whose coefficient the design leaves open: those with a part in its null space.

    Returns: shape (p,), all False for a design of full rank.
    """
    norms = np.linalg.norm(design, axis=0)
    scaled = design / np.where(norms > 0, norms, 1.0)
    _, singular, rows = np.linalg.svd(scaled, full_matrices=True)
    rank = int((singular > RANK_TOLERANCE * max(scaled.shape) * singular[0]).sum())
    flags: Flags = (np.abs(rows[rank:]) > np.sqrt(RANK_TOLERANCE)).any(axis=0)
    return flags


def huber_start(design: Matrix, target: Floats) -> Floats:
    """Coefficients of a Huber fit, where viral days have not been found yet.

    Source: Huber (1964), doi:10.1214/aoms/1177703732; scale by the median absolute deviation at each step.
    """
    weights = np.ones(len(target))
    coefficients = solve(design, target, weights).coefficients
    for _ in range(HUBER_STEPS):
        residuals = target - design @ coefficients
        scale = max(float(np.median(np.abs(residuals))) / 0.6745, 1e-9)
        weights = np.minimum(1.0, HUBER * scale / np.maximum(np.abs(residuals), 1e-12))
        updated = solve(design, target, weights).coefficients
        if np.abs(updated - coefficients).max() <= 1e-6 * (1 + np.abs(updated).max()):
            return updated
        coefficients = updated
    return coefficients


def clustered_covariance(
    design: Matrix,
    residuals: Floats,
    weights: Floats,
    bread: Matrix,
    clusters: np.ndarray[tuple[int], np.dtype[np.int64]],
) -> Matrix:
    """CR3: the jackknife over clusters, from residuals corrected by the clusters' leverage.

    Args:
        design: shape (n, p), rows in use.
        residuals: shape (n,).
        weights: shape (n,).
        bread: (X'WX)^-1, shape (p, p).
        clusters: shape (n,), ascending cluster numbers.
    Source: Bell & McCaffrey (2002), Survey Methodology 28(2); Cameron & Miller (2015), doi:10.3368/jhr.50.2.317.
    """
    root = np.sqrt(weights)
    scaled, errors = design * root[:, None], residuals * root
    labels, starts, sizes = np.unique(clusters, return_index=True, return_counts=True)
    widest = int(sizes.max())
    blocks = np.zeros((len(labels), widest, design.shape[1]))
    block_errors = np.zeros((len(labels), widest))
    place = np.arange(len(clusters)) - np.repeat(starts, sizes)
    number = np.repeat(np.arange(len(labels)), sizes)
    blocks[number, place], block_errors[number, place] = scaled, errors
    hats = blocks @ bread @ blocks.transpose(0, 2, 1)
    values, vectors = np.linalg.eigh(hats)
    shrunk = 1 / (1 - np.minimum(values, LARGEST_LEVERAGE))
    corrected = np.einsum("gij,gj,gkj,gk->gi", vectors, shrunk, vectors, block_errors)
    scores = np.einsum("gip,gi->gp", blocks, corrected)
    groups = len(labels)
    covariance: Matrix = (groups - 1) / groups * (bread @ (scores.T @ scores) @ bread)
    return covariance
