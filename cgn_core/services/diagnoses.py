"""A workspace's data under the same tests as ``cgn diagnose``: drift, saturation, carry-over, the health of a fit."""

from __future__ import annotations

from functools import lru_cache
from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.session import one_or_not_found
from cgn_core.db.workspaces import readable_workspaces
from cgn_core.errors import InvalidInput, NotFound
from cgn_core.ingest.storage import daily_from_bytes
from cgn_core.services.data_versions import current_version
from cgn_core.services.validations import MODELS
from cgn_core.services.workspaces import minutes_of
from cgn_core.stats.diagnosis import Diagnosis, diagnose

FALSE_ALARMS_A_YEAR = 0.5
FEWEST_ALARMS, MOST_ALARMS = 0.05, 12.0
REMEMBERED = 16
"""Tables whose diagnosis is kept at hand: one takes seconds, and the same data have the same."""


def diagnose_workspace(
    session: Session,
    actor: Actor,
    workspace_id: UUID | str,
    *,
    model: str = "daily",
    false_alarms_per_year: float = FALSE_ALARMS_A_YEAR,
) -> Diagnosis:
    """Diagnose the current data; the draws are seeded by them, so that the same data have the same diagnosis.

    Args:
        session: to read with.
        actor: who asks.
        workspace_id: whose data.
        model: whose residuals are judged.
        false_alarms_per_year: what the drift alarm is set to.

    Raises:
        NotFound: no such workspace, not the actor's, or nothing was imported yet.
        InvalidInput: no such model, or a rate of alarms outside its bounds.
        TooFewObservations, ConstantSeries: the history can't be learned from.
    """
    workspace = one_or_not_found(session, readable_workspaces(actor), workspace_id)
    if model not in MODELS:
        raise InvalidInput(f"{model!r} is no model; there are {', '.join(MODELS)}.")
    if not FEWEST_ALARMS <= false_alarms_per_year <= MOST_ALARMS:
        raise InvalidInput(f"False alarms a year must be a number from {FEWEST_ALARMS:g} to {MOST_ALARMS:g}.")
    version = current_version(session, workspace, with_table=True)
    if version is None:
        raise NotFound("There are no data yet; import a file first.")
    minutes = tuple(sorted(minutes_of(workspace).items()))
    return _diagnosis(version.table, int(version.data_hash[:16], 16), minutes, model, false_alarms_per_year)


@lru_cache(maxsize=REMEMBERED)
def _diagnosis(
    table: bytes, seed: int, minutes: tuple[tuple[str, float], ...], model: str, false_alarms_per_year: float
) -> Diagnosis:
    return diagnose(
        daily_from_bytes(table),
        rng=np.random.default_rng(seed),
        model=model,
        false_alarms_per_year=false_alarms_per_year,
        minutes=dict(minutes),
    )
