"""How often a page asks about jobs: many times a second just after something was asked for, then less and less.

While nothing waits or runs it asks once more after a while, in case something was asked for elsewhere, and then stops,
until somebody acts, opens a page or comes back to the window.
"""

from __future__ import annotations

from datetime import datetime

from dash import set_props

from webapp.components.shell import Ids

QUICK_MILLISECONDS = 40
BUSY_MILLISECONDS = 1_000
IDLE_MILLISECONDS = 12_000
SHARE_OF_AGE = 0.12
"""A job that was asked for a while ago is asked about after this share of that while again."""


def interval(asked_at: datetime | None, now: datetime) -> int:
    """Milliseconds until a page asks again.

    Args:
        asked_at: when the newest job that waits or runs was asked for; None when none does.
        now: the time.
    """
    if asked_at is None:
        return IDLE_MILLISECONDS
    age = max(0.0, (now - asked_at).total_seconds())
    return round(min(max(1000 * SHARE_OF_AGE * age, QUICK_MILLISECONDS), BUSY_MILLISECONDS))


def wake() -> None:
    """Look again at once; for callbacks that have just queued, cancelled or retried a job."""
    set_props(Ids.CLOCK, {"interval": QUICK_MILLISECONDS, "disabled": False})
