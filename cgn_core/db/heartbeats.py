"""Signs of life: who works, and who holds the reconciler's lease."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Delete, Select, and_, delete, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from cgn_core.db.models import Heartbeat, now

WORKER_PREFIX = "worker:"
RECONCILER = "reconciler"


def beat(session: Session, name: str) -> None:
    """Record that ``name`` is alive now."""
    if session.get(Heartbeat, name) is None:
        session.add(Heartbeat(name=name))
        return
    session.execute(update(Heartbeat).where(Heartbeat.name == name).values(seen_at=now()))


def living_workers(*, within: float) -> Select[Heartbeat]:
    """The workers that gave a sign of life in the last ``within`` seconds."""
    return select(Heartbeat).where(
        and_(Heartbeat.name.startswith(WORKER_PREFIX), Heartbeat.seen_at > now() - timedelta(seconds=within))
    )


def workers_seen(*, since: datetime) -> Select[Heartbeat]:
    """The workers that gave a sign of life after that time and didn't leave in good order since."""
    return select(Heartbeat).where(and_(Heartbeat.name.startswith(WORKER_PREFIX), Heartbeat.seen_at > since))


def forget_heartbeat(name: str) -> Delete:
    """Deletes the row of someone who leaves in good order."""
    return delete(Heartbeat).where(Heartbeat.name == name)


def forget_silent(*, before: datetime) -> Delete:
    """Deletes the rows of workers that have been silent since before that time."""
    return delete(Heartbeat).where(and_(Heartbeat.name.startswith(WORKER_PREFIX), Heartbeat.seen_at < before))


def hold_lease(session: Session, holder: str, *, lease: float, name: str = RECONCILER) -> bool:
    """Take or renew the lease called ``name``; whether ``holder`` has it.

    The row stays locked until the caller's transaction ends, so what the transaction does is done by one holder only.
    A lease lapses ``lease`` seconds after it was last renewed.
    """
    if session.get(Heartbeat, name) is None:
        try:
            with session.begin_nested():
                session.add(Heartbeat(name=name, holder=holder))
        except IntegrityError:
            return False  # somebody else was first by a moment
        return True
    free = or_(Heartbeat.holder == holder, Heartbeat.holder == "", Heartbeat.seen_at < now() - timedelta(seconds=lease))
    taken = session.execute(
        update(Heartbeat)
        .where(Heartbeat.name == name, free)
        .values(holder=holder, seen_at=now())
        .returning(Heartbeat.name)
    )
    return taken.first() is not None


def release_lease(session: Session, holder: str, *, name: str = RECONCILER) -> None:
    """Give the lease up at once, so that the next one needn't wait for it to lapse."""
    session.execute(
        update(Heartbeat).where(Heartbeat.name == name, Heartbeat.holder == holder).values(holder="", seen_at=now())
    )
