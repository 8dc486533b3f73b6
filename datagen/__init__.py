"""Seeded synthetic creators with the true effects known."""
