"""``/healthz`` says that the process answers, ``/readyz`` that all it needs does."""

from __future__ import annotations

import logging

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from cgn_core.services.health import readiness
from webapp.request_scope import db, roll_back

blueprint = Blueprint("health", __name__)
log = logging.getLogger(__name__)


@blueprint.get("/healthz")
def healthz() -> ResponseReturnValue:
    """The process is up."""
    return jsonify({"status": "up"})


@blueprint.get("/readyz")
def readyz() -> ResponseReturnValue:
    """Whether the database, Redis and a worker answer; 503 until all do."""
    try:
        parts = readiness(db())
    except SQLAlchemyError:
        log.warning("the database doesn't answer", exc_info=True)
        roll_back()
        parts = {"database": False, "redis": False, "worker": False}
    ready = all(parts.values())
    return jsonify({**parts, "ready": ready}), 200 if ready else 503
