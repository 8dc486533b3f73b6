"""How often somebody may ask; counted in Redis, and in this process while there is none."""

from __future__ import annotations

from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

limiter = Limiter(get_remote_address, in_memory_fallback_enabled=True, headers_enabled=True)
