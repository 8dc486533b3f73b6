"""What an audience does and what the work takes; consistent with posting and growth, and not causes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from cgn_core.tables import CONTENT_TYPES
from datagen.processes import Floats, Generators, by_type, stacked
from datagen.specs import CreatorSpec

LEAST_REACH = 0.04
"""Share of followers that a day without any piece reaches."""
FOLLOW_REACH, FOLLOW_VISITS = 3.0, 1.4
"""Accounts reached and profiles visited for each follower gained."""
VISITS, VIEWS = 0.03, 1.6
"""Profile visits and views for each account reached."""
KINDS = {"comments": 0.08, "saves": 0.07, "shares": 0.05}
"""Of interactions; the rest are likes."""
NEWS = 5 + len(KINDS)
"""Normal numbers that a day takes."""


def reactions(
    specs: Sequence[CreatorSpec],
    counts: Mapping[str, Floats],
    followers: Floats,
    follows: Floats,
    inside: Floats,
    rngs: Generators,
) -> dict[str, Floats]:
    """Every other column of the daily table.

    Args:
        specs: one per creator.
        counts: pieces by type; each array here has shape (creators, days).
        followers: at the end of the day.
        follows: gained.
        inside: pieces in the best window.
        rngs: one per creator.
    """
    shape = followers.shape
    weight: Floats = np.full(shape, LEAST_REACH)
    minutes: Floats = np.zeros(shape)
    tags: Floats = np.zeros(shape)
    for name in CONTENT_TYPES:
        weight += by_type(specs, "reach", name) * counts[name]
        minutes += by_type(specs, "minutes", name) * counts[name]
        tags += by_type(specs, "hashtags", name) * counts[name]
    news = np.empty((len(rngs), NEWS, shape[1]))
    for row, rng in zip(news, rngs, strict=True):
        rng.standard_normal(out=row)
    mood, effort, viewing, tagging, active, *sorts = np.moveaxis(news, 1, 0)
    reach = np.round(followers * weight * np.exp(0.15 * mood) + FOLLOW_REACH * follows)
    interactions = drawn_of(reach, stacked(specs, "engagement"), active)
    kinds, rest, left = {}, interactions, 1.0
    for (name, share), luck in zip(KINDS.items(), sorts, strict=True):
        kinds[name] = drawn_of(rest, share / left, luck)
        rest, left = rest - kinds[name], left - share
    return {
        "reach": reach,
        "views": np.maximum(np.round(reach * VIEWS * np.exp(0.05 * viewing)), reach),
        "profile_visits": np.minimum(reach, np.round(VISITS * reach + FOLLOW_VISITS * follows)),
        "likes": rest,
        **kinds,
        "interactions": interactions,
        "hashtags": np.maximum(np.round(tags + np.sqrt(tags) * tagging), 0.0),
        "optimal_window_posts": inside,
        "minutes_spent": np.round(minutes * np.exp(0.1 * effort), 1),
    }


def drawn_of(number: Floats, share: Floats | float, luck: Floats) -> Floats:
    """How many of a number belong to a share: the normal law nearest the binomial one, rounded.

    Ten times sooner drawn than the binomial law; what follows from outcomes needs no better.

    Args:
        number: any shape, whole, at least 0.
        share: between 0 and 1, of a shape that fits.
        luck: standard normal, the shape of ``number``.
    """
    mean = number * share
    return np.clip(np.rint(mean + np.sqrt(mean * (1 - share)) * luck), 0.0, number)
