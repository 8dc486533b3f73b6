"""How people and agencies are named: addresses that may be right, names without odd blanks."""

from __future__ import annotations

import re

from cgn_core.errors import InvalidInput

LONGEST_TEXT = 200
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")


def clean_email(email: str) -> str:
    """The address in lower case.

    Raises:
        InvalidInput: it is none.
    """
    address = email.strip().casefold()
    if len(address) > LONGEST_TEXT or not _EMAIL.fullmatch(address) or not address.isprintable():
        raise InvalidInput(f"{address[:LONGEST_TEXT]!r} is no e-mail address.")
    return address


def clean_name(name: str, whose: str) -> str:
    """The name with single blanks.

    Raises:
        InvalidInput: nothing is left of it; ``whose`` says of what.
    """
    cleaned = " ".join("".join(letter if letter.isprintable() else " " for letter in name).split())[:LONGEST_TEXT]
    if not cleaned:
        raise InvalidInput(f"Enter the {whose}'s name.")
    return cleaned
