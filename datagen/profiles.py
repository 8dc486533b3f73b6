"""Typical creators by size, from a few thousand followers to millions."""
# ruff: noqa: E501 - the table below is read by its columns

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


def _frozen(**values: float) -> Mapping[str, float]:
    return MappingProxyType(values)


@dataclass(frozen=True)
class Profile:
    """What creators of a size have in common; ``generate_many`` varies each number a little."""

    followers: float
    """At the start."""
    base: float
    """Followers gained per day without any post."""
    cadence: Mapping[str, float]
    """Pieces per week by content type."""
    effects: Mapping[str, float]
    """Followers one piece brings, all days together."""
    loss: float
    """Share of followers lost per day."""
    spread: float = 3.0
    """Variance of a day's gained followers over its mean; 1 is Poisson noise."""
    minutes: Mapping[str, float] = field(default_factory=lambda: _frozen(posts=45, reels=120, stories=8, ads=20))
    """Minutes of work per piece."""


PROFILES: Mapping[str, Profile] = MappingProxyType(
    {
        "nano": Profile(
            3_500, 6.0, _frozen(posts=3, reels=2, stories=8, ads=0.4), _frozen(posts=3, reels=6, stories=1, ads=18), 0.0010
        ),
        "micro": Profile(
            22_000, 18.0, _frozen(posts=4, reels=3, stories=12, ads=0.5), _frozen(posts=7, reels=12, stories=2, ads=45), 0.0006
        ),
        "mid": Profile(
            110_000, 45.0, _frozen(posts=4, reels=3, stories=14, ads=0.6), _frozen(posts=13, reels=20, stories=4, ads=100), 0.0003
        ),
        "macro": Profile(
            520_000, 160.0, _frozen(posts=5, reels=4, stories=18, ads=1.0), _frozen(posts=35, reels=70, stories=9, ads=240),
            0.00022, 6.0,
        ),
        "mega": Profile(
            2_400_000, 700.0, _frozen(posts=6, reels=5, stories=25, ads=1.5), _frozen(posts=120, reels=260, stories=25, ads=800),
            0.00018, 15.0,
        ),
    }
)  # fmt: skip
