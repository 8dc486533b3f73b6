"""How passwords are hashed, checked and chosen."""

from __future__ import annotations

import itertools
import re
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from cgn_core.errors import InvalidInput

SHORTEST = 12
LONGEST = 200
FEWEST_CHARACTERS = 5
"""Different ones: \"abababababab\" has two."""
SHORTEST_NAME = 3
"""Shorter parts of the user's own name, such as initials, may stand in a password."""

# Words and runs of keys that common passwords of twelve characters and more are built from.
_COMMON_PARTS = frozenset(
    re.findall(
        r"\w+",
        """
        abc abcd abcdef abcdefgh abcdefghijkl admin administrator agency amour angel asdf asdfgh asdfghjkl
        asdfghjklm azerty baby baseball batman charlie chelsea chocolate computer creator default dragon
        facebook football forever freedom friends god growth hello hunter iloveyou instagram internet jesus
        jordan killer letmein liverpool login love master michael michelle monkey mustang my mynameis
        navigator nothing pass passe passw passwd password passwort princess q1w2e3r4 q1w2e3r4t5
        q1w2e3r4t5y6 qazwsx qazwsxedc qwe qwer qwert qwerty qwertyuiop qwertyuiopas qwertz samsung secret
        senha shadow soccer starwars sunshine superman temp test the thisis trustno user welcome whatever
        wordpass you your zaq zaqwsx zxc zxcv zxcvbn zxcvbnm is
        """,
    )
)
_LEET = str.maketrans("01345$@!7", "oieassait")


@cache
def _hasher() -> PasswordHasher:
    # OWASP's smallest argon2id setting: 19 MiB, two passes, one lane.
    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


@cache
def _nobodys_hash() -> str:
    return _hasher().hash("nobody signs in with this")


def hash_password(password: str) -> str:
    """The argon2id hash to store."""
    return _hasher().hash(password)


def verify_password(password_hash: str | None, password: str) -> bool:
    """Whether the password is the hash's; None takes as long and is always wrong."""
    try:
        matches = _hasher().verify(password_hash or _nobodys_hash(), password[: LONGEST + 1])
    except (VerificationError, InvalidHashError):
        return False
    return matches and password_hash is not None


def check_password_choice(password: str, *, email: str, name: str) -> None:
    """Refuse passwords that are short, common or made of the user's own name.

    Raises:
        InvalidInput: saying which, and what to do.
    """
    if len(password) < SHORTEST:
        raise InvalidInput(f"A password needs at least {SHORTEST} characters; a few unrelated words make a good one.")
    if len(password) > LONGEST:
        raise InvalidInput(f"A password may hold at most {LONGEST} characters.")
    plain = unicodedata.normalize("NFKD", password).casefold()
    own = {part for part in re.split(r"[^a-z]+", f"{email} {name}".casefold()) if len(part) >= SHORTEST_NAME}
    if len(set(plain)) < FEWEST_CHARACTERS or _is_run(plain) or _is_made_of(plain, _COMMON_PARTS | own):
        raise InvalidInput("This password is among the first that are tried; choose a few unrelated words instead.")


def _is_run(text: str) -> bool:
    steps = {ord(b) - ord(a) for a, b in itertools.pairwise(text)}
    return steps <= {1, -9} or steps <= {-1, 9}


def _is_made_of(text: str, parts: frozenset[str]) -> bool:
    """Whether nothing but listed parts, digits and punctuation remains, as typed or with 0 read as o and so on."""
    for spelling in (text, text.rstrip("0123456789!?.$").translate(_LEET)):
        letters = re.sub(r"[\W\d_]+", " ", spelling).split()
        if all(_splits(word, parts) for word in letters) or _splits(re.sub(r"\W+", "", spelling), parts):
            return True
    return False


def _splits(word: str, parts: frozenset[str]) -> bool:
    reachable = [True] + [False] * len(word)
    for end in range(1, len(word) + 1):
        reachable[end] = any(reachable[start] and word[start:end] in parts for start in range(end))
    return reachable[-1]
