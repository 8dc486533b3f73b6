"""Whether the product's parts answer."""

from __future__ import annotations

import logging

from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from cgn_core.db.heartbeats import living_workers
from cgn_core.db.models import Agency
from cgn_core.settings import settings

WORKER_SILENCE = 30.0
"""A worker that was silent for longer than these seconds counts as gone."""
_PATIENCE = 1.0

logger = logging.getLogger(__name__)


def readiness(session: Session) -> dict[str, bool]:
    """Which of the database, Redis and at least one worker are there."""
    database = worker = False
    try:
        session.scalar(select(Agency.id).limit(1))
        database = True
        worker = session.scalars(living_workers(within=WORKER_SILENCE)).first() is not None
    except SQLAlchemyError as error:
        session.rollback()
        logger.warning("the database doesn't answer: %s", error)
    return {"database": database, "redis": redis_answers(), "worker": worker}


def redis_answers() -> bool:
    """Whether Redis does, within a second."""
    address = settings().redis_url or f"unix://{settings().data_dir / 'redis.sock'}"
    try:
        with Redis.from_url(address, socket_timeout=_PATIENCE, socket_connect_timeout=_PATIENCE) as client:
            return bool(client.ping())
    except RedisError as error:
        logger.warning("Redis doesn't answer: %s", error)
        return False
