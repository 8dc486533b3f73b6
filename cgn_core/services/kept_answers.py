"""What requests with an Idempotency-Key were answered, so that one that is sent again does nothing again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from cgn_core.db.models import KeptAnswer, now
from cgn_core.errors import Conflict, InvalidInput

KEPT = timedelta(days=1)
LONGEST_KEY = 200


@dataclass(frozen=True)
class Answer:
    """A status, the address of what was made ("" without one), and a JSON object."""

    status: int
    location: str
    body: dict[str, Any]


def kept_answer(session: Session, token_id: UUID, key: str, *, request_hash: str) -> Answer | None:
    """What a request under this key was answered within the last day; None where there was none.

    Raises:
        InvalidInput: the key is empty or too long.
        Conflict: the key was used for another request.
    """
    if not 1 <= len(key) <= LONGEST_KEY or not key.isprintable():
        raise InvalidInput(f"An Idempotency-Key has between 1 and {LONGEST_KEY} printable characters.")
    row = session.scalar(
        select(KeptAnswer).where(
            KeptAnswer.token_id == token_id, KeptAnswer.key == key, KeptAnswer.created_at > now() - KEPT
        )
    )
    if row is None:
        return None
    if row.request_hash != request_hash:
        raise Conflict("This Idempotency-Key was used for another request; take a new one.")
    return Answer(row.status, row.location, row.body)


def keep_answer(session: Session, token_id: UUID, key: str, answer: Answer, *, request_hash: str) -> bool:
    """Keep an answer in the transaction of the work it tells of; False where the same key was quicker elsewhere.

    The caller then rolls its work back and gives the answer that is kept.
    """
    row = KeptAnswer(
        token_id=token_id,
        key=key,
        request_hash=request_hash,
        status=answer.status,
        location=answer.location,
        body=answer.body,
    )
    forget_answers(session)
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return False
    return True


def forget_answers(session: Session) -> None:
    """Delete those that nobody will be given again."""
    session.execute(delete(KeptAnswer).where(KeptAnswer.created_at <= now() - KEPT))
