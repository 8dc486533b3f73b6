"""A line of a few weeks, as an SVG mask so that it takes the theme's colours and loads nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import quote

from dash.development.base_component import Component

from cgn_core.figures.locales import in_use
from webapp.components.attributes import aria
from webapp.components.markup import html
from webapp.components.numbers import count

WIDTH, HEIGHT, MARGIN = 92, 24, 2
FEWEST = 2
KEPT = 1024
"""Pictures that are kept, a kilobyte each."""


def sparkline_path(values: Sequence[float]) -> str:
    """The SVG path of the values, evenly spaced, lowest at the bottom; gaps where a value is not finite."""
    known = [value for value in values if math.isfinite(value)]
    if len(known) < FEWEST:
        return ""
    low, high = min(known), max(known)
    scale = (HEIGHT - 2 * MARGIN) / (high - low) if high > low else 0.0
    step = (WIDTH - 2 * MARGIN) / (len(values) - 1)
    path, pen_down = [], False
    for index, value in enumerate(values):
        if not math.isfinite(value):
            pen_down = False
            continue
        height = HEIGHT - MARGIN - (value - low) * scale if scale else HEIGHT / 2
        path.append(f"{'L' if pen_down else 'M'}{MARGIN + index * step:.1f} {height:.1f}")
        pen_down = True
    return "".join(path)


def sparkline(values: Sequence[float | None], *, what: str) -> Component:
    """A sparkline with a text alternative.

    Args:
        values: oldest first; None where unknown.
        what: names the values for a screen reader, such as "Weekly growth".
    """
    drawn = _drawn(tuple(values), what, in_use())
    if drawn is None:
        return html.Span("too few weeks", className="muted")
    address, words, tone = drawn
    return html.Span(
        className=f"sparkline text-{tone}",
        style={"maskImage": address, "WebkitMaskImage": address},
        role="img",
        title=words,
        **aria(label=words),
    )


@lru_cache(KEPT)
def _drawn(values: tuple[float | None, ...], what: str, _way: str) -> tuple[str, str, str] | None:
    """The picture's address, its words in this way of writing numbers, and its tone."""
    numbers = [math.nan if value is None else float(value) for value in values]
    path = sparkline_path(numbers)
    if not path:
        return None
    picture = (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {HEIGHT}' preserveAspectRatio='none'>"
        f"<path d='{path}' fill='none' stroke='black' stroke-width='1.6' stroke-linejoin='round'"
        " stroke-linecap='round' vector-effect='non-scaling-stroke'/></svg>"
    )
    known = [value for value in numbers if math.isfinite(value)]
    words = (
        f"{what}, {len(numbers)} weeks: from {count(known[0])} to {count(known[-1])}, "
        f"lowest {count(min(known))}, highest {count(max(known))}"
    )
    return f'url("data:image/svg+xml,{quote(picture)}")', words, "up" if known[-1] >= 0 else "down"
