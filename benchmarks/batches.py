"""Many creators at once, beside loops over one at a time."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import peers
from measuring import Comparison, PeerProcess, compare

from cgn_core.stats.batched import huber_many, huber_rolling, ordinary_many
from cgn_core.stats.rolling import RollingFit, rolling_origin

PEERS_PYTHON = Path(__file__).parents[1] / ".venv-bench" / "bin" / "python"
STATSFORECAST = Path(__file__).with_name("peer_statsforecast.py")
WEEKS, TERMS, INITIAL, CREATORS = 104, 11, 26, 1_000
FEW = 2
"""Creators that a loop does in one round; its seconds are given per creator."""
MANY, CHUNK, WORKERS = 10_000, 500, 2


def history(creators: int, *, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Designs (weeks, terms, creators) with an intercept, and growth (weeks, creators)."""
    rng = np.random.default_rng(seed)
    design = np.ones((WEEKS, TERMS, creators))
    design[:, 1:] = rng.poisson(4.0, (WEEKS, TERMS - 1, creators))
    effects = rng.normal(scale=10.0, size=(TERMS - 1, creators))
    growth = 50 + np.einsum("nkm,km->nm", design[:, 1:], effects)
    return design, growth + 20.0 * rng.standard_t(3, size=(WEEKS, creators))


def measure() -> list[Comparison]:
    """All comparisons of this module."""
    design, growth = history(CREATORS)
    few = [(design[:, :, creator].copy(), growth[:, creator].copy()) for creator in range(FEW)]
    plain = partial(rolling_origin, design, growth, initial=INITIAL)
    compiled = partial(plain, compiled=True)
    square = np.random.default_rng(1).random((matmul_side(), matmul_side()))
    size = f"{WEEKS} weeks x {TERMS} terms, {CREATORS:,} creators, per creator"
    work = f"rolling-origin validation with intervals, refit at {WEEKS - INITIAL} origins, {size}"
    loop = partial(peers.each, few, partial(peers.validate_with_statsmodels, initial=INITIAL))
    share = {"ours_pieces": CREATORS, "their_pieces": FEW}
    rows = [
        compare(work, ours=plain, peer="statsmodels", theirs=loop, **share, rounds=11, target=200),
        compare(f"{work}, numba", ours=compiled, peer="statsmodels", theirs=loop, **share, rounds=11, target=1_500),
        compare(
            f"{work}, numba",
            ours=compiled,
            peer="a matrix product of as many operations",
            theirs=lambda: square @ square,
            ours_pieces=CREATORS,
            their_pieces=CREATORS,
            target=1 / 6,
        ),
        compare(
            f"least squares with HC3 and Newey-West errors, {size}",
            ours=partial(ordinary_many, design, growth),
            peer="statsmodels",
            theirs=partial(peers.each, few, peers.errors_with_statsmodels),
            **share,
            target=5,
        ),
        compare(
            f"Huber's estimate, {size}",
            ours=partial(huber_many, design, growth),
            peer="statsmodels: RLM",
            theirs=partial(peers.each, few, peers.huber_with_statsmodels),
            **share,
            target=12,
        ),
        compare(
            f"Huber's estimate at each of {WEEKS - INITIAL} origins, {WEEKS} weeks x {TERMS} terms, per creator",
            ours=partial(huber_rolling, design[:, :, :CHUNK], growth[:, :CHUNK], initial=INITIAL),
            peer="statsmodels: RLM",
            theirs=partial(peers.each, few[:1], partial(peers.huber_rolling_with_statsmodels, initial=INITIAL)),
            ours_pieces=CHUNK,
            rounds=5,
            target=12,
        ),
    ]
    if PEERS_PYTHON.exists():
        with PeerProcess(PEERS_PYTHON, STATSFORECAST) as peer:
            rows.insert(
                1,
                compare(
                    work,
                    ours=plain,
                    peer="statsforecast: the same regression",
                    theirs=peer,
                    ours_pieces=CREATORS,
                    rounds=7,
                    target=500,
                ),
            )
    return [*rows, in_two_processes()]


def matmul_side() -> int:
    """Side of square matrices whose product takes as many additions and multiplications as the rolling pass.

    A week's rotation of a row into the factor takes five per element of the triangle and eight per term; an origin's
    back and forward substitution two per element each, and its forecast and leverage five per term.
    """
    triangle = TERMS * (TERMS + 1) // 2
    rotations = WEEKS * (5 * triangle + 8 * TERMS)
    answers = (WEEKS - INITIAL) * (4 * (triangle - TERMS) + 5 * TERMS)
    return round((CREATORS * (rotations + answers) / 2) ** (1 / 3))


@contextmanager
def forked(creators: tuple[np.ndarray, np.ndarray]) -> Iterator[ProcessPoolExecutor]:
    """Two workers that inherit the data and have imported everything, as the job workers have."""
    global _inherited  # noqa: PLW0603 - what a forked process inherits is a module's
    _inherited = creators
    with ProcessPoolExecutor(WORKERS, mp_context=multiprocessing.get_context("fork")) as pool:
        yield pool


_inherited: tuple[np.ndarray, np.ndarray]


def _chunk(first: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    design, growth = _inherited
    block = slice(first, first + CHUNK)
    fit: RollingFit = rolling_origin(design[:, :, block], growth[:, block], initial=INITIAL)
    return fit.predictions, fit.low, fit.high


def in_two_processes() -> Comparison:
    """Chunks of creators over two workers, beside all of them in this process."""
    creators = history(MANY)
    with forked(creators) as pool:
        return compare(
            f"rolling-origin validation of {MANY:,} creators in chunks of {CHUNK} over {WORKERS} workers",
            ours=lambda: list(pool.map(_chunk, range(0, MANY, CHUNK))),
            peer="ours in one process",
            theirs=lambda: [_chunk(first) for first in range(0, MANY, CHUNK)],
            rounds=7,
            target=1 / 0.7,
        )
