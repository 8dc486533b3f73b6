"""HTML attributes that Dash takes only through a dictionary."""

from __future__ import annotations

from typing import Any


def aria(**values: str) -> dict[str, Any]:
    """``aria(label="Jobs")`` is ``aria-label="Jobs"``."""
    return {f"aria-{name}": value for name, value in values.items()}


def data(**values: str) -> dict[str, Any]:
    """``data(upload_limit="5")`` is ``data-upload-limit="5"``."""
    return {f"data-{name.replace('_', '-')}": value for name, value in values.items()}


HIDDEN = aria(hidden="true")
"""For decoration: a screen reader passes over it."""
