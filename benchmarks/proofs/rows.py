"""What a proof measured, beside what was promised."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One figure of one claim."""

    claim: str
    """As in the first column of statistics.md, section 9."""
    world: str
    """Kind of world, and how many weeks of history where that matters."""
    worlds: int
    """How many were drawn."""
    measure: str
    value: float
    low: float
    high: float
    """The target: the value lies between them, infinite where one side is open."""

    @property
    def holds(self) -> bool:
        """Whether the figure is at its target."""
        return self.low <= self.value <= self.high
