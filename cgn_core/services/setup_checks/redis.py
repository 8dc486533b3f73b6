"""Whether Redis answers, lets us in, takes what is written, and has the same time; if not, why."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from redis import Redis
from redis.exceptions import AuthenticationError, AuthorizationError, RedisError, ResponseError

from cgn_core.db.models import now
from cgn_core.logs.redaction import redacted
from cgn_core.services.setup_checks.findings import CLOCK_TOLERANCE, Finding, ok, problem, skewed
from cgn_core.settings import Settings

PATIENCE = 2.0
"""Seconds that Redis has for each answer."""


def redis_checks(used: Settings) -> Iterator[Finding]:
    """One finding, and another where the clocks differ."""
    address = used.redis_url or f"unix://{used.data_dir / 'redis.sock'}"
    shown = redacted(address)
    try:
        with Redis.from_url(address, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE, retry=None) as client:
            began = now()
            seconds, microseconds = client.time()
            moment = began + (now() - began) / 2
            client.set("cgn:doctor", "1", px=1)
    except (RedisError, OSError, ValueError) as error:
        yield problem("redis", *why_no_redis(error, shown, embedded=not used.redis_url))
        return
    yield ok("redis", f"Redis at {shown} answers.")
    there = datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=microseconds)
    ahead = (there - moment).total_seconds()
    if abs(ahead) > CLOCK_TOLERANCE:
        yield skewed("Redis' clock", ahead)


def why_no_redis(error: Exception, where: str, *, embedded: bool) -> tuple[str, str]:
    """The cause and the remedy behind what Redis or its client says."""
    said = str(error).strip() or type(error).__name__
    lower = said.lower()
    if isinstance(error, AuthenticationError | AuthorizationError) or any(
        word in lower for word in ("wrongpass", "noauth", "invalid password", "without any password")
    ):
        return (
            f"Redis at {where} refuses the password ({said}).",
            "Correct the password in CGN_REDIS_URL: redis://:PASSWORD@HOST:6379/0.",
        )
    if isinstance(error, ResponseError):
        full = any(word in lower for word in ("misconf", "oom", "maxmemory"))
        remedy = "Make room on its disk or in its memory." if full else "Give its user the right to write keys `cgn:*`."
        return f"Redis at {where} can't be written ({said}).", remedy
    if isinstance(error, ValueError):
        return f"CGN_REDIS_URL is no address of a Redis ({said}).", "Write it as redis://:PASSWORD@HOST:6379/0."
    if embedded:
        return (
            f"Redis is unreachable at {where}; `cgn up` isn't running on this data directory ({said}).",
            "Start `cgn up`; or name the data directory of one that runs in CGN_DATA_DIR, or a Redis in CGN_REDIS_URL.",
        )
    return (
        f"Redis is unreachable at {where} ({said}).",
        "Start it, and see that host, port and firewall let this machine in (CGN_REDIS_URL).",
    )
