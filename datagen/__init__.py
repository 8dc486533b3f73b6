"""Seeded synthetic creators with the true effects known."""

from datagen.arrays import CreatorArrays, generate_arrays
from datagen.competitors import generate_competitors
from datagen.creators import generate, generate_batches, generate_many
from datagen.profiles import PROFILES, Profile
from datagen.responses import Response
from datagen.specs import Break, CreatorSpec
from datagen.truths import Creator, Truth

__all__ = [
    "PROFILES", "Break", "Creator", "CreatorArrays", "CreatorSpec", "Profile", "Response", "Truth",
    "generate", "generate_arrays", "generate_batches", "generate_competitors", "generate_many",
]  # fmt: skip
