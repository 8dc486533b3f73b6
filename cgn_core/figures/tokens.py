"""Colours by role, for light and dark; figures name roles and are resolved where they are drawn.

A figure says ``"token:reels"``. In the portal ``assets/figures.js`` replaces it with the CSS variable of the theme
in use, so that switching the theme needs no request; elsewhere :func:`resolved` does the same.
"""

from __future__ import annotations

from typing import Any

PREFIX = "token:"

LIGHT = {
    "page": "#F7F8FA",
    "surface": "#FFFFFF",
    "border": "#E3E7ED",
    "text": "#1B2430",
    "muted": "#5B6675",
    "accent": "#4C5FD5",
    "up": "#1E7F52",
    "down": "#B93B24",
    "caution": "#9A6412",
    "posts": "#0072B2",
    "reels": "#C4540A",
    "stories": "#007F5F",
    "ads": "#A8518A",
    "viral": "#B37A00",
    "band": "rgba(76,95,213,0.16)",
    "never": "rgba(91,102,117,0.12)",
}
DARK = {
    "page": "#0F141B",
    "surface": "#171E27",
    "border": "#2A3441",
    "text": "#E6EAF0",
    "muted": "#9AA6B5",
    "accent": "#8C9BFF",
    "up": "#4FC08D",
    "down": "#FF8A73",
    "caution": "#F0B354",
    "posts": "#56B4E9",
    "reels": "#FF8F4C",
    "stories": "#34C79B",
    "ads": "#E59AC9",
    "viral": "#F2C14E",
    "band": "rgba(140,155,255,0.20)",
    "never": "rgba(154,166,181,0.14)",
}
THEMES = {"light": LIGHT, "dark": DARK}

Figure = dict[str, Any]


def token(role: str) -> str:
    """The placeholder for a role's colour; KeyError for a role there is none of."""
    if role not in LIGHT:
        raise KeyError(role)
    return PREFIX + role


def resolved(figure: Figure, *, theme: str = "light") -> Figure:
    """The figure with every placeholder replaced by the theme's colour."""
    colours = THEMES[theme]

    def replaced(value: Any) -> Any:
        if isinstance(value, str) and value.startswith(PREFIX):
            return colours[value.removeprefix(PREFIX)]
        if isinstance(value, dict):
            return {key: replaced(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [replaced(item) for item in value]
        return value

    return {key: replaced(item) for key, item in figure.items()}
