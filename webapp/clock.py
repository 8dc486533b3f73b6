"""How often a page asks about jobs: every second while one runs, seldom otherwise."""

from __future__ import annotations

from dash import set_props

from webapp.components.shell import Ids

BUSY_MILLISECONDS = 1_000
IDLE_MILLISECONDS = 12_000


def wake() -> None:
    """Look again in a second; for callbacks that have just queued, cancelled or retried a job."""
    set_props(Ids.CLOCK, {"interval": BUSY_MILLISECONDS})
