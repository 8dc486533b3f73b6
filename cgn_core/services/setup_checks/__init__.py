"""What is wrong with a set-up, named by its cause, and what to do about it."""

from __future__ import annotations

from cgn_core.services.setup_checks.database import Database
from cgn_core.services.setup_checks.findings import Finding, Verdict
from cgn_core.services.setup_checks.machine import contradictions, disk_checks, secret_check
from cgn_core.services.setup_checks.redis import redis_checks
from cgn_core.settings import settings

__all__ = ["Finding", "Verdict", "check_setup"]


def check_setup() -> list[Finding]:
    """Look at everything that the product needs; nothing is changed by it."""
    used, database = settings(), Database()
    try:
        return [
            secret_check(used),
            *disk_checks(used),
            database.reachable(),
            database.schema(),
            database.writable(),
            *redis_checks(used),
            database.workers(),
            database.reconciler(),
            database.clock(),
            *contradictions(used),
        ]
    finally:
        database.close()
