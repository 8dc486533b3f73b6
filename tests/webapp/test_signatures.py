"""A signature that was verified once counts for that text, key, purpose and time alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer

from webapp import signatures
from webapp.signatures import Signatures

KEY = "k" * 40


@pytest.fixture(autouse=True)
def _nothing_verified(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signatures, "_verified", {})


def test_what_was_signed_is_read_the_same_twice_and_is_itsdangerous_own() -> None:
    text = URLSafeTimedSerializer(KEY, salt="s").dumps({"steps": ["password"]})
    for _ in range(2):
        found = Signatures(KEY, salt="s").loads(text)
        assert found == {"steps": ["password"]}
        found["steps"].append("added")  # nobody else's next request begins with it


def test_a_text_that_differs_by_one_character_is_refused_after_the_right_one() -> None:
    text = Signatures(KEY, salt="s").dumps("token")
    Signatures(KEY, salt="s").loads(text)
    for place in range(len(text)):
        other = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
        try:
            found = Signatures(KEY, salt="s").loads(other)
        except BadSignature:
            continue
        # The last letter of base64 holds bits that belong to nothing.
        assert (found, place) == ("token", len(text) - 1)


@pytest.mark.parametrize(("key", "salt"), [("o" * 40, "s"), (KEY, "other")])
def test_another_key_or_purpose_is_refused_after_the_right_one(key: str, salt: str) -> None:
    text = Signatures(KEY, salt="s").dumps("token")
    Signatures(KEY, salt="s").loads(text)
    with pytest.raises(BadSignature):
        Signatures(key, salt=salt).loads(text)


def test_a_signature_grows_too_old_although_it_was_verified_before(monkeypatch: pytest.MonkeyPatch) -> None:
    class Later(datetime):
        ahead = timedelta()

        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.now(tz or UTC) + cls.ahead

    monkeypatch.setattr(signatures, "datetime", Later)
    text = Signatures(KEY, salt="s").dumps("token")
    assert Signatures(KEY, salt="s").loads(text, max_age=3600) == "token"
    Later.ahead = timedelta(seconds=3700)
    with pytest.raises(SignatureExpired):
        Signatures(KEY, salt="s").loads(text, max_age=3600)
    assert Signatures(KEY, salt="s").loads(text) == "token"
    Later.ahead = timedelta(seconds=-3700)
    with pytest.raises(SignatureExpired):
        Signatures(KEY, salt="s").loads(text, max_age=3600)


def test_as_many_are_kept_as_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signatures, "KEPT", 3)
    signing = Signatures(KEY, salt="s")
    for number in range(10):
        assert signing.loads(signing.dumps(number)) == number
    assert len(signatures._verified) <= 3
