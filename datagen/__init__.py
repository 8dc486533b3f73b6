"""Seeded synthetic creators with the true effects known."""

from datagen.creators import Creator, Truth, generate, generate_many
from datagen.profiles import PROFILES, Profile
from datagen.specs import CreatorSpec

__all__ = ["PROFILES", "Creator", "CreatorSpec", "Profile", "Truth", "generate", "generate_many"]
