"""Included by a worker, loses its first receipt, as when Redis dies between handing out a message and hearing of it."""

from __future__ import annotations

from typing import Any

from kombu.transport.redis import QoS
from redis.exceptions import ConnectionError as RedisIsGone

_acknowledge = QoS.ack


def _fail_once(*_: Any) -> None:
    QoS.ack = _acknowledge
    raise RedisIsGone


QoS.ack = _fail_once
