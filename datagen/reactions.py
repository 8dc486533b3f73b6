"""What an audience does and what the work takes; consistent with posting and growth, and not causes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from cgn_core.tables import CONTENT_TYPES
from datagen.processes import Floats, Generators, by_type
from datagen.specs import CreatorSpec

LEAST_REACH = 0.04
"""Share of followers that a day without any piece reaches."""
FOLLOW_REACH, FOLLOW_VISITS = 3.0, 1.4
"""Accounts reached and profiles visited for each follower gained."""
VISITS, VIEWS = 0.03, 1.6
"""Profile visits and views for each account reached."""
KINDS = {"likes": 0.8, "comments": 0.08, "saves": 0.07, "shares": 0.05}
"""Of interactions."""


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
    mood = np.array([rng.standard_normal(shape[1]) for rng in rngs])
    reach = np.round(followers * weight * np.exp(0.15 * mood) + FOLLOW_REACH * follows)
    shares = tuple(KINDS.values())
    interactions, effort, viewing, hashtags = (np.empty(shape) for _ in range(4))
    kinds = np.empty((len(KINDS), *shape))
    for number, (spec, accounts, rng) in enumerate(zip(specs, reach.astype(np.int64), rngs, strict=True)):
        active = rng.binomial(accounts, spec.engagement)
        interactions[number] = active
        kinds[:, number] = rng.multinomial(active, shares).T
        rng.standard_normal(shape[1], out=effort[number])
        rng.standard_normal(shape[1], out=viewing[number])
        hashtags[number] = rng.poisson(tags[number])
    views = np.round(reach * VIEWS * np.exp(0.05 * viewing))
    return {
        "reach": reach,
        "views": np.maximum(views, reach),
        "profile_visits": np.minimum(reach, np.round(VISITS * reach + FOLLOW_VISITS * follows)),
        **dict(zip(KINDS, kinds, strict=True)),
        "interactions": interactions,
        "hashtags": hashtags,
        "optimal_window_posts": inside,
        "minutes_spent": np.round(minutes * np.exp(0.1 * effort), 1),
    }
