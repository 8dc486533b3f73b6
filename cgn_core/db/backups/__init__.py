"""Backups: one file that says what it holds, and that any changed byte makes worthless."""
