from __future__ import annotations

import pytest

from cgn_core.errors import InvalidInput
from cgn_core.services.passwords import check_password_choice, hash_password, verify_password


def test_a_password_is_verified_against_its_own_hash_only() -> None:
    stored = hash_password("tangerine anvil boat")
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert verify_password(stored, "tangerine anvil boat")
    assert not verify_password(stored, "tangerine anvil boa")


def test_nobodys_hash_is_never_right_even_for_its_own_password() -> None:
    assert not verify_password(None, "nobody signs in with this")


def test_a_hash_that_is_no_hash_is_never_right() -> None:
    assert not verify_password("!", "anything at all")


@pytest.mark.parametrize(
    "password",
    [
        "short",
        "elevenchars",
        "password1234",
        "P@ssw0rd2024!",
        "passwordpassword",
        "qwertyuiop123",
        "iloveyou2023!!",
        "letmein-letmein",
        "123456789012",
        "abcdefghijklm",
        "aaaaaaaaaaaa",
        "abababababab",
        "mira.engel.2026",
        "northlight-admin1",
        "x" * 201,
    ],
)
def test_short_common_and_own_name_passwords_are_refused(password: str) -> None:
    with pytest.raises(InvalidInput):
        check_password_choice(password, email="mira@northlight.example", name="Mira Engel")


@pytest.mark.parametrize("password", ["tangerine anvil boat", "h7!kPz2_qLm9w", "Der Fluss trägt Kies"])
def test_uncommon_passwords_of_twelve_characters_are_accepted(password: str) -> None:
    check_password_choice(password, email="mira@northlight.example", name="Mira Engel")
