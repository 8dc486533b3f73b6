"""Seeded synthetic creators with the true effects known."""

from datagen.creators import Creator, CreatorSpec, Truth, generate, generate_many
from datagen.profiles import PROFILES, Profile

__all__ = ["PROFILES", "Creator", "CreatorSpec", "Profile", "Truth", "generate", "generate_many"]
