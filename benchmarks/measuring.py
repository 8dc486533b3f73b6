"""Times two ways of doing the same work side by side, so that a noisy machine treats both alike."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

BATCH_SECONDS = 0.02


@dataclass(frozen=True)
class Comparison:
    """Seconds of one piece of work each, and their ratio, as medians over interleaved rounds."""

    work: str
    peer: str
    ours_seconds: float
    peer_seconds: float
    ratio: float
    ratio_low: float
    ratio_high: float
    target: float | None
    """What the ratio should be at least."""

    @property
    def holds(self) -> bool | None:
        """Whether the median ratio is at its target; None where none was set."""
        return None if self.target is None else self.ratio >= self.target


def timed(action: Callable[[], object], repeats: int) -> float:
    """Seconds of one run, from a batch of runs."""
    began = time.perf_counter()
    for _ in range(repeats):
        action()
    return (time.perf_counter() - began) / repeats


def compare(
    work: str,
    *,
    ours: Callable[[], object],
    peer: str,
    theirs: Callable[[], object],
    ours_pieces: int = 1,
    their_pieces: int = 1,
    rounds: int = 31,
    target: float | None = None,
) -> Comparison:
    """Measure both in turns. The range of the ratio is that of the middle half of the rounds.

    Args:
        work: in words.
        ours: does ``ours_pieces`` pieces of it.
        peer: in words.
        theirs: does ``their_pieces`` pieces of it.
        ours_pieces: what seconds are divided by, such as the number of creators.
        their_pieces: likewise; a slow peer may do fewer.
        rounds: of both.
        target: of the ratio.
    """
    repeats = {action: max(1, int(BATCH_SECONDS / max(timed(action, 2), 1e-9))) for action in (ours, theirs)}
    own: list[float] = []
    other: list[float] = []
    for number in range(rounds):
        # Whoever runs second finds warmer or hotter ground: they take turns.
        for action, seconds, pieces in ((ours, own, ours_pieces), (theirs, other, their_pieces))[
            :: 1 if number % 2 else -1
        ]:
            seconds.append(timed(action, repeats[action]) / pieces)
    ratios = sorted(b / a for a, b in zip(own, other, strict=True))
    low, _, high = statistics.quantiles(ratios, n=4)
    return Comparison(
        work, peer, statistics.median(own), statistics.median(other), statistics.median(ratios), low, high, target
    )


class PeerProcess:
    """A peer in an environment of its own that does its work once a line; called like a function."""

    def __init__(self, python: Path, script: Path) -> None:
        self._process = subprocess.Popen([python, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> Self:
        """Wait until it has imported what it needs."""
        self()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it."""
        self._process.communicate()

    def __call__(self) -> None:
        """Have it do its work once."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("once\n")
        self._process.stdin.flush()
        if self._process.stdout.readline() != "done\n":
            raise RuntimeError("The peer's process ended before its work was done.")
