"""Ridge, lasso and elastic net of weekly growth, with an error that owns up to their pull.

A penalised estimate is drawn toward zero on purpose, so its own spread says little about how far it lies from the
truth. With fewer terms than weeks the debiased estimate (van de Geer et al., 2014, doi:10.1214/14-AOS1221) is the
least-squares one; the covariance given is that one's (HC3) plus the square of the pull away from it. Intervals with
it hold at least as often as least squares' do, and are never narrower: shrinking buys a steadier forecast, no sharper
effect. A block bootstrap would repeat the bias in every draw, and for the lasso it isn't even consistent at zero
(Chatterjee & Lahiri, 2010, doi:10.1090/S0002-9939-2010-10474-4).
"""

from __future__ import annotations

import itertools
import warnings

import numpy as np

from cgn_core.stats.arrays import Floats, Matrix
from cgn_core.stats.weekly_estimators import Estimate, ordinary

PENALTIES = np.logspace(1, -4, 16)
"""Ridge: penalty over the mean square of a standardised term, strongest first."""
SHARES = np.logspace(0, -3, 16)
"""Lasso and elastic net: share of the penalty at which every effect is zero, strongest first."""
FIRST_SHARE = 0.4
"""Of the weeks, before the first that a penalty is judged on."""
BLOCKS = 6
"""Stretches of weeks that are forecast from those before them to choose the penalty."""
MIXED = 0.5
"""Elastic net's share of the lasso penalty."""
SWEEPS, CLOSE = 20_000, 1e-8
"""Of coordinate descent: most sweeps, and the gap at which it has converged."""


def ridge(design: Matrix, growth: Floats) -> Estimate:
    """Ridge regression: Hoerl & Kennard (1970), doi:10.1080/00401706.1970.10488634.

    Args:
        design: shape (n, k), the first column the intercept, full rank.
        growth: shape (n,).
    Returns: the estimate whose penalty forecast later weeks best from earlier ones.
    """
    return _penalised(design, growth, share=None)


def lasso(design: Matrix, growth: Floats) -> Estimate:
    """Lasso: Tibshirani (1996), doi:10.1111/j.2517-6161.1996.tb02080.x. Arguments as :func:`ridge`."""
    return _penalised(design, growth, share=1.0)


def elastic_net(design: Matrix, growth: Floats) -> Estimate:
    """Elastic net, half lasso: Zou & Hastie (2005), doi:10.1111/j.1467-9868.2005.00503.x. Arguments as ridge's."""
    return _penalised(design, growth, share=MIXED)


def _penalised(design: Matrix, growth: Floats, *, share: float | None) -> Estimate:
    chosen = _choose(design, growth, share=share)
    coefficients = _path(design, growth, share=share)[chosen]
    plain = ordinary(design, growth)
    pull = coefficients - plain.coefficients
    return Estimate(coefficients, plain.covariance + np.outer(pull, pull), plain.weights)


def _choose(design: Matrix, growth: Floats, *, share: float | None) -> int:
    """Place of the penalty with the smallest mean absolute error on later weeks; the strongest of equals."""
    weeks, terms = design.shape
    first = min(max(terms + 1, int(np.ceil(FIRST_SHARE * weeks))), weeks - 1)
    edges = np.unique(np.linspace(first, weeks, min(BLOCKS, weeks - first) + 1).round().astype(int))
    missed = np.zeros(len(PENALTIES))
    for start, stop in itertools.pairwise(edges):
        said = _path(design[:start], growth[:start], share=share) @ design[start:stop].T
        missed += np.abs(growth[start:stop] - said).sum(axis=1)
    return int(np.argmin(missed))


def _path(design: Matrix, growth: Floats, *, share: float | None) -> Matrix:
    """Coefficients at every penalty, the intercept free and the terms penalised per standard deviation; (16, k)."""
    centre, middle = design[:, 1:].mean(axis=0), float(growth.mean())
    scale = design[:, 1:].std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    terms, away = (design[:, 1:] - centre) / scale, growth - middle
    slopes = (_ridge_path(terms, away) if share is None else _net_path(terms, away, share)) / scale
    return np.column_stack([middle - slopes @ centre, slopes])


def _ridge_path(terms: Matrix, away: Floats) -> Matrix:
    left, singular, right = np.linalg.svd(terms, full_matrices=False)
    filtered = singular / (singular**2 + len(away) * PENALTIES[:, None])
    slopes: Matrix = (filtered * (left.T @ away)) @ right
    return slopes


def _net_path(terms: Matrix, away: Floats, share: float) -> Matrix:
    # Seconds to import, and only these two models need it.
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import enet_path

    largest = float(np.abs(terms.T @ away).max(initial=0.0)) / (len(away) * share)
    if largest == 0:
        return np.zeros((len(SHARES), terms.shape[1]))
    # In units of the spread: neither convergence nor the mix of the two penalties may hang on the creator's size.
    unit = float(away.std())
    with warnings.catch_warnings():
        # The first few weeks of a short history hardly tell the terms apart, and a weak penalty then takes more sweeps
        # than it is worth: how far short it stops counts into the fold's error, and into the covariance as a pull.
        warnings.simplefilter("ignore", ConvergenceWarning)
        _, slopes, _ = enet_path(
            terms, away / unit, l1_ratio=share, alphas=largest / unit * SHARES, max_iter=SWEEPS, tol=CLOSE
        )
    path: Matrix = unit * slopes.T
    return path
