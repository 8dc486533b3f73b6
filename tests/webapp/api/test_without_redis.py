"""The API's limits go on counting, and its answers don't wait, while Redis is down or hangs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from api_client import Api
from limits.storage import storage_from_string
from limits.strategies import STRATEGIES

from cgn_core.access import Actor
from webapp.auth.limits import limiter

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def limits_in_redis(redis_server: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The portal's limits are kept in this Redis, as they are where one is configured."""
    kept = storage_from_string(f"redis+{redis_server.url}", socket_timeout=1, socket_connect_timeout=1)
    monkeypatch.setattr(limiter, "_storage", kept)
    monkeypatch.setattr(limiter, "_limiter", STRATEGIES["fixed-window"](kept))
    limiter._fallback_limiter.storage.reset()
    yield
    limiter._storage_dead = False


@pytest.mark.usefixtures("limits_in_redis")
@pytest.mark.parametrize("fault", ["none", "down", "hung"])
def test_a_token_is_held_to_its_limit_and_told_of_it_whatever_happens_to_redis(
    api: Callable[..., Api],
    owner: Actor,
    redis_server: Any,
    change_settings: Callable[..., None],
    fault: str,
) -> None:
    change_settings(api_rate_limit="5 per hour")
    client = api(owner)
    if fault == "down":
        redis_server.stop()
    elif fault == "hung":
        redis_server.freeze()
    try:
        answers = [client.get("/workspaces") for _ in range(7)]
    finally:
        if fault == "down":
            redis_server.start()
        elif fault == "hung":
            redis_server.thaw()
    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2
    assert [answer.headers["X-RateLimit-Remaining"] for answer in answers] == ["4", "3", "2", "1", "0", "0", "0"]
    assert answers[-1].json["code"] == "too_many_requests"
